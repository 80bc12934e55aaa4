"""An import of a guide is killed: the old guide stays, and the source is free again soon."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from matinee.epg.importing.leases import LEASE_SECONDS
from matinee.runtime import Runtime
from tests.cli.processes import RUN, process
from tests.epg.importing.makers import (
    MORNING,
    guide,
    guide_of,
    import_guide,
    make_fed_channel,
)
from tests.makers import execute, scalar

pytestmark = pytest.mark.faults

OTHER = [(6, 7, "Other News"), (7, 8, "Other Cooking"), (8, 9, "Other Film")]
MOMENTS = {
    "when it is read": "SELECT FROM channel_epg_map FOR UPDATE",
    "when all is stored, just before the commit": "SELECT FROM guide_revision FOR UPDATE",
}
"""Rows that an import waits for in the middle of its work."""

_WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND datname = current_database()
"""


@asynccontextmanager
async def held_up(url: str, lock: str) -> AsyncIterator[None]:
    """Whoever needs these rows waits until the block ends."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute(lock)
            yield
    finally:
        await connection.close()


async def somebody(runtime: Runtime, waits: bool) -> None:
    """Until a process waits for a row, or none does any more."""
    async with asyncio.timeout(30):
        while bool(await scalar(runtime, _WAITING)) is not waits:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)


async def kill_import(runtime: Runtime, url: str, file: Path, lock: str) -> None:
    """Begin to import a file by the command, and kill it where it needs the locked rows."""
    command = [*RUN, "import", "xmltv", str(file), "--source", "Guide"]
    settings = {"environment": "test", "database_url": url, "embedding_provider": "none"}
    async with held_up(url, lock):
        with process(command, file.with_suffix(".log"), **settings) as importing:
            await somebody(runtime, waits=True)
            importing.kill()
            importing.wait()
    await somebody(runtime, waits=False)


async def fed(runtime: Runtime) -> tuple[UUID, UUID]:
    one, source_id = await make_fed_channel(runtime)
    await import_guide(runtime, source_id, guide(one=MORNING))
    return one, source_id


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_killed_import_leaves_the_guide_and_its_lease_lapses(
    runtime: Runtime, database_url: str, tmp_path: Path, moment: str
) -> None:
    one, source_id = await fed(runtime)
    file = tmp_path / "guide.xml"
    file.write_text(guide(one=OTHER))
    rev = await scalar(runtime, "SELECT rev FROM guide_revision")
    await kill_import(runtime, database_url, file, MOMENTS[moment])
    assert await guide_of(runtime, one) == MORNING
    assert await scalar(runtime, "SELECT rev FROM guide_revision") == rev
    left = await scalar(runtime, "SELECT lease_until - clock_timestamp() FROM epg_sources")
    assert left <= timedelta(seconds=LEASE_SECONDS)
    await execute(
        runtime,
        "UPDATE epg_sources SET lease_until = lease_until - make_interval(secs => $1)",
        float(LEASE_SECONDS),
    )
    await import_guide(runtime, source_id, guide(one=OTHER))
    assert await guide_of(runtime, one) == OTHER
    states = await scalar(runtime, "SELECT array_agg(state ORDER BY id) FROM epg_imports")
    assert states == ["done", "failed", "done"]
