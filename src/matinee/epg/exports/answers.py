"""Answers to players of others: files, JSON without a schema of ours, redirections."""

from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from matinee.accounts.viewer import Viewer
from matinee.core.caching import REVALIDATED, matches
from matinee.core.database import WriteTx
from matinee.epg.exports.addresses import Addresses
from matinee.epg.exports.credentials import Device, create_credential
from matinee.epg.exports.documents import GuideDocument, playlist_document
from matinee.epg.exports.playing import Wanted, play
from matinee.epg.exports.schemas import ExportCreated
from matinee.epg.exports.xtream import Question, answer
from matinee.runtime import Runtime

HLS = "application/vnd.apple.mpegurl"
GUIDE_HEADERS = {"Content-Disposition": 'attachment; filename="xmltv.xml.gz"'}
PLAYLIST_HEADERS = {"Content-Disposition": 'attachment; filename="playlist.m3u"'}


async def created(tx: WriteTx, viewer: Viewer, name: str, server: str) -> ExportCreated:
    """A new credential with all that has to be typed into a player."""
    row, password = await create_credential(tx, viewer, name)
    addresses = Addresses(server, row["username"], password)
    return ExportCreated(
        **row,
        password=password,
        server_url=server,
        playlist_url=addresses.playlist,
        guide_url=addresses.guide,
    )


async def guide(runtime: Runtime, request: Request, device: Device, server: str) -> Response:
    """XMLTV in gzip; 304 where the player has it already, without reading any airing."""
    document = await GuideDocument.of(runtime, device, server)
    headers = {"ETag": document.version, "Cache-Control": REVALIDATED}
    if matches(request.headers.get("if-none-match"), document.version):
        return Response(status_code=304, headers=headers)
    return StreamingResponse(
        document.packed(), headers=headers | GUIDE_HEADERS, media_type="application/gzip"
    )


async def playlist(runtime: Runtime, device: Device, server: str) -> Response:
    """M3U; the middleware gives it its ETag."""
    text = await playlist_document(runtime, device, server)
    headers = {"Cache-Control": REVALIDATED} | PLAYLIST_HEADERS
    return Response(text, headers=headers, media_type="audio/x-mpegurl")


async def of_xtream(question: Question) -> Response:
    """JSON of a shape of Xtream Codes."""
    found: Any = await answer(question)
    return Response(orjson.dumps(found), media_type="application/json")


async def playback(
    runtime: Runtime,
    tx: WriteTx,
    request: Request,
    device: Device,
    wanted: Wanted,
) -> Response:
    """To the playlist of a new session; whoever only looks (HEAD) begins none."""
    if request.method == "HEAD":
        return Response(media_type=HLS)
    url = await play(runtime, tx, device, wanted)
    return RedirectResponse(url, status_code=302)
