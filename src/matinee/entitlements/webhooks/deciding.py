"""What staff decides about events: applying them now, or letting them be."""

from matinee.accounts.audit import Actor, record
from matinee.accounts.viewer import Viewer
from matinee.core.database import Row, WriteTx
from matinee.core.errors import NotFound
from matinee.entitlements.webhooks.applying import attempt
from matinee.entitlements.webhooks.events import KeptEvent
from matinee.entitlements.webhooks.queries import get_event
from matinee.entitlements.webhooks.schemas import PaymentEventDetail

WAITING = ("parked", "dead")

_LOCK = """
    SELECT provider, event_id, facts, user_id, subject, subject_id, state, last_error
    FROM payment_events WHERE provider = :provider AND event_id = :event_id FOR UPDATE
"""
_IGNORE = """
    UPDATE payment_events SET state = 'ignored'
    WHERE provider = :provider AND event_id = :event_id
"""


async def replay(
    tx: WriteTx, viewer: Viewer, provider: str, event_id: str, reason: str
) -> PaymentEventDetail:
    """Try to apply a parked or dead event now; another one stays as it is.

    Raises:
        NotFound: there is none.
    """
    row = await _locked(tx, provider, event_id)
    if row["state"] in WAITING:
        await attempt(tx, KeptEvent.of(row))
    await _write_down(tx, viewer, "payment_event.replay", row, reason)
    return await get_event(tx, provider, event_id)


async def ignore(
    tx: WriteTx, viewer: Viewer, provider: str, event_id: str, reason: str
) -> PaymentEventDetail:
    """Have a parked or dead event never applied; another one stays as it is.

    Raises:
        NotFound: there is none.
    """
    row = await _locked(tx, provider, event_id)
    if row["state"] in WAITING:
        await tx.execute(_IGNORE, provider=provider, event_id=event_id)
    await _write_down(tx, viewer, "payment_event.ignore", row, reason)
    return await get_event(tx, provider, event_id)


async def _locked(tx: WriteTx, provider: str, event_id: str) -> Row:
    row = await tx.one(_LOCK, provider=provider, event_id=event_id)
    if row is None:
        raise NotFound()
    return row


async def _write_down(tx: WriteTx, viewer: Viewer, action: str, before: Row, reason: str) -> None:
    name = {"provider": before["provider"], "event_id": before["event_id"]}
    after = await tx.one(_LOCK, **name)
    assert after is not None
    targets = {"payment_event": f"{name['provider']} {name['event_id']}"}
    if after["user_id"]:
        targets["user"] = after["user_id"]
    await record(
        tx,
        Actor.of(viewer),
        action,
        targets=targets,
        before={key: before[key] for key in ("state", "last_error")},
        after={key: after[key] for key in ("state", "last_error")},
        reason=reason,
    )
