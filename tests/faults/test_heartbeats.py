"""Heartbeats and starts of a real server: a stop loses none, a kill none but the last ones."""

import asyncio
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from uuid import UUID

import httpx
import pytest

from matinee.runtime import Runtime
from tests.catalog.makers import make_asset
from tests.cli.processes import RUN, find_free_port, is_ready, process, stop, wait_until
from tests.faults.conftest import HOST, SECRET
from tests.makers import choose_profile, make_profile, make_title, make_user, scalar, sign_in
from tests.viewing.sessions.calls import SESSIONS, ask

pytestmark = pytest.mark.faults

PLAYERS = 8
SECONDS = 3.0

_STORED = """
    -- cross-user
    SELECT session_id, position_seconds FROM play_events WHERE kind = 'progress'
"""

Beats = set[tuple[UUID, int]]
"""Heartbeats by session and position."""


@dataclass
class Household:
    """People in front of their televisions, and the server that they watch from."""

    server: Popen[bytes]
    client: httpx.AsyncClient
    headers: dict[str, str]
    sessions: list[UUID]
    acknowledged: Beats = field(default_factory=set)

    async def watch(self, seconds: float, by: signal.Signals) -> None:
        """Everybody watches until the server is ended by a signal."""
        players = [asyncio.create_task(self._play(session_id)) for session_id in self.sessions]
        await asyncio.sleep(seconds)
        await asyncio.to_thread(stop, self.server, by)
        await asyncio.gather(*players)

    async def _play(self, session_id: UUID) -> None:
        """Send heartbeats, each a second further, until nobody answers."""
        position = 0
        while True:
            position += 1
            body = {"position_seconds": position, "state": "playing"}
            try:
                answer = await self.client.post(
                    f"{SESSIONS}/{session_id}/heartbeat", json=body, headers=self.headers
                )
            except httpx.TransportError:
                return
            if answer.status_code == 200:
                self.acknowledged.add((session_id, position))


@pytest.fixture
async def household(
    runtime: Runtime, database_url: str, tmp_path: Path
) -> AsyncIterator[Household]:
    """A server of its own, which tests may end."""
    user_id = await make_user(runtime)
    profile_id = await make_profile(runtime, user_id)
    title_id = await make_title(runtime)
    await make_asset(runtime, title_id, duration_seconds=86_400)
    port = find_free_port()
    wishes = {
        "environment": "test",
        "database_url": database_url,
        "secret_key": SECRET,
        "port": str(port),
        "rate_limits_enabled": "false",
        "included_streams": str(PLAYERS),
        "unsold_titles": "free",
        "embedding_provider": "none",
    }
    with process([*RUN, "serve"], tmp_path / "output", **wishes) as server:
        await asyncio.to_thread(wait_until, lambda: is_ready(port))
        async with httpx.AsyncClient(base_url=f"http://{HOST}:{port}", timeout=30) as client:
            headers = await choose_profile(client, await sign_in(client), profile_id)
            started = [
                await ask(client, headers, title_id, device_id=f"device-{number}")
                for number in range(PLAYERS)
            ]
            sessions = [UUID(answer.json()["session_id"]) for answer in started]
            yield Household(server, client, headers, sessions)


async def lost(runtime: Runtime, acknowledged: Beats) -> Beats:
    """What was acknowledged and is not there."""
    async with runtime.database.read() as tx:
        return acknowledged - {tuple(row) for row in await tx.all(_STORED)}


async def test_a_stop_loses_no_heartbeat(runtime: Runtime, household: Household) -> None:
    await household.watch(SECONDS, signal.SIGTERM)
    assert len(household.acknowledged) > 100
    assert await lost(runtime, household.acknowledged) == set()


async def test_a_stop_loses_no_start(runtime: Runtime, household: Household) -> None:
    await household.watch(0, signal.SIGTERM)
    assert await scalar(runtime, "SELECT starts FROM bookmarks") == PLAYERS


async def test_a_kill_loses_none_but_the_last_ones(runtime: Runtime, household: Household) -> None:
    """How many these are depends on the machine; `benchmarks/heartbeats.py` measures it."""
    await household.watch(SECONDS, signal.SIGKILL)
    missing = await lost(runtime, household.acknowledged)
    for session_id in household.sessions:
        sent = {position for session, position in household.acknowledged if session == session_id}
        gone = {position for session, position in missing if session == session_id}
        assert gone < sent
        assert not gone or gone == set(range(min(gone), max(sent) + 1))
