"""What a profile watched, latest first, and forgetting it: for good, and at once."""

from datetime import datetime
from uuid import UUID

from matinee.accounts.viewer import Viewer, profile_tag
from matinee.catalog.cards import cards_for
from matinee.catalog.marks import episode_in
from matinee.catalog.schemas import Card
from matinee.core.database import ReadTx, Row
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.entitlements.visibility import VISIBLE, visibility_of
from matinee.runtime import Runtime
from matinee.viewing.progress.schemas import History, HistoryItem
from matinee.viewing.taste import refresh_signals

FORGOTTEN = UUID(int=0)
"""Stands for a title that was forgotten, in the watch time that viewing limits still count."""

# OFFSET 0 has titles and episodes looked up one by one, until the page is full.
_WATCHED = f"""
    SELECT b.item_id, b.title_id, b.episode_id, s.number AS season_number, e.number, e.name,
           e.air_date, e.runtime_minutes, b.position_seconds, b.duration_seconds, b.finished,
           b.updated_at AS watched_at
    FROM (
        SELECT * FROM bookmarks mine
        WHERE mine.user_id = :user_id::uuid AND mine.profile_id = :watcher::uuid
          AND (:before::timestamptz IS NULL
               OR (mine.updated_at, mine.item_id) < (:before::timestamptz, :before_id::uuid))
        ORDER BY mine.updated_at DESC, mine.item_id DESC OFFSET 0
    ) AS b
    JOIN titles t ON t.id = b.title_id
    LEFT JOIN episodes e ON e.id = b.episode_id AND e.status = 'published'
    LEFT JOIN seasons s ON s.id = e.season_id
    WHERE {VISIBLE} AND (b.episode_id IS NULL OR s.id IS NOT NULL)
    ORDER BY b.updated_at DESC, b.item_id DESC LIMIT :wanted
"""
_CONCERNED = """
    SELECT title_id, bool_and(:id::uuid IS NULL OR title_id = :id OR item_id = :id) AS wholly
    FROM bookmarks
    WHERE user_id = :user_id AND profile_id = :profile_id
    GROUP BY title_id
    HAVING bool_or(:id::uuid IS NULL OR title_id = :id OR item_id = :id)
"""
_FORGET_SESSIONS = """
    DELETE FROM viewing_sessions
    WHERE user_id = :user_id AND profile_id = :profile_id
      AND (:id::uuid IS NULL OR title_id = :id OR episode_id = :id OR channel_id = :id)
      AND (ended_at IS NOT NULL OR lease_until < clock_timestamp())
"""
_FORGET_EVENTS = """
    DELETE FROM play_events
    WHERE user_id = :user_id AND profile_id = :profile_id
      AND (:id::uuid IS NULL OR title_id = :id OR episode_id = :id OR channel_id = :id)
"""
_FORGET_BOOKMARKS = """
    DELETE FROM bookmarks
    WHERE user_id = :user_id AND profile_id = :profile_id
      AND (:id::uuid IS NULL OR title_id = :id OR item_id = :id)
"""
_FORGET_TREND = """
    DELETE FROM trend_plays
    WHERE user_id = :user_id AND profile_id = :profile_id
      AND (:everything::bool OR title_id = ANY (:title_ids::uuid[]))
"""
# How long a child watched today must not be forgotten with what it watched.
_FORGET_TIME = """
    WITH gone AS (
        DELETE FROM watch_time
        WHERE user_id = :user_id AND profile_id = :profile_id AND watched_id <> :forgotten
          AND (:everything::bool OR watched_id = ANY (:title_ids::uuid[]))
        RETURNING user_id, profile_id, half_hour, seconds
    )
    INSERT INTO watch_time AS w (user_id, profile_id, half_hour, watched_id, seconds)
    SELECT user_id, profile_id, half_hour, :forgotten, sum(seconds)
    FROM gone WHERE half_hour > clock_timestamp() - interval '2 days'
    GROUP BY user_id, profile_id, half_hour ORDER BY user_id, profile_id, half_hour
    ON CONFLICT (user_id, profile_id, half_hour, watched_id)
    DO UPDATE SET seconds = w.seconds + excluded.seconds
"""
_FORGET_VIEWS = """
    DELETE FROM channel_views
    WHERE user_id = :user_id AND profile_id = :profile_id
      AND (:id::uuid IS NULL OR channel_id = :id)
"""


async def history(
    tx: ReadTx, viewer: Viewer, *, cursor: str | None, page_size: int, of: UUID | None = None
) -> History:
    """One page of movies and episodes, in three statements; what is hidden now is left out.

    It is the viewer's own, or that `of` another profile of the household.

    Raises:
        BadCursor: the cursor belongs to another list.
    """
    before, before_id = decode_cursor(cursor, (datetime, UUID)) if cursor else (None, None)
    rows = await tx.all(
        _WATCHED,
        watcher=of or viewer.profile,
        before=before,
        before_id=before_id,
        wanted=page_size + 1,
        **visibility_of(viewer),
    )
    page = rows[:page_size]
    more = len(rows) > len(page)
    title_ids = list(dict.fromkeys(row["title_id"] for row in page))
    cards = {card.id: card for card in await cards_for(tx, viewer, title_ids)}
    return History.model_construct(
        items=[_item(row, cards[row["title_id"]]) for row in page],
        next_cursor=encode_cursor(page[-1]["watched_at"], page[-1]["item_id"]) if more else None,
    )


def _item(row: Row, card: Card) -> HistoryItem:
    return HistoryItem.model_construct(
        item_id=row["item_id"],
        title=card,
        episode=episode_in(row),
        position_seconds=row["position_seconds"],
        duration_seconds=row["duration_seconds"],
        finished=row["finished"],
        watched_at=row["watched_at"],
    )


async def forget(runtime: Runtime, viewer: Viewer, item_id: UUID | None) -> None:
    """Forget that the profile watched a title, an episode or a channel, or with None anything.

    Bookmarks, ended sessions, events and what they say about its taste go in one transaction; what
    is kept per title goes with the last of its episodes. What still waits to be written is written
    first, so that it cannot come back.
    """
    await runtime.buffers.flush()
    user_id, profile_id = viewer.household, viewer.profile
    mine = {"user_id": user_id, "profile_id": profile_id}
    async with runtime.database.write() as tx:
        named = {item_id} if item_id else set()
        rows = await tx.all(_CONCERNED, **mine, id=item_id)
        gone = named | {row["title_id"] for row in rows if row["wholly"]}
        whole = {"title_ids": list(gone), "everything": item_id is None}
        # in the order in which heartbeats lock
        await tx.execute(_FORGET_SESSIONS, **mine, id=item_id)
        await tx.execute(_FORGET_TIME, **mine, **whole, forgotten=FORGOTTEN)
        await tx.execute(_FORGET_VIEWS, **mine, id=item_id)
        await tx.execute(_FORGET_BOOKMARKS, **mine, id=item_id)
        await tx.execute(_FORGET_EVENTS, **mine, id=item_id)
        await tx.execute(_FORGET_TREND, **mine, **whole)
        concerned = named | {row["title_id"] for row in rows}
        await refresh_signals(tx, [(user_id, profile_id, title_id) for title_id in concerned])
        tx.invalidate(profile_tag(profile_id))
