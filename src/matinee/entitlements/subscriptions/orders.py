"""The words in which a subscription is put to its provider."""

from uuid import UUID

from matinee.core.database import ReadTx, Row
from matinee.integrations.payments.protocol import Money, Plan, Reference, SubscriptionOrder

_ORDER = """
    SELECT s.provider, s.provider_ref, s.status, s.trial_days, s.payment_method, s.price_cents,
           s.currency, s.package_id, s.facts_at > '-infinity' AS heard, p.slug, p.name,
           p.billing_period
    FROM subscriptions s JOIN content_packages p ON p.id = s.package_id
    WHERE s.user_id = :user_id AND s.id = :subscription_id
"""


async def order_row(tx: ReadTx, user_id: UUID, subscription_id: UUID) -> Row:
    """What is needed to ask the provider for a subscription, or about it."""
    row = await tx.one(_ORDER, user_id=user_id, subscription_id=subscription_id)
    assert row is not None
    return row


def reference_of(user_id: UUID, subscription_id: UUID) -> Reference:
    """How providers name a subscription when they tell of it."""
    return Reference("subscription", user_id, subscription_id)


def order_of(row: Row, reference: Reference, trial_days: int) -> SubscriptionOrder:
    """The order; its key follows from our own id, so that asking twice begins one."""
    return SubscriptionOrder(
        key=f"matinee:subscription:{reference.id}",
        plan=plan_of(row, row["price_cents"], row["currency"]),
        trial_days=trial_days,
        payment_method=row["payment_method"],
        reference=reference,
    )


def plan_of(package: Row, price_cents: int, currency: str) -> Plan:
    """A package as providers know it."""
    return Plan(
        slug=package["slug"],
        name=package["name"],
        price=Money(price_cents, currency),
        billing_period=package["billing_period"],
    )
