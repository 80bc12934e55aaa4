"""What purchases look like, to households and to staff."""

from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from fastapi import Response
from pydantic import Field

from matinee.core.database import Row
from matinee.core.schema import Input, Int4, Output, Page, Reason, Stamped
from matinee.entitlements.access import Quality
from matinee.entitlements.spending import PaymentMethod, PurchasePin
from matinee.integrations.payments.protocol import Dispute

PurchaseKind = Literal["rent", "buy"]
PurchaseStatus = Literal[
    "pending",
    "requires_action",
    "paid",
    "failed",
    "canceled",
    "refunded",
    "disputed",
    "charged_back",
]
OPEN = ("pending", "requires_action")
"""States in which it is not known yet whether money was taken."""


class NewPurchase(Input):
    """A wish to rent or to buy a title, or a season of it."""

    offer_type: PurchaseKind
    offer_id: UUID | None = Field(
        None, description="Without it the cheapest offer for the whole title."
    )
    expected_price_cents: Int4 | None = Field(
        None, description="The price that was shown; when it is another one now, nothing is taken."
    )
    payment_method: PaymentMethod
    purchase_pin: PurchasePin = None


class PurchaseGrant(Output):
    """What a purchase lets play."""

    id: UUID
    expires_at: datetime | None = Field(description="Of a rental.")
    start_by: datetime | None = Field(
        description="Of a rental that was not begun: when it must be at the latest."
    )
    revoked_at: datetime | None
    revoke_reason: str | None = Field(
        description="`refund_requested`, `refunded`, `charged_back`, or `duplicate`: the household"
        " got the same by another way while it paid."
    )


class PurchaseOut(Stamped):
    """A purchase and what became of it."""

    id: UUID
    title_id: UUID | None = Field(description="Null where the profile may not see the title now.")
    season_id: UUID | None
    offer_id: UUID
    kind: PurchaseKind
    quality: Quality
    amount_cents: int
    tax_cents: int = Field(description="The part of the amount that is tax.")
    currency: str
    status: PurchaseStatus
    action_url: str | None = Field(
        description="Where the payer goes on, of `requires_action`; ask again afterwards."
    )
    failure_code: str | None
    refunded_cents: int
    refund_requested_at: datetime | None = Field(
        description="Since when all that is left is being given back."
    )
    refundable_until: datetime | None = Field(
        description="Until when the household itself can undo it, as long as it is not played."
    )
    created_at: datetime
    settled_at: datetime | None
    grant: PurchaseGrant | None


class PurchaseWithTitle(PurchaseOut):
    """The same with the name of what was bought."""

    title_name: str | None = Field(description="Null where the title is.")


class RefundOut(Output):
    """Money that was, or is to be, given back."""

    id: UUID
    amount_cents: int
    requested_by: Literal["household", "staff", "system"]
    status: Literal["open", "done", "refused"]
    failure_code: str | None
    created_at: datetime
    settled_at: datetime | None


class LedgerLine(Output):
    """An amount that moved from `credit` to `debit`."""

    movement: str
    debit: str
    credit: str
    amount_cents: int
    created_at: datetime


class StaffPurchase(PurchaseWithTitle):
    """A purchase as support sees it."""

    profile_id: UUID | None
    territory: str
    provider: str
    provider_ref: str | None
    captured_cents: int
    dispute: Dispute | None


class StaffPurchaseDetail(StaffPurchase):
    """The same with everything that moved."""

    refunds: list[RefundOut]
    ledger: list[LedgerLine]


class RefundPurchase(Input):
    """Give money back, also for what was played."""

    amount_cents: Int4 | None = Field(
        None, gt=0, description="Without it all that is left; then it cannot be played any more."
    )
    reason: Reason = Field(description="Kept in the audit log.")


class DecideByHand(Input):
    """What staff says about a payment that is taken by hand."""

    reason: Reason = Field(description="Kept in the audit log.")


class Purchases(Page[PurchaseWithTitle]):
    """One page of the household's purchases, newest first."""


class StaffPurchases(Page[StaffPurchase]):
    """One page of a household's purchases, newest first."""


Fields = Row | dict[str, Any]


def purchase_fields(purchase: Fields, grant: Fields | None, refund_hours: int) -> dict[str, Any]:
    """The fields of `PurchaseOut` and its kin, of rows of `purchases` and `user_entitlements`."""
    until = None
    if grant is not None and purchase["status"] == "paid":
        unplayed = grant["first_played_at"] is None and grant["revoked_at"] is None
        ends = purchase["settled_at"] + timedelta(hours=refund_hours)
        until = ends if unplayed and purchase["server_time"] < ends else None
    made = None if grant is None else _grant(grant)
    return dict(purchase) | {"refundable_until": until, "grant": made}


def _grant(grant: Fields) -> PurchaseGrant:
    return PurchaseGrant(
        id=grant["id"],
        expires_at=grant["expires_at"],
        start_by=grant["expires_at"] if grant["first_played_at"] is None else None,
        revoked_at=grant["revoked_at"],
        revoke_reason=grant["revoke_reason"],
    )


def purchase_out(purchase: Fields, grant: Fields | None, refund_hours: int) -> PurchaseOut:
    """A purchase as its household sees it."""
    return PurchaseOut(**purchase_fields(purchase, grant, refund_hours))


def with_status(response: Response, purchase: PurchaseOut) -> PurchaseOut:
    """The purchase itself; 202 while its outcome, or that of its refund, is not known."""
    if purchase.status in OPEN or purchase.refund_requested_at is not None:
        response.status_code = 202
    return purchase
