"""The operator's endpoints of payment events: looking, applying again, asking providers."""

from typing import Annotated

from fastapi import Path, Query

from matinee.accounts.audit import AuditedWrite
from matinee.accounts.staff import UsersEditor, UsersReader
from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.core.errors import BadCursor, Forbidden, NotFound, UnknownField, problems
from matinee.core.routing import api_router
from matinee.core.schema import JobAccepted
from matinee.entitlements.webhooks import deciding, queries, reconciliation
from matinee.entitlements.webhooks.schemas import (
    AskForReconciliation,
    DecideOnEvent,
    EventFilter,
    PaymentEventDetail,
    PaymentEvents,
)
from matinee.runtime import Read

router = api_router("/admin/payments", tag="admin")

Name = Annotated[str, Path(max_length=255, pattern=r"^[\x21-\x7e]+$")]
ONE = "/events/{provider}/{event_id}"
DECIDED = problems(*CHANGING, Forbidden, NotFound)


@router.get(
    "/events",
    summary="Events of payment providers",
    responses=problems(*SIGNED_IN, Forbidden, BadCursor, UnknownField),
)
async def list_payment_events(
    _staff: UsersReader, tx: Read, wish: Annotated[EventFilter, Query()]
) -> PaymentEvents:
    """What they told, and what became of it, newest first."""
    return await queries.list_events(tx, wish)


@router.get(
    ONE,
    summary="An event of a payment provider",
    responses=problems(*SIGNED_IN, Forbidden, NotFound),
)
async def get_payment_event(
    _staff: UsersReader, tx: Read, provider: Name, event_id: Name
) -> PaymentEventDetail:
    """With what was sent and what we read in it; nothing names people or cards."""
    return await queries.get_event(tx, provider, event_id)


@router.post(f"{ONE}/replay", summary="Apply an event now", responses=DECIDED)
async def replay_payment_event(
    staff: UsersEditor, tx: AuditedWrite, provider: Name, event_id: Name, wish: DecideOnEvent
) -> PaymentEventDetail:
    """One that is parked or dead; `last_error` says why it still cannot be. Others stay as is."""
    return await deciding.replay(tx, staff, provider, event_id, wish.reason)


@router.post(f"{ONE}/ignore", summary="Let an event be", responses=DECIDED)
async def ignore_payment_event(
    staff: UsersEditor, tx: AuditedWrite, provider: Name, event_id: Name, wish: DecideOnEvent
) -> PaymentEventDetail:
    """One that is parked or dead and not about anything of ours. Others stay as they are."""
    return await deciding.ignore(tx, staff, provider, event_id, wish.reason)


@router.post(
    "/reconcile",
    summary="Ask providers what they told",
    status_code=202,
    responses=problems(*CHANGING, Forbidden),
)
async def reconcile_payments(
    staff: UsersEditor, tx: AuditedWrite, wish: AskForReconciliation
) -> JobAccepted:
    """Webhooks that got lost are found. A job does it every hour without being asked, too."""
    return await reconciliation.ask_for_reconciliation(tx, staff, wish.reason)
