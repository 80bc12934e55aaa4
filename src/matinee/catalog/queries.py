"""Reads of the catalogue: what belongs to a title, people, what is coming."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.schemas import (
    EpisodeOut,
    Episodes,
    ExtraOut,
    Extras,
    Progress,
    RatingOut,
    RatingSystem,
    RatingSystems,
    SeasonOut,
    Seasons,
    Segment,
)
from matinee.core.database import ReadTx, Row
from matinee.core.errors import NotFound
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.entitlements.access import Asking, Facts, decide
from matinee.entitlements.facts import facts_of
from matinee.entitlements.schemas import access_fields
from matinee.entitlements.visibility import ANNOUNCED, VISIBLE, visibility_of

OF_THE_TITLE_OR_A_SHOWN_EPISODE = """(
    m.episode_id IS NULL
    OR EXISTS (SELECT FROM episodes e WHERE e.id = m.episode_id AND e.status = 'published')
)"""
"""SQL over `media_assets m`: it betrays no episode that cannot be seen yet."""

_SEASONS = """
    SELECT s.id, s.number, s.name, s.synopsis, s.year, count(*) AS episode_count
    FROM seasons s JOIN episodes e ON e.season_id = s.id AND e.status = 'published'
    WHERE s.title_id = :title_id
    GROUP BY s.id ORDER BY s.number = 0, s.number
"""
_EPISODES = """
    SELECT e.id, s.number AS season_number, e.number, e.name, e.synopsis, e.air_date,
           e.runtime_minutes, e.segments,
           EXISTS (SELECT FROM media_assets m WHERE m.episode_id = e.id AND m.kind = 'main')
               AS playable,
           seen.position_seconds, seen.duration_seconds, seen.finished,
           seen.updated_at AS watched_at
    FROM episodes e JOIN seasons s ON s.id = e.season_id
    LEFT JOIN bookmarks seen
        ON seen.user_id = :user_id::uuid AND seen.profile_id = :profile_id::uuid
        AND seen.title_id = e.title_id AND seen.item_id = e.id
    WHERE e.title_id = :title_id AND e.status = 'published'
      AND (:season::int IS NULL OR s.number = :season::int)
      AND (:after_season::bigint IS NULL
           OR (s.number = 0, s.number, e.number)
              > (:after_season::bigint = 0, :after_season::bigint, :after_number::bigint))
    ORDER BY s.number = 0, s.number, e.number
    LIMIT :wanted
"""
_EXTRAS = f"""
    SELECT m.id, m.kind, m.name, m.duration_seconds FROM media_assets m
    WHERE m.title_id = :title_id AND m.kind IN ('trailer', 'extra')
      AND {OF_THE_TITLE_OR_A_SHOWN_EPISODE}
    ORDER BY m.kind DESC, m.position, m.id
"""
_VISIBLE_TITLE = f"SELECT t.kind FROM titles t WHERE t.id = :title_id AND {VISIBLE}"
_OPENING = f"""
    SELECT t.id, min(w.available_from) AS available_from
    FROM title_rights w JOIN titles t ON t.id = w.title_id
    WHERE w.announced AND w.available_from > statement_timestamp()
      AND w.territory IN (:territory::text, '**') AND {ANNOUNCED}
    GROUP BY t.id
    HAVING :after::timestamptz IS NULL
        OR (min(w.available_from), t.id) > (:after::timestamptz, :after_id::uuid)
    ORDER BY min(w.available_from), t.id
    LIMIT :wanted
"""
_PERSON = "SELECT id, name FROM people WHERE id = :person_id"
_TITLES_OF_PERSON = f"""
    SELECT t.id, array_agg(DISTINCT c.role) AS roles
    FROM title_people c JOIN titles t ON t.id = c.title_id
    WHERE c.person_id = :person_id AND {VISIBLE}
    GROUP BY t.id ORDER BY max(t.year) DESC NULLS LAST, t.id LIMIT 200
"""
_RATINGS = """
    SELECT system, country, jsonb_agg(jsonb_build_object('label', label, 'score', score,
               'description', description) ORDER BY score, label) AS ratings
    FROM maturity_ratings GROUP BY system, country ORDER BY system
