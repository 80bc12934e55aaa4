"""Importing a guide of 210 MB: time against reading alone, memory, and what a refresh writes.

The limit is one of processor time, ours and PostgreSQL's: on an idle machine an import takes no
longer, and on a busy one its time says nothing.

Each import runs in a process of its own, by the same way as `matinee import xmltv FILE`. A guide of
one's own can be named: `guide_import.py FILE`; all of its channels are mapped.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
from pydantic import SecretStr

from guide_parser import ADJECTIVES, MINUTES, NOUNS, ZONES, pieces, programme
from import_titles import peak_memory_mb
from matinee.core.garbage import collected_rarely
from matinee.core.settings import Settings
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.epg.feeds.entries import FeedChannel
from matinee.epg.feeds.xmltv import Guide
from matinee.epg.importing.command import Sought, import_xmltv
from matinee.epg.importing.service import Wish
from matinee.installation import install
from matinee.runtime import Runtime

CHANNELS = 870
DAYS = 18
SECONDS_LIMIT = 90
MEMORY_LIMIT_MB = 150
TABLES = "programmes schedule_entries guide_days guide_revision epg_source_channels".split()

_ADD_CHANNELS = """
    INSERT INTO channels (slug, tvg_id, name, folded_name, status)
    SELECT 'c' || n, id, 'Channel ' || n, 'channel ' || n, 'published'
    FROM unnest($1::text[]) WITH ORDINALITY AS d(id, n)
"""


def guide_lines(dice: random.Random) -> Iterator[str]:
    """A guide from yesterday on whose programmes say as much as those of real ones."""
    begin = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begin -= timedelta(days=1)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<tv>\n'
    for number in range(CHANNELS):
        yield (
            f'  <channel id="c{number}.test"><display-name lang="en">Channel {number}'
            f"</display-name><lcn>{100 + number}</lcn></channel>\n"
        )
    for number in range(CHANNELS):
        zone = ZONES[number % len(ZONES)]
        shows = [f"{dice.choice(ADJECTIVES)} {dice.choice(NOUNS)}" for _ in range(24)]
        now = begin
        while now < begin + timedelta(days=DAYS):
            end = now + timedelta(minutes=dice.choice(MINUTES))
            yield programme(dice, f"c{number}.test", dice.choice(shows), (now, end), zone)
            now = end
    yield "</tv>\n"


def read_alone(file: Path) -> tuple[float, list[str]]:
    """How long reading takes, and the channels that were read."""
    started = time.perf_counter()
    with collected_rarely():
        ids = [entry.xmltv_id for entry in Guide(pieces(file)) if isinstance(entry, FeedChannel)]
    return time.perf_counter() - started, ids


async def measure(file: Path, database_url: str) -> dict[str, Any]:
    """Import a file here and now."""
    runtime = Runtime(Settings(environment="test", database_url=SecretStr(database_url)))
    await runtime.open()
    before = peak_memory_mb()
    started, used = time.perf_counter(), time.process_time()
    done = await import_xmltv(runtime, Sought(str(file), "Bench"), Wish())
    seconds, cpu = time.perf_counter() - started, time.process_time() - used
    await runtime.close()
    report = done.report.model_dump(include={"programmes", "created", "updated", "moved"})
    memory = {"before_mb": before, "peak_mb": peak_memory_mb()}
    return {"seconds": seconds, "cpu": cpu} | memory | report


def import_in_own_process(file: Path, database_url: str) -> dict[str, Any]:
    """The same, where nothing else takes memory."""
    command = [sys.executable, __file__, str(file), database_url]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return dict(json.loads(done.stdout.splitlines()[-1]))


async def processor_seconds(connection: asyncpg.Connection) -> float:
    """What the server's processes that have ended, and its first one, have used."""
    file = Path(await connection.fetchval("SHOW data_directory")) / "postmaster.pid"
    pid = (await asyncio.to_thread(file.read_text)).split()[0]
    stat = await asyncio.to_thread(Path(f"/proc/{pid}/stat").read_text)
    return sum(map(int, stat.rpartition(")")[2].split()[11:15])) / os.sysconf("SC_CLK_TCK")


async def rows_since(connection: asyncpg.Connection, xid: int) -> int:
    """Rows of the guide that transactions from this one on have written."""
    counts = [
        f"(SELECT count(*) FROM {table} WHERE xmin::text::bigint >= {xid})" for table in TABLES
    ]
    return int(await connection.fetchval(f"SELECT {' + '.join(counts)}"))


async def compare(file: Path, size: int, database_url: str) -> None:
    """Read alone, import twice; print the figures."""
    await install(database_url)
    connection = await asyncpg.connect(database_url)
    reading, ids = await asyncio.to_thread(read_alone, file)
    await connection.execute(_ADD_CHANNELS, list(dict.fromkeys(ids)))
    used = await processor_seconds(connection)
    first = await asyncio.to_thread(import_in_own_process, file, database_url)
    used = await processor_seconds(connection) - used
    xid = int(await connection.fetchval("SELECT pg_current_xact_id()::text"))
    again = await asyncio.to_thread(import_in_own_process, file, database_url)
    written = await rows_since(connection, xid + 1)
    await connection.close()
    print(
        f"{size / 1e6:.0f} MB, {first['programmes']} programmes, {first['created']} airings created"
    )
    print(f"reading alone  {reading:6.1f} s")
    print(f"first import   {first['seconds']:6.1f} s", end="")
    print(f"   {first['seconds'] / reading:.1f} x of reading", end="; processor time ")
    print(f"{first['cpu']:.1f} s, PostgreSQL's {used:.1f} s, limit {SECONDS_LIMIT}")
    print(f"the same again {again['seconds']:6.1f} s   {again['seconds'] / reading:.1f} x", end="")
    print(f"   {written} rows written")
    print(f"peak memory    {first['peak_mb']:6.0f} MB  limit {MEMORY_LIMIT_MB}", end="")
    print(f"   of which {first['before_mb']:.0f} MB before it began")
    too_much = first["cpu"] + used > SECONDS_LIMIT or first["peak_mb"] > MEMORY_LIMIT_MB
    if too_much or written:
        raise SystemExit("a limit is exceeded")


def main(own: Path | None) -> None:
    """Make a file and a server, and measure."""
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL is another user where we are root
        file = own or Path(folder) / "guide.xml"
        if own is None:
            with file.open("w", encoding="utf-8") as out:
                out.writelines(guide_lines(random.Random(1)))
        server = EmbeddedPostgres(Path(folder) / "postgres")
        server.start()
        try:
            asyncio.run(compare(file, file.stat().st_size, server.url()))
        finally:
            server.stop()


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(asyncio.run(measure(Path(sys.argv[1]), sys.argv[2]))))
    else:
        main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
