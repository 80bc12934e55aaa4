"""What staff does with packages (E-01): create, change, archive, delete."""

from typing import Any
from uuid import UUID

from matinee.accounts.changes import assignments, lock
from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import Conflict, InvalidValue, NotFound
from matinee.entitlements.ownership import SLOW_LOOK
from matinee.entitlements.packages.changes import write_down
from matinee.entitlements.packages.schemas import (
    AdminPackage,
    AdminPackages,
    CreatePackage,
    UpdatePackage,
)

_PACKAGES = """
    SELECT p.*,
           (SELECT count(DISTINCT c.title_id) FROM package_contents c
            WHERE c.package_id = p.id) AS titles,
           (SELECT count(*) FROM package_rules r WHERE r.package_id = p.id) AS rules,
           (SELECT count(DISTINCT pc.channel_id) FROM package_channels pc
            WHERE pc.package_id = p.id) AS channels
    FROM content_packages p
    WHERE :package_id::uuid IS NULL OR p.id = :package_id
    ORDER BY p.active DESC, p.kind = 'addon', p.rank, p.price_cents, p.slug
"""
_LOCK = "SELECT version FROM content_packages WHERE id = :package_id FOR UPDATE"
_ID_OF = "SELECT id FROM content_packages WHERE slug = :slug"
_ADD = """
    INSERT INTO content_packages (slug, name, tier, kind, price_cents, currency, billing_period)
    VALUES (:slug, :name, :tier, :kind, :price_cents, :currency, :billing_period)
    ON CONFLICT (slug) DO NOTHING RETURNING id
"""
_UPDATE = "UPDATE content_packages SET {assignments} WHERE id = :package_id"
_NEXT_VERSION = """
    UPDATE content_packages SET version = version + 1, updated_at = clock_timestamp()
    WHERE id = :package_id
"""
_USES = """
    -- cross-user
    SELECT
        EXISTS (SELECT FROM subscriptions WHERE package_id = :package_id
                OR pending_package_id = :package_id)
        OR EXISTS (SELECT FROM subscription_changes
                   WHERE package_id = :package_id) AS subscriptions,
        EXISTS (SELECT FROM user_entitlements WHERE package_id = :package_id) AS grants,
        EXISTS (SELECT FROM promo_codes WHERE package_id = :package_id) AS codes,
        EXISTS (SELECT FROM trial_redemptions WHERE package_id = :package_id) AS trials
"""
_EMPTY = "DELETE FROM package_contents WHERE package_id = :package_id"
_DROP_RULES = "DELETE FROM package_rules WHERE package_id = :package_id"
_DROP_CHANNELS = "DELETE FROM package_channels WHERE package_id = :package_id"
_DELETE = "DELETE FROM content_packages WHERE id = :package_id"

CLEARABLE = ("description", "max_profiles")
"""Columns that null empties."""

FIXED_IN_USE = ("kind", "currency", "billing_period")
"""What subscriptions of a package rely on."""


class PackageInUse(Conflict):
    """Households have this package; archive it instead."""


async def list_packages(tx: ReadTx) -> AdminPackages:
    """All packages: those for sale first, then as viewers see them."""
    rows = await tx.all(_PACKAGES, package_id=None)
    return AdminPackages(items=[AdminPackage(**row) for row in rows])


async def get_package(tx: ReadTx, package_id: UUID) -> AdminPackage:
    """A package.

    Raises:
        NotFound: there is none of that id.
    """
    row = await tx.one(_PACKAGES, package_id=package_id)
    if row is None:
        raise NotFound()
    return AdminPackage(**row)


async def create_package(tx: WriteTx, staff: Viewer, wish: CreatePackage) -> AdminPackage:
    """Add a package, for sale at once unless it says otherwise.

    Raises:
        Conflict: the slug is taken.
        InvalidValue: something is null that cannot be.
    """
    required = {"slug", "name", "kind", "price_cents", "currency", "billing_period"}
    first = wish.model_dump(include=required) | {"tier": wish.tier or wish.slug}
    package_id = await tx.scalar(_ADD, **first)
    if package_id is None:
        raise Conflict("slug")
    await _set(tx, package_id, _given(wish, besides=required | {"tier"}))
    created = await get_package(tx, package_id)
    await write_down(tx, staff, "package.create", {"package": package_id}, after=created)
    return created


async def update_package(
    tx: WriteTx, staff: Viewer, package_id: UUID, wish: UpdatePackage, version: int | None
) -> AdminPackage:
    """Change what was given; households that have it keep their price.

    Raises:
        NotFound: there is none of that id.
        VersionConflict: somebody changed it since it was read.
        Conflict: the slug is taken.
        InvalidValue: something is null that cannot be.
        PackageInUse: what its subscriptions rely on would change.
    """
    await lock(tx, _LOCK, version, package_id=package_id)
    before = await get_package(tx, package_id)
    given = _given(wish, besides={"reason"})
    if "slug" in given and await tx.scalar(_ID_OF, slug=given["slug"]) not in (None, package_id):
        raise Conflict("slug")
    for name in FIXED_IN_USE:
        if name in given and given[name] != getattr(before, name):
            await _refuse_in_use(tx, package_id, name)
    await _set(tx, package_id, given)
    await tx.execute(_NEXT_VERSION, package_id=package_id)
    after = await get_package(tx, package_id)
    targets = {"package": package_id}
    await write_down(
        tx, staff, "package.update", targets, before=before, after=after, reason=wish.reason
    )
    return after


async def delete_package(tx: WriteTx, staff: Viewer, package_id: UUID, version: int | None) -> None:
    """Remove a package that nobody ever had, with what it lists and its rules.

    The lock keeps others from beginning to use it meanwhile.

    Raises:
        NotFound: there is none of that id.
        VersionConflict: somebody changed it since it was read.
        PackageInUse: `details.by` says what uses it.
    """
    await lock(tx, _LOCK, version, package_id=package_id)
    await _refuse_in_use(tx, package_id)
    before = await get_package(tx, package_id)
    for statement in (_EMPTY, _DROP_RULES, _DROP_CHANNELS, _DELETE):
        await tx.execute(statement, package_id=package_id)
    await write_down(tx, staff, "package.delete", {"package": package_id}, before=before)


async def _refuse_in_use(tx: WriteTx, package_id: UUID, field: str | None = None) -> None:
    await tx.execute(SLOW_LOOK)
    uses = await tx.one(_USES, package_id=package_id)
    assert uses is not None
    if by := [name for name, is_used in uses.items() if is_used]:
        raise PackageInUse(field, by=by)


def _given(wish: CreatePackage | UpdatePackage, besides: set[str]) -> dict[str, Any]:
    """The columns that were named."""
    given = wish.model_dump(exclude_unset=True, exclude=besides)
    for name, value in given.items():
        if value is None and name not in CLEARABLE:
            raise InvalidValue(name, message="This cannot be cleared.")
    return given


async def _set(tx: WriteTx, package_id: UUID, columns: dict[str, Any]) -> None:
    if columns:
        sql = _UPDATE.format(assignments=assignments(columns))
        await tx.execute(sql, package_id=package_id, **columns)
