"""What subscriptions look like on the wire, to households and to the operator's staff."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from matinee.core.schema import Input, Integer, Line, Moment, Output, Reason, Secret, Slug, Stamped
from matinee.entitlements.schemas import PackageRef
from matinee.entitlements.spending import PaymentMethod, PurchasePin
from matinee.models.entitlement import MOST_CENTS

Status = Literal["incomplete", "trialing", "active", "past_due", "paused", "canceled"]
When = Literal["now", "period_end"]
Cents = Annotated[Integer, Field(ge=0, le=MOST_CENTS)]


class NewSubscription(Input):
    """What to subscribe to, and how to pay."""

    package: Slug = Field(examples=["premium"])
    payment_method: PaymentMethod = Field(
        description="The payment provider's token.", examples=["tok_ok"]
    )
    purchase_pin: PurchasePin = None


class ChangeSubscription(Input):
    """The package to have instead; naming the present one takes back a change that waits."""

    package: Slug = Field(examples=["premium"])
    expected_prorated_cents: Cents | None = Field(
        None, description="What the quote said: more than that is not charged, but refused."
    )
    purchase_pin: PurchasePin = None


class ResumeSubscription(Input):
    """A pause ends with a payment."""

    purchase_pin: PurchasePin = None


class Charge(Output):
    """Money that will be taken."""

    at: datetime
    price_cents: int
    currency: str = Field(examples=["USD"])


class SubscriptionPaymentOut(Output):
    """Money that was taken, and what was given back of it."""

    amount_cents: int
    refunded_cents: int
    currency: str
    period_start: datetime | None
    period_end: datetime | None
    paid_at: datetime


class SubscriptionOut(Stamped):
    """A subscription. What it lets play ends at `access_until`, whatever its `status` is called."""

    id: UUID
    package: PackageRef
    kind: Literal["base", "addon"]
    status: Status = Field(
        description="`incomplete`: the provider has not confirmed it, or waits for `action_url`."
    )
    price_cents: int
    currency: str = Field(examples=["USD"])
    billing_period: Literal["month", "year"]
    current_period_start: datetime | None
    current_period_end: datetime | None
    trial_end: datetime | None
    access_until: datetime | None = Field(description="Exclusive; null: it never gave any.")
    next_charge: Charge | None = Field(description="Null where nothing will be taken.")
    cancel_at_period_end: bool
    pending_package: PackageRef | None = Field(
        description="The package from the next period on, where a change waits for it."
    )
    changing_to: PackageRef | None = Field(
        description="A change that the provider has not confirmed yet."
    )
    action_url: str | None = Field(description="Where the payer has to confirm.")
    failure_code: str | None = Field(description="Why the last payment failed.")
    created_at: datetime
    canceled_at: datetime | None
    payments: list[SubscriptionPaymentOut] = Field(description="The newest first, 24 at most.")

    def answered(self, done: int) -> int:
        """The status code of an answer: `done`, or 202 while the provider has not confirmed it."""
        return 202 if self.status == "incomplete" or self.changing_to else done


class Subscriptions(Stamped):
    """The subscriptions of a household, the newest first, 100 at most."""

    items: list[SubscriptionOut]


class ChangeQuote(Stamped):
    """What a change would cost, and when it would happen."""

    package: PackageRef
    effective: When = Field(description="A dearer package at once, any other with the next period.")
    effective_at: datetime
    prorated_cents: int = Field(description="Charged at once, for the rest of the period.")
    price_cents: int = Field(description="Charged for each period from then on.")
    currency: str


class RedeemCode(Input):
    """A code as somebody typed it; case, spaces and hyphens do not matter."""

    code: Secret = Field(min_length=1, max_length=100, examples=["WINTER-2027"])


class Redeemed(Stamped):
    """What the code gave: a package for a time, or a title for good."""

    kind: Literal["promo", "gift"]
    package: PackageRef | None = None
    title_id: UUID | None = None
    starts_at: datetime = Field(description="After what the household has of the package already.")
    expires_at: datetime | None = Field(description="Exclusive; null: never.")


class CancelNow(Input):
    """Why a subscription ends at once."""

    reason: Reason


class GrantPackage(Input):
    """A package that staff gives a household, besides whatever it pays for."""

    package: Slug = Field(examples=["premium"])
    mode: When = Field(
        "now", description="At once, or when the period of the base subscription ends."
    )
    until: Moment | None = Field(None, description="Exclusive; without one until it is withdrawn.")
    reason: Reason
    override: bool = Field(
        False, description="Also where the household pays for a base subscription itself."
    )


class StaffGrant(Stamped):
    """What staff has given."""

    id: UUID
    package: PackageRef
    starts_at: datetime
    expires_at: datetime | None


class HouseholdSubscriptions(Stamped):
    """What a household subscribes to, and what staff has given it."""

    subscription_tier: Line | None
    items: list[SubscriptionOut]
    staff_grants: list[StaffGrant]


class ConfirmPayment(Input):
    """A payment that came in by hand."""

    paid_until: Moment = Field(description="Exclusive end of the period that is paid.")
    amount_cents: Cents | None = Field(None, description="The subscription's price without it.")
    reason: Reason
