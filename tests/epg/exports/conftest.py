"""A household with two channels and a player that reads them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.makers import as_viewer, scalar

EXPORTS = "/api/v1/epg/exports"
GUIDE = "/api/v1/export/xmltv.xml.gz"
PLAYLIST = "/api/v1/export/playlist.m3u"


@dataclass
class Player:
    """A player with its credential, and the household that let it in."""

    headers: dict[str, str]
    credential: dict[str, Any]

    @property
    def asks(self) -> dict[str, str]:
        """The parameters by which it says who it is."""
        return {
            "username": self.credential["username"],
            "password": self.credential["password"],
        }

    def live(self, stream_number: int, ending: str = ".m3u8") -> str:
        """The address of a channel."""
        return f"/live/{self.asks['username']}/{self.asks['password']}/{stream_number}{ending}"


async def let_in(client: AsyncClient, headers: dict[str, str], name: str = "Kodi") -> Player:
    """A player with a credential for the profile that is chosen."""
    answer = await client.post(EXPORTS, json={"name": name}, headers=headers)
    assert answer.status_code == 201, answer.text
    return Player(headers, answer.json())


async def stream_number(runtime: Runtime, channel_id: UUID) -> int:
    """The number by which players call a channel."""
    number: int = await scalar(
        runtime, "SELECT stream_number FROM channels WHERE id = $1", channel_id
    )
    return number


@pytest.fixture
async def player(runtime: Runtime, client: AsyncClient) -> Player:
    return await let_in(client, await as_viewer(runtime, client))
