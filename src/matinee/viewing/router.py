"""The endpoints of a profile's lists, ratings, taste and statistics."""

from typing import Annotated

from fastapi import Query

from matinee.accounts.viewer import CHANGING, SIGNED_IN, CurrentViewer, ProfileRequired
from matinee.core.errors import BadCursor, Forbidden, NotFound, problems
from matinee.core.routing import api_router
from matinee.core.schema import Cursor, PageSize, PathId
from matinee.runtime import Read, RuntimeDep, Write
from matinee.viewing import parental, queries, service, statistics, views
from matinee.viewing.progress.schemas import History
from matinee.viewing.schemas import (
    BrowsedTitles,
    ProfileStats,
    RatedTitles,
    RateTitle,
    StatsRange,
    TasteOut,
    UnwantedTitles,
    Watchlist,
)
from matinee.viewing.service import WatchlistFull

router = api_router("/viewing", tag="viewing")
household_router = api_router("", tag="viewing")

READS = problems(*SIGNED_IN, ProfileRequired, BadCursor)
REMOVES = problems(*CHANGING, ProfileRequired)
ADDS = problems(*CHANGING, ProfileRequired, NotFound)
ABOUT_OTHERS = problems(*SIGNED_IN, ProfileRequired, Forbidden, NotFound)

Range = Annotated[
    StatsRange, Query(alias="range", description="Days up to today, in the profile's time zone.")
]


@router.get("/watchlist", summary="My List", responses=READS)
async def list_watchlist(
    viewer: CurrentViewer, tx: Read, cursor: Cursor = None, page_size: PageSize = 24
) -> Watchlist:
    """What the profile wants to watch, newest first; hidden titles come back when they do."""
    return await queries.watchlist(tx, viewer, cursor, page_size)


@router.put(
    "/watchlist/{title_id}",
    summary="Put a title on My List",
    status_code=204,
    responses=ADDS | problems(WatchlistFull),
)
async def add_to_watchlist(
    viewer: CurrentViewer, runtime: RuntimeDep, tx: Write, title_id: PathId
) -> None:
    """A title that is there already keeps its place."""
    await service.list_title(tx, viewer, title_id, runtime.settings.max_watchlist)


@router.delete(
    "/watchlist/{title_id}",
    summary="Take a title off My List",
    status_code=204,
    responses=REMOVES,
)
async def remove_from_watchlist(viewer: CurrentViewer, tx: Write, title_id: PathId) -> None:
    """Works for any title, there or not."""
    await service.unlist_title(tx, viewer, title_id)


@router.get("/ratings", summary="Rated titles", responses=READS)
async def list_rated_titles(
    viewer: CurrentViewer, tx: Read, cursor: Cursor = None, page_size: PageSize = 24
) -> RatedTitles:
    """What the profile has an opinion of, newest rating first."""
    return await queries.rated_titles(tx, viewer, cursor, page_size)


@router.put("/ratings/{title_id}", summary="Rate a title", status_code=204, responses=ADDS)
async def rate_title(viewer: CurrentViewer, tx: Write, title_id: PathId, wish: RateTitle) -> None:
    """The latest rating counts; a thumbs-down takes the title out of every rail at once (R-01)."""
    await service.rate_title(tx, viewer, title_id, wish.value)


@router.delete("/ratings/{title_id}", summary="Clear a rating", status_code=204, responses=REMOVES)
async def clear_rating(viewer: CurrentViewer, tx: Write, title_id: PathId) -> None:
    """Works for any title, rated or not."""
    await service.unrate_title(tx, viewer, title_id)


@router.get("/not-interested", summary="Titles never offered", responses=READS)
async def list_not_interested(
    viewer: CurrentViewer, tx: Read, cursor: Cursor = None, page_size: PageSize = 24
) -> UnwantedTitles:
    """What the profile is not interested in, newest first."""
    return await queries.unwanted_titles(tx, viewer, cursor, page_size)


