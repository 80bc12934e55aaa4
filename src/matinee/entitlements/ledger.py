"""The books: every movement of money, double entry, only ever added to."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from matinee.core.database import WriteTx

TAX = "tax"
"""The account of what is owed to the tax office."""

# In the order of the primary key: who books several of them meets others in the same order.
_BOOK = """
    INSERT INTO ledger_entries
        (user_id, movement, debit, credit, amount_cents, currency, purchase_id, subscription_id)
    SELECT * FROM unnest(
        :user_ids::uuid[], :movements::text[], :debits::text[], :credits::text[],
        :amounts::bigint[], :currencies::text[], :purchase_ids::uuid[], :subscription_ids::uuid[]
    )
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """An amount that moved from `credit` to `debit`, for a purchase or for a subscription.

    `movement` identifies what happened, so that it is booked once; its entries have different
    accounts.
    """

    user_id: UUID
    movement: str
    debit: str
    credit: str
    amount_cents: int
    currency: str
    purchase_id: UUID | None = None
    subscription_id: UUID | None = None


async def book(tx: WriteTx, entries: Sequence[Entry]) -> None:
    """Add entries; those that are there already, and those about nothing, change nothing."""
    rows = sorted(
        (entry for entry in entries if entry.amount_cents),
        key=lambda one: (one.user_id, one.movement, one.debit, one.credit),
    )
    if not rows:
        return
    await tx.execute(
        _BOOK,
        user_ids=[row.user_id for row in rows],
        movements=[row.movement for row in rows],
        debits=[row.debit for row in rows],
        credits=[row.credit for row in rows],
        amounts=[row.amount_cents for row in rows],
        currencies=[row.currency for row in rows],
        purchase_ids=[row.purchase_id for row in rows],
        subscription_ids=[row.subscription_id for row in rows],
    )


def provider_account(name: str) -> str:
    """The account of what a payment provider holds for us."""
    return f"provider:{name}"


def revenue_account(kind: str) -> str:
    """The account of what was earned with rentals (`rent`), sales (`buy`) or `subscription`s."""
    return f"revenue:{kind}"
