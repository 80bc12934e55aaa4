"""Packages that staff gives to households (E-08), besides what they pay for."""

from datetime import datetime
from typing import Any
from uuid import UUID

from matinee.accounts import audit
from matinee.accounts.audit import Actor
from matinee.accounts.households import lock_existing_household, lock_household
from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import Conflict, NotFound, RuleViolated
from matinee.entitlements.schemas import PackageRef
from matinee.entitlements.subscriptions.queries import list_subscriptions
from matinee.entitlements.subscriptions.schemas import (
    GrantPackage,
    HouseholdSubscriptions,
    StaffGrant,
)
from matinee.entitlements.subscriptions.tier import refresh_tier

_PACKAGE = "SELECT id, kind FROM content_packages WHERE slug = :slug"
_PAID = """
    SELECT id, provider, current_period_end FROM subscriptions
    WHERE user_id = :user_id AND is_base AND status IN ('trialing', 'active', 'past_due', 'paused')
"""
_GRANTS = """
    SELECT g.id, g.source_id, g.starts_at, g.expires_at, p.id AS package_id, p.slug, p.name,
           clock_timestamp() AS server_time
    FROM user_entitlements g JOIN content_packages p ON p.id = g.package_id
    WHERE g.user_id = :user_id AND g.source_type = 'admin' AND g.revoked_at IS NULL
      AND (g.expires_at IS NULL OR clock_timestamp() < g.expires_at)
    ORDER BY g.created_at, g.id
"""
_GRANT = """
    INSERT INTO user_entitlements
        (user_id, source_type, source_id, kind, package_id, starts_at, expires_at)
    VALUES (:user_id, 'admin', :source_id, 'package', :package_id,
            coalesce(:starts_at::timestamptz, clock_timestamp()), :until)
    ON CONFLICT (user_id, source_type, source_id) WHERE source_id IS NOT NULL DO UPDATE
    SET package_id = excluded.package_id, starts_at = excluded.starts_at,
        expires_at = excluded.expires_at, revoked_at = NULL, revoke_reason = NULL
"""
_WITHDRAW = """
    UPDATE user_entitlements SET revoked_at = clock_timestamp(), revoke_reason = 'withdrawn'
    WHERE user_id = :user_id AND source_type = 'admin' AND revoked_at IS NULL
      AND (expires_at IS NULL OR clock_timestamp() < expires_at)
"""
_TIER = "SELECT subscription_tier FROM users WHERE user_id = :user_id AND status <> 'deleted'"
_NOW = "SELECT clock_timestamp()"


async def household_subscriptions(tx: ReadTx, user_id: UUID) -> HouseholdSubscriptions:
    """What a household subscribes to, and what staff has given it.

    Raises:
        NotFound: there is no such household.
    """
    user = await tx.one(_TIER, user_id=user_id)
    if user is None:
        raise NotFound()
    subscriptions = await list_subscriptions(tx, user_id)
    grants = await tx.all(_GRANTS, user_id=user_id)
    return HouseholdSubscriptions(
        subscription_tier=user["subscription_tier"],
        items=subscriptions.items,
        staff_grants=[_shown(grant) for grant in grants],
        server_time=subscriptions.server_time,
    )


async def grant_package(
    tx: WriteTx, viewer: Viewer, user_id: UUID, wish: GrantPackage
) -> HouseholdSubscriptions:
    """Give a household a package: one base package at a time, and any add-ons.

    What the provider says does not touch it; it ends by its own date, or is withdrawn.

    Raises:
        NotFound: there is no such household or package.
        Conflict: the household pays a provider for a base subscription; `details.subscription_id`.
        RuleViolated: it would end before it begins.
    """
    await lock_existing_household(tx, user_id)
    package = await tx.one(_PACKAGE, slug=wish.package)
    if package is None:
        raise NotFound("package")
    is_base = package["kind"] == "base"
    paid = await tx.one(_PAID, user_id=user_id)
    if is_base and paid and paid["provider"] != "manual" and not wish.override:
        raise Conflict("override", subscription_id=str(paid["id"]))
    starts_at = await _start(tx, wish, paid)
    before = await tx.all(_GRANTS, user_id=user_id)
    await tx.execute(
        _GRANT,
        user_id=user_id,
        source_id=user_id if is_base else package["id"],
        package_id=package["id"],
        starts_at=starts_at,
        until=wish.until,
    )
    return await _changed(tx, viewer, user_id, "subscription.grant", before, wish.reason)


async def _start(tx: ReadTx, wish: GrantPackage, paid: Row | None) -> datetime | None:
    """When the grant begins; None: now."""
    now: datetime = await tx.scalar(_NOW)
    end: datetime | None = paid["current_period_end"] if paid else None
    starts_at = end if wish.mode == "period_end" and end and end > now else None
    if wish.until is not None and wish.until <= (starts_at or now):
        raise RuleViolated("until", message="It would end before it begins.")
    return starts_at


async def withdraw_grants(
    tx: WriteTx, viewer: Viewer, user_id: UUID, reason: str
) -> HouseholdSubscriptions:
    """Take back at once what staff has given; what the household pays for stays.

    Raises:
        NotFound: there is no such household.
    """
    present = await household_subscriptions(tx, user_id)
    if not present.staff_grants:  # a lock alone would count as a change that nobody wrote down
        return present
    await lock_household(tx, user_id)
    before = await tx.all(_GRANTS, user_id=user_id)
    await tx.execute(_WITHDRAW, user_id=user_id)
    return await _changed(tx, viewer, user_id, "subscription.withdraw", before, reason)


async def _changed(
    tx: WriteTx, viewer: Viewer, user_id: UUID, action: str, before: list[Row], reason: str
) -> HouseholdSubscriptions:
    """Bring the label up to date, and write down what is different now."""
    await refresh_tier(tx, user_id)
    await audit.record(
        tx,
        Actor.of(viewer),
        action,
        targets={"user": user_id},
        before=_written(before),
        after=_written(await tx.all(_GRANTS, user_id=user_id)),
        reason=reason,
    )
    return await household_subscriptions(tx, user_id)


def _written(grants: list[Row]) -> dict[str, Any]:
    """Grants for the audit log: the package, from when, until when."""
    return {
        str(grant["source_id"]): [
            grant["slug"],
            grant["starts_at"].isoformat(),
            grant["expires_at"].isoformat() if grant["expires_at"] else None,
        ]
        for grant in grants
    }


def _shown(grant: Row) -> StaffGrant:
    package = PackageRef(id=grant["package_id"], slug=grant["slug"], name=grant["name"])
    return StaffGrant(
        id=grant["id"],
        package=package,
        starts_at=grant["starts_at"],
        expires_at=grant["expires_at"],
        server_time=grant["server_time"],
    )
