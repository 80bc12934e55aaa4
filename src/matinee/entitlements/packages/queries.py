"""Packages for viewers: what can be subscribed to, and some of what is in it."""

from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row
from matinee.core.errors import NotFound
from matinee.entitlements.carriage import RULE_MATCHES, is_open
from matinee.entitlements.channels import CHANNEL_VISIBLE, channel_visibility_of
from matinee.entitlements.facts import live_at
from matinee.entitlements.packages.schemas import (
    PackageChannel,
    PackageDetail,
    PackageOut,
    Packages,
    SampleTitle,
)
from matinee.entitlements.spending import PurchaseNotAllowed
from matinee.entitlements.subscriptions.trials import household_fingerprint
from matinee.entitlements.visibility import VISIBLE, visibility_of

SAMPLE = 24

_ANY = """(
    SELECT c.title_id FROM package_contents c WHERE c.package_id = p.id {and_here}
    ORDER BY c.title_id LIMIT 1
) IS NOT NULL OR EXISTS (
    SELECT FROM package_rules c WHERE c.package_id = p.id {and_here}
) OR EXISTS (
    SELECT FROM package_channels c WHERE c.package_id = p.id {and_here}
)"""
"""SQL over `content_packages p`: it carries something; the first title in order is found by the
index, where EXISTS would read the list of all packages."""

_HERE = "AND c.territory IN (:territory, '**') AND statement_timestamp() < c.available_until"

# Left out is what carries something, but nothing here any more: it is for other countries.
_FOR_HERE = f"({_ANY.format(and_here=_HERE)} OR NOT ({_ANY.format(and_here='')}))"
_PACKAGES = f"""
    SELECT p.id, p.slug, p.name, p.description, p.kind, p.price_cents, p.currency,
           p.billing_period, p.max_streams, p.max_quality,
           coalesce(p.max_profiles, :max_profiles::int) AS max_profiles,
           CASE WHEN EXISTS (SELECT FROM trial_redemptions r
                             WHERE r.package_id = p.id AND r.fingerprint = :fingerprint::bytea)
                THEN 0 ELSE p.trial_days END AS trial_days,
           CASE WHEN held.until IS NULL THEN 'available' ELSE 'active' END AS state,
           nullif(held.until, 'infinity') AS access_until
    FROM content_packages p
    CROSS JOIN LATERAL (
        SELECT max(coalesce(g.expires_at, 'infinity')) AS until FROM user_entitlements g
        WHERE g.user_id = :user_id::uuid AND g.package_id = p.id
          AND {live_at("statement_timestamp()")}
    ) AS held
    WHERE (:slug::text IS NULL OR p.slug = :slug)
      AND (held.until IS NOT NULL OR p.active AND {_FOR_HERE})
    ORDER BY p.kind = 'addon', p.rank, p.price_cents, p.slug
"""
# Each half stops as soon as it has enough: rules may match most of the catalogue.
_SAMPLE = f"""
    WITH listed AS (
        SELECT t.id FROM titles t
        WHERE t.id IN (
            SELECT c.title_id FROM package_contents c
            WHERE c.package_id = :package_id AND {is_open("c", "statement_timestamp()")}
        ) AND {VISIBLE}
        ORDER BY t.added_at DESC, t.id DESC LIMIT {SAMPLE}
    ),
    matched AS (
        SELECT t.id FROM titles t
        WHERE EXISTS (
            SELECT FROM package_rules rule
            WHERE rule.package_id = :package_id AND {is_open("rule", "statement_timestamp()")}
              AND {RULE_MATCHES}
        ) AND {VISIBLE}
        ORDER BY t.added_at DESC, t.id DESC LIMIT {SAMPLE}
    )
    SELECT t.id, t.kind, coalesce(local.name, t.name) AS name, t.year,
           (SELECT i.url FROM title_images i
            WHERE i.title_id = t.id AND i.kind = 'poster'
              AND (i.language IS NULL OR i.language = ANY (:languages::text[]))
            ORDER BY array_position(:languages::text[], i.language), i.position
            LIMIT 1) AS poster
    FROM (SELECT id FROM listed UNION SELECT id FROM matched) AS found
    JOIN titles t USING (id)
    LEFT JOIN LATERAL (
        SELECT l.name FROM title_localizations l
        WHERE l.title_id = t.id AND l.language = ANY (:languages::text[])
        ORDER BY array_position(:languages::text[], l.language) LIMIT 1
    ) AS local ON true
    ORDER BY t.added_at DESC, t.id DESC LIMIT {SAMPLE}
"""
_CHANNELS = f"""
    SELECT c.id, c.number, c.name, c.logo_url, count(*) OVER () AS channel_count
    FROM channels c
    WHERE {CHANNEL_VISIBLE} AND EXISTS (
        SELECT FROM package_channels pc
        WHERE pc.channel_id = c.id AND pc.package_id = :package_id
          AND {is_open("pc", "statement_timestamp()")}
    )
    ORDER BY coalesce(c.number, 2147483647), c.name, c.id LIMIT 100
"""
_NOW = "SELECT clock_timestamp()"


async def list_packages(tx: ReadTx, viewer: Viewer, max_profiles: int) -> Packages:
    """What is for sale here, and what the household has; `max_profiles` where one does not say.

    Raises:
        PurchaseNotAllowed: a kids profile asks, which sees no prices.
    """
    rows = await _read(tx, viewer, max_profiles, None)
    items = [PackageOut(**row) for row in rows]
    return Packages(items=items, server_time=await tx.scalar(_NOW))


async def get_package(tx: ReadTx, viewer: Viewer, max_profiles: int, slug: str) -> PackageDetail:
    """A package, with the newest titles and the channels in it that the viewer may see.

    Raises:
        PurchaseNotAllowed: a kids profile asks.
        NotFound: there is none of that slug for sale here, and the household does not have it.
    """
    rows = await _read(tx, viewer, max_profiles, slug)
    if not rows:
        raise NotFound()
    package_id = rows[0]["id"]
    channels = await _channels(tx, viewer, package_id)
    return PackageDetail(
        **rows[0],
        titles=await _sample(tx, viewer, package_id),
        channels=[PackageChannel(**row) for row in channels],
        channel_count=channels[0]["channel_count"] if channels else 0,
        server_time=await tx.scalar(_NOW),
    )


async def _read(tx: ReadTx, viewer: Viewer, max_profiles: int, slug: str | None) -> list[Row]:
    if viewer.is_kids:
        raise PurchaseNotAllowed()
    household: dict[str, Any] = {"user_id": viewer.user_id, "fingerprint": None}
    if viewer.user_id is not None:
        household["fingerprint"] = household_fingerprint(viewer.user_id)
    return await tx.all(
        _PACKAGES,
        slug=slug,
        territory=viewer.territory,
        max_profiles=max_profiles,
        **household,
    )


async def _channels(tx: ReadTx, viewer: Viewer, package_id: UUID) -> list[Row]:
    return await tx.all(
        _CHANNELS,
        package_id=package_id,
        territory=viewer.territory,
        **channel_visibility_of(viewer),
    )


async def _sample(tx: ReadTx, viewer: Viewer, package_id: UUID) -> list[SampleTitle]:
    rows = await tx.all(
        _SAMPLE,
        package_id=package_id,
        languages=list(viewer.languages),
        **visibility_of(viewer),
    )
    return [SampleTitle(**row) for row in rows]
