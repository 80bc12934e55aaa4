"""What is over is removed; what is not stays."""

from httpx import AsyncClient

from matinee.accounts.tidying import tidy
from matinee.core.jobs import JobRun
from matinee.runtime import Runtime
from tests.makers import execute, make_user, scalar, sign_in


async def run(runtime: Runtime) -> None:
    await tidy(runtime, JobRun(0, 0, runtime.database))


async def test_sessions_that_ended_a_month_ago_go(runtime: Runtime, client: AsyncClient) -> None:
    await make_user(runtime)
    live = await sign_in(client)
    for _ in range(2):
        await sign_in(client)
    await execute(
        runtime,
        """UPDATE auth_sessions
           SET revoked_at = clock_timestamp() - rank * interval '20 days'
           FROM (SELECT id AS old, row_number() OVER (ORDER BY id) - 1 AS rank
                 FROM auth_sessions) ranked
           WHERE id = old AND rank > 0""",
    )
    await run(runtime)
    assert await scalar(runtime, "SELECT count(*) FROM auth_sessions") == 2
    assert (await client.get("/api/v1/me", headers=live)).status_code == 200


async def test_codes_that_expired_go(runtime: Runtime, client: AsyncClient) -> None:
    for _ in range(2):
        await client.post("/api/v1/auth/device/code", json={})
    await execute(
        runtime,
        """UPDATE device_codes SET expires_at = clock_timestamp()
           WHERE user_code = (SELECT min(user_code) FROM device_codes)""",
    )
    await run(runtime)
    assert await scalar(runtime, "SELECT count(*) FROM device_codes") == 1
