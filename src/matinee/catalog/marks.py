"""A viewer's own marks on titles: where he is in them, whether he listed them, what he thinks.

They stand here, below the package that writes them, because every list of cards shows them.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.schemas import EpisodeRef, TitleProgress
from matinee.core.database import ReadTx, Row
from matinee.core.schema import made

OUT_NOW = """
    e.status = 'published'
    AND coalesce(e.air_date <= (statement_timestamp() AT TIME ZONE 'UTC')::date, true)
"""
"""SQL over `episodes e`: it is shown, and its day has come."""

FOLLOWS = """
    s.title_id = {last}.title_id AND (s.number = 0) = ({last}.season_number = 0)
    AND s.number >= {last}.season_number
    AND (s.number, e.number) > ({last}.season_number, {last}.number)
"""
"""SQL over `seasons s` and `episodes e`: it comes after another one (R-04); seasons go on into
the next, specials (season 0) only into specials."""

NEXT = f"""
    SELECT e.id AS episode_id, s.number AS season_number, e.number, e.name, e.air_date,
           e.runtime_minutes, coalesce(seen.position_seconds, 0) AS position_seconds,
           coalesce(seen.duration_seconds, 60 * e.runtime_minutes) AS duration_seconds
    FROM seasons s JOIN episodes e ON e.season_id = s.id
    LEFT JOIN bookmarks seen
        ON seen.user_id = :user_id::uuid AND seen.profile_id = :profile_id::uuid
        AND seen.title_id = e.title_id AND seen.item_id = e.id
    WHERE {FOLLOWS} AND {OUT_NOW}
      AND NOT (
          coalesce(seen.finished, false)
          AND seen.updated_at BETWEEN {{last}}.created_at AND {{last}}.updated_at IS NOT TRUE
      )
    ORDER BY s.number, e.number LIMIT 1
"""
"""The next episode that was not watched to its end. One that was watched after the viewer had
first seen the episode `last`, and before he saw that again, is next as well: a whole series is
being watched once more."""

# OFFSET 0 has the episodes looked up one by one, from the latest, until one is shown.
PLACE = f"""
    SELECT last.title_id, last.updated_at AS watched_at,
        coalesce(next.episode_id, last.episode_id) AS episode_id,
        coalesce(next.season_number, last.season_number) AS season_number,
        coalesce(next.number, last.number) AS number,
        CASE WHEN next.episode_id IS NULL THEN last.name ELSE next.name END AS name,
        CASE WHEN next.episode_id IS NULL THEN last.air_date ELSE next.air_date END AS air_date,
        CASE WHEN next.episode_id IS NULL THEN last.runtime_minutes ELSE next.runtime_minutes END
            AS runtime_minutes,
        coalesce(next.position_seconds, last.position_seconds) AS position_seconds,
        CASE WHEN next.episode_id IS NULL THEN last.duration_seconds ELSE next.duration_seconds END
            AS duration_seconds,
        last.finished AND next.episode_id IS NULL
            AND (last.episode_id IS NULL OR last.position_seconds = 0) AS finished
    FROM (
        SELECT b.title_id, b.episode_id, b.position_seconds, b.duration_seconds, b.finished,
               b.created_at, b.updated_at, s.number AS season_number, e.number, e.name,
               e.air_date, e.runtime_minutes
        FROM (
            SELECT * FROM bookmarks mine
            WHERE mine.user_id = :user_id::uuid AND mine.profile_id = :profile_id::uuid
              AND mine.title_id = t.id
            ORDER BY mine.updated_at DESC, mine.item_id OFFSET 0
        ) AS b
        LEFT JOIN episodes e ON e.id = b.episode_id AND e.status = 'published'
        LEFT JOIN seasons s ON s.id = e.season_id
        WHERE b.episode_id IS NULL OR s.id IS NOT NULL
        ORDER BY b.updated_at DESC, b.item_id LIMIT 1
    ) AS last
    LEFT JOIN LATERAL (
        {NEXT.format(last="last")}
    ) AS next ON last.episode_id IS NOT NULL AND last.finished AND last.position_seconds = 0
"""
"""Where a profile is in the title `t`: what it watched last, or the episode after that.

No row without a bookmark. A series is finished when no episode is left; a movie once it was."""

_MARKS = f"""
    SELECT t.id, listed.title_id IS NOT NULL AS in_watchlist, rated.value AS rating,
           place.watched_at, place.episode_id, place.season_number, place.number, place.name,
           place.air_date, place.runtime_minutes, place.position_seconds, place.duration_seconds,
           place.finished
    FROM unnest(:ids::uuid[]) AS t(id)
    LEFT JOIN watchlist listed
        ON listed.user_id = :user_id::uuid AND listed.profile_id = :profile_id::uuid
        AND listed.title_id = t.id
    LEFT JOIN ratings rated
        ON rated.user_id = :user_id::uuid AND rated.profile_id = :profile_id::uuid
        AND rated.title_id = t.id
    LEFT JOIN LATERAL ({PLACE}) AS place ON true
"""
_FIRST = f"""
    SELECT e.id AS episode_id, s.number AS season_number, e.number, e.name, e.air_date,
           e.runtime_minutes
    FROM seasons s JOIN episodes e ON e.season_id = s.id
    WHERE s.title_id = :title_id AND {OUT_NOW}
    ORDER BY s.number = 0, s.number, e.number LIMIT 1
"""


class Marks(NamedTuple):
    """What a card says about the one who looks at it; None where nobody signed in."""

    progress: TitleProgress | None = None
    in_watchlist: bool | None = None
    rating: int | None = None


NONE = Marks()


async def marks_of(tx: ReadTx, viewer: Viewer, ids: Sequence[UUID]) -> dict[UUID, Marks]:
    """The viewer's marks on titles, in one statement; empty for somebody without a profile."""
    if viewer.profile_id is None or not ids:
        return {}
    rows = await tx.all(_MARKS, ids=list(ids), user_id=viewer.user_id, profile_id=viewer.profile_id)
    return {row["id"]: Marks(progress_of(row), row["in_watchlist"], row["rating"]) for row in rows}


async def first_episode(tx: ReadTx, title_id: UUID) -> EpisodeRef | None:
    """Where a series begins; with a special only where it has nothing else."""
    row = await tx.one(_FIRST, title_id=title_id)
    return episode_in(row) if row else None


def progress_of(row: Row) -> TitleProgress | None:
    """The progress in a row of `PLACE`; none in a movie that was hardly begun."""
    hardly = row["episode_id"] is None and not (row["position_seconds"] or row["finished"])
    if row["watched_at"] is None or hardly:
        return None
    return made(
        TitleProgress,
        position_seconds=row["position_seconds"],
        duration_seconds=row["duration_seconds"],
        finished=row["finished"],
        watched_at=row["watched_at"],
        episode=episode_in(row),
    )


def episode_in(row: Row) -> EpisodeRef | None:
    """The episode that a row names; None for a movie."""
    if row["episode_id"] is None:
        return None
    return EpisodeRef.model_construct(
        id=row["episode_id"],
        season_number=row["season_number"],
        number=row["number"],
        name=row["name"],
        air_date=row["air_date"],
        runtime_minutes=row["runtime_minutes"],
    )
