"""Importing 100 000 titles: speed against a bare COPY, memory, and what a repetition writes.

The import runs in a process of its own, by the same way as `matinee import titles FILE`.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from pydantic import SecretStr

from matinee.catalog.importers.files import import_file
from matinee.catalog.importers.service import Wish
from matinee.core.settings import Settings
from matinee.demo.generate import titles
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.installation import install
from matinee.runtime import Runtime

COUNT = 100_000
SPEED_LIMIT = 3000
MEMORY_LIMIT_MB = 300
TABLES = (
    "titles", "title_people", "title_localizations", "title_rights", "title_images",
    "media_assets", "seasons", "episodes", "people", "genres",
)  # fmt: skip


def movies(count: int) -> Iterator[dict[str, Any]]:
    """Generated movies with genres, people, and names and texts in two more languages."""
    for row in titles(count, series_share=0):
        yield row | {
            "localizations": [
                {"language": "de", "name": f"Der Film „{row['name']}“"},
                {"language": "fr", "name": f"Le film {row['name']}", "synopsis": row["synopsis"]},
            ]
        }


async def measure(file: Path, database_url: str) -> dict[str, Any]:
    """Import a file here and now."""
    settings = Settings(environment="test", database_url=SecretStr(database_url))
    runtime = Runtime(settings)
    await runtime.open()

    async def nothing(_rows: int, _total: int) -> None:
        pass

    started, used = time.perf_counter(), time.process_time()
    report = await import_file(runtime, file, Wish(), nothing)
    seconds, cpu = time.perf_counter() - started, time.process_time() - used
    await runtime.close()
    return {"seconds": seconds, "cpu": cpu, "peak_mb": peak_memory_mb()} | {
        name: report[name] for name in ("created", "updated", "unchanged", "error_count")
    }


def peak_memory_mb() -> float:
    """The most that this process has ever held; unlike ru_maxrss, without what its parent held."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def import_in_own_process(file: Path, database_url: str) -> dict[str, Any]:
    """The same, where nothing else takes memory."""
    command = [sys.executable, __file__, str(file), database_url]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return dict(json.loads(done.stdout.splitlines()[-1]))


async def copy_seconds(connection: asyncpg.Connection, lines: list[str]) -> float:
    """How long the same lines take into a table without any index."""
    await connection.execute("CREATE TABLE bare (external_id text, document text)")
    rows = [(orjson.loads(line)["external_id"], line) for line in lines]
    started = time.perf_counter()
    await connection.copy_records_to_table("bare", records=rows)
    return time.perf_counter() - started


async def rows_since(connection: asyncpg.Connection, xid: int) -> int:
    """Rows of the catalogue that transactions from this one on have written."""
    counts = [
        f"(SELECT count(*) FROM {table} WHERE xmin::text::bigint >= {xid})" for table in TABLES
    ]
    return int(await connection.fetchval(f"SELECT {' + '.join(counts)}"))


async def compare(file: Path, database_url: str) -> None:
    """Import twice, copy once; print the figures."""
    await install(database_url)
    connection = await asyncpg.connect(database_url)
    lines = await asyncio.to_thread(lambda: file.read_text().splitlines())
    bare = await copy_seconds(connection, lines)
    first = await asyncio.to_thread(import_in_own_process, file, database_url)
    xid = int(await connection.fetchval("SELECT pg_current_xact_id()::text"))
    again = await asyncio.to_thread(import_in_own_process, file, database_url)
    written = await rows_since(connection, xid + 1)
    await connection.close()
    speed = COUNT / first["seconds"]
    size = sum(map(len, lines)) / COUNT
    print(f"{COUNT} titles of {size:.0f} bytes, {first['created']} created")
    print(f"import            {speed:8.0f} titles/s   limit {SPEED_LIMIT}")
    print(f"  processor time  {first['cpu'] / COUNT * 1e6:8.0f} us a title, without PostgreSQL's")
    print(
        f"bare COPY         {COUNT / bare:8.0f} rows/s     {first['seconds'] / bare:.0f} x as fast"
    )
    print(f"peak memory       {first['peak_mb']:8.0f} MB         limit {MEMORY_LIMIT_MB}")
    print(f"the same again    {COUNT / again['seconds']:8.0f} titles/s   {written} rows written")
    if speed < SPEED_LIMIT or first["peak_mb"] > MEMORY_LIMIT_MB or written:
        raise SystemExit("a limit is exceeded")


def main() -> None:
    """Make a file and a server, and measure."""
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL is another user where we are root
        file = Path(folder) / "titles.ndjson"
        file.write_bytes(b"\n".join(map(orjson.dumps, movies(COUNT))))
        server = EmbeddedPostgres(Path(folder) / "postgres")
        server.start()
        try:
            asyncio.run(compare(file, server.url()))
        finally:
            server.stop()


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(asyncio.run(measure(Path(sys.argv[1]), sys.argv[2]))))
    else:
        main()
