"""Payments that staff takes by hand: saying that the money has come, or never will."""

from typing import Literal
from uuid import UUID

from matinee.accounts import audit
from matinee.accounts.audit import Actor
from matinee.accounts.viewer import Viewer
from matinee.core.database import Row, WriteTx
from matinee.core.errors import Conflict, NotFound, RequestInProgress
from matinee.entitlements.purchases.orders import reference_of
from matinee.entitlements.purchases.queries import look_into_purchase
from matinee.entitlements.purchases.schemas import StaffPurchaseDetail
from matinee.entitlements.purchases.settling import settle
from matinee.integrations.payments.manual import confirmed
from matinee.integrations.payments.protocol import Money, PaymentFacts
from matinee.runtime import Runtime

_PURCHASE = "SELECT * FROM purchases WHERE user_id = :user_id AND id = :purchase_id"


class NotByHand(Conflict):
    """A payment provider takes this money; what it says counts."""


class PaidAlready(Conflict):
    """This was paid; refund it instead."""


async def decide(
    runtime: Runtime,
    tx: WriteTx,
    staff: Viewer,
    user_id: UUID,
    purchase_id: UUID,
    outcome: Literal["confirm", "cancel"],
    reason: str,
) -> StaffPurchaseDetail:
    """Say that a payment was made, or that none is expected any more; twice is no error.

    Money that comes after all can still be confirmed.

    Raises:
        NotFound: the household has no such purchase.
        NotByHand: the payment is not taken by hand.
        PaidAlready: it cannot be canceled any more.
    """
    purchase = await tx.one(_PURCHASE, user_id=user_id, purchase_id=purchase_id)
    if purchase is None:
        raise NotFound()
    if purchase["provider"] != "manual":
        raise NotByHand()
    if purchase["provider_ref"] is None:
        raise RequestInProgress()
    is_decided = purchase["captured_cents"] if outcome == "confirm" else _is_canceled(purchase)
    if not is_decided:
        await _say(tx, staff, purchase, outcome, reason)
    return await look_into_purchase(tx, user_id, runtime.settings.refund_hours, purchase_id)


async def _say(
    tx: WriteTx, staff: Viewer, purchase: Row, outcome: Literal["confirm", "cancel"], reason: str
) -> None:
    amount = Money(purchase["amount_cents"], purchase["currency"])
    facts = confirmed(purchase["provider_ref"], amount)
    if outcome == "cancel":
        facts = PaymentFacts(purchase["provider_ref"], amount.currency, state="canceled")
    settled = await settle(tx, reference_of(purchase), "manual", facts)
    assert settled is not None
    if outcome == "cancel" and not _is_canceled(settled.purchase):
        raise PaidAlready()
    await audit.record(
        tx,
        Actor.of(staff),
        f"purchase.{outcome}",
        targets={"user": purchase["user_id"], "purchase": purchase["id"]},
        before={"status": purchase["status"]},
        after={"status": settled.purchase["status"]},
        reason=reason,
    )


def _is_canceled(purchase: Row) -> bool:
    return bool(purchase["status"] == "canceled")
