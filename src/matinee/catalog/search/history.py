"""What a profile searched for: kept short, forgotten when asked to."""

from matinee.accounts.viewer import Viewer
from matinee.catalog.search.question import folded_query
from matinee.catalog.search.schemas import PastSearch, SearchHistory
from matinee.core.database import ReadTx, WriteTx
from matinee.runtime import Runtime

KEPT = 50

# Written at once, for what waits in memory could come back after it was deleted; that a crash may
# lose the last one is worth not waiting for the disk. Who was deleted meanwhile has no history.
_LOSABLE = "SELECT set_config('synchronous_commit', 'off', true)"
_REMEMBER = """
    INSERT INTO search_history AS h (user_id, profile_id, folded_query, query, searched_at)
    SELECT user_id, id, :folded, :query, clock_timestamp() FROM profiles
    WHERE user_id = :user_id AND id = :profile_id
    ON CONFLICT (user_id, profile_id, folded_query) DO UPDATE
    SET query = excluded.query, searched_at = excluded.searched_at
"""
_CUT = """
    DELETE FROM search_history
    WHERE user_id = :user_id AND profile_id = :profile_id AND searched_at < (
        SELECT searched_at FROM search_history
        WHERE user_id = :user_id AND profile_id = :profile_id
        ORDER BY searched_at DESC OFFSET :kept - 1 LIMIT 1
    )
"""
_LIST = """
    SELECT query, searched_at FROM search_history
    WHERE user_id = :user_id AND profile_id = :profile_id
    ORDER BY searched_at DESC, folded_query LIMIT :kept
"""
_FORGET = """
    DELETE FROM search_history
    WHERE user_id = :user_id AND profile_id = :profile_id
      AND (:folded::text IS NULL OR folded_query = :folded)
"""


async def remember(runtime: Runtime, viewer: Viewer, query: str) -> None:
    """Put a query at the top of the profile's history."""
    whose = {"user_id": viewer.household, "profile_id": viewer.profile}
    async with runtime.database.write() as tx:
        await tx.one(_LOSABLE)
        await tx.execute(_REMEMBER, folded=folded_query(query), query=query, **whose)
        await tx.execute(_CUT, kept=KEPT, **whose)


async def list_history(tx: ReadTx, viewer: Viewer) -> SearchHistory:
    """The last searches of the profile that asks."""
    rows = await tx.all(_LIST, user_id=viewer.household, profile_id=viewer.profile, kept=KEPT)
    return SearchHistory(items=[PastSearch(**row) for row in rows])


async def forget(tx: WriteTx, viewer: Viewer, query: str | None) -> None:
    """Forget one search, or all of them."""
    await tx.execute(
        _FORGET,
        user_id=viewer.household,
        profile_id=viewer.profile,
        folded=None if query is None else folded_query(query),
    )
