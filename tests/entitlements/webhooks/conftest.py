"""A purchase that waits for its payment, and a provider that posts what happened to it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from httpx import AsyncClient, Response

from matinee.core.settings import Settings
from matinee.entitlements.webhooks.parked import apply_parked
from matinee.integrations.payments.protocol import (
    Facts,
    InvoiceFacts,
    PaymentFacts,
    Reference,
    SubscriptionFacts,
)
from matinee.integrations.payments.signatures import StandardWebhooks
from matinee.runtime import Runtime
from tests.entitlements.makers import make_purchase
from tests.entitlements.purchases.conftest import rows, run_job
from tests.makers import execute, make_title, make_user

ADDRESS = "/api/v1/webhooks/payments/sandbox"

WORDS = {PaymentFacts: "payment", SubscriptionFacts: "subscription", InvoiceFacts: "invoice"}

HEARD = PaymentFacts("pay_1", "USD")
CAPTURED = PaymentFacts("pay_1", "USD", captured_cents=1000, state="captured")
REFUNDED = PaymentFacts("pay_1", "USD", refunded_cents=400)
"""As some providers tell it: without what was captured before."""

_EVENT = "SELECT * FROM payment_events WHERE event_id = $1"
_PURCHASE = "SELECT * FROM purchases WHERE id = $1"
_WITNESSES = """
    SELECT (SELECT count(*) FROM payment_events)::int AS events,
           (SELECT count(*) FROM ledger_entries)::int AS entries,
           (SELECT count(*) FROM user_entitlements)::int AS grants,
           (SELECT count(*) FROM purchases WHERE captured_cents > 0)::int AS paid
"""
NOTHING = {"events": 0, "entries": 0, "grants": 0, "paid": 0}


def written(facts: Facts, about: Reference | None) -> bytes:
    """An event as the practice provider writes it."""
    document = {
        "type": f"{WORDS[type(facts)]}.news",
        "timestamp": datetime.now(UTC).isoformat(),
        "data": {"object": asdict(facts), "reference": str(about) if about else None},
    }
    return orjson.dumps(document)


@dataclass
class Provider:
    """Signs events and posts them."""

    client: AsyncClient
    webhooks: StandardWebhooks

    async def post(
        self,
        event_id: str,
        body: bytes,
        *,
        at: datetime | None = None,
        **headers: str | bytes | None,
    ) -> Response:
        """Post a body, signed by its clock; header fields are taken over, or left out by None."""
        signed: Mapping[str, str | bytes | None] = self.webhooks.sign(
            event_id, body, at or datetime.now(UTC)
        )
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in {**signed, **changed}.items() if value is not None}
        return await self.client.post(ADDRESS, content=body, headers=sent)

    async def tell(
        self, facts: Facts, about: Reference | None = None, event_id: str = "evt_1"
    ) -> tuple[str, bool]:
        """Tell facts; returns what became of the event, and whether it was known already."""
        answer = await self.post(event_id, written(facts, about))
        assert answer.status_code == 200, answer.text
        taken = answer.json()
        return taken["state"], taken["repeated"]


@pytest.fixture
def provider(client: AsyncClient, settings: Settings) -> Provider:
    return Provider(client, StandardWebhooks(settings.sandbox_webhook_secrets))


@pytest.fixture
async def household(runtime: Runtime) -> UUID:
    return await make_user(runtime)


@pytest.fixture
async def order(runtime: Runtime, household: UUID) -> Reference:
    """A rental for 10.00 of which the provider has not said anything."""
    title_id = await make_title(runtime)
    return Reference("purchase", household, await make_purchase(runtime, household, title_id))


async def event(runtime: Runtime, event_id: str = "evt_1") -> dict[str, Any]:
    """The row of an event."""
    [row] = await rows(runtime, _EVENT, event_id)
    return dict(row)


async def purchase(runtime: Runtime, order: Reference) -> dict[str, Any]:
    """The row of a purchase."""
    [row] = await rows(runtime, _PURCHASE, order.id)
    return dict(row)


async def witnesses(runtime: Runtime) -> dict[str, int]:
    """How much there is of what an event can lead to."""
    [row] = await rows(runtime, _WITNESSES)
    return dict(row)


async def later(runtime: Runtime, interval: str = "6 hours") -> None:
    """Let time pass for whatever is parked, and its minute come."""
    await execute(
        runtime,
        "UPDATE payment_events SET next_attempt_at = next_attempt_at - $1::text::interval,"
        " received_at = received_at - $1::text::interval",
        interval,
    )
    await run_job(runtime, apply_parked)


DIES = """
    CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF random() < {odds} THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER die BEFORE UPDATE ON payment_events FOR EACH ROW EXECUTE FUNCTION die()
"""
LIVES = "DROP FUNCTION die CASCADE"


async def die_while_applying(runtime: Runtime, odds: float = 1.0) -> None:
    """Have the database kill connections after an event was applied, before the commit."""
    await execute(runtime, DIES.format(odds=odds))


async def live_again(runtime: Runtime) -> None:
    await execute(runtime, LIVES)
