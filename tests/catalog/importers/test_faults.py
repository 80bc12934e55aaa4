"""Faults: workers that are killed in the middle of an import lose nothing that was stored."""

import asyncio
import os
import random
import signal
import sys
from asyncio.subprocess import Process
from typing import Any

import pytest

from matinee.runtime import Runtime
from tests.catalog.importers.files import NDJSON, Editor, as_ndjson, in_pieces, title, until
from tests.makers import execute, scalar

WORKER = """
import asyncio
from matinee import main
from matinee.core.settings import load_settings
from matinee.runtime import Runtime

async def work():
    runtime = Runtime(load_settings())
    await runtime.open()
    await runtime.worker.run(install_signal_handlers=True)

asyncio.run(work())
"""


async def start_worker(runtime: Runtime) -> Process:
    """A worker process of its own."""
    settings = runtime.settings
    assert settings.database_url is not None
    own = {
        "MATINEE_ENVIRONMENT": "test",
        "MATINEE_DATABASE_URL": settings.database_url.get_secret_value(),
        "MATINEE_SECRET_KEY": settings.secret_key.get_secret_value(),
        "MATINEE_LOG_LEVEL": "error",
    }
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, env=kept | own)


async def kill(worker: Process, runtime: Runtime) -> None:
    """Kill a worker without warning, and let its silence be noticed at once."""
    worker.send_signal(signal.SIGKILL)
    await worker.wait()
    await execute(
        runtime,
        "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 minute'",
    )


def rows(count: int) -> list[dict[str, Any]]:
    """Titles with everything that is written apart from the title itself."""
    return [
        title(
            number,
            genres=[f"Genre {number % 7}"],
            people=[{"name": f"Person {number % 500}", "role": "actor"}] * 2,
            localizations=[{"language": "de", "name": f"Film {number}"}],
        )
        for number in range(count)
    ]


async def progress(runtime: Runtime) -> int:
    """How far the job said it was."""
    return int(await scalar(runtime, "SELECT coalesce(max(done), 0) FROM job_progress"))


async def half_written(runtime: Runtime) -> int:
    """Titles that lack a part of what belongs to them."""
    return int(
        await scalar(
            runtime,
            """
            WITH credits AS (SELECT title_id, count(*) AS n FROM title_people GROUP BY title_id)
            SELECT count(*) FROM titles t
            LEFT JOIN credits c ON c.title_id = t.id
            LEFT JOIN title_localizations l ON l.title_id = t.id
            WHERE c.n IS DISTINCT FROM 2 OR l.name IS NULL
            """,
        )
    )


async def import_killing_workers(
    editor: Editor, runtime: Runtime, *, count: int, kills: int, all_or_nothing: bool
) -> dict[str, Any]:
    """Import a long file whose workers are killed one after the other; the import when done."""
    content = in_pieces(as_ndjson(rows(count)))
    waiting = (await editor.send(content, NDJSON, all_or_nothing=all_or_nothing)).json()

    async def is_done() -> bool:
        return bool((await editor.follow(waiting["id"]))["state"] == "done")

    for _ in range(kills):
        before = await progress(runtime)
        worker = await start_worker(runtime)
        await until(lambda before=before: differs(runtime, before))
        await asyncio.sleep(random.uniform(0, 0.2))
        acknowledged = (await editor.follow(waiting["id"]))["report"]["created"]
        await kill(worker, runtime)
        assert await scalar(runtime, "SELECT count(*) FROM titles") >= acknowledged
        assert await half_written(runtime) == 0
    worker = await start_worker(runtime)
    await until(is_done)
    worker.terminate()
    assert await worker.wait() == 0
    return await editor.follow(waiting["id"])


async def differs(runtime: Runtime, before: int) -> bool:
    return await progress(runtime) != before


async def everything_is_there(runtime: Runtime, done: dict[str, Any], count: int) -> None:
    """Every title once, complete, and counted once."""
    report = done["report"]
    assert (report["created"], report["updated"], report["unchanged"]) == (count, 0, 0)
    assert await scalar(runtime, "SELECT count(*) FROM titles WHERE version = 1") == count
    assert await half_written(runtime) == 0
    assert await scalar(runtime, "SELECT count(*) FROM people") == min(count, 500)
    assert await scalar(runtime, "SELECT count(*) FROM import_chunks") == 0


@pytest.mark.parametrize("all_or_nothing", [False, True])
async def test_an_import_whose_worker_is_killed_is_finished_by_the_next(
    editor: Editor, runtime: Runtime, all_or_nothing: bool
) -> None:
    done = await import_killing_workers(
        editor, runtime, count=8000, kills=2, all_or_nothing=all_or_nothing
    )
    await everything_is_there(runtime, done, 8000)


@pytest.mark.faults
@pytest.mark.parametrize("all_or_nothing", [False, True])
async def test_an_import_survives_a_dozen_kills(
    editor: Editor, runtime: Runtime, all_or_nothing: bool
) -> None:
    done = await import_killing_workers(
        editor, runtime, count=60_000, kills=12, all_or_nothing=all_or_nothing
    )
    await everything_is_there(runtime, done, 60_000)
