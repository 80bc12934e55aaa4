"""Somebody in front of a television, and what it asks for."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from httpx import AsyncClient, Response

from matinee.integrations.playback.tickets import PlaybackTicket
from matinee.runtime import Runtime
from tests.epg.makers import EPG
from tests.viewing.progress.makers import Somebody

DEVICE = {"device_id": "tv", "device_name": "Television"}


@dataclass(frozen=True)
class Screen:
    """Somebody in front of a television."""

    runtime: Runtime
    client: AsyncClient
    who: Somebody

    async def channel(self, channel_id: UUID, key: str | None = None, **wish: Any) -> Response:
        """Ask for a channel."""
        return await self.client.post(
            f"{EPG}/channels/{channel_id}/playback",
            json=DEVICE | wish,
            headers=self.who.headers | ({"Idempotency-Key": key} if key else {}),
        )

    async def airing(self, airing_id: int, **wish: Any) -> Response:
        """Ask for an airing."""
        return await self.client.post(
            f"{EPG}/airings/{airing_id}/playback", json=DEVICE | wish, headers=self.who.headers
        )

    async def token(self, channel_id: UUID, **query: str) -> Response:
        """Ask for a channel by reading."""
        return await self.client.get(
            f"{EPG}/channels/{channel_id}/playback-token", params=query, headers=self.who.headers
        )

    def ticket(self, url: str) -> PlaybackTicket:
        """What an address of a playlist says."""
        return self.runtime.playback.tickets.open(url.split("/")[2])
