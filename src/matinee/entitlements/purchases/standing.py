"""How a purchase stands by all that was heard of its payment: pure, whatever came first."""

from dataclasses import dataclass

from matinee.core.database import Row
from matinee.integrations.payments.protocol import Dispute, PaymentFacts

UNPAID = ("pending", "requires_action", "failed", "canceled")
"""States of what is not paid in full, in the order in which they replace each other."""

_DISPUTES = (None, "open", "won", "lost")
"""In the order in which they replace each other."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What was confirmed of a payment of `amount_cents`; every other field only ever grows.

    `unpaid` is the state that counts as long as not all of the amount was captured.
    """

    amount_cents: int
    captured_cents: int = 0
    refunded_cents: int = 0
    dispute: Dispute | None = None
    unpaid: str = "pending"

    @classmethod
    def of(cls, purchase: Row) -> "Standing":
        """As a row of `purchases` has it."""
        status = purchase["status"]
        return cls(
            purchase["amount_cents"],
            purchase["captured_cents"],
            purchase["refunded_cents"],
            purchase["dispute"],
            status if status in UNPAID else "pending",
        )

    def with_facts(self, facts: PaymentFacts) -> "Standing":
        """The same after hearing how the payment stands."""
        state = facts.state if facts.state in UNPAID else "pending"
        return Standing(
            self.amount_cents,
            max(self.captured_cents, facts.captured_cents),
            max(self.refunded_cents, facts.refunded_cents),
            max(self.dispute, facts.dispute, key=_DISPUTES.index),
            max(self.unpaid, state, key=UNPAID.index),
        )

    @property
    def is_paid(self) -> bool:
        """Whether all was captured that it costs, whatever was given back since."""
        return self.captured_cents >= max(self.amount_cents, 1)

    @property
    def is_possible(self) -> bool:
        """Whether no more was given back than was taken; else something was not heard yet."""
        return self.refunded_cents <= self.captured_cents

    @property
    def returned_cents(self) -> int:
        """What we do not have any more: a lost dispute takes all that is left."""
        return self.captured_cents if self.dispute == "lost" else self.refunded_cents

    @property
    def status(self) -> str:
        """The status of the purchase.

        A part of the amount pays for nothing; once some of that part was given back, the rest of
        the amount is not waited for.
        """
        if not self.captured_cents:
            return self.unpaid
        if self.dispute == "lost":
            return "charged_back"
        if self.refunded_cents == self.captured_cents:
            return "refunded"
        if not self.is_paid:
            return "canceled" if self.refunded_cents else self.unpaid
        return "disputed" if self.dispute == "open" else "paid"


def tax_part(cents: int, *, tax_cents: int, amount_cents: int) -> int:
    """How much of a part of the amount is tax, rounded down; of the whole amount, all of it."""
    return cents * tax_cents // amount_cents if amount_cents else 0
