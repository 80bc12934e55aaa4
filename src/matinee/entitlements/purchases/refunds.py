"""Undoing purchases: by the household while unplayed; and carrying out all refunds.

A refund is written down first; then the provider is asked, outside of any transaction, with a key
that follows from what was written down; a job goes on where that was cut short.
"""

from uuid import UUID

import structlog

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import Conflict, NotFound, ProviderError, RequestInProgress
from matinee.core.jobs import JobRun, job
from matinee.core.ratelimit import PURCHASES
from matinee.entitlements.events import REFUND_WANTED
from matinee.entitlements.purchases.grants import project_grant, revoke_unplayed
from matinee.entitlements.purchases.orders import reference_of
from matinee.entitlements.purchases.queries import get_purchase
from matinee.entitlements.purchases.refund_orders import (
    open_refund,
    order_refund,
    refund_by_key,
    refuse_refund,
)
from matinee.entitlements.purchases.schemas import PurchaseOut
from matinee.entitlements.purchases.settling import settle
from matinee.entitlements.spending import refuse_other_request, request_hash
from matinee.integrations.payments.protocol import Money, PaymentFacts
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

_LOCK = """
    SELECT *, settled_at + make_interval(hours => :hours::int) <= clock_timestamp() AS too_late
    FROM purchases WHERE user_id = :user_id AND id = :purchase_id FOR UPDATE
"""
_REFUND = """
    SELECT status, failure_code FROM purchase_refunds
    WHERE user_id = :user_id AND id = :refund_id
"""
_PURCHASE = "SELECT * FROM purchases WHERE user_id = :user_id AND id = :purchase_id"


class NotRefundable(Conflict):
    """This cannot be given back (any more)."""


async def request_refund(
    runtime: Runtime, viewer: Viewer, purchase_id: UUID, key: str
) -> PurchaseOut:
    """Give back what was not played; from now on it cannot be.

    `refunded` in the answer, or `paid` with `refund_requested_at` where the provider has not
    answered yet.

    Raises:
        RateLimited: too many requests about money.
        NotFound: the household has no such purchase.
        NotRefundable: `details.why`.
    """
    await runtime.limiter.hit(PURCHASES, viewer.household)
    hours = runtime.settings.refund_hours
    async with runtime.database.write() as tx:
        refund_id = await _order_by_household(tx, viewer.household, purchase_id, hours, key)
    await carry_out(runtime, viewer.household, purchase_id)
    async with runtime.database.read() as tx:
        await _refuse_refused(tx, viewer.household, refund_id)
        return await get_purchase(tx, viewer, hours, purchase_id)


async def _order_by_household(
    tx: WriteTx, user_id: UUID, purchase_id: UUID, hours: int, key: str
) -> UUID:
    """The refund of this request: the one of its key, one under way already, or a new one."""
    asked = request_hash(purchase_id)
    if known := await refund_by_key(tx, user_id, key):
        refuse_other_request(known["request_hash"], asked)
        return _id(known)
    purchase = await tx.one(_LOCK, user_id=user_id, purchase_id=purchase_id, hours=hours)
    if purchase is None:
        raise NotFound()
    if purchase["refund_requested_at"] is None:
        if why := _why_not(purchase):
            raise NotRefundable(why=why)
        if not await revoke_unplayed(tx, purchase):
            raise NotRefundable(why="played")
        left = purchase["captured_cents"] - purchase["refunded_cents"]
        if not await order_refund(
            tx, purchase, left, requested_by="household", key=key, request_hash=asked
        ):
            raise RequestInProgress()
    refund = await open_refund(tx, user_id, purchase_id)
    assert refund is not None
    return _id(refund)


def _why_not(purchase: Row) -> str | None:
    if purchase["status"] != "paid":
        reasons = {"refunded": "refunded", "disputed": "disputed", "charged_back": "disputed"}
        return reasons.get(purchase["status"], "not_paid")
    return "too_late" if purchase["too_late"] else None


async def _refuse_refused(tx: ReadTx, user_id: UUID, refund_id: UUID) -> None:
    """Tell where the provider would not give the money back; what was bought can be played."""
    refund = await tx.one(_REFUND, user_id=user_id, refund_id=refund_id)
    if refund is not None and refund["status"] == "refused":
        raise NotRefundable(why="refused", failure_code=refund["failure_code"])


def _id(row: Row) -> UUID:
    found: UUID = row["id"]
    return found


async def carry_out(runtime: Runtime, user_id: UUID, purchase_id: UUID) -> None:
    """Ask the provider for the refund that is under way, and apply its answer; once is enough."""
    async with runtime.database.read() as tx:
        refund = await open_refund(tx, user_id, purchase_id)
        purchase = await tx.one(_PURCHASE, user_id=user_id, purchase_id=purchase_id)
    if refund is None or purchase is None:
        return
    amount = Money(refund["amount_cents"], purchase["currency"])
    try:
        provider = runtime.payments.named(purchase["provider"])
        facts = await provider.refund(
            purchase["provider_ref"], amount, key=f"matinee:refund:{refund['id']}"
        )
    except (NotFound, ProviderError) as error:
        log.warning("refund_unanswered", provider=purchase["provider"], error=error.text)
        return
    async with runtime.database.write() as wtx:
        await _apply(wtx, purchase, refund, facts)


async def _apply(tx: WriteTx, purchase: Row, refund: Row, facts: PaymentFacts) -> None:
    """Apply the provider's answer; where it refused for good, all is as before."""
    settled = await settle(tx, reference_of(purchase), purchase["provider"], facts)
    refused = facts.failure_code is not None and facts.refunded_cents < refund["total_cents"]
    if settled is not None and refused:
        restored = await refuse_refund(tx, refund, facts.failure_code or "")
        if restored is not None:
            await project_grant(tx, restored)


@job("entitlements.refund", follows=REFUND_WANTED)
async def go_on_refunding(runtime: Runtime, _run: JobRun, user_id: str, purchase_id: str) -> None:
    """Give back what is to be given back, where whoever asked for it did not see to it."""
    await carry_out(runtime, UUID(user_id), UUID(purchase_id))
