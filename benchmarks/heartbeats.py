"""What a heartbeat costs with its share of the writing, and what of them a stop or a crash loses.

Requests go through the whole application in process, limits and log lines included; each flush
writes as many of them as a second brings at that number of streams. PostgreSQL is measured beside.
"""

import asyncio
import io
import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import orjson
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.types import Message, Scope

from matinee.accounts.credentials import make_access_token
from matinee.core.settings import Settings
from matinee.core.telemetry import configure_logging
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.installation import install
from matinee.main import create_app
from matinee.runtime import Runtime

STREAMS = 15_000
TITLES = 500
BATCHES = (100, 250, 500)
"""Heartbeats per flush: a 30th of the streams each second."""
ROUNDS = 40
LIMIT_US = 120
SECRET = "a secret of the benchmark, long enough"
PORT = 8766
RUN = "from matinee.cli import app; app(prog_name='matinee')"
BEATING_SECONDS = 4.0
PACE_SECONDS = 0.01
LOSS_LIMIT_SECONDS = 1.0

_HOUSEHOLDS = """
    WITH household AS (
        INSERT INTO users (email, password_hash, country)
        SELECT 'viewer' || n || '@example.com', '', 'US' FROM generate_series(1, $1) AS n
        RETURNING user_id
    ), person AS (
        INSERT INTO profiles (user_id, name, avatar_id)
        SELECT user_id, 'Ana', 'usherette' FROM household RETURNING user_id, id
    )
    INSERT INTO auth_sessions (user_id, kind, salt, profile_id, expires_at)
    SELECT user_id, 'tv', '', id, clock_timestamp() + interval '1 day' FROM person
"""
_TITLES = """
    INSERT INTO titles (kind, status, name, sort_name, folded_name, maturity_score)
    SELECT 'movie', 'published', 'Film ' || n, 'film ' || n, 'film ' || n, 0
    FROM generate_series(1, $1) AS n
"""
_ASSETS = """
    INSERT INTO media_assets (title_id, protocol, url, duration_seconds)
    SELECT id, 'hls', 'https://media.example.com/a.m3u8', 5400 FROM titles
"""
_SESSIONS = """
    INSERT INTO viewing_sessions (user_id, profile_id, title_id, auth_session_id, device_id,
        device_name, territory, duration_seconds, lease_until)
    SELECT a.user_id, a.profile_id, t.id, a.id, 'tv', 'TV', 'US', 5400,
           clock_timestamp() + interval '1 hour'
    FROM (SELECT *, row_number() OVER () AS n FROM auth_sessions) AS a
    JOIN (SELECT id, row_number() OVER () AS n FROM titles) AS t ON t.n = a.n % $1 + 1
    RETURNING user_id, id, auth_session_id
"""
_HOT = """
    SELECT relname, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables
    WHERE relname = ANY ('{viewing_sessions,bookmarks,watch_time}') ORDER BY relname
"""
_EVENTS = "SELECT position_seconds FROM play_events WHERE kind = 'progress'"


@dataclass(frozen=True)
class Stream:
    """A player with its token."""

    path: str
    token: str


async def fill(connection: asyncpg.Connection, runtime: Runtime, count: int) -> list[Stream]:
    """So many households, each of which watches one of some films."""
    await connection.execute(_HOUSEHOLDS, count)
    await connection.execute(_TITLES, TITLES)
    await connection.execute(_ASSETS)
    rows = await connection.fetch(_SESSIONS, TITLES)
    await connection.execute("VACUUM ANALYZE")
    now = datetime.now(UTC)
    return [
        Stream(
            f"/api/v1/viewing/sessions/{row['id']}/heartbeat",
            make_access_token(
                runtime.tokens,
                row["user_id"],
                row["auth_session_id"],
                now=now,
                expires_at=now + timedelta(hours=1),
            ),
        )
        for row in rows
    ]


def body_of(position: int) -> bytes:
    """A heartbeat as players send it."""
    said = {"position_seconds": position, "state": "playing", "bitrate": 4_000_000}
    return orjson.dumps(said | {"rebuffer_ms": 0, "dropped_frames": 0})


