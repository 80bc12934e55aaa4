"""Sessions that nobody ended are closed, and incognito ones are forgotten."""

from uuid import UUID

from httpx import AsyncClient

from matinee.core.jobs import JobRun
from matinee.runtime import Runtime
from matinee.viewing.sessions.closing import close_sessions
from tests.makers import execute, scalar
from tests.viewing.progress.makers import Somebody
from tests.viewing.sessions.calls import Player, start


async def tidy(runtime: Runtime) -> None:
    await close_sessions(runtime, JobRun(0, 1, runtime.database))


async def fall_silent(runtime: Runtime, hours: int) -> None:
    await execute(
        runtime,
        "UPDATE viewing_sessions SET lease_until = lease_until - $1 * interval '1 hour'",
        hours,
    )


async def test_a_session_that_fell_silent_ended_with_its_lease(
    runtime: Runtime, player: Player
) -> None:
    await fall_silent(runtime, 2)
    await tidy(runtime)
    assert await player.column("end_reason") == "stopped"
    assert await player.column("ended_at = lease_until")


async def test_one_that_may_come_back_stays(runtime: Runtime, player: Player) -> None:
    await tidy(runtime)
    assert await player.column("ended_at") is None


async def test_incognito_sessions_are_forgotten(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    player = await start(runtime, client, ana.headers, film, incognito=True)
    await tidy(runtime)
    assert await scalar(runtime, "SELECT count(*) FROM viewing_sessions") == 1
    await player.stop()
    await tidy(runtime)
    assert await scalar(runtime, "SELECT count(*) FROM viewing_sessions") == 0
