"""The endpoints of what a profile says about titles: its lists, ratings and taste."""

from matinee.accounts.viewer import CHANGING, SIGNED_IN, CurrentViewer, ProfileRequired
from matinee.core.errors import BadCursor, NotFound, problems
from matinee.core.routing import api_router
from matinee.core.schema import Cursor, PageSize, PathId
from matinee.runtime import Read, RuntimeDep, Write
from matinee.viewing import queries, service, views
from matinee.viewing.schemas import (
    BrowsedTitles,
    RatedTitles,
    RateTitle,
    TasteOut,
    UnwantedTitles,
    Watchlist,
)
from matinee.viewing.service import WatchlistFull

router = api_router("/viewing", tag="viewing")

READS = problems(*SIGNED_IN, ProfileRequired, BadCursor)
REMOVES = problems(*CHANGING, ProfileRequired)
ADDS = problems(*CHANGING, ProfileRequired, NotFound)


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
