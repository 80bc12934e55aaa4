"""Payment methods of the practice provider: each is a story of how a payment can go."""

from dataclasses import dataclass
from typing import Literal

Delivery = Literal["once", "lost", "thrice", "reversed"]


@dataclass(frozen=True, slots=True)
class Story:
    """How paying with a token goes.

    `first` is what the direct answer says; `pending` becomes `captured` right after it, or some
    seconds later where it is `slow`. `delivery` is what befalls the webhooks.
    """

    first: Literal["captured", "failed", "requires_action", "pending"] = "captured"
    failure_code: str | None = None
    slow: bool = False
    delivery: Delivery = "once"
    disputed: bool = False
    renews: bool = True


STORIES = {
    "tok_ok": Story(),
    "tok_declined": Story(first="failed", failure_code="card_declined"),
    "tok_needs_action": Story(first="requires_action"),
    "tok_slow": Story(first="pending", slow=True),
    "tok_lost_webhook": Story(first="pending", delivery="lost"),
    "tok_double_webhook": Story(delivery="thrice"),
    "tok_shuffled_webhook": Story(first="pending", delivery="reversed"),
    "tok_dispute": Story(disputed=True),
    "tok_fail_later": Story(renews=False),
}
UNKNOWN = Story(first="failed", failure_code="unknown_payment_method")


def story_of(payment_method: str) -> Story:
    """How paying with this goes; a token may name a card: `tok_ok:visa-of-ada`."""
    return STORIES.get(payment_method.partition(":")[0], UNKNOWN)


def fingerprint_of(payment_method: str) -> str | None:
    """The card that the token names; None where it names none."""
    return payment_method.partition(":")[2] or None
