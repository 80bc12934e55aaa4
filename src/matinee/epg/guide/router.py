"""The viewer's endpoints of the guide."""

from typing import Annotated

from fastapi import Depends, Header, Path, Query, Request, Response

from matinee.accounts.viewer import CHANGING, SIGNED_IN, AnyViewer, ProfileRequired
from matinee.core.caching import respond, revalidated
from matinee.core.errors import (
    BadCursor,
    Forbidden,
    InvalidValue,
    NotFound,
    UnknownField,
    problems,
)
from matinee.core.routing import api_router
from matinee.core.schema import PathId
from matinee.epg.guide import airings, channels, now, schedules, search
from matinee.epg.guide.filters import ChannelWish, NowFilter
from matinee.epg.guide.schemas import (
    AiringDetail,
    ChannelDetail,
    ChannelLabels,
    ChannelPage,
    CompactSchedules,
    DaySchedule,
    GuideHits,
    NowGuide,
    Schedules,
)
from matinee.epg.guide.search import GuideQuestion
from matinee.epg.guide.windows import DayWish, ScheduleWish
from matinee.runtime import Read, RuntimeDep

router = api_router("/epg", tag="guide")

WHO = (*SIGNED_IN, ProfileRequired, UnknownField)
KEPT = [Depends(revalidated)]

IfNoneMatch = Annotated[
    str | None,
    Header(alias="If-None-Match", max_length=500, description="The ETag of an earlier answer."),
]
AiringId = Annotated[int, Path(ge=1, lt=2**63, description="Identifier of an airing.")]


@router.get(
    "/channels",
    summary="Channels",
    responses=problems(*WHO, NotFound, Forbidden, InvalidValue, BadCursor),
    dependencies=KEPT,
)
async def list_channels(
    viewer: AnyViewer, tx: Read, wish: Annotated[ChannelWish, Query()]
) -> ChannelPage:
    """Channels the viewer may see, in the profile's order, and how to be allowed to play each."""
    return await channels.list_channels(tx, viewer, wish)


@router.get("/labels", summary="Genres and groups", responses=problems(*WHO), dependencies=KEPT)
async def list_channel_labels(viewer: AnyViewer, tx: Read) -> ChannelLabels:
    """What channels can be filtered by, with counts."""
    return await channels.channel_labels(tx, viewer)


@router.get(
    "/channels/{channel_id}",
    summary="A channel",
    responses=problems(*WHO, NotFound),
    dependencies=KEPT,
)
async def get_channel(viewer: AnyViewer, tx: Read, channel_id: PathId) -> ChannelDetail:
    """A channel, what is on and what comes next; hidden ones are not found."""
    return await channels.channel_detail(tx, viewer, channel_id)


@router.get(
    "/now",
    summary="On now",
    response_model=NowGuide,
    responses=problems(*WHO, NotFound, Forbidden, InvalidValue),
)
async def get_now(
    request: Request,
    viewer: AnyViewer,
    runtime: RuntimeDep,
    wish: Annotated[NowFilter, Query()],
) -> Response:
    """What is on all channels and what comes next; at most 30 seconds old, never past its end."""
    return respond(request, await now.get_now(runtime, viewer, wish))


@router.get(
    "/schedule",
    summary="A day of a channel",
    response_model=DaySchedule,
    responses=problems(*WHO, NotFound),
)
async def get_schedule(
    request: Request,
    viewer: AnyViewer,
    runtime: RuntimeDep,
    wish: Annotated[DayWish, Query()],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Airings that are on between two midnights of the profile's time zone, or of `tz`."""
    return respond(request, await schedules.get_day(runtime, viewer, wish, if_none_match))


@router.get(
    "/schedule/multi",
    summary="Schedules of several channels",
    response_model=Schedules | CompactSchedules,
    responses=problems(*WHO),
)
async def get_schedules(
    request: Request,
    viewer: AnyViewer,
    runtime: RuntimeDep,
    wish: Annotated[ScheduleWish, Query()],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Airings that are on at some time of a window, in order; `since_rev` asks for changes only."""
    return respond(request, await schedules.get_schedules(runtime, viewer, wish, if_none_match))


@router.post(
    "/schedule/multi",
    summary="Schedules of many channels",
    response_model=Schedules | CompactSchedules,
    responses=problems(*CHANGING, ProfileRequired),
)
async def read_schedules(
    request: Request, viewer: AnyViewer, runtime: RuntimeDep, wish: ScheduleWish
) -> Response:
    """The same for lists of channels that are too long for an address. It changes nothing."""
    return respond(request, await schedules.get_schedules(runtime, viewer, wish))


@router.get("/search", summary="Search the guide", responses=problems(*WHO), dependencies=KEPT)
async def search_guide(
    viewer: AnyViewer, runtime: RuntimeDep, wish: Annotated[GuideQuestion, Query()]
) -> GuideHits:
    """Programmes of the next seven days by their name, typing errors welcome."""
    return await search.search_guide(runtime, viewer, wish)


@router.get(
    "/airings/{airing_id}",
    summary="A programme's page",
    responses=problems(*WHO, NotFound),
    dependencies=KEPT,
)
async def get_airing(viewer: AnyViewer, tx: Read, airing_id: AiringId) -> AiringDetail:
    """Texts and people of what is broadcast, when it comes again, and where it is in full."""
    return await airings.airing_detail(tx, viewer, airing_id)
