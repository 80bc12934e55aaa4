"""Tables of money: subscriptions, what providers told us, the ledger."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from matinee.models.base import (
    DISTRIBUTED,
    EMPTY_OBJECT,
    FALSE,
    LOCAL,
    LOOKUP,
    NEW_ID,
    Base,
    moment,
    one_of,
)
from matinee.models.entitlement import package_key

SUBSCRIPTION_STATES = ("incomplete", "trialing", "active", "past_due", "paused", "canceled")
CHANGE_STATES = ("open", "done", "failed")
EVENT_STATES = ("applied", "ignored", "parked", "dead")

LIVE = "status IN ('trialing', 'active', 'past_due', 'paused')"
"""SQL over `subscriptions`: it has begun and has not ended."""


class Subscription(Base):
    """A household's subscription to a package, as its provider last described it.

    Of two descriptions the later wins: by `facts_at`, then by `facts_rank`. `trial_days` is NULL
    until it is known whether the household may try it for nothing.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        CheckConstraint(one_of("status", *SUBSCRIPTION_STATES), "status"),
        CheckConstraint("trial_days BETWEEN 0 AND 90", "trial_days"),
        CheckConstraint("length(idempotency_key) BETWEEN 1 AND 255", "idempotency_key"),
        Index("subscriptions_key", "user_id", "idempotency_key", unique=True),
        Index("subscriptions_provider_ref", "user_id", "provider", "provider_ref", unique=True),
        Index(
            "subscriptions_one_live_base",
            "user_id",
            unique=True,
            postgresql_where=text(f"is_base AND {LIVE}"),
        ),
        Index(
            "subscriptions_one_live_per_package",
            "user_id",
            "package_id",
            unique=True,
            postgresql_where=text(LIVE),
        ),
        Index(
            "subscriptions_one_open_base",
            "user_id",
            unique=True,
            postgresql_where=text("is_base AND status = 'incomplete'"),
        ),
        Index(
            "subscriptions_one_open_per_package",
            "user_id",
            "package_id",
            unique=True,
            postgresql_where=text("status = 'incomplete'"),
        ),
        Index(
            "subscriptions_due",
            "current_period_end",
            postgresql_where=text("status <> 'canceled'"),
        ),
        {"info": DISTRIBUTED},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    package_id: Mapped[UUID] = package_key()
    is_base: Mapped[bool]
    price_cents: Mapped[int]
    currency: Mapped[str]
    provider: Mapped[str]
    provider_ref: Mapped[str | None]
    payment_method: Mapped[str]
    trial_days: Mapped[int | None] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(server_default="incomplete")
    current_period_start: Mapped[datetime | None]
    current_period_end: Mapped[datetime | None]
    trial_end: Mapped[datetime | None]
    cancel_at_period_end: Mapped[bool] = mapped_column(server_default=FALSE)
    past_due_since: Mapped[datetime | None]
    pending_package_id: Mapped[UUID | None] = package_key()
    facts_at: Mapped[datetime] = mapped_column(server_default="-infinity")
    facts_rank: Mapped[int] = mapped_column(BigInteger, server_default="0")
    action_url: Mapped[str | None]
    failure_code: Mapped[str | None]
    idempotency_key: Mapped[str]
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    checked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = moment()
    canceled_at: Mapped[datetime | None]


