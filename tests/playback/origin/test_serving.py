"""The server of `matinee serve` sends playlists and whole files."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
from httpx import AsyncClient

from tests.cli.processes import find_free_port, listens, wait_until
from tests.playback.origin.conftest import MEDIA, Player


@pytest.fixture
async def server(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """Somebody who asks a real server."""
    port = find_free_port()
    server = Server(
        app,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
    )
    serving = asyncio.create_task(server.serve())
    await asyncio.to_thread(wait_until, lambda: listens(port))
    async with AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        yield client
    server.stop()
    await serving


async def test_a_player_gets_what_it_needs(player: Player, server: AsyncClient) -> None:
    playlist = await server.get(player.url("v360"))
    address = playlist.text.splitlines()[-1]
    segment = await server.get(address)
    assert segment.content == MEDIA.joinpath(*address.split("/")[-3:]).read_bytes()
    assert segment.headers["content-length"] == str(len(segment.content))
    assert segment.headers["content-type"] == "video/mp4"
    assert segment.headers["x-request-id"]


async def test_a_head_is_a_head(player: Player, server: AsyncClient) -> None:
    address = (await server.get(player.url("audio"))).text.splitlines()[-1]
    for path in (address, player.url("audio")):
        answer = await server.head(path)
        assert (answer.status_code, answer.content) == (200, b"")
        assert int(answer.headers["content-length"]) > 1000


async def test_many_segments_at_once(player: Player, server: AsyncClient) -> None:
    lines = (await server.get(player.url("v360"))).text.splitlines()
    addresses = [line for line in lines if line.startswith("/media/")]
    answers = await asyncio.gather(*(server.get(address) for address in addresses))
    assert all(
        answer.content == MEDIA.joinpath(*address.split("/")[-3:]).read_bytes()
        for address, answer in zip(addresses, answers, strict=True)
    )


async def test_a_refusal_is_our_envelope(player: Player, server: AsyncClient) -> None:
    answer = await server.get("/media/%2e%2e/%2e%2e/etc/passwd")
    assert answer.status_code == 404
    assert answer.json()["error"]["request_id"] == answer.headers["x-request-id"]
