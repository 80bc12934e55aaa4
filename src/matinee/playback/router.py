"""The endpoints of watching channels: live, from the beginning of what is on, and afterwards."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from matinee.accounts.purchase_pin import PinRequired
from matinee.accounts.viewer import CHANGING, SIGNED_IN, CurrentViewer, ProfileRequired
from matinee.core.caching import PRIVATE
from matinee.core.errors import Forbidden, IdempotencyKeyReused, NotFound, problems
from matinee.core.routing import api_router
from matinee.core.schema import PathId
from matinee.entitlements.problems import REFUSALS
from matinee.entitlements.streams import StreamLimitReached
from matinee.playback import watching
from matinee.playback.schemas import DeviceId, DeviceName, WatchAiring, WatchChannel, Watching
from matinee.profiles.pins import PinLocked
from matinee.runtime import RuntimeDep, Write
from matinee.viewing.sessions.items import NotPlayable
from matinee.viewing.sessions.limits import ViewingLimit
from matinee.viewing.sessions.router import OptionalKey
from matinee.viewing.sessions.starting import IncognitoNotAllowed

router = api_router("/epg", tag="playback")

STARTING = (
    ProfileRequired,
    NotFound,
    *REFUSALS,
    ViewingLimit,
    IncognitoNotAllowed,
    StreamLimitReached,
    Forbidden,
)
AiringId = Annotated[int, Path(ge=1, le=2**63 - 1, description="Identifier of the airing.")]


@router.post(
    "/channels/{channel_id}/playback",
    summary="Watch a channel",
    status_code=201,
    responses=problems(
        *CHANGING, *STARTING, NotPlayable, PinRequired, PinLocked, IdempotencyKeyReused
    ),
)
async def watch_channel(
    viewer: CurrentViewer,
    runtime: RuntimeDep,
    channel_id: PathId,
    wish: WatchChannel,
    key: OptionalKey = None,
) -> Watching:
    """Where to find it; what this device played before has ended.

    What the profile may not see is answered by `parental_blocked` with the end of the programme; a
    PIN opens it until then.
    """
    return await watching.watch_channel(runtime, viewer, channel_id, wish, key)


@router.get(
    "/channels/{channel_id}/playback-token",
    summary="Watch a channel, for players that can only read",
    responses=problems(*SIGNED_IN, *STARTING, NotPlayable),
)
async def get_playback_token(
    viewer: CurrentViewer,
    runtime: RuntimeDep,
    response: Response,
    channel_id: PathId,
    device_id: Annotated[
        DeviceId | None, Query(description="Left out: the device that signed in.")
    ] = None,
    device_name: Annotated[DeviceName | None, Query()] = None,
    take_over: Annotated[UUID | None, Query(description="A stream that ends for this one.")] = None,
) -> Watching:
    """As `POST …/playback`, without PIN and key; each call begins a session anew."""
    response.headers["Cache-Control"] = PRIVATE
    wish = WatchChannel(
        device_id=device_id or str(viewer.session_id),
        device_name=device_name or viewer.device_kind or "Player",
        take_over=take_over,
    )
    return await watching.watch_channel(runtime, viewer, channel_id, wish, None)


@router.post(
    "/airings/{airing_id}/playback",
    summary="Watch an airing from its beginning",
    status_code=201,
    responses=problems(*CHANGING, *STARTING, NotPlayable, IdempotencyKeyReused),
)
async def watch_airing(
    viewer: CurrentViewer,
    runtime: RuntimeDep,
    tx: Write,
    airing_id: AiringId,
    wish: WatchAiring,
    key: OptionalKey = None,
) -> Watching:
    """One that is over, as long as its channel keeps it; or the one that is on, started over."""
    return await watching.watch_airing(runtime, tx, viewer, airing_id, wish, key)
