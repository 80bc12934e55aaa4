"""What every payment provider can do, and the facts in which it tells what happened.

Facts say how things stand, never what to do: hearing one twice, or two in the wrong order, must
lead to the same place as hearing each once in order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from matinee.core.errors import NotAuthenticated

Subject = Literal["purchase", "subscription"]
Dispute = Literal["open", "won", "lost"]


class BadSignature(NotAuthenticated):
    """This was not signed with the secret we share, or too long ago."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What an object of the provider is about, in our own words; providers carry it along."""

    subject: Subject
    user_id: UUID
    id: UUID

    def __str__(self) -> str:
        return f"{self.subject}:{self.user_id}:{self.id}"

    @classmethod
    def parse(cls, text: object) -> "Reference | None":
        """The reference that a text names; None where it names none."""
        if not isinstance(text, str) or text.count(":") != 2:
            return None
        subject, user_id, id_ = text.split(":")
        try:
            owner, named = UUID(user_id), UUID(id_)
        except ValueError:
            return None
        if subject == "purchase":
            return cls("purchase", owner, named)
        return cls("subscription", owner, named) if subject == "subscription" else None


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the smallest unit of its currency."""

    cents: int
    currency: str


@dataclass(frozen=True, slots=True)
class Charge:
    """Money that is to be taken once; the same key never takes it twice."""

    key: str
    amount: Money
    payment_method: str
    description: str
    reference: Reference


@dataclass(frozen=True, slots=True)
class Plan:
    """What a subscription costs, how often."""

    slug: str
    name: str
    price: Money
    billing_period: Literal["month", "year"]


@dataclass(frozen=True, slots=True)
class SubscriptionOrder:
    """A subscription that is to begin; the same key never begins two."""

    key: str
    plan: Plan
    trial_days: int
    payment_method: str
    reference: Reference


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """How a single payment stands. Cents and `dispute` only ever grow."""

    ref: str
    currency: str
    captured_cents: int = 0
    refunded_cents: int = 0
    dispute: Dispute | None = None
    state: Literal["pending", "requires_action", "captured", "failed", "canceled"] = "pending"
    failure_code: str | None = None
    action_url: str | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionFacts:
    """How a subscription stood at a moment; of two the later `(at, rank)` is right.

    `plan` is the slug of its package now, None where the provider does not say.
    """

    ref: str
    status: Literal["incomplete", "trialing", "active", "past_due", "paused", "canceled"]
    at: datetime
    rank: int = 0
    plan: str | None = None
    pending_plan: str | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    trial_end: datetime | None = None
    cancel_at_period_end: bool = False
    past_due_since: datetime | None = None
    failure_code: str | None = None
    action_url: str | None = None


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """A payment for a subscription that was made; refunds only ever grow."""

    ref: str
    subscription_ref: str
    amount: Money
    paid_at: datetime
    refunded_cents: int = 0
    period_start: datetime | None = None
    period_end: datetime | None = None


Facts = PaymentFacts | SubscriptionFacts | InvoiceFacts


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """Something a provider tells us; without facts it is of a kind that we do not follow.

    `payload` is what was sent, for staff who look into it.
    """

    id: str
    type: str
    at: datetime
    payload: Mapping[str, object]
    facts: Facts | None = None
    reference: Reference | None = None


class PaymentProvider(Protocol):
    """Somebody who takes money for us.

    Every method that changes something takes a key: calling it again with the same key changes
    nothing and gives the same facts. A refused card is a fact (`failed`), not an error.

    Raises (all of them):
        ProviderError: no answer, or none that can be understood; ask again later.
    """

    name: str

    async def charge(self, order: Charge) -> PaymentFacts:
        """Take money once."""
        ...

    async def refund(self, ref: str, amount: Money, key: str) -> PaymentFacts:
        """Give money back.

        A refusal for good leaves `refunded_cents` as it was and says why in `failure_code`.
        """
        ...

    async def fetch_payment(self, ref: str | None, order: Charge) -> PaymentFacts | None:
        """How a payment stands; found by the order where we never heard its `ref`.

        None where the provider never got the order.
        """
        ...

    async def start_subscription(self, order: SubscriptionOrder) -> SubscriptionFacts:
        """Begin to take money regularly."""
        ...

    async def change_subscription(
        self, ref: str, plan: Plan, *, prorated: Money | None, key: str
    ) -> SubscriptionFacts:
        """Change to another plan: now, charging `prorated` on top; or at the period's end (None).

        A refused payment leaves the subscription as it was and says so in `failure_code`.
        """
        ...

    async def set_cancellation(self, ref: str, *, cancel: bool, key: str) -> SubscriptionFacts:
        """Have it end with the period that is paid, or not."""
        ...

    async def cancel_subscription(self, ref: str, key: str) -> SubscriptionFacts:
        """End it at once."""
        ...

    async def pause_subscription(self, ref: str, key: str) -> SubscriptionFacts:
        """Take no money, and owe nothing, until it is resumed."""
        ...

    async def resume_subscription(self, ref: str, key: str) -> SubscriptionFacts:
        """Go on after a pause."""
        ...

    async def fetch_subscription(
        self, ref: str | None, order: SubscriptionOrder
    ) -> SubscriptionFacts | None:
        """How a subscription stands; found by the order where we never heard its `ref`."""
        ...

    async def events_since(self, moment: datetime) -> list[ProviderEvent]:
        """What it has told, or tried to tell, since a moment, oldest first (reconciliation)."""
        ...

    async def fingerprint(self, payment_method: str) -> str | None:
        """What stays the same when a card is entered again; None where it cannot say."""
        ...

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
        """The event in a webhook's body.

        Raises:
            NotFound: no secret is set, so nobody can post here.
            BadSignature: it is not from the provider, too old, from the future, or malformed.
        """
        ...
