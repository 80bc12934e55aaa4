"""Continue watching: one row per title that was begun, last watched first."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from matinee.accounts.viewer import Viewer, profile_tag
from matinee.catalog.cards import cards_for
from matinee.catalog.marks import PLACE
from matinee.core.database import ReadTx, WriteTx
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.entitlements.visibility import VISIBLE, visibility_of
from matinee.viewing.progress.schemas import ContinueWatching

# OFFSET 0 keeps the order of the inner list, so that the outer one stops at its LIMIT.
_BEGUN = f"""
    SELECT t.id AS title_id, recent.at, place.episode_id, place.position_seconds,
           place.duration_seconds
    FROM (
        SELECT b.title_id, max(b.updated_at) AS at
        FROM bookmarks b
        WHERE b.user_id = :user_id::uuid AND b.profile_id = :profile_id::uuid
        GROUP BY b.title_id
        HAVING bool_or(b.position_seconds > 0 OR (b.finished AND b.episode_id IS NOT NULL))
           AND coalesce(max(b.dismissed_at) < max(b.updated_at), true)
           AND (:before::timestamptz IS NULL
                OR (max(b.updated_at), b.title_id) < (:before::timestamptz, :before_id::uuid))
        ORDER BY at DESC, b.title_id DESC OFFSET 0
    ) AS recent
    JOIN titles t ON t.id = recent.title_id
    JOIN LATERAL ({PLACE}) AS place
        ON CASE WHEN place.episode_id IS NULL THEN place.position_seconds > 0
                ELSE NOT place.finished END
    WHERE {VISIBLE}
    ORDER BY recent.at DESC, recent.title_id DESC LIMIT :wanted
"""
_DISMISS = """
    UPDATE bookmarks SET dismissed_at = clock_timestamp()
    WHERE user_id = :user_id AND profile_id = :profile_id AND title_id = :title_id
"""


class Begun(NamedTuple):
    """A title to go on with, and where; of a series, the episode in progress or the next one."""

    title_id: UUID
    watched_at: datetime
    episode_id: UUID | None
    position_seconds: int
    duration_seconds: int | None


async def continue_watching(
    tx: ReadTx, viewer: Viewer, limit: int, before: tuple[datetime, UUID] | None = None
) -> list[Begun]:
    """Visible titles that the profile began and neither finished nor dismissed since, in one
    statement; `before` is the last row of the page before."""
    before_at, before_id = before or (None, None)
    rows = await tx.all(
        _BEGUN, before=before_at, before_id=before_id, wanted=limit, **visibility_of(viewer)
    )
    return [Begun(*row.values()) for row in rows]


async def continue_watching_page(
    tx: ReadTx, viewer: Viewer, *, cursor: str | None, page_size: int
) -> ContinueWatching:
    """One page of cards whose progress says where to go on.

    Raises:
        BadCursor: the cursor belongs to another list.
    """
    before = None
    if cursor:
        at, title_id = decode_cursor(cursor, (datetime, UUID))
        before = (at, title_id)
    found = await continue_watching(tx, viewer, page_size + 1, before)
    page = found[:page_size]
    more = len(found) > len(page)
    return ContinueWatching.model_construct(
        items=await cards_for(tx, viewer, [begun.title_id for begun in page]),
        next_cursor=encode_cursor(page[-1].watched_at, page[-1].title_id) if more else None,
    )


async def dismiss(tx: WriteTx, viewer: Viewer, title_id: UUID) -> None:
    """Take a title off the list until it is watched again."""
    await tx.execute(
        _DISMISS, user_id=viewer.household, profile_id=viewer.profile, title_id=title_id
    )
    tx.invalidate(profile_tag(viewer.profile))
