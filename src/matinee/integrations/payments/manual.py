"""Money that staff takes by hand: orders wait until somebody says that they were paid."""

from collections.abc import Mapping
from datetime import UTC, datetime

from matinee.core.errors import Conflict, NotFound
from matinee.integrations.payments.protocol import (
    Charge,
    Money,
    PaymentFacts,
    Plan,
    ProviderEvent,
    SubscriptionFacts,
    SubscriptionOrder,
)

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""The moment of what is known before staff says anything: whatever it says is later."""


class PaidByHand(Conflict):
    """This is paid by hand; only the staff can change it."""


class Manual:
    """Remembers nothing: facts are made by staff, from `confirmed` and `returned`."""

    name = "manual"

    async def charge(self, order: Charge) -> PaymentFacts:
        """Wait for the staff."""
        return PaymentFacts(ref=_ref(order.reference.id), currency=order.amount.currency)

    async def refund(self, ref: str, amount: Money, key: str) -> PaymentFacts:
        """Wait for the staff to give the money back; the facts say nothing yet."""
        return PaymentFacts(ref=ref, currency=amount.currency)

    async def fetch_payment(self, ref: str | None, order: Charge) -> PaymentFacts | None:
        """Nothing that staff has not said already."""
        return await self.charge(order)

    async def start_subscription(self, order: SubscriptionOrder) -> SubscriptionFacts:
        """Wait for the staff."""
        return SubscriptionFacts(_ref(order.reference.id), "incomplete", LONG_AGO)

    async def change_subscription(
        self, ref: str, plan: Plan, *, prorated: Money | None, key: str
    ) -> SubscriptionFacts:
        """Staff changes it.

        Raises:
            PaidByHand: always.
        """
        raise PaidByHand

    async def set_cancellation(self, ref: str, *, cancel: bool, key: str) -> SubscriptionFacts:
        """Staff ends it.

        Raises:
            PaidByHand: always.
        """
        raise PaidByHand

    async def cancel_subscription(self, ref: str, key: str) -> SubscriptionFacts:
        """Staff ends it.

        Raises:
            PaidByHand: always.
        """
        raise PaidByHand

    async def pause_subscription(self, ref: str, key: str) -> SubscriptionFacts:
        """Staff pauses it.

        Raises:
            PaidByHand: always.
        """
        raise PaidByHand

    async def resume_subscription(self, ref: str, key: str) -> SubscriptionFacts:
        """Staff resumes it.

        Raises:
            PaidByHand: always.
        """
        raise PaidByHand

    async def fetch_subscription(
        self, ref: str | None, order: SubscriptionOrder
    ) -> SubscriptionFacts | None:
        """Nothing that staff has not said already."""
        return await self.start_subscription(order)

    async def events_since(self, moment: datetime) -> list[ProviderEvent]:
        """Nothing happens by itself."""
        return []

    async def fingerprint(self, payment_method: str) -> str | None:
        """Nobody looks at cards here."""
        return None

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
        """Nobody can post here.

        Raises:
            NotFound: always.
        """
        raise NotFound

    async def aclose(self) -> None:
        """There is nothing to close."""


def confirmed(ref: str, amount: Money) -> PaymentFacts:
    """What staff says when the money has come."""
    return PaymentFacts(ref, amount.currency, captured_cents=amount.cents, state="captured")


def returned(ref: str, paid: Money, returned_cents: int) -> PaymentFacts:
    """What staff says when money was given back, `returned_cents` in all."""
    return PaymentFacts(
        ref,
        paid.currency,
        captured_cents=paid.cents,
        refunded_cents=returned_cents,
        state="captured",
    )


def _ref(subject: object) -> str:
    return f"manual_{subject}"
