"""Bookmarks sent in bulk: by devices that were offline, and by importers of other services."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import Row, WriteTx
from matinee.entitlements.visibility import VISIBLE, visibility_of
from matinee.viewing.progress.bookmarks import Mark, save_bookmarks
from matinee.viewing.progress.schemas import (
    BookmarkResult,
    BookmarkResults,
    BookmarkRow,
    BookmarkRows,
)
from matinee.viewing.taste import refresh_signals

TOLERANCE = timedelta(minutes=5)
"""A clock may be ahead of ours by so much; such a moment counts as now."""

_LOOK_UP = f"""
    SELECT t.kind, e.id AS episode_id, clock_timestamp() AS now
    FROM unnest(:title_ids::uuid[], :episode_ids::uuid[]) WITH ORDINALITY
        AS given(title_id, episode_id, n)
    LEFT JOIN titles t ON t.id = given.title_id AND {VISIBLE}
    LEFT JOIN episodes e
        ON e.id = given.episode_id AND e.title_id = t.id AND e.status = 'published'
    ORDER BY given.n
"""

Status = Literal["saved", "outdated", "not_found", "episode_required", "in_future"]


async def upload_bookmarks(tx: WriteTx, viewer: Viewer, sent: BookmarkRows) -> BookmarkResults:
    """Store what can be stored, the latest of each item, and say what became of every row.

    Seven statements however many rows; rows that are refused do not hold up the others.
    """
    rows = sent.bookmarks
    found = await tx.all(
        _LOOK_UP,
        title_ids=[row.title_id for row in rows],
        episode_ids=[row.episode_id for row in rows],
        **visibility_of(viewer),
    )
    refused = {
        index: problem
        for index, (row, facts) in enumerate(zip(rows, found, strict=True))
        if (problem := _problem_of(row, facts))
    }
    marks = [_mark(viewer, row) for index, row in enumerate(rows) if index not in refused]
    saved = await save_bookmarks(tx, marks)
    await refresh_signals(
        tx, {(one.user_id, one.profile_id, one.title_id) for one in saved if one.is_telling}
    )
    known = {(one.title_id, one.episode_id): one.at for one in saved}
    results = [
        refused[index] if index in refused else _outcome(row, known)
        for index, row in enumerate(rows)
    ]
    return BookmarkResults(
        saved=results.count("saved"),
        items=[BookmarkResult(index=index, status=status) for index, status in enumerate(results)],
    )


def _problem_of(row: BookmarkRow, facts: Row) -> Status | None:
    """Why a row cannot be stored; what is hidden is as good as missing."""
    if facts["kind"] == "series" and row.episode_id is None:
        return "episode_required"
    if facts["kind"] is None or facts["episode_id"] != row.episode_id:
        return "not_found"
    return "in_future" if row.at > facts["now"] + TOLERANCE else None


def _mark(viewer: Viewer, row: BookmarkRow) -> Mark:
    return Mark(viewer.household, viewer.profile, **dict(row))


def _outcome(row: BookmarkRow, known: Mapping[tuple[UUID, UUID | None], datetime]) -> Status:
    """What became of a row that could be stored, by the moment that the bookmark has now."""
    at = known.get((row.title_id, row.episode_id))
    if at is None:
        return "not_found"
    return "saved" if row.at >= at else "outdated"
