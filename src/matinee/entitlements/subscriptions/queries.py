"""Reading subscriptions of one household."""

from typing import Any
from uuid import UUID

from matinee.core.database import ReadTx, Row
from matinee.core.errors import NotFound
from matinee.entitlements.schemas import PackageRef
from matinee.entitlements.subscriptions.schemas import (
    Charge,
    SubscriptionOut,
    SubscriptionPaymentOut,
    Subscriptions,
)

_SUBSCRIPTIONS = """
    SELECT s.id, s.status, s.price_cents, s.currency, s.current_period_start, s.current_period_end,
           s.trial_end, s.cancel_at_period_end, s.action_url, s.failure_code, s.created_at,
           s.canceled_at, p.kind, p.billing_period,
           p.id AS package_id, p.slug AS package_slug, p.name AS package_name,
           n.id AS pending_id, n.slug AS pending_slug, n.name AS pending_name,
           n.price_cents AS pending_price_cents,
           w.id AS wanted_id, w.slug AS wanted_slug, w.name AS wanted_name,
           CASE WHEN g.expires_at > g.starts_at THEN g.expires_at END AS access_until,
           clock_timestamp() AS server_time
    FROM subscriptions s
    JOIN content_packages p ON p.id = s.package_id
    LEFT JOIN content_packages n ON n.id = s.pending_package_id
    LEFT JOIN subscription_changes c
        ON c.user_id = s.user_id AND c.subscription_id = s.id AND c.status = 'open'
    LEFT JOIN content_packages w ON w.id = c.package_id
    LEFT JOIN user_entitlements g
        ON g.user_id = s.user_id AND g.source_type = 'svod' AND g.source_id = s.id
    WHERE s.user_id = :user_id AND (:subscription_id::uuid IS NULL OR s.id = :subscription_id)
    ORDER BY s.created_at DESC, s.id DESC LIMIT 100
"""
_PAYMENTS = """
    SELECT newest.* FROM unnest(:subscription_ids::uuid[]) AS wanted (id)
    CROSS JOIN LATERAL (
        SELECT subscription_id, amount_cents, refunded_cents, currency, period_start, period_end,
               paid_at
        FROM subscription_payments
        WHERE user_id = :user_id AND subscription_id = wanted.id
        ORDER BY paid_at DESC, provider_ref DESC LIMIT 24
    ) AS newest
"""
_NOW = "SELECT clock_timestamp()"


async def list_subscriptions(tx: ReadTx, user_id: UUID) -> Subscriptions:
    """The newest 100 of a household; what was declined counts, too."""
    items = await _read(tx, user_id, None)
    return Subscriptions(items=items, server_time=await tx.scalar(_NOW))


async def get_subscription(tx: ReadTx, user_id: UUID, subscription_id: UUID) -> SubscriptionOut:
    """One of a household.

    Raises:
        NotFound: it has none of that id.
    """
    found = await _read(tx, user_id, subscription_id)
    if not found:
        raise NotFound()
    return found[0]


async def _read(tx: ReadTx, user_id: UUID, subscription_id: UUID | None) -> list[SubscriptionOut]:
    rows = await tx.all(_SUBSCRIPTIONS, user_id=user_id, subscription_id=subscription_id)
    if not rows:
        return []
    ids = [row["id"] for row in rows]
    payments = await tx.all(_PAYMENTS, user_id=user_id, subscription_ids=ids)
    return [
        _shown(row, [one for one in payments if one["subscription_id"] == row["id"]])
        for row in rows
    ]


def _shown(row: Row, payments: list[Row]) -> SubscriptionOut:
    fields: dict[str, Any] = dict(row)
    return SubscriptionOut(
        **fields,
        package=_package(row, "package"),
        pending_package=_package(row, "pending"),
        changing_to=_package(row, "wanted"),
        next_charge=_next_charge(row),
        payments=[SubscriptionPaymentOut(**payment) for payment in payments],
    )


def _package(row: Row, name: str) -> PackageRef | None:
    """One of the packages in a row; None where it has none of that name."""
    if row[f"{name}_id"] is None:
        return None
    return PackageRef(id=row[f"{name}_id"], slug=row[f"{name}_slug"], name=row[f"{name}_name"])


def _next_charge(row: Row) -> Charge | None:
    """The next payment that is expected; none is where it is paused, late or over."""
    end = row["trial_end"] if row["status"] == "trialing" else row["current_period_end"]
    goes_on = row["status"] in ("trialing", "active") and not row["cancel_at_period_end"]
    if not goes_on or end is None:
        return None
    price = row["pending_price_cents"] if row["pending_id"] else row["price_cents"]
    return Charge(at=end, price_cents=price, currency=row["currency"])
