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
import uvloop
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.types import Message, Receive, Scope

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
PACE_SECONDS = 0.05
PLAYERS = 10
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
_SOME_SESSIONS = "SELECT user_id, id, auth_session_id FROM viewing_sessions LIMIT $1"
_EVENTS = "SELECT session_id, position_seconds FROM play_events WHERE kind = 'progress'"


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
    return [stream_of(runtime, row) for row in rows]


def stream_of(runtime: Runtime, session: asyncpg.Record) -> Stream:
    """The player of a session."""
    now = datetime.now(UTC)
    token = make_access_token(
        runtime.tokens,
        session["user_id"],
        session["auth_session_id"],
        now=now,
        expires_at=now + timedelta(hours=1),
    )
    return Stream(f"/api/v1/viewing/sessions/{session['id']}/heartbeat", token)


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


def arrival_of(stream: Stream, position: int) -> tuple[Scope, Receive]:
    """A heartbeat as the server hands it to the application."""
    body = body_of(position)

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return scope_of(stream, body), receive


async def measure_nothing(app: FastAPI) -> float:
    """CPU of the smallest answer there is, to tell how busy the machine is."""
    scope = {**scope_of(Stream("/livez", ""), b""), "method": "GET"}

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(BATCHES[0]):
            await app(dict(scope), receive, send)
        times.append(time.process_time() - started)
    return min(times) / BATCHES[0] * 1e6


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
        arrivals = [arrival_of(next(turn), 60 + 30 * number) for _ in range(batch)]
        started = time.process_time()
        for scope, receive in arrivals:
            await app(scope, receive, send)
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
    print(f"  (an answer without any work, /livez: {await measure_nothing(app):.1f} us)")
    await runtime.close()
    await asyncio.sleep(1)  # PostgreSQL counts with a delay
    hot = [(name, 100 * hot / max(1, all)) for name, all, hot in await connection.fetch(_HOT)]
    print("HOT updates  " + "   ".join(f"{name} {share:.1f} %" for name, share in hot))
    await connection.close()
    return costs[-1].total <= LIMIT_US and all(share == 100 for _, share in hot)


async def lose(settings: Settings, by: signal.Signals) -> float:
    """Seconds before a server's end from which on heartbeats that it answered are lost."""
    database_url = settings.database_url.get_secret_value()
    connection = await asyncpg.connect(database_url)
    await connection.execute("TRUNCATE play_events")
    rows = await connection.fetch(_SOME_SESSIONS, PLAYERS)
    runtime = Runtime(settings)
    streams = {row["id"]: stream_of(runtime, row) for row in rows}
    server = serve(database_url)
    answered: dict[tuple[UUID, int], float] = {}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{PORT}") as client:
        await until_ready(client)
        playing = [
            asyncio.create_task(play(client, session_id, stream, answered))
            for session_id, stream in streams.items()
        ]
        await asyncio.sleep(BEATING_SECONDS)
        ended = time.monotonic()
        server.send_signal(by)
        await asyncio.to_thread(server.wait)
        await asyncio.gather(*playing)
    stored = {tuple(row) for row in await connection.fetch(_EVENTS)}
    await connection.close()
    lost = [at for beat, at in answered.items() if beat not in stored]
    print(f"  {by.name:8} {len(lost):4} of {len(answered)} lost", end="")
    return ended - min(lost, default=ended)


def serve(database_url: str) -> subprocess.Popen[bytes]:
    """A server in a process of its own."""
    wishes = {
        "ENVIRONMENT": "test",
        "DATABASE_URL": database_url,
        "SECRET_KEY": SECRET,
        "PORT": str(PORT),
        "RATE_LIMITS_ENABLED": "false",
        "EMBEDDING_PROVIDER": "none",
    }
    env = os.environ | {f"MATINEE_{name}": value for name, value in wishes.items()}
    command = [sys.executable, "-c", RUN, "serve"]
    return subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def until_ready(client: httpx.AsyncClient) -> None:
    """Return when the server answers."""
    while True:
        try:
            if (await client.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.05)


async def play(
    client: httpx.AsyncClient,
    session_id: UUID,
    stream: Stream,
    answered: dict[tuple[UUID, int], float],
) -> None:
    """Send heartbeats, each a second further, until nobody answers."""
    headers = {"Authorization": f"Bearer {stream.token}", "Content-Type": "application/json"}
    for position in itertools.count(1):
        try:
            answer = await client.post(stream.path, content=body_of(position), headers=headers)
        except httpx.TransportError:
            return
        if answer.status_code == 200:
            answered[session_id, position] = time.monotonic()
        await asyncio.sleep(PACE_SECONDS)


async def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres")
        server.start()
        await install(server.url())
        settings = Settings(
            environment="test",
            database_url=SecretStr(server.url()),
            secret_key=SecretStr(SECRET),
            embedding_provider="none",
        )
        holds = await measure_cost(settings)
        print("Heartbeats that were answered and are lost when the server is ended")
        for by in (signal.SIGTERM, signal.SIGKILL):
            seconds = await lose(settings, by)
            print(f", from {seconds:.2f} s before the end on")
            holds &= seconds <= (LOSS_LIMIT_SECONDS if by is signal.SIGKILL else 0)
        server.stop()
    if not holds:
        raise SystemExit("a limit is exceeded")


if __name__ == "__main__":
    uvloop.run(main())
