"""A linear channel that has sent three clips of the demo for two hours, and somebody who plays."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

import matinee.demo
from matinee.core.settings import Settings
from matinee.integrations.playback.tickets import PlaybackTicket
from matinee.playback.grid import sequence_at
from matinee.runtime import Runtime
from tests.epg.makers import make_channel
from tests.makers import execute, insert, make_profile, make_user

MEDIA = Path(matinee.demo.__file__).parent / "media"
CLIPS, LENGTHS = ["night-city", "deep-space", "back-soon"], [8, 8, 6]
HOUR = 900
"""In segments."""


@dataclass
class Player:
    """Somebody with a session, whose player asks for playlists and media."""

    runtime: Runtime
    client: AsyncClient
    user_id: UUID
    profile_id: UUID
    session_id: UUID
    subject: UUID
    kind: Any = "channel"

    def url(self, name: str = "master", *span: int) -> str:
        """The address of a playlist."""
        ticket = PlaybackTicket(self.user_id, self.session_id, self.kind, self.subject, *span)
        return self.runtime.playback.playlist_url(ticket).replace("master", name)

    async def get(self, name: str = "master", *span: int, query: str = "") -> Response:
        """A playlist."""
        return await self.client.get(self.url(name, *span) + query)

    async def change(self, columns: str) -> None:
        """Have something happen to the session, and everybody forget what it was."""
        sql = f"UPDATE viewing_sessions SET {columns} WHERE user_id = $1"
        await execute(self.runtime, sql, self.user_id)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The same, with the clips of the demo."""
    return settings.model_copy(update={"media_dir": MEDIA})


@pytest.fixture
async def device(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """Somebody who asks the origin, as any HTTP client does."""
    async with AsyncClient(
        transport=ASGITransport(app=app), base_url="http://testserver"
    ) as client:
        yield client


async def make_player(
    runtime: Runtime,
    client: AsyncClient,
    email: str = "ana@example.com",
    *,
    channel_id: UUID | None = None,
    **session: Any,
) -> Player:
    """A household that plays something."""
    user_id = await make_user(runtime, email)
    profile_id = await make_profile(runtime, user_id)
    columns = {"channel_id": channel_id} if channel_id else {}
    session_id = await insert(
        runtime,
        "viewing_sessions",
        user_id=user_id,
        profile_id=profile_id,
        device_id="tv",
        device_name="TV",
        territory="US",
        auth_session_id=uuid4(),
        lease_until=datetime.now(UTC) + timedelta(minutes=2),
        **(columns | session),
    )
    subject = channel_id or user_id
    return Player(runtime, client, user_id, profile_id, session_id, subject)


async def add_run(
    runtime: Runtime, channel_id: UUID, first: int, count: int, discontinuity: int = 0
) -> None:
    """Have a channel send the three clips in turn."""
    await execute(
        runtime,
        "INSERT INTO playout_runs VALUES ($1, $2, $3, $4, $5, $6)",
        channel_id,
        first,
        count,
        CLIPS,
        LENGTHS,
        discontinuity,
    )


@pytest.fixture
async def channel(runtime: Runtime) -> UUID:
    """A linear channel that has sent for two hours, and will for one more."""
    channel_id = await make_channel(runtime, "Loop", kind="linear", hls_live_url=None)
    now = sequence_at(time.time())
    await add_run(runtime, channel_id, now - 2 * HOUR, 3 * HOUR, discontinuity=40)
    return channel_id


@pytest.fixture
async def player(runtime: Runtime, device: AsyncClient, channel: UUID) -> Player:
    """Somebody who watches it."""
    return await make_player(runtime, device, channel_id=channel)
