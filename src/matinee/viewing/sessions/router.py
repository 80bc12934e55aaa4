"""The endpoints of playback: start, heartbeat, stop, and what plays in the household."""

from typing import Annotated

from fastapi import Body, Header

from matinee.accounts.viewer import (
    CHANGING,
    SIGNED_IN,
    CredibleAsker,
    CurrentViewer,
    ProfileRequired,
)
from matinee.core.errors import Forbidden, IdempotencyKeyReused, NotFound, problems
from matinee.core.routing import api_router
from matinee.core.schema import PathId
from matinee.entitlements.problems import REFUSALS
from matinee.entitlements.streams import StreamLimitReached
from matinee.runtime import Read, RuntimeDep, Write
from matinee.viewing.sessions import heartbeats, service, starting
from matinee.viewing.sessions.endings import ENDINGS
from matinee.viewing.sessions.items import NotPlayable
from matinee.viewing.sessions.limits import ViewingLimit
from matinee.viewing.sessions.schemas import (
    Heartbeat,
    HeartbeatHeard,
    SessionStarted,
    StartSession,
    StopSession,
    Streams,
)
from matinee.viewing.sessions.starting import IncognitoNotAllowed
from matinee.viewing.sessions.thin_route import ThinRoute

router = api_router("/viewing", tag="viewing")
thin_router = api_router("/viewing", tag="viewing", route_class=ThinRoute)

ASKED = (*CHANGING, ProfileRequired, NotFound)

OptionalKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="The same key with the same body gives the first session again.",
    ),
]


@router.post(
    "/sessions",
    summary="Start playing",
    status_code=201,
    responses=problems(
        *ASKED,
        *REFUSALS,
        NotPlayable,
        ViewingLimit,
        IncognitoNotAllowed,
        StreamLimitReached,
        IdempotencyKeyReused,
        Forbidden,
    ),
)
async def start_session(
    viewer: CurrentViewer,
    runtime: RuntimeDep,
    tx: Write,
    wish: StartSession,
    key: OptionalKey = None,
) -> SessionStarted:
    """Where to find it and where to go on; what this device played before has ended.

    The first play of a rental begins its time. Where the household plays too much already, the
    answer lists what; `take_over` one of that.
    """
    return await starting.start(runtime, tx, viewer, wish, key)


@router.get(
    "/sessions",
    summary="What plays in the household",
    responses=problems(*SIGNED_IN, ProfileRequired),
)
async def list_streams(viewer: CurrentViewer, runtime: RuntimeDep, tx: Read) -> Streams:
    """Now, on all devices, and how many streams at once the household may have."""
    return await service.list_streams(runtime, tx, viewer)


@router.delete(
    "/sessions/{viewing_session_id}",
    summary="End a stream from elsewhere",
    status_code=204,
    responses=problems(*ASKED, Forbidden),
)
async def stop_stream(
    viewer: CurrentViewer, runtime: RuntimeDep, tx: Write, viewing_session_id: PathId
) -> None:
    """Any of the household; a kids profile only its own. Its player is told `stream_stopped`."""
    await service.stop_remotely(runtime, tx, viewer, viewing_session_id)


@thin_router.post(
    "/sessions/{viewing_session_id}/heartbeat",
    summary="Say that it still plays",
    responses=problems(*ASKED, *ENDINGS),
)
async def send_heartbeat(
    asker: CredibleAsker, viewing_session_id: PathId, beat: Heartbeat
) -> HeartbeatHeard:
    """At the pace that the answer asks for, and whenever the player's state changes."""
    return await heartbeats.hear(asker, viewing_session_id, beat)


@router.post(
    "/sessions/{viewing_session_id}/stop",
    summary="Stop playing",
    status_code=204,
    responses=problems(*ASKED),
)
async def stop_session(
    viewer: CurrentViewer,
    runtime: RuntimeDep,
    viewing_session_id: PathId,
    wish: Annotated[StopSession | None, Body()] = None,
) -> None:
    """Stopping twice is fine."""
    await service.stop(runtime, viewer, viewing_session_id, wish)
