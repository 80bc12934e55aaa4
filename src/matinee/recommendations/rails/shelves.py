"""Rails that are plain lists: of the profile, of the catalogue; any number in one statement."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx
from matinee.entitlements.visibility import OPEN_WINDOW, VISIBLE, visibility_of
from matinee.recommendations.household import POPULAR_IN_HOUSEHOLD
from matinee.recommendations.top_rated import TOP_RATED
from matinee.recommendations.trends import EVERYWHERE, LEAST_HOUSEHOLDS, TRENDING
from matinee.viewing.taste import NOT_UNWANTED, NOT_WATCHED

NEW_DAYS = 60
LEAVING_DAYS = 30
BROWSED_DAYS = 90

OFFERED = f"{VISIBLE} AND {NOT_UNWANTED}"

NOT_FINISHED = """NOT EXISTS (
    SELECT FROM bookmarks seen
    WHERE seen.user_id = :user_id::uuid AND seen.profile_id = :profile_id::uuid
      AND seen.title_id = t.id AND seen.finished
      AND NOT EXISTS (
          SELECT FROM episodes e JOIN seasons s ON s.id = e.season_id AND s.number > 0
          WHERE e.title_id = t.id AND e.status = 'published' AND NOT EXISTS (
              SELECT FROM bookmarks ended
              WHERE ended.user_id = :user_id::uuid AND ended.profile_id = :profile_id::uuid
                AND ended.title_id = t.id AND ended.item_id = e.id AND ended.finished
          )
      )
)"""
"""SQL over `titles t`: there is something of it left to watch."""

_MY_LIST = f"""
    SELECT t.id, false AS pinned
    FROM watchlist w JOIN titles t ON t.id = w.title_id
    WHERE w.user_id = :user_id AND w.profile_id = :profile_id AND {OFFERED} AND {NOT_FINISHED}
    ORDER BY w.added_at DESC, t.id LIMIT :limit
"""
_RECENTLY_BROWSED = f"""
    SELECT t.id, false AS pinned
    FROM title_views v JOIN titles t ON t.id = v.title_id
    WHERE v.user_id = :user_id AND v.profile_id = :profile_id AND {OFFERED} AND {NOT_FINISHED}
      AND v.viewed_at > statement_timestamp() - interval '{BROWSED_DAYS} days'
    ORDER BY v.viewed_at DESC, t.id LIMIT :limit
"""
_NEW = f"""
    SELECT t.id, false AS pinned
    FROM titles t
    WHERE t.status = 'published' AND {OFFERED} AND {NOT_WATCHED}
      AND t.added_at > statement_timestamp() - interval '{NEW_DAYS} days'
    ORDER BY t.added_at DESC, t.id DESC LIMIT :limit
"""
_LEAVING_SOON = f"""
    SELECT t.id, false AS pinned
    FROM title_rights r JOIN titles t ON {OPEN_WINDOW}
    WHERE t.rights_managed AND {OFFERED} AND {NOT_FINISHED}
      AND r.available_until < statement_timestamp() + interval '{LEAVING_DAYS} days'
      AND NOT EXISTS (
          SELECT FROM title_rights w
          WHERE w.title_id = t.id AND w.territory IN (:territory::text, '**')
            AND w.available_from <= r.available_until AND r.available_until < w.available_until
      )
    GROUP BY t.id
    ORDER BY max(r.available_until), t.id LIMIT :limit
"""
_HERO = f"""
    SELECT t.id, p.title_id IS NOT NULL AS pinned
    FROM (
        SELECT title_id AS id FROM hero_pins UNION SELECT id FROM titles WHERE is_featured
    ) AS featured
    JOIN titles t USING (id)
    LEFT JOIN hero_pins p ON p.title_id = t.id
    LEFT JOIN title_trends r
        ON r.title_id = t.id AND r.territory = '{EVERYWHERE}' AND r.audience = :audience::text
    WHERE {OFFERED} AND {NOT_FINISHED}
    ORDER BY p.position, r.prior DESC NULLS LAST, t.added_at DESC, t.id LIMIT :limit
"""

SHELVES = {
    "hero": _HERO,
    "my-list": _MY_LIST,
    "trending": TRENDING,
    "top-rated": TOP_RATED,
    "household": POPULAR_IN_HOUSEHOLD,
    "new": _NEW,
    "leaving-soon": _LEAVING_SOON,
    "recently-browsed": _RECENTLY_BROWSED,
}
"""SQL of the lists by rail: rows of `id` and `pinned`, in order, `:limit` at most."""

OF_MANY = frozenset({"trending", "top-rated"})
"""Lists that ask how many households watch a title."""
BY_AUDIENCE = OF_MANY | {"hero"}
"""Lists that are others for children."""


class Shelf(NamedTuple):
    """A list to read: its rail, its SQL like that of `SHELVES`, parameters of its own."""

    rail: str
    sql: str
    params: dict[str, Any]


class Listed(NamedTuple):
    """A title on a shelf; `pinned` where the operator put it before all others."""

    title_id: UUID
    pinned: bool


def shelf_of(viewer: Viewer, rail: str) -> Shelf:
    """One of `SHELVES`."""
    params: dict[str, Any] = {"audience": viewer.kind} if rail in BY_AUDIENCE else {}
    if rail in OF_MANY:
        params["least"] = LEAST_HOUSEHOLDS
    return Shelf(rail, SHELVES[rail], params)


async def read_shelves(
    tx: ReadTx, viewer: Viewer, shelves: Sequence[Shelf], limit: int
) -> dict[str, list[Listed]]:
    """The titles on each shelf, in order, in one statement."""
    if not shelves:
        return {}
    parts = [
        f"SELECT {n} AS shelf, row_number() OVER () AS place, listed.* FROM ({shelf.sql}) AS listed"
        for n, shelf in enumerate(shelves)
    ]
    params: dict[str, Any] = {"limit": limit} | visibility_of(viewer)
    for shelf in shelves:
        params |= shelf.params
    listed: dict[str, list[Listed]] = {shelf.rail: [] for shelf in shelves}
    for row in await tx.all(" UNION ALL ".join(parts) + " ORDER BY shelf, place", **params):
        listed[shelves[row["shelf"]].rail].append(Listed(row["id"], row["pinned"]))
    return listed
