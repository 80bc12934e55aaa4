"""What of a series comes next (R-04): an episode to play, one that has yet to air, or neither."""

from datetime import UTC, date, datetime, time
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.marks import FOLLOWS, NEXT, episode_in, first_episode, marks_of
from matinee.catalog.queries import require_visible
from matinee.core.database import ReadTx
from matinee.core.errors import NotFound
from matinee.entitlements.visibility import VISIBLE, visibility_of
from matinee.viewing.progress.schemas import NextUp

_YET_TO_AIR = """
    e.status = 'published'
    AND e.air_date > (statement_timestamp() AT TIME ZONE 'UTC')::date
"""
_EPISODE_COLUMNS = """
    e.id AS episode_id, s.number AS season_number, e.number, e.name, e.air_date, e.runtime_minutes
"""
_AFTER = f"""
    SELECT next.*
    FROM titles t
    JOIN LATERAL (
        SELECT e.title_id, s.number AS season_number, e.number, b.created_at, b.updated_at
        FROM episodes e JOIN seasons s ON s.id = e.season_id
        LEFT JOIN bookmarks b
            ON b.user_id = :user_id::uuid AND b.profile_id = :profile_id::uuid
            AND b.title_id = e.title_id AND b.item_id = e.id
        WHERE e.id = :episode_id AND e.title_id = t.id AND e.status = 'published'
    ) AS last ON true
    LEFT JOIN LATERAL ({NEXT.format(last="last")}) AS next ON true
    WHERE t.id = :title_id AND {VISIBLE}
"""
_AIRING = f"""
    SELECT {_EPISODE_COLUMNS}
    FROM seasons s JOIN episodes e ON e.season_id = s.id
    LEFT JOIN (
        SELECT e.title_id, s.number AS season_number, e.number
        FROM episodes e JOIN seasons s ON s.id = e.season_id WHERE e.id = :episode_id::uuid
    ) AS last ON true
    WHERE s.title_id = :title_id AND {_YET_TO_AIR}
      AND (:episode_id::uuid IS NULL OR {FOLLOWS.format(last="last")})
    ORDER BY s.number = 0, e.air_date, s.number, e.number LIMIT 1
"""


async def next_episode(
    tx: ReadTx, viewer: Viewer, title_id: UUID, after_episode_id: UUID | None = None
) -> NextUp:
    """What follows an episode; without one, what the profile should play now.

    The smallest (season, number) after it that is shown and that the profile has not finished.
    Seasons go on into the next one, specials only into specials. Four statements at most.

    Raises:
        NotFound: the viewer may not see the title, or it has no such episode.
    """
    if after_episode_id is None:
        return await _what_to_play(tx, viewer, title_id)
    row = await tx.one(
        _AFTER, title_id=title_id, episode_id=after_episode_id, **visibility_of(viewer)
    )
    if row is None:
        raise NotFound()
    if row["episode_id"] is None:
        return await _what_airs(tx, title_id, after_episode_id)
    return NextUp(
        kind="next_episode",
        title_id=title_id,
        episode=episode_in(row),
        resume_seconds=row["position_seconds"],
    )


async def _what_to_play(tx: ReadTx, viewer: Viewer, title_id: UUID) -> NextUp:
    """The episode in progress, else the next one, else the first."""
    if await require_visible(tx, viewer, title_id) == "movie":
        return NextUp(kind="related", title_id=title_id)
    progress = (await marks_of(tx, viewer, [title_id]))[title_id].progress
    if progress is None:
        episode, resume_seconds = await first_episode(tx, title_id), 0
    elif progress.finished:
        return await _what_airs(tx, title_id, progress.episode.id if progress.episode else None)
    else:
        episode, resume_seconds = progress.episode, progress.position_seconds
    if episode is None:
        return await _what_airs(tx, title_id, None)
    return NextUp(
        kind="next_episode", title_id=title_id, episode=episode, resume_seconds=resume_seconds
    )


async def _what_airs(tx: ReadTx, title_id: UUID, after_episode_id: UUID | None) -> NextUp:
    row = await tx.one(_AIRING, title_id=title_id, episode_id=after_episode_id)
    if row is None:
        return NextUp(kind="related", title_id=title_id)
    return NextUp(
        kind="next_airs",
        title_id=title_id,
        episode=episode_in(row),
        next_airs_at=_beginning_of(row["air_date"]),
    )


def _beginning_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
