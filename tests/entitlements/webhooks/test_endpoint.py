"""The endpoint believes nothing but the signature, and refuses what is wrong without a trace."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from matinee.core.ratelimit import Limiter
from matinee.core.settings import Settings
from matinee.integrations.payments.protocol import Reference
from matinee.integrations.payments.signatures import StandardWebhooks
from matinee.main import create_app
from matinee.runtime import Runtime
from tests.entitlements.webhooks.conftest import (
    ADDRESS,
    CAPTURED,
    NOTHING,
    Provider,
    purchase,
    witnesses,
    written,
)

ANOTHER_SECRET = "whsec_" + base64.b64encode(b"a secret that nobody told us, no").decode()
GOOD = written(CAPTURED, None)

Refusal = tuple[int, str]


def refusal(answer: Response) -> Refusal:
    return answer.status_code, answer.json()["error"]["code"]


def ago(**past: float) -> datetime:
    return datetime.now(UTC) - timedelta(**past)


HEADERS: dict[str, dict[str, Any]] = {
    "nothing is signed": dict.fromkeys(
        ("webhook_id", "webhook_timestamp", "webhook_signature"), None
    ),
    "no id": {"webhook_id": None},
    "an empty id": {"webhook_id": ""},
    "another id": {"webhook_id": "evt_2"},
    "an id with a dot": {"webhook_id": "evt.1"},
    "an endless id": {"webhook_id": "e" * 256},
    "no time": {"webhook_timestamp": None},
    "another time": {"webhook_timestamp": str(int(ago(seconds=60).timestamp()))},
    "no number for a time": {"webhook_timestamp": "now"},
    "a negative time": {"webhook_timestamp": "-1"},
    "a fraction of a time": {"webhook_timestamp": "1.5"},
    "a time beyond all numbers": {"webhook_timestamp": "9" * 400},
    "superscript digits": {"webhook_timestamp": "²".encode("latin-1")},
    "no signature": {"webhook_signature": None},
    "an empty signature": {"webhook_signature": ""},
    "only a version": {"webhook_signature": "v1,"},
    "an unknown version": {"webhook_signature": "v9,AAAA"},
    "a signature that is no base64": {"webhook_signature": "v1,%%%"},
    "a signature of zeros": {"webhook_signature": f"v1,{base64.b64encode(bytes(32)).decode()}"},
    "letters of other alphabets": {"webhook_signature": "v1,éééé".encode("latin-1")},
}


@pytest.mark.parametrize("wrong", HEADERS)
async def test_a_forged_or_malformed_header_is_refused_without_a_trace(
    provider: Provider, runtime: Runtime, wrong: str
) -> None:
    answer = await provider.post("evt_1", GOOD, **HEADERS[wrong])
    assert refusal(answer) == (401, "bad_signature")
    assert await witnesses(runtime) == NOTHING


@pytest.mark.parametrize("minutes", [5.1, 60, -5.1, -60])
async def test_what_is_older_or_from_later_than_five_minutes_is_refused(
    provider: Provider, runtime: Runtime, minutes: float
) -> None:
    answer = await provider.post("evt_1", GOOD, at=ago(minutes=minutes))
    assert refusal(answer) == (401, "bad_signature")
    assert await witnesses(runtime) == NOTHING


BODIES = {
    "nothing": b"",
    "no JSON": b"captured!",
    "no UTF-8": b'{"type": "\xff"}',
    "a list": b"[]",
    "a number": b"7",
    "an empty object": b"{}",
    "no facts": b'{"type": "payment.captured", "timestamp": "2026-01-01T00:00:00Z", "data": {}}',
    "facts of another form": GOOD.replace(b'"captured_cents":1000', b'"captured_cents":"much"'),
    "a time without an offset": GOOD.replace(b"+00:00", b""),
    "a bomb": b"[" * 100_000,
    "a name with a zero byte": GOOD.replace(b"pay_1", b"pay\\u00001"),
    "an endless name": GOOD.replace(b"pay_1", b"p" * 256),
}


@pytest.mark.parametrize("wrong", BODIES)
async def test_a_signed_body_that_is_no_event_is_refused_without_a_trace(
    provider: Provider, runtime: Runtime, wrong: str
) -> None:
    assert refusal(await provider.post("evt_1", BODIES[wrong])) == (401, "bad_signature")
    assert await witnesses(runtime) == NOTHING


async def test_an_id_that_no_address_could_hold_is_refused(
    provider: Provider, runtime: Runtime
) -> None:
    assert refusal(await provider.post("evt/1", GOOD)) == (401, "bad_signature")
    assert await witnesses(runtime) == NOTHING


async def test_one_changed_byte_of_the_body_is_seen(provider: Provider, runtime: Runtime) -> None:
    signed = provider.webhooks.sign("evt_1", GOOD, datetime.now(UTC))
    changed = GOOD.replace(b"1000", b"9000")
    answer = await provider.client.post(ADDRESS, content=changed, headers=signed)
    assert refusal(answer) == (401, "bad_signature")
    assert await witnesses(runtime) == NOTHING


async def test_who_does_not_know_the_secret_is_refused(
    provider: Provider, runtime: Runtime
) -> None:
    provider.webhooks = StandardWebhooks([ANOTHER_SECRET])
    assert refusal(await provider.post("evt_1", GOOD)) == (401, "bad_signature")
    assert await witnesses(runtime) == NOTHING


@pytest.mark.parametrize("minutes", [-4.9, 4.9])
async def test_clocks_may_differ_by_five_minutes(provider: Provider, minutes: float) -> None:
    answer = await provider.post("evt_1", GOOD, at=ago(minutes=minutes))
    assert answer.status_code == 200


class TestRotation:
    """A secret is replaced by accepting two for a while."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        secrets = [ANOTHER_SECRET, *settings.sandbox_webhook_secrets]
        return settings.model_copy(update={"sandbox_webhook_secrets": secrets})

    @pytest.mark.parametrize("which", [0, 1])
    async def test_both_secrets_are_believed(
        self, provider: Provider, settings: Settings, which: int
    ) -> None:
        provider.webhooks = StandardWebhooks([settings.sandbox_webhook_secrets[which]])
        assert (await provider.post("evt_1", GOOD)).status_code == 200

    async def test_one_right_signature_among_others_is_enough(self, provider: Provider) -> None:
        signed = provider.webhooks.sign("evt_1", GOOD, datetime.now(UTC))["webhook-signature"]
        answer = await provider.post("evt_1", GOOD, webhook_signature=f"v1,AAAA v2,x {signed}")
        assert answer.status_code == 200