"""


async def require_visible(tx: ReadTx, viewer: Viewer, title_id: UUID) -> str:
    """The kind of a title that the viewer may see.

    Raises:
        NotFound: there is none, or it is hidden.
    """
    kind = await tx.scalar(_VISIBLE_TITLE, title_id=title_id, **visibility_of(viewer))
    if kind is None:
        raise NotFound()
    return str(kind)


async def seasons_of(tx: ReadTx, facts: Facts, asking: Asking) -> list[SeasonOut]:
    """Seasons of a title in order, specials last, and whether each may be played.

    The title's visibility was checked by the caller.
    """
    return [
        SeasonOut.model_construct(**row, **access_fields(decide(facts, asking, row["id"])))
        for row in await tx.all(_SEASONS, title_id=facts.id)
    ]


async def seasons(tx: ReadTx, viewer: Viewer, title_id: UUID) -> Seasons:
    """Seasons of a title that the viewer may see; empty for a movie."""
    await require_visible(tx, viewer, title_id)
    asking, facts = await facts_of(tx, viewer, [title_id])
    return Seasons(items=await seasons_of(tx, facts[title_id], asking))


async def episodes(
    tx: ReadTx,
    viewer: Viewer,
    title_id: UUID,
    *,
    season: int | None,
    cursor: str | None,
    page_size: int,
) -> Episodes:
    """Published episodes of a series or of one season, in order."""
    await require_visible(tx, viewer, title_id)
    after_season, after_number = decode_cursor(cursor, (int, int)) if cursor else (None, None)
    rows = await tx.all(
        _EPISODES,
        title_id=title_id,
        season=season,
        after_season=after_season,
        after_number=after_number,
        wanted=page_size + 1,
        user_id=viewer.user_id,
        profile_id=viewer.profile_id,
    )
    page = rows[:page_size]
    more = len(rows) > len(page)
    next_cursor = encode_cursor(page[-1]["season_number"], page[-1]["number"]) if more else None
    return Episodes(items=[_episode_of(row) for row in page], next_cursor=next_cursor)


def _episode_of(row: Row) -> EpisodeOut:
    names = EpisodeOut.model_fields.keys() & row.keys()
    return EpisodeOut.model_construct(
        **{name: row[name] for name in names} | {"segments": segments_of(row["segments"])},
        progress=_progress_of(row),
    )


def segments_of(stored: Iterable[dict[str, Any]]) -> list[Segment]:
    """The segments in a column of that name."""
    return [Segment.model_construct(**part) for part in stored]


def _progress_of(row: Row) -> Progress | None:
    if not (row["position_seconds"] or row["finished"]):
        return None
    return Progress.model_construct(**{name: row[name] for name in Progress.model_fields})


async def extras(tx: ReadTx, viewer: Viewer, title_id: UUID) -> Extras:
    """Trailers, then extras."""
    await require_visible(tx, viewer, title_id)
    rows = await tx.all(_EXTRAS, title_id=title_id)
    return Extras(items=[ExtraOut.model_construct(**row) for row in rows])


async def announced(
    tx: ReadTx, viewer: Viewer, cursor: str | None, page_size: int
) -> tuple[dict[UUID, datetime], str | None]:
    """Titles that open later, and when, next to open first; and the cursor of the next page."""
    after, after_id = decode_cursor(cursor, (datetime, UUID)) if cursor else (None, None)
    rows = await tx.all(
        _OPENING, after=after, after_id=after_id, wanted=page_size + 1, **visibility_of(viewer)
    )
    page = rows[:page_size]
    more = len(rows) > len(page)
    next_cursor = encode_cursor(page[-1]["available_from"], page[-1]["id"]) if more else None
    return {row["id"]: row["available_from"] for row in page}, next_cursor


async def person_with_titles(
    tx: ReadTx, viewer: Viewer, person_id: UUID
) -> tuple[str, list[str], list[UUID]]:
    """A person's name, roles, and the ids of visible titles, newest first.

    Raises:
        NotFound: nobody, or nobody with a title that this viewer may see.
    """
    person = await tx.one(_PERSON, person_id=person_id)
    rows = await tx.all(_TITLES_OF_PERSON, person_id=person_id, **visibility_of(viewer))
    if person is None or not rows:
        raise NotFound()
    roles = sorted({role for row in rows for role in row["roles"]})
    return person["name"], roles, [row["id"] for row in rows]


async def rating_systems(tx: ReadTx) -> RatingSystems:
    """National rating systems with their labels, youngest age first."""
    rows: list[dict[str, Any]] = [dict(row) for row in await tx.all(_RATINGS)]
    return RatingSystems(
        items=[
            RatingSystem(
                system=row["system"],
                country=row["country"],
                ratings=[RatingOut(**rating) for rating in row["ratings"]],
            )
            for row in rows
        ]
    )
