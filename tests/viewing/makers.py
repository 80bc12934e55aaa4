"""Makers of what profiles watched and said about titles, behind the application's back."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from matinee.runtime import Runtime
from tests.makers import execute

_RATE = """
    INSERT INTO ratings (user_id, profile_id, title_id, value)
    SELECT user_id, id, $2::uuid, $3::smallint FROM profiles WHERE id = $1
    ON CONFLICT (user_id, profile_id, title_id) DO UPDATE
    SET value = excluded.value, rated_at = excluded.rated_at
"""
_LIST = """
    INSERT INTO watchlist (user_id, profile_id, title_id)
    SELECT user_id, id, $2 FROM profiles WHERE id = $1
"""
_BOOKMARK = """
    INSERT INTO bookmarks (user_id, profile_id, title_id, item_id, episode_id, position_seconds,
        duration_seconds, finished, starts)
    SELECT user_id, id, $2::uuid, coalesce($3::uuid, $2), $3, $4, $5, $6, $7
    FROM profiles WHERE id = $1
"""
_KINDS = "SELECT title_id, kind FROM profile_signals WHERE profile_id = :profile_id"


async def rate(runtime: Runtime, profile_id: UUID, title_id: UUID, value: int) -> None:
    """What a profile thinks of a title; no signal follows by itself."""
    await execute(runtime, _RATE, profile_id, title_id, value)


async def list_title(runtime: Runtime, profile_id: UUID, title_id: UUID) -> None:
    """A title on "My List"; no signal follows by itself."""
    await execute(runtime, _LIST, profile_id, title_id)


async def bookmark(
    runtime: Runtime,
    profile_id: UUID,
    title_id: UUID,
    position: int,
    *,
    of: int | None = None,
    episode: UUID | None = None,
    finished: bool = False,
    starts: int = 1,
) -> None:
    """Where a profile is in a movie or an episode; no signal follows by itself."""
    await execute(runtime, _BOOKMARK, profile_id, title_id, episode, position, of, finished, starts)


async def kinds_of(runtime: Runtime, profile_id: UUID) -> dict[UUID, str]:
    """The signals of a profile."""
    async with runtime.database.read() as tx:
        rows = await tx.all(_KINDS, profile_id=profile_id)
    return {row["title_id"]: row["kind"] for row in rows}


@contextmanager
def counted(runtime: Runtime) -> Iterator[list[None]]:
    """One entry for each statement that runs inside."""
    statements: list[None] = []
    before = runtime.database.on_statement
    runtime.database.on_statement = lambda: statements.append(None)
    try:
        yield statements
    finally:
        runtime.database.on_statement = before
