"""The viewer's endpoints of what to watch."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response

from matinee.accounts.viewer import CHANGING, SIGNED_IN, CurrentViewer, ProfileRequired
from matinee.core.caching import respond
from matinee.core.errors import BadCursor, InvalidValue, NotFound, UnknownField, problems
from matinee.core.routing import api_router
from matinee.core.schema import Acknowledged, Cursor, PageSize, PathId
from matinee.recommendations import home, impressions, mood, pages, post_play, similar
from matinee.recommendations.mood import NoMatch
from matinee.recommendations.schemas import (
    Home,
    MoodAnswer,
    MoodWish,
    PostPlay,
    Rail,
    RailName,
    RecordImpressions,
)
from matinee.runtime import RuntimeDep

router = api_router("/recommendations", tag="recommendations")

WHO = (*SIGNED_IN, ProfileRequired)
RailId = Annotated[RailName, Path(description="The `id` of a rail of the home screen.")]


@router.get(
    "/home",
    summary="The home screen",
    response_model=Home,
    responses=problems(*WHO),
)
async def get_home(request: Request, viewer: CurrentViewer, runtime: RuntimeDep) -> Response:
    """Rails for this profile in the operator's order; every card says why it is there."""
    return respond(request, await home.get_home(runtime, viewer))


@router.get("/rails/{rail_id}", summary="One rail", responses=problems(*WHO, NotFound, BadCursor))
async def get_rail(
    viewer: CurrentViewer,
    runtime: RuntimeDep,
    rail_id: RailId,
    cursor: Cursor = None,
    page_size: PageSize = 24,
) -> Rail:
    """A rail further than the home screen shows it, page by page."""
    return await pages.rail_page(runtime, viewer, rail_id, cursor=cursor, page_size=page_size)


@router.get("/trending", summary="Trending now", responses=problems(*WHO, BadCursor))
async def get_trending(
    viewer: CurrentViewer, runtime: RuntimeDep, cursor: Cursor = None, page_size: PageSize = 24
) -> Rail:
    """What many households watch these days, in the viewer's country first (R-06)."""
    return await pages.rail_page(runtime, viewer, "trending", cursor=cursor, page_size=page_size)


@router.get("/top-rated", summary="Top rated", responses=problems(*WHO, BadCursor))
async def get_top_rated(
    viewer: CurrentViewer, runtime: RuntimeDep, cursor: Cursor = None, page_size: PageSize = 24
) -> Rail:
    """What is rated best, then what is watched most; never empty while there is anything (R-05)."""
    return await pages.rail_page(runtime, viewer, "top-rated", cursor=cursor, page_size=page_size)


@router.get("/new-episodes", summary="New episodes", responses=problems(*WHO, BadCursor))
async def get_new_episodes(
    viewer: CurrentViewer, runtime: RuntimeDep, cursor: Cursor = None, page_size: PageSize = 24
) -> Rail:
    """Series on the list or begun, with episodes of the last 30 days yet to watch (S-05)."""
    return await pages.rail_page(
        runtime, viewer, "new-episodes", cursor=cursor, page_size=page_size
    )


@router.get("/for-you", summary="For you", responses=problems(*WHO, BadCursor))
async def get_for_you(
    viewer: CurrentViewer,
    runtime: RuntimeDep,
    strict_language: Annotated[
        bool, Query(description="Only what is in the preferred language, where there is any.")
    ] = False,
    cursor: Cursor = None,
    page_size: PageSize = 24,
) -> Rail:
    """What suits this profile best; popular titles as long as little is known of it (R-05)."""
    return await pages.rail_page(
        runtime,
        viewer,
        "for-you",
        cursor=cursor,
        page_size=page_size,
        strict_language=strict_language,
    )


@router.get(
    "/similar/{title_id}", summary="Similar titles", responses=problems(*WHO, NotFound, BadCursor)
)
async def get_similar(
    viewer: CurrentViewer,
    runtime: RuntimeDep,
    title_id: PathId,
    cursor: Cursor = None,
    page_size: PageSize = 24,
) -> Rail:
    """What goes with a title: watched by the same people, or about the same."""
    return await similar.similar_page(runtime, viewer, title_id, cursor=cursor, page_size=page_size)


@router.get(
    "/post-play/{title_id}", summary="What to watch next", responses=problems(*WHO, NotFound)
)
async def get_post_play(
    viewer: CurrentViewer, runtime: RuntimeDep, title_id: PathId, episode_id: UUID | None = None
) -> PostPlay:
    """At the end of a title, or of an episode: the next one, then the next part, then more."""
    return await post_play.post_play(runtime, viewer, title_id, episode_id)


@router.get(
    "/mood",
    summary="Just play something",
    responses=problems(*WHO, NoMatch, InvalidValue, UnknownField),
)
async def get_mood_answer(
    viewer: CurrentViewer, runtime: RuntimeDep, wish: Annotated[MoodWish, Query()]
) -> MoodAnswer:
    """One unseen title for a mood (S-04); where nothing suits, the nearest and what it lacks."""
    return await mood.answer_mood(runtime, viewer, wish)


@router.post(
    "/impressions",
    summary="Say which rail was shown",
    status_code=202,
    responses=problems(*CHANGING, ProfileRequired, UnknownField),
)
async def record_impressions(
    viewer: CurrentViewer, runtime: RuntimeDep, wish: RecordImpressions
) -> Acknowledged:
    """Once per recommendation id, stored within a second; what is shown in vain steps back."""
    impressions.record_impressions(runtime, viewer, wish)
    return Acknowledged()