@router.post(
    "/not-interested/{title_id}", summary="Not interested", status_code=204, responses=ADDS
)
async def add_not_interested(viewer: CurrentViewer, tx: Write, title_id: PathId) -> None:
    """The title is never offered to this profile again; search and lists still show it (R-09)."""
    await service.suppress_title(tx, viewer, title_id)


@router.delete(
    "/not-interested/{title_id}",
    summary="Interested after all",
    status_code=204,
    responses=REMOVES,
)
async def remove_not_interested(viewer: CurrentViewer, tx: Write, title_id: PathId) -> None:
    """The title may be offered again."""
    await service.unsuppress_title(tx, viewer, title_id)


@router.get("/taste", summary="What recommendations are made from", responses=READS)
async def list_signals(
    viewer: CurrentViewer,
    runtime: RuntimeDep,
    tx: Read,
    cursor: Cursor = None,
    page_size: PageSize = 24,
) -> TasteOut:
    """What is concluded from the profile's behaviour, title by title, newest first."""
    weights = runtime.settings.signal_weights
    return await queries.signals(tx, viewer, weights, cursor, page_size)


@router.post("/taste/reset", summary="Begin anew", status_code=204, responses=REMOVES)
async def reset_taste(viewer: CurrentViewer, tx: Write) -> None:
    """What the profile did until now counts for no recommendation; its lists and history stay."""
    await service.reset_taste(tx, viewer)


@router.put(
    "/signals/{title_id}/ignored",
    summary="Don't use a title for my taste",
    status_code=204,
    responses=ADDS,
)
async def ignore_signal(viewer: CurrentViewer, tx: Write, title_id: PathId) -> None:
    """Nothing is concluded from what the profile does with the title, now and later."""
    await service.ignore_title(tx, viewer, title_id)


@router.delete(
    "/signals/{title_id}/ignored",
    summary="Use a title for my taste again",
    status_code=204,
    responses=REMOVES,
)
async def heed_signal(viewer: CurrentViewer, tx: Write, title_id: PathId) -> None:
    """Also what the profile did with it before counts again."""
    await service.heed_title(tx, viewer, title_id)


@router.get("/recently-browsed", summary="Recently browsed", responses=READS)
async def list_recently_browsed(
    viewer: CurrentViewer, tx: Read, cursor: Cursor = None, page_size: PageSize = 24
) -> BrowsedTitles:
    """Titles whose pages the profile opened in the last 90 days, newest first (S-06)."""
    return await queries.browsed_titles(tx, viewer, cursor, page_size)


@router.delete(
    "/recently-browsed", summary="Clear what was browsed", status_code=204, responses=REMOVES
)
async def clear_recently_browsed(viewer: CurrentViewer, runtime: RuntimeDep) -> None:
    """Forgets which pages the profile opened."""
    await views.clear_views(runtime, viewer)


@household_router.get(
    "/profiles/{profile_id}/stats", summary="Time watched by a profile", responses=ABOUT_OTHERS
)
async def get_profile_stats(
    viewer: CurrentViewer, tx: Read, profile_id: PathId, span: Range = "30d"
) -> ProfileStats:
    """Hours, days, genres and titles (P-03); a kids profile sees only its own."""
    return await statistics.profile_stats(tx, viewer, profile_id, span)


@household_router.get(
    "/parental/profiles/{child_id}/stats",
    summary="Time watched by a child",
    responses=ABOUT_OTHERS,
)
async def get_child_stats(
    viewer: CurrentViewer, tx: Read, child_id: PathId, span: Range = "30d"
) -> ProfileStats:
    """The same of a kids profile, for the grown-ups of its household."""
    return await parental.child_stats(tx, viewer, child_id, span)


@household_router.get(
    "/parental/profiles/{child_id}/history",
    summary="History of a child",
    responses=ABOUT_OTHERS | problems(BadCursor),
)
async def get_child_history(
    viewer: CurrentViewer,
    tx: Read,
    child_id: PathId,
    cursor: Cursor = None,
    page_size: PageSize = 24,
) -> History:
    """What a kids profile watched, latest first, for the grown-ups of its household."""
    return await parental.child_history(tx, viewer, child_id, cursor=cursor, page_size=page_size)
