"""The counter of the practice provider: payments are confirmed, disputed, and time passes."""

from collections.abc import AsyncIterator

import pytest
from httpx import ASGITransport, AsyncClient

from matinee.core.settings import Settings
from matinee.main import create_app
from matinee.runtime import Runtime
from tests.integrations.payments.sandbox.posting import order, subscription_order


@pytest.fixture
async def without(settings: Settings) -> AsyncIterator[AsyncClient]:
    """Somebody at a server without the practice provider."""
    others = settings.model_copy(
        update={"payment_provider": "manual", "sandbox_webhook_secrets": []}
    )
    runtime = Runtime(others)
    await runtime.open()
    transport = ASGITransport(app=create_app(runtime=runtime))
    async with AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client
    await runtime.close()


async def test_a_payment_is_confirmed(client: AsyncClient, runtime: Runtime) -> None:
    facts = await runtime.payments.sandbox.charge(order("tok_needs_action"))
    address = f"/api/v1/sandbox/payments/{facts.ref}/confirm"
    answer = await client.post(address, json={"outcome": "ok"})
    assert answer.json() == {
        "ref": facts.ref,
        "state": "captured",
        "failure_code": None,
        "dispute": None,
    }


async def test_the_first_payment_of_a_subscription_is_confirmed(
    client: AsyncClient, runtime: Runtime
) -> None:
    sandbox = runtime.payments.sandbox
    facts = await sandbox.start_subscription(subscription_order("tok_needs_action"))
    address = f"/api/v1/sandbox/payments/{facts.ref}/confirm"
    answer = await client.post(address, json={"outcome": "ok"})
    assert answer.json()["state"] == "active"


async def test_a_payment_is_disputed(client: AsyncClient, runtime: Runtime) -> None:
    facts = await runtime.payments.sandbox.charge(order("tok_ok"))
    address = f"/api/v1/sandbox/payments/{facts.ref}/dispute"
    answer = await client.post(address, json={"outcome": "lost"})
    assert answer.json()["dispute"] == "lost"


async def test_a_subscription_is_renewed(client: AsyncClient, runtime: Runtime) -> None:
    sandbox = runtime.payments.sandbox
    facts = await sandbox.start_subscription(subscription_order("tok_ok", trial_days=14))
    answer = await client.post(f"/api/v1/sandbox/subscriptions/{facts.ref}/advance")
    assert answer.json()["status"] == "active"


async def test_the_page_lets_its_own_script_run_only(client: AsyncClient) -> None:
    answer = await client.get("/sandbox/payments/pay_1")
    assert "<button" in answer.text
    assert "script-src 'sha256-" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("ref", ["pay_none", "sub_none"])
async def test_what_is_not_there_is_not_confirmed(client: AsyncClient, ref: str) -> None:
    answer = await client.post(f"/api/v1/sandbox/payments/{ref}/confirm", json={"outcome": "ok"})
    assert answer.status_code == 404


async def test_without_the_provider_there_is_no_counter(without: AsyncClient) -> None:
    asked = {"json": {"outcome": "ok"}}
    answers = [
        await without.get("/sandbox/payments/pay_1"),
        await without.post("/api/v1/sandbox/payments/pay_1/confirm", **asked),
        await without.post("/api/v1/sandbox/subscriptions/sub_1/advance"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 3
