"""What players send, and ways to look at what became of it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from httpx import AsyncClient, Response

from matinee.runtime import Runtime
from tests.makers import execute, scalar

SESSIONS = "/api/v1/viewing/sessions"
LENGTH = 5400

Headers = dict[str, str]


@dataclass(frozen=True)
class Player:
    """A device that plays something."""

    runtime: Runtime
    client: AsyncClient
    headers: Headers
    session_id: UUID
    started: dict[str, Any] = field(repr=False)

    async def beat(self, position: int = 60, state: str = "playing", **said: Any) -> Response:
        """A heartbeat."""
        body = {"position_seconds": position, "state": state} | said
        return await self.client.post(
            f"{SESSIONS}/{self.session_id}/heartbeat", json=body, headers=self.headers
        )

    async def stop(self, position: int | None = None) -> Response:
        """The end."""
        body = None if position is None else {"position_seconds": position}
        return await self.client.post(
            f"{SESSIONS}/{self.session_id}/stop", json=body, headers=self.headers
        )

    async def heard(self, position: int = 60, state: str = "playing", **said: Any) -> None:
        """A heartbeat that is accepted and written."""
        answer = await self.beat(position, state, **said)
        assert answer.status_code == 200, answer.text
        await self.runtime.buffers.flush()

    async def wait(self, seconds: float) -> None:
        """So much time passes for the session, and for nobody else."""
        await execute(
            self.runtime,
            "UPDATE viewing_sessions SET heartbeat_at = heartbeat_at - $2 * interval '1 second'"
            " WHERE id = $1",
            self.session_id,
            seconds,
        )

    async def column(self, name: str) -> Any:
        """A value of the session's row."""
        statement = f"SELECT {name} FROM viewing_sessions WHERE id = $1"
        return await scalar(self.runtime, statement, self.session_id)


async def ask(client: AsyncClient, headers: Headers, title_id: UUID, **wish: Any) -> Response:
    """Ask to play something."""
    body = {"title_id": str(title_id), "device_id": "tv", "device_name": "Television"}
    return await client.post(SESSIONS, json=body | wish, headers=headers)


async def start(
    runtime: Runtime, client: AsyncClient, headers: Headers, title_id: UUID, **wish: Any
) -> Player:
    """Begin to play something."""
    answer = await ask(client, headers, title_id, **wish)
    assert answer.status_code == 201, answer.text
    started = answer.json()
    return Player(runtime, client, headers, UUID(started["session_id"]), started)


async def ask_channel(
    client: AsyncClient, headers: Headers, channel_id: UUID, **wish: Any
) -> Response:
    """Ask to watch a channel."""
    body = {"channel_id": str(channel_id), "device_id": "tv", "device_name": "Television"}
    return await client.post(SESSIONS, json=body | wish, headers=headers)


async def watch_channel(
    runtime: Runtime, client: AsyncClient, headers: Headers, channel_id: UUID, **wish: Any
) -> Player:
    """Begin to watch a channel."""
    answer = await ask_channel(client, headers, channel_id, **wish)
    assert answer.status_code == 201, answer.text
    started = answer.json()
    return Player(runtime, client, headers, UUID(started["session_id"]), started)


def code_of(answer: Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["error"]["code"]


async def bookmark(runtime: Runtime) -> int | None:
    """The position of the only bookmark."""
    position: int | None = await scalar(runtime, "SELECT position_seconds FROM bookmarks")
    return position
