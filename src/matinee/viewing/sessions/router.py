"""The endpoints of playback: start, heartbeat, stop."""

from typing import Annotated

from fastapi import Body

from matinee.accounts.viewer import CHANGING, CredibleAsker, CurrentViewer, ProfileRequired
from matinee.core.errors import NotFound, problems
from matinee.core.routing import api_router
from matinee.core.schema import PathId
from matinee.runtime import RuntimeDep, Write
from matinee.viewing.sessions import heartbeats, service
from matinee.viewing.sessions.endings import ENDINGS
from matinee.viewing.sessions.limits import ViewingLimit
from matinee.viewing.sessions.schemas import (
    Heartbeat,
    HeartbeatHeard,
    SessionStarted,
    StartSession,
    StopSession,
)
from matinee.viewing.sessions.service import IncognitoNotAllowed, NotPlayable
from matinee.viewing.sessions.thin_route import ThinRoute

router = api_router("/viewing", tag="viewing")
thin_router = api_router("/viewing", tag="viewing", route_class=ThinRoute)

ASKED = (*CHANGING, ProfileRequired, NotFound)


@router.post(
    "/sessions",
    summary="Start playing",
    status_code=201,
    responses=problems(*ASKED, NotPlayable, ViewingLimit, IncognitoNotAllowed),
)
async def start_session(
    viewer: CurrentViewer, runtime: RuntimeDep, tx: Write, wish: StartSession
) -> SessionStarted:
    """Where to find the film and where to go on; what this device played before has ended."""
    return await service.start(runtime, tx, viewer, wish)


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