def scope_of(stream: Stream, body: bytes) -> Scope:
    """Its request."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": stream.path,
        "raw_path": stream.path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"tv.example"),
            (b"user-agent", b"Matinee/2.1 (Tizen 7.0)"),
            (b"accept", b"application/json"),
            (b"accept-encoding", b"gzip, deflate"),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"authorization", f"Bearer {stream.token}".encode()),
        ],
        "client": ("198.51.100.7", 50000),
        "server": ("tv.example", 443),
    }


async def send(message: Message) -> None:
    """Nobody listens, but a failure must not look fast."""
    if message["type"] == "http.response.start" and message["status"] != 200:
        raise AssertionError(message)


async def beat(app: FastAPI, stream: Stream, position: int) -> None:
    """One heartbeat through the application."""
    body = body_of(position)

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    await app(scope_of(stream, body), receive, send)


@dataclass
class Cost:
    """CPU of a heartbeat in microseconds."""

    request: float
    flush: float
    postgres: float

    @property
    def total(self) -> float:
        """What counts against the limit."""
        return self.request + self.flush


async def measure(app: FastAPI, runtime: Runtime, streams: list[Stream], batch: int) -> Cost:
    """The cheapest round of so many heartbeats and the cheapest flush that writes them.

    Each round is of other streams, as in the seconds of half a minute.
    """
    turn = itertools.cycle(streams)
    requests, flushes = [], []
    postgres = postgres_seconds()
    for number in range(ROUNDS):
        some = [next(turn) for _ in range(batch)]
        started = time.process_time()
        for stream in some:
            await beat(app, stream, 60 + 30 * number)
        heard = time.process_time()
        await runtime.buffers.flush()
        flushes.append(time.process_time() - heard)
        requests.append(heard - started)
    postgres = postgres_seconds() - postgres
    least = [min(times) / batch * 1e6 for times in (requests, flushes)]
    return Cost(*least, postgres / batch / ROUNDS * 1e6)


def postgres_seconds() -> float:
    """CPU that PostgreSQL, our only child, and its helpers have used."""
    _, *server = with_descendants(os.getpid())
    return sum(map(cpu_seconds, server))


def with_descendants(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from with_descendants(int(child))


def cpu_seconds(pid: int) -> float:
    """What a process has used of a core so far, with its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


async def measure_cost(settings: Settings) -> bool:
    """Print a table of costs; whether they are within the limit."""
    runtime = Runtime(settings)
    await runtime.open()
    app = create_app(runtime=runtime)
    configure_logging("info", "json", io.StringIO())
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    streams = await fill(connection, runtime, STREAMS)
    random.Random(1).shuffle(streams)
    await measure(app, runtime, streams, STREAMS // ROUNDS)  # each is known, and has its bookmark
    print(f"CPU of a heartbeat in us, {STREAMS} streams")
    print("  in a flush  request  flush  together  PostgreSQL")
    costs = []
    for batch in BATCHES:
        cost = await measure(app, runtime, streams, batch)
        costs.append(cost)
        print(
            f"  {batch:10}{cost.request:9.1f}{cost.flush:7.1f}{cost.total:10.1f}"
            f"{cost.postgres:12.1f}"
        )
    print(f"  -> limit {LIMIT_US} us in a full second of {BATCHES[-1]}")
    await runtime.close()
    await asyncio.sleep(1)  # PostgreSQL counts with a delay
    hot = [(name, 100 * hot / max(1, all)) for name, all, hot in await connection.fetch(_HOT)]
    print("HOT updates  " + "   ".join(f"{name} {share:.1f} %" for name, share in hot))
    await connection.close()
    return costs[-1].total <= LIMIT_US and all(share == 100 for _, share in hot)


async def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres")
        server.start()
        await install(server.url())
        settings = Settings(
            environment="test",
            database_url=SecretStr(server.url()),
            secret_key=SecretStr(SECRET),
            embedding_provider="none",
        )
        print(await measure_cost(settings))
        server.stop()


if __name__ == "__main__":
    asyncio.run(main())
