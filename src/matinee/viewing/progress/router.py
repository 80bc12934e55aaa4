"""The endpoints of progress: continue watching, what comes next, history, bookmarks in bulk."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from matinee.accounts.viewer import CHANGING, SIGNED_IN, CurrentViewer, ProfileRequired
from matinee.core.errors import BadCursor, NotFound, problems
from matinee.core.routing import api_router
from matinee.core.schema import Cursor, PageSize, PathId
from matinee.runtime import Read, RuntimeDep, Write
from matinee.viewing.progress import continue_watching, history, next_episode, uploads
from matinee.viewing.progress.schemas import (
    BookmarkResults,
    BookmarkRows,
    ContinueWatching,
    History,
    NextUp,
)

router = api_router("/viewing", tag="viewing")

READS = (*SIGNED_IN, ProfileRequired)
CHANGES = (*CHANGING, ProfileRequired)


@router.get(
    "/continue-watching", summary="Continue watching", responses=problems(*READS, BadCursor)
)
async def get_continue_watching(
    viewer: CurrentViewer, tx: Read, cursor: Cursor = None, page_size: PageSize = 24
) -> ContinueWatching:
    """What was begun, last watched first; of a series the episode in progress, or the next one."""
    return await continue_watching.continue_watching_page(
        tx, viewer, cursor=cursor, page_size=page_size
    )


@router.delete(
    "/continue-watching/{title_id}",
    summary="Take off continue watching",
    status_code=204,
    responses=problems(*CHANGES),
)
async def dismiss_continue_watching(viewer: CurrentViewer, tx: Write, title_id: PathId) -> None:
    """Until it is watched again; the position is kept."""
    await continue_watching.dismiss(tx, viewer, title_id)


@router.get(
    "/next-episode/{title_id}",
    summary="What comes next of a series",
    responses=problems(*READS, NotFound),
)
async def get_next_episode(
    viewer: CurrentViewer,
    tx: Read,
    title_id: PathId,
    episode_id: Annotated[
        UUID | None, Query(description="After this episode; without it, what to play now.")
    ] = None,
) -> NextUp:
    """The next episode that was not watched yet, or when it airs; `related` when there is none."""
    return await next_episode.next_episode(tx, viewer, title_id, episode_id)


@router.get("/history", summary="History", responses=problems(*READS, BadCursor))
async def get_history(
    viewer: CurrentViewer, tx: Read, cursor: Cursor = None, page_size: PageSize = 24
) -> History:
    """Movies and episodes that the profile watched, latest first."""
    return await history.history(tx, viewer, cursor=cursor, page_size=page_size)


@router.delete(
    "/history", summary="Clear the history", status_code=204, responses=problems(*CHANGES)
)
async def clear_history(viewer: CurrentViewer, runtime: RuntimeDep) -> None:
    """Nothing was ever watched by this profile; what it said about its taste by watching goes."""
    await history.forget(runtime, viewer, None)


@router.delete(
    "/history/{item_id}",
    summary="Forget one thing",
    status_code=204,
    responses=problems(*CHANGES),
)
async def delete_from_history(viewer: CurrentViewer, runtime: RuntimeDep, item_id: PathId) -> None:
    """A title with all its episodes, or one episode."""
    await history.forget(runtime, viewer, item_id)


@router.post("/bookmarks/bulk", summary="Send many bookmarks", responses=problems(*CHANGES))
async def upload_bookmarks(viewer: CurrentViewer, tx: Write, sent: BookmarkRows) -> BookmarkResults:
    """Of devices that were offline, and imports; the latest of an item wins, whenever it comes."""
    return await uploads.upload_bookmarks(tx, viewer, sent)
