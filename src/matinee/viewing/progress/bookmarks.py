"""The bookmark rule: where a profile goes on, and when an item counts as watched to its end."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from matinee.core.database import Row, WriteTx
from matinee.viewing.taste import (
    COMPLETED_SHARE,
    NEUTRAL_SHARE,
    STARTS_OF_A_QUITTER,
    WATCHED_SHARE,
)

COUNTS_FROM_SECONDS = 60
COUNTS_FROM_SHARE = 0.02
FINISHED_SHARE = 0.95
TELLING_SHARES = (NEUTRAL_SHARE, WATCHED_SHARE, COMPLETED_SHARE)
"""Shares of an item at which having watched so much begins to say something else."""
MOST_STARTS = 32_767


class Mark(NamedTuple):
    """Where a profile was in a movie or an episode, by its client's clock.

    A session's first mark says where playback begins, with `starts=1`. `watched_seconds` and
    `starts` are added to what is known; languages that are None leave what is remembered.
    """

    user_id: UUID
    profile_id: UUID
    title_id: UUID
    episode_id: UUID | None
    position_seconds: int
    at: datetime
    duration_seconds: int | None = None
    watched_seconds: int = 0
    starts: int = 0
    finished: bool = False
    audio_language: str | None = None
    subtitle_language: str | None = None

    @property
    def item(self) -> tuple[UUID, UUID, UUID, UUID]:
        """The key of the bookmark."""
        return self.user_id, self.profile_id, self.title_id, self.episode_id or self.title_id


class Place(NamedTuple):
    """The second to go on from, 0 from the beginning; and whether the end was ever reached."""

    position_seconds: int
    finished: bool
    duration_seconds: int | None = None
    starts: int = 0

    @property
    def share(self) -> float:
        """How much of the item lies behind, 0..1."""
        if self.finished:
            return 1.0
        return self.position_seconds / self.duration_seconds if self.duration_seconds else 0.0


class Saved(NamedTuple):
    """A bookmark as it stood before a mark, and as it stands now, since `at`."""

    user_id: UUID
    profile_id: UUID
    title_id: UUID
    episode_id: UUID | None
    before: Place | None
    after: Place
    at: datetime

    @property
    def is_telling(self) -> bool:
        """Whether lists or what is known of the profile's taste may look different now."""
        return self.before is None or _said_by(self.before) != _said_by(self.after)


