"""The addresses of Xtream Codes, which players put together themselves: outside of our prefix."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from matinee.core.routing import Route
from matinee.epg.exports import answers
from matinee.epg.exports.asking import AskingDevice, DocumentDevice, PlayingDevice, Server
from matinee.epg.exports.playing import Wanted
from matinee.epg.exports.xtream import Question
from matinee.runtime import RuntimeDep, Write


class PlayerRoute(Route):
    """A route for programs that send parameters of their own."""

    strict = False


router = APIRouter(route_class=PlayerRoute, include_in_schema=False)

Number = Annotated[int | None, Query(ge=0, le=2**63 - 1)]
Word = Annotated[str, Query(max_length=100)]


@router.get("/player_api.php")
async def ask_xtream(
    runtime: RuntimeDep,
    device: AskingDevice,
    server: Server,
    action: Word = "",
    stream_id: Number = None,
    category_id: Annotated[str | None, Query(max_length=40)] = None,
    limit: Number = None,
) -> Response:
    """Account, groups, channels and guide, as Xtream Codes answers."""
    question = Question(runtime, device, server, action, stream_id, category_id, limit)
    return await answers.of_xtream(question)


@router.get("/xmltv.php")
async def get_xtream_guide(
    runtime: RuntimeDep, request: Request, device: DocumentDevice, server: Server
) -> Response:
    """The guide where players of Xtream Codes look for it."""
    return await answers.guide(runtime, request, device, server)


@router.get("/get.php")
async def get_xtream_playlist(
    runtime: RuntimeDep, device: DocumentDevice, server: Server
) -> Response:
    """The list of channels where players of Xtream Codes look for it."""
    return await answers.playlist(runtime, device, server)


@router.get("/live/{username}/{password}/{stream}")
async def play_live(
    runtime: RuntimeDep,
    tx: Write,
    request: Request,
    device: PlayingDevice,
    stream: str,
    utc: Annotated[int | None, Query()] = None,
) -> Response:
    """A channel; with a Unix time what was on it then."""
    wanted = Wanted.live(stream, utc)
    return await answers.playback(runtime, tx, request, device, wanted)


@router.get("/timeshift/{username}/{password}/{minutes}/{begin}/{stream}")
async def play_timeshift(
    runtime: RuntimeDep,
    tx: Write,
    request: Request,
    device: PlayingDevice,
    begin: str,
    stream: str,
) -> Response:
    """What was on a channel, as players of Xtream Codes ask for it."""
    wanted = Wanted.again(stream, begin)
    return await answers.playback(runtime, tx, request, device, wanted)
