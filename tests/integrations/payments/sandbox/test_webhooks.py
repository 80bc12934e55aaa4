"""The practice provider's webhooks: signed, posted until taken, and told again to who asks."""

from datetime import UTC, datetime

import httpx
import orjson
import pytest

from matinee.core.errors import NotFound, ProviderError
from matinee.core.settings import Settings
from matinee.integrations.payments.protocol import BadSignature
from matinee.integrations.payments.sandbox.provider import Sandbox
from matinee.integrations.payments.signatures import StandardWebhooks
from matinee.runtime import Runtime
from tests.integrations.payments.sandbox.posting import Listener, order, subscription_order
from tests.makers import scalar

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

_DELIVERIES = """
    SELECT count(*) FROM procrastinate_jobs
    WHERE task_name = 'sandbox.deliver' AND status = 'todo' AND attempts = $1
"""


@pytest.fixture
def webhooks(settings: Settings) -> StandardWebhooks:
    """Whoever knows the secret."""
    return StandardWebhooks(settings.sandbox_webhook_secrets)


async def test_webhooks_go_to_our_own_endpoint(sandbox: Sandbox, runtime: Runtime) -> None:
    addresses = []

    def answer(request: httpx.Request) -> httpx.Response:
        addresses.append(str(request.url))
        return httpx.Response(200)

    sandbox.transport = httpx.MockTransport(answer)
    await sandbox.charge(order("tok_ok"))
    await runtime.worker.drain()
    assert addresses == ["http://testserver/api/v1/webhooks/payments/sandbox"]


@pytest.mark.parametrize("status", [301, 401, 404, 500, 503])
async def test_what_is_not_taken_is_posted_again_later(
    sandbox: Sandbox, listener: Listener, runtime: Runtime, status: int
) -> None:
    listener.answers = [status]
    await sandbox.charge(order("tok_ok"))
    await runtime.worker.drain()
    assert listener.heard == []
    assert await scalar(runtime, _DELIVERIES, 1) == 1


async def test_a_silent_endpoint_is_asked_again_later(sandbox: Sandbox, runtime: Runtime) -> None:
    def hang_up(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody there")

    sandbox.transport = httpx.MockTransport(hang_up)
    await sandbox.charge(order("tok_ok"))
    await runtime.worker.drain()
    assert await scalar(runtime, _DELIVERIES, 1) == 1


async def test_posting_again_posts_the_same(sandbox: Sandbox, listener: Listener) -> None:
    await sandbox.charge(order("tok_ok"))
    [event] = await sandbox.events_since(LONG_AGO)
    listener.answers = [500]
    with pytest.raises(ProviderError):
        await sandbox.post([event.id])
    await sandbox.post([event.id])
    assert listener.heard == [event]


async def test_who_asks_hears_what_happened_since(sandbox: Sandbox, runtime: Runtime) -> None:
    await sandbox.charge(order("tok_ok"))
    [first] = await sandbox.events_since(LONG_AGO)
    between = await scalar(runtime, "SELECT clock_timestamp()")
    await sandbox.start_subscription(subscription_order("tok_ok"))
    everything = await sandbox.events_since(LONG_AGO)
    later = await sandbox.events_since(between)
    assert [event.type for event in later] == [
        "subscription.created",
        "invoice.paid",
        "subscription.updated",
    ]
    assert everything == [first, *later]


async def test_a_charge_that_failed_halfway_is_not_told(sandbox: Sandbox) -> None:
    await sandbox.charge(order("tok_ok"))
    with pytest.raises(ProviderError):
        await sandbox.charge(order("tok_ok", cents=1))
    assert len(await sandbox.events_since(LONG_AGO)) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"type": "payment.captured"}',
        b'{"type": "payment.captured", "timestamp": "now", "data": {}}',
        b'{"type": "payment.captured", "timestamp": "2026-01-01T00:00:00", "data": {}}',
        b'{"type": "payment.captured", "timestamp": "2026-01-01T00:00:00Z",'
        b' "data": {"object": {"ref": 1}, "reference": ""}}',
    ],
)
def test_a_signed_body_of_another_form_is_refused(
    sandbox: Sandbox, webhooks: StandardWebhooks, body: bytes
) -> None:
    now = datetime.now(UTC)
    with pytest.raises(BadSignature):
        sandbox.verify(webhooks.sign("evt_1", body, now), body, now)


def test_an_event_of_another_kind_says_nothing(
    sandbox: Sandbox, webhooks: StandardWebhooks
) -> None:
    now = datetime.now(UTC)
    document = {"type": "weather.rain", "timestamp": now.isoformat(), "data": {"reference": None}}
    body = orjson.dumps(document)
    event = sandbox.verify(webhooks.sign("evt_1", body, now), body, now)
    assert (event.facts, event.reference) == (None, None)


async def test_without_a_secret_nothing_is_posted(settings: Settings, runtime: Runtime) -> None:
    silent = Sandbox(settings.model_copy(update={"sandbox_webhook_secrets": []}), runtime.database)
    await silent.charge(order("tok_ok"))
    assert await scalar(runtime, _DELIVERIES, 0) == 0
    with pytest.raises(NotFound):
        silent.verify({}, b"{}", datetime.now(UTC))