_ITEMS = """
    SELECT t.id AS title_id, item.episode_id,
        coalesce(
            (SELECT max(m.duration_seconds) FROM media_assets m
             WHERE m.episode_id = item.episode_id AND m.kind = 'main'),
            (SELECT max(m.duration_seconds) FROM media_assets m
             WHERE item.episode_id IS NULL AND m.title_id = t.id AND m.kind = 'main'
               AND m.episode_id IS NULL)
        ) AS asset_seconds,
        60 * CASE WHEN item.episode_id IS NULL THEN t.runtime_minutes ELSE e.runtime_minutes END
            AS runtime_seconds,
        ARRAY(
            SELECT (part ->> 'from_seconds')::int
            FROM jsonb_array_elements(
                CASE WHEN item.episode_id IS NULL THEN t.segments ELSE e.segments END
            ) AS part
            WHERE part ->> 'kind' = 'credits' ORDER BY 1
        ) AS credits
    FROM unnest(:title_ids::uuid[], :episode_ids::uuid[]) AS item(title_id, episode_id)
    JOIN titles t ON t.id = item.title_id
    LEFT JOIN episodes e ON e.id = item.episode_id AND e.title_id = t.id
    WHERE item.episode_id IS NULL OR e.id IS NOT NULL
"""
# The join leaves out profiles that are gone: one of them must not fail the marks of all others.
_SAVE = """
    INSERT INTO bookmarks AS b (
        user_id, profile_id, title_id, item_id, episode_id, position_seconds, duration_seconds,
        finished, starts, watched_seconds, audio_language, subtitle_language, created_at, updated_at
    )
    SELECT m.user_id, m.profile_id, m.title_id, coalesce(m.episode_id, m.title_id), m.episode_id,
           m.position_seconds, m.duration_seconds, m.finished, m.starts, m.watched_seconds,
           m.audio_language, m.subtitle_language, least(m.at, now.time), least(m.at, now.time)
    FROM (SELECT clock_timestamp() AS time) AS now, unnest(
        :user_ids::uuid[], :profile_ids::uuid[], :title_ids::uuid[], :episode_ids::uuid[],
        :positions::int[], :durations::int[], :finished::bool[], :starts::int[], :watched::int[],
        :audio::text[], :subtitles::text[], :at::timestamptz[]
    ) AS m(
        user_id, profile_id, title_id, episode_id, position_seconds, duration_seconds, finished,
        starts, watched_seconds, audio_language, subtitle_language, at
    )
    JOIN profiles p ON p.user_id = m.user_id AND p.id = m.profile_id
    ORDER BY m.user_id, m.profile_id, m.title_id, coalesce(m.episode_id, m.title_id)
    ON CONFLICT (user_id, profile_id, title_id, item_id) DO UPDATE SET
        position_seconds = CASE WHEN excluded.updated_at >= b.updated_at
            THEN excluded.position_seconds ELSE b.position_seconds END,
        duration_seconds = CASE WHEN excluded.updated_at >= b.updated_at
            THEN coalesce(excluded.duration_seconds, b.duration_seconds)
            ELSE coalesce(b.duration_seconds, excluded.duration_seconds) END,
        audio_language = CASE WHEN excluded.updated_at >= b.updated_at
            THEN coalesce(excluded.audio_language, b.audio_language)
            ELSE coalesce(b.audio_language, excluded.audio_language) END,
        subtitle_language = CASE WHEN excluded.updated_at >= b.updated_at
            THEN coalesce(excluded.subtitle_language, b.subtitle_language)
            ELSE coalesce(b.subtitle_language, excluded.subtitle_language) END,
        finished = b.finished OR excluded.finished,
        starts = least(b.starts::int + excluded.starts, :most_starts::int),
        watched_seconds = b.watched_seconds + excluded.watched_seconds,
        updated_at = greatest(b.updated_at, excluded.updated_at)
    RETURNING b.user_id, b.profile_id, b.title_id, b.episode_id,
        old.position_seconds AS old_position, old.finished AS old_finished,
        old.duration_seconds AS old_duration, old.starts AS old_starts,
        new.position_seconds AS new_position, new.finished AS new_finished,
        new.duration_seconds AS new_duration, new.starts AS new_starts, new.updated_at
"""
_OLD_PLACE = itemgetter("old_position", "old_finished", "old_duration", "old_starts")
_NEW_PLACE = itemgetter("new_position", "new_finished", "new_duration", "new_starts")
TRACKS = """
    SELECT (array_agg(b.audio_language ORDER BY b.updated_at DESC)
                FILTER (WHERE b.audio_language IS NOT NULL))[1] AS audio_language,
           (array_agg(b.subtitle_language ORDER BY b.updated_at DESC)
                FILTER (WHERE b.subtitle_language IS NOT NULL))[1] AS subtitle_language
    FROM bookmarks b
    WHERE b.user_id = :user_id::uuid AND b.profile_id = :profile_id::uuid
      AND b.title_id = :title_id
"""
"""SQL: the languages that a profile last chose for a title or any episode of it; one row."""


def place_at(
    position_seconds: int, duration_seconds: int | None, credits: Sequence[int] = ()
) -> Place:
    """What a position in an item means: too early to count, somewhere in it, or at its end.

    `credits` are the seconds at which credits begin; those in the first half are an opening.
    At its end an item is finished, and whoever starts it again starts from the beginning.
    """
    if duration_seconds:
        rolling = [second for second in credits if second * 2 >= duration_seconds]
        end = min([FINISHED_SHARE * duration_seconds, *rolling])
        if position_seconds >= end:
            return Place(0, finished=True, duration_seconds=duration_seconds)
    share = COUNTS_FROM_SHARE * duration_seconds if duration_seconds else COUNTS_FROM_SECONDS
    counted = position_seconds if position_seconds >= min(share, COUNTS_FROM_SECONDS) else 0
    return Place(counted, finished=False, duration_seconds=duration_seconds)


