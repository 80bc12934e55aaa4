"""Refunds by staff: all or a part, with a reason, also of what was played."""

from uuid import UUID

from matinee.accounts import audit
from matinee.accounts.audit import Actor
from matinee.accounts.viewer import Viewer
from matinee.core.database import Row, WriteTx
from matinee.core.errors import InvalidValue, NotFound, RequestInProgress
from matinee.entitlements.purchases.grants import project_grant
from matinee.entitlements.purchases.orders import reference_of
from matinee.entitlements.purchases.queries import look_into_purchase
from matinee.entitlements.purchases.refund_orders import order_refund, refund_by_key
from matinee.entitlements.purchases.refunds import NotRefundable
from matinee.entitlements.purchases.schemas import RefundPurchase, StaffPurchaseDetail
from matinee.entitlements.purchases.settling import settle
from matinee.entitlements.purchases.standing import Standing
from matinee.entitlements.spending import refuse_other_request, request_hash
from matinee.integrations.payments.manual import returned
from matinee.integrations.payments.protocol import Money
from matinee.runtime import Runtime

_LOCK = "SELECT * FROM purchases WHERE user_id = :user_id AND id = :purchase_id FOR UPDATE"


async def refund_by_staff(
    runtime: Runtime,
    tx: WriteTx,
    staff: Viewer,
    user_id: UUID,
    purchase_id: UUID,
    wish: RefundPurchase,
    key: str,
) -> StaffPurchaseDetail:
    """Have money given back, all that is left or a part, also for what was played.

    What is paid by hand was given back by hand: then it is done with this.

    Raises:
        NotFound: the household has no such purchase.
        NotRefundable: `details.why`.
        InvalidValue: that much is not left.
        RequestInProgress: another refund of it is under way.
    """
    asked = request_hash(purchase_id, wish.amount_cents, wish.reason)
    if known := await refund_by_key(tx, user_id, key):
        refuse_other_request(known["request_hash"], asked)
    else:
        purchase = await tx.one(_LOCK, user_id=user_id, purchase_id=purchase_id)
        if purchase is None:
            raise NotFound()
        amount_cents = _amount(purchase, wish.amount_cents)
        await _order(tx, purchase, amount_cents, key, asked)
        await _record(tx, staff, purchase, amount_cents, wish.reason)
    hours = runtime.settings.refund_hours
    return await look_into_purchase(tx, user_id, hours, purchase_id)


async def _order(tx: WriteTx, purchase: Row, amount: int, key: str, asked: bytes) -> None:
    by_hand = purchase["provider"] == "manual"
    ordered = await order_refund(
        tx, purchase, amount, requested_by="staff", key=key, request_hash=asked
    )
    if ordered is None and not by_hand:
        raise RequestInProgress()
    if by_hand:
        paid = Money(purchase["captured_cents"], purchase["currency"])
        total = purchase["refunded_cents"] + amount
        facts = returned(purchase["provider_ref"], paid, total)
        await settle(tx, reference_of(purchase), "manual", facts)
    elif ordered is not None:
        await project_grant(tx, ordered)


async def _record(tx: WriteTx, staff: Viewer, purchase: Row, amount: int, reason: str) -> None:
    await audit.record(
        tx,
        Actor.of(staff),
        "purchase.refund",
        targets={"user": purchase["user_id"], "purchase": purchase["id"]},
        after={"amount_cents": amount, "currency": purchase["currency"]},
        reason=reason,
    )


def _amount(purchase: Row, wished: int | None) -> int:
    standing = Standing.of(purchase)
    if standing.dispute in ("open", "lost"):
        raise NotRefundable(why="disputed")
    left = standing.captured_cents - standing.returned_cents
    if not left:
        raise NotRefundable(why="refunded" if standing.captured_cents else "not_paid")
    if wished is not None and wished > left:
        raise InvalidValue("amount_cents", most_cents=left)
    return wished or left