class SubscriptionChange(Base):
    """A subscription's change to another package, from the wish until the provider's answer.

    `prorated_cents` is what is charged now; NULL where it waits for the end of the period.
    """

    __tablename__ = "subscription_changes"
    __table_args__ = (
        CheckConstraint(one_of("status", *CHANGE_STATES), "status"),
        CheckConstraint("prorated_cents >= 0", "prorated_cents"),
        CheckConstraint("length(idempotency_key) BETWEEN 1 AND 255", "idempotency_key"),
        Index("subscription_changes_key", "user_id", "idempotency_key", unique=True),
        Index(
            "subscription_changes_one_open",
            "user_id",
            "subscription_id",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
        Index(
            "subscription_changes_unsettled",
            "created_at",
            postgresql_where=text("status = 'open'"),
        ),
        {"info": DISTRIBUTED},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    subscription_id: Mapped[UUID]
    package_id: Mapped[UUID] = package_key()
    prorated_cents: Mapped[int | None]
    status: Mapped[str] = mapped_column(server_default="open")
    failure_code: Mapped[str | None]
    idempotency_key: Mapped[str]
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    checked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = moment()
    settled_at: Mapped[datetime | None]


class SubscriptionPayment(Base):
    """An invoice of a subscription that was paid; refunds only ever grow."""

    __tablename__ = "subscription_payments"
    __table_args__ = (
        CheckConstraint("amount_cents >= 0", "amount_cents"),
        CheckConstraint("refunded_cents BETWEEN 0 AND amount_cents", "refunded_cents"),
        Index(None, "user_id", "subscription_id"),
        {"info": DISTRIBUTED},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(primary_key=True)
    provider_ref: Mapped[str] = mapped_column(primary_key=True)
    subscription_id: Mapped[UUID]
    amount_cents: Mapped[int]
    refunded_cents: Mapped[int] = mapped_column(server_default="0")
    currency: Mapped[str]
    period_start: Mapped[datetime | None]
    period_end: Mapped[datetime | None]
    paid_at: Mapped[datetime]


class PaymentObject(Base):
    """Whose a provider's object is, and what it pays for."""

    __tablename__ = "payment_objects"
    __table_args__ = (
        CheckConstraint(one_of("subject", "purchase", "subscription"), "subject"),
        {"info": LOOKUP},
    )

    provider: Mapped[str] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    subject: Mapped[str]
    subject_id: Mapped[UUID]


class PaymentEvent(Base):
    """Something a provider told us, once: kept before it is applied, in the same transaction.

    `facts` are what we read in it, as they are applied; `payload` is what was sent, for staff, less
    what names people and cards.
    """

    __tablename__ = "payment_events"
    __table_args__ = (
        CheckConstraint(one_of("state", *EVENT_STATES), "state"),
        CheckConstraint(one_of("subject", "purchase", "subscription"), "subject"),
        CheckConstraint("num_nonnulls(subject, subject_id) <> 1", "reference"),
        Index("payment_events_due", "next_attempt_at", postgresql_where=text("state = 'parked'")),
        Index(
            "payment_events_unapplied",
            "received_at",
            postgresql_where=text("state IN ('parked', 'dead')"),
        ),
        Index(None, "provider", "object_ref"),
        Index(None, "seq"),
        Index(None, "user_id", "received_at"),
        {"info": LOOKUP},
    )

    provider: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    type: Mapped[str]
    object_ref: Mapped[str | None]
    user_id: Mapped[UUID | None]
    subject: Mapped[str | None]
    subject_id: Mapped[UUID | None]
    occurred_at: Mapped[datetime]
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(server_default="parked")
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[datetime] = moment()
    last_error: Mapped[str | None]
    received_at: Mapped[datetime] = moment()
    applied_at: Mapped[datetime | None]


class PaymentReconciliation(Base):
    """Until when a provider was asked for all that it had told, and how asking it went last."""

    __tablename__ = "payment_reconciliations"
    __table_args__ = ({"info": LOCAL},)

    provider: Mapped[str] = mapped_column(primary_key=True)
    reconciled_until: Mapped[datetime | None]
    tried_at: Mapped[datetime] = moment()
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = moment()


class LedgerEntry(Base):
    """An amount that moved from one account to another: double entry in one row.

    A movement is what happened once; its rows can never fail to balance. Rows are only added.
    """

    __tablename__ = "ledger_entries"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", "amount_cents"),
        CheckConstraint("debit <> credit", "accounts"),
        CheckConstraint("num_nonnulls(purchase_id, subscription_id) = 1", "cause"),
        Index(None, "user_id", "purchase_id"),
        Index(None, "created_at"),
        {"info": DISTRIBUTED},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    movement: Mapped[str] = mapped_column(primary_key=True)
    debit: Mapped[str] = mapped_column(primary_key=True)
    credit: Mapped[str] = mapped_column(primary_key=True)
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]
    purchase_id: Mapped[UUID | None]
    subscription_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = moment()


class SandboxObject(Base):
    """The memory of the built-in practice provider: what a real one would keep at its own place."""

    __tablename__ = "sandbox_objects"
    __table_args__ = (
        CheckConstraint(one_of("kind", "charge", "subscription", "invoice", "event"), "kind"),
        Index("sandbox_objects_key", "key", unique=True),
        Index(None, "kind", "created_at"),
        {"info": LOCAL},
    )

    ref: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str | None]
    kind: Mapped[str]
    state: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=EMPTY_OBJECT)
    version: Mapped[int] = mapped_column(BigInteger, server_default="1")
    created_at: Mapped[datetime] = moment()
    updated_at: Mapped[datetime] = moment()
