"""The one door for what providers tell: verified, kept first, applied in the same transaction."""

from collections.abc import Mapping
from datetime import UTC, datetime

import structlog

from matinee.core.errors import Problem
from matinee.core.jobs import enqueue
from matinee.entitlements.webhooks.applying import WAITS, attempt
from matinee.entitlements.webhooks.events import keep
from matinee.entitlements.webhooks.parked import apply_parked
from matinee.entitlements.webhooks.schemas import EventTaken
from matinee.integrations.payments.protocol import BadSignature, PaymentProvider, ProviderEvent
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

_STATE = "SELECT state FROM payment_events WHERE provider = :provider AND event_id = :event_id"


async def receive(
    runtime: Runtime, name: str, headers: Mapping[str, str], body: bytes
) -> EventTaken:
    """Take a webhook; what it says is stored when this returns.

    Raises:
        NotFound: there is no such provider, or it has no secret.
        BadSignature: it is not from the provider, too old, from the future, or malformed.
    """
    provider = runtime.payments.named(name)
    try:
        event = _verified(provider, headers, body)
    except BadSignature:
        runtime.metrics.payment_events.labels(provider.name, "refused").inc()
        raise
    return await take(runtime, provider.name, event)


async def take(runtime: Runtime, provider: str, event: ProviderEvent) -> EventTaken:
    """Keep an event and apply it, together; one that we have already changes nothing.

    Raises:
        BadSignature: what it is called cannot be a name.
    """
    async with runtime.database.write() as tx:
        kept = await keep(tx, provider, event)
        if kept is None:
            state = await tx.scalar(_STATE, provider=provider, event_id=event.id)
        elif kept.facts is None:
            state = "ignored"
        else:
            state = await attempt(tx, kept)
        if kept is not None and state == "parked":
            await enqueue(tx, apply_parked, delay=WAITS[0])
    outcome = state if kept is not None else "repeated"
    runtime.metrics.payment_events.labels(provider, outcome).inc()
    return EventTaken(state=state, repeated=kept is None)


def _verified(provider: PaymentProvider, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
    """The event in a body, by the clock of this process.

    The database's clock would cost whoever forges webhooks nothing and us a connection each. It
    would keep nothing out either: a message that is sent again within its five minutes is known by
    its id.
    """
    try:
        return provider.verify(headers, body, datetime.now(UTC))
    except Problem:
        raise
    except Exception:
        log.exception("payment_event_unreadable", provider=provider.name)
        raise BadSignature from None
