"""What the grown-ups of a household may read about its kids profiles."""

from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx
from matinee.core.errors import Forbidden, NotFound
from matinee.viewing.progress.history import history
from matinee.viewing.progress.schemas import History
from matinee.viewing.schemas import ProfileStats, StatsRange
from matinee.viewing.statistics import profile_of, profile_stats


async def child_stats(
    tx: ReadTx, viewer: Viewer, profile_id: UUID, span: StatsRange
) -> ProfileStats:
    """What a child watched, in seven statements.

    Raises:
        Forbidden: a kids profile asks.
        NotFound: the household has no such kids profile.
    """
    await _require_child(tx, viewer, profile_id)
    return await profile_stats(tx, viewer, profile_id, span)


async def child_history(
    tx: ReadTx, viewer: Viewer, profile_id: UUID, *, cursor: str | None, page_size: int
) -> History:
    """One page of what a child watched, latest first; what the asker may not see is left out.

    Raises:
        Forbidden: a kids profile asks.
        NotFound: the household has no such kids profile.
        BadCursor: the cursor belongs to another list.
    """
    await _require_child(tx, viewer, profile_id)
    return await history(tx, viewer, of=profile_id, cursor=cursor, page_size=page_size)


async def _require_child(tx: ReadTx, viewer: Viewer, profile_id: UUID) -> None:
    if viewer.is_kids:
        raise Forbidden()
    if (await profile_of(tx, viewer, profile_id))["kind"] != "kids":
        raise NotFound()