def merged(marks: Iterable[Mark]) -> list[Mark]:
    """One mark per bookmark: the position of the latest, the sums of all."""
    latest: dict[tuple[UUID, UUID, UUID, UUID], Mark] = {}
    for mark in marks:
        other = latest.get(mark.item)
        latest[mark.item] = mark if other is None else _joined(*sorted((other, mark), key=_time))
    return list(latest.values())


def _time(mark: Mark) -> datetime:
    return mark.at


def _joined(earlier: Mark, later: Mark) -> Mark:
    return later._replace(
        watched_seconds=earlier.watched_seconds + later.watched_seconds,
        starts=earlier.starts + later.starts,
        finished=earlier.finished or later.finished,
        duration_seconds=later.duration_seconds or earlier.duration_seconds,
        audio_language=later.audio_language or earlier.audio_language,
        subtitle_language=later.subtitle_language or earlier.subtitle_language,
    )


async def save_bookmarks(tx: WriteTx, marks: Sequence[Mark]) -> list[Saved]:
    """Store marks in two statements, however many; the latest by the client's clock wins.

    Nobody is ahead of our own clock. What was finished stays so whichever mark comes first, so
    marks may arrive in any order. Marks of titles, episodes and profiles that are gone are left
    out. The caller refreshes the signals of what `is_telling`.
    """
    if not marks:
        return []
    items = {(mark.title_id, mark.episode_id) for mark in marks}
    rows = await tx.all(
        _ITEMS,
        title_ids=[title_id for title_id, _ in items],
        episode_ids=[episode_id for _, episode_id in items],
    )
    known = {(row["title_id"], row["episode_id"]): row for row in rows}
    placed = [
        _placed(mark, known[mark.title_id, mark.episode_id])
        for mark in marks
        if (mark.title_id, mark.episode_id) in known
    ]
    ready = merged(placed)
    saved = await tx.all(
        _SAVE,
        user_ids=[mark.user_id for mark in ready],
        profile_ids=[mark.profile_id for mark in ready],
        title_ids=[mark.title_id for mark in ready],
        episode_ids=[mark.episode_id for mark in ready],
        positions=[mark.position_seconds for mark in ready],
        durations=[mark.duration_seconds for mark in ready],
        finished=[mark.finished for mark in ready],
        starts=[min(mark.starts, MOST_STARTS) for mark in ready],
        watched=[mark.watched_seconds for mark in ready],
        audio=[mark.audio_language for mark in ready],
        subtitles=[mark.subtitle_language for mark in ready],
        at=[mark.at for mark in ready],
        most_starts=MOST_STARTS,
    )
    return [_saved(row) for row in saved]


def _placed(mark: Mark, item: Row) -> Mark:
    """The mark with what its position means; the asset knows best how long an item is."""
    duration = item["asset_seconds"] or mark.duration_seconds or item["runtime_seconds"]
    place = place_at(mark.position_seconds, duration, item["credits"])
    finished = place.finished or mark.finished
    return mark._replace(
        position_seconds=0 if mark.finished else place.position_seconds,
        finished=finished,
        duration_seconds=duration,
    )


def _saved(row: Row) -> Saved:
    owner = row["user_id"], row["profile_id"], row["title_id"], row["episode_id"]
    before = None if row["old_starts"] is None else Place(*_OLD_PLACE(row))
    return Saved(*owner, before=before, after=Place(*_NEW_PLACE(row)), at=row["updated_at"])


def _said_by(place: Place) -> tuple[bool, bool, int, int]:
    return (
        place.finished,
        place.position_seconds > 0,
        bisect_right(TELLING_SHARES, place.share),
        min(place.starts, STARTS_OF_A_QUITTER),
    )