class TestWithoutASecret:
    """Nobody can post where nobody could prove to be the provider."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"sandbox_webhook_secrets": []})

    async def test_there_is_no_endpoint(self, client: AsyncClient) -> None:
        assert refusal(await client.post(ADDRESS, content=GOOD)) == (404, "not_found")


@pytest.mark.parametrize("name", ["manual", "stripe", "nobody", "%00"])
async def test_providers_that_are_not_set_up_have_no_endpoint(
    client: AsyncClient, name: str
) -> None:
    answer = await client.post(f"/api/v1/webhooks/payments/{name}", content=GOOD)
    assert refusal(answer) == (404, "not_found")


async def test_a_body_may_have_256_kib(provider: Provider) -> None:
    room = 262_144 - len(GOOD)
    whole = GOOD[:-1] + b" " * room + b"}"
    assert (await provider.post("evt_1", whole)).status_code == 200
    answer = await provider.post("evt_2", whole + b" ")
    assert refusal(answer) == (413, "body_too_large")


async def test_a_body_that_does_not_say_its_length_is_bounded_too(
    provider: Provider, runtime: Runtime
) -> None:
    async def endless() -> Any:
        for _ in range(5):
            yield b" " * 65_536

    answer = await provider.client.post(ADDRESS, content=endless())
    assert refusal(answer) == (413, "body_too_large")
    assert await witnesses(runtime) == NOTHING


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "application/json"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "text/plain"},
        {"origin": "https://payments.example"},
        {"sec-fetch-site": "cross-site", "cookie": "matinee_session=x"},
        {"authorization": "Bearer nonsense"},
    ],
)
async def test_what_matters_to_browsers_does_not_matter_here(
    provider: Provider, headers: dict[str, str]
) -> None:
    signed = provider.webhooks.sign("evt_1", GOOD, datetime.now(UTC))
    answer = await provider.client.post(ADDRESS, content=GOOD, headers=signed | headers)
    assert answer.status_code == 200


class TestLimits:
    """Providers have more room than people."""

    @pytest.fixture
    def app(self, runtime: Runtime) -> FastAPI:
        limited = runtime.settings.model_copy(update={"rate_limits_enabled": True})
        runtime.limiter = Limiter(None, clock=lambda: 1_800_000_010.0)
        return create_app(limited, runtime)

    async def test_a_burst_is_taken(self, client: AsyncClient) -> None:
        answers = [await client.post(ADDRESS, content=b"{}") for _ in range(150)]
        assert {answer.status_code for answer in answers} == {401}


async def test_a_refused_one_is_counted(provider: Provider, runtime: Runtime) -> None:
    await provider.post("evt_1", GOOD, webhook_id=None)
    labels = {"provider": "sandbox", "outcome": "refused"}
    assert runtime.metrics.registry.get_sample_value("matinee_payment_events_total", labels) == 1


async def test_a_signed_event_reaches_its_purchase(
    provider: Provider, runtime: Runtime, order: Reference
) -> None:
    answer = await provider.post("evt_1", written(CAPTURED, order))
    assert (answer.status_code, answer.json()) == (200, {"state": "applied", "repeated": False})
    assert (await purchase(runtime, order))["status"] == "paid"
