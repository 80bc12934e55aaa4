"""Tables of what is rented and bought: orders and refunds."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from matinee.models.base import DISTRIBUTED, NEW_ID, Base, moment, one_of
from matinee.models.entitlement import QUALITIES

PURCHASE_STATES = (
    "pending",
    "requires_action",
    "paid",
    "failed",
    "canceled",
    "refunded",
    "disputed",
    "charged_back",
)
REFUND_STATES = ("open", "done", "refused")


class Purchase(Base):
    """An order for a rental or a title, and what the provider has confirmed of it.

    `captured_cents`, `refunded_cents` and `dispute` only ever grow, so that the order in which
    they are heard does not matter; `status` follows from them: less than the amount pays for
    nothing. `refund_requested_at` is set while all that is left is being given back: what was
    bought cannot be played any more.
    """

    __tablename__ = "purchases"
    __table_args__ = (
        CheckConstraint("kind IN ('rent', 'buy')", "kind"),
        CheckConstraint(one_of("quality", *QUALITIES), "quality"),
        CheckConstraint(one_of("status", *PURCHASE_STATES), "status"),
        CheckConstraint("amount_cents >= 0", "amount_cents"),
        CheckConstraint("tax_cents BETWEEN 0 AND amount_cents", "tax_cents"),
        CheckConstraint("captured_cents >= 0", "captured_cents"),
        CheckConstraint("refunded_cents BETWEEN 0 AND captured_cents", "refunded_cents"),
        CheckConstraint(one_of("dispute", "open", "won", "lost"), "dispute"),
        CheckConstraint("length(idempotency_key) BETWEEN 1 AND 255", "idempotency_key"),
        Index("purchases_key", "user_id", "idempotency_key", unique=True),
        Index("purchases_provider_ref", "user_id", "provider", "provider_ref", unique=True),
        Index(
            "purchases_one_open",
            "user_id",
            "title_id",
            "season_id",
            "kind",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("status IN ('pending', 'requires_action')"),
        ),
        Index(
            "purchases_unsettled",
            "created_at",
            postgresql_where=text(
                "status IN ('pending', 'requires_action')"
                " OR status IN ('failed', 'canceled') AND captured_cents > 0"
                " OR refund_requested_at IS NOT NULL"
            ),
        ),
        {"info": DISTRIBUTED},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    profile_id: Mapped[UUID | None]
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("title_offers.id"))
    title_id: Mapped[UUID]
    season_id: Mapped[UUID | None]
    kind: Mapped[str]
    quality: Mapped[str]
    amount_cents: Mapped[int]
    tax_cents: Mapped[int] = mapped_column(server_default="0")
    currency: Mapped[str]
    territory: Mapped[str]
    rental_window_hours: Mapped[int | None]
    start_within_hours: Mapped[int | None]
    status: Mapped[str] = mapped_column(server_default="pending")
    provider: Mapped[str]
    provider_ref: Mapped[str | None]
    payment_method: Mapped[str]
    action_url: Mapped[str | None]
    failure_code: Mapped[str | None]
    idempotency_key: Mapped[str]
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    captured_cents: Mapped[int] = mapped_column(server_default="0")
    refunded_cents: Mapped[int] = mapped_column(server_default="0")
    dispute: Mapped[str | None]
    refund_requested_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = moment()
    settled_at: Mapped[datetime | None]


class PurchaseRefund(Base):
    """Money of a purchase that is to be given back, from the wish until the provider's answer.

    `total_cents` is how much of the purchase has been given back once this is done.
    """

    __tablename__ = "purchase_refunds"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", "amount_cents"),
        CheckConstraint("total_cents >= amount_cents", "total_cents"),
        CheckConstraint(one_of("requested_by", "household", "staff", "system"), "requested_by"),
        CheckConstraint(one_of("status", *REFUND_STATES), "status"),
        CheckConstraint("length(idempotency_key) BETWEEN 1 AND 255", "idempotency_key"),
        Index("purchase_refunds_key", "user_id", "idempotency_key", unique=True),
        Index("purchase_refunds_purchase", "user_id", "purchase_id"),
        Index(
            "purchase_refunds_one_open",
            "user_id",
            "purchase_id",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
        Index("purchase_refunds_unsettled", "created_at", postgresql_where=text("status = 'open'")),
        {"info": DISTRIBUTED},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    purchase_id: Mapped[UUID]
    amount_cents: Mapped[int]
    total_cents: Mapped[int]
    requested_by: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="open")
    failure_code: Mapped[str | None]
    idempotency_key: Mapped[str]
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    checked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = moment()
    settled_at: Mapped[datetime | None]
