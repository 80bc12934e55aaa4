"""The endpoints of exports: credentials of players, and the documents that they read."""

from fastapi import Request, Response

from matinee.accounts.passwords import InvalidCredentials
from matinee.accounts.viewer import CHANGING, SIGNED_IN, CurrentViewer, Householder, ProfileRequired
from matinee.core.errors import Conflict, Forbidden, NotFound, problems
from matinee.core.routing import api_router
from matinee.core.schema import PathId
from matinee.epg.exports import answers, credentials
from matinee.epg.exports.asking import DocumentDevice, Server
from matinee.epg.exports.schemas import CreateExport, ExportCreated, ExportCredentials
from matinee.runtime import Read, RuntimeDep, Write

router = api_router("/epg/exports", tag="exports")
document_router = api_router("/export", tag="exports")


@router.post(
    "",
    status_code=201,
    summary="Let another player in",
    responses=problems(*CHANGING, ProfileRequired, Conflict),
)
async def create_export(
    viewer: CurrentViewer, tx: Write, server: Server, wish: CreateExport
) -> ExportCreated:
    """A user name and password for a player such as Kodi or TiviMate.

    It reads the channels and guide of the profile that is chosen now, and plays as that profile.
    The password is shown this once.
    """
    return await answers.created(tx, viewer, wish.name, server)


@router.get("", summary="Players let in", responses=problems(*SIGNED_IN, Forbidden))
async def list_exports(viewer: Householder, tx: Read) -> ExportCredentials:
    """The credentials of the household that count, newest first, without their passwords."""
    return await credentials.list_credentials(tx, viewer)


@router.delete(
    "/{export_id}",
    status_code=204,
    summary="Shut a player out",
    responses=problems(*CHANGING, Forbidden, NotFound),
)
async def delete_export(
    viewer: Householder, runtime: RuntimeDep, tx: Write, export_id: PathId
) -> None:
    """The credential counts no more, and what is played by it ends."""
    await credentials.revoke_credential(runtime, tx, viewer, export_id)


@document_router.get(
    "/xmltv.xml.gz",
    summary="The guide for players",
    response_class=Response,
    responses={
        200: {"content": {"application/gzip": {}}, "description": "XMLTV, packed by gzip."},
        304: {"description": "Unchanged since the ETag that was sent."},
        **problems(InvalidCredentials),
    },
)
async def get_guide_export(
    runtime: RuntimeDep, request: Request, device: DocumentDevice, server: Server
) -> Response:
    """Channels that the credential's profile may see and play, and what is on them.

    Two weeks ahead, and as far back as something can be watched again.
    """
    return await answers.guide(runtime, request, device, server)


@document_router.get(
    "/playlist.m3u",
    summary="The list of channels for players",
    response_class=Response,
    responses={
        200: {"content": {"audio/x-mpegurl": {}}, "description": "M3U with Kodi's attributes."},
        **problems(InvalidCredentials),
    },
)
async def get_playlist_export(
    runtime: RuntimeDep, device: DocumentDevice, server: Server
) -> Response:
    """Channels that the credential's profile may see and play; each address begins a session."""
    return await answers.playlist(runtime, device, server)
