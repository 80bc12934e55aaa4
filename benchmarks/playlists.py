"""Playlists per second of one worker: in process, and through the server against a bare answer.

Players of some linear channels reload picture and sound as players do; sessions are looked at in
PostgreSQL once a second each. The bare answer is an ASGI application that sends as many bytes.
"""

import asyncio
import io
import itertools
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
from pydantic import SecretStr
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import matinee.demo
from matinee.core.settings import Settings
from matinee.core.telemetry import configure_logging
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.installation import install
from matinee.integrations.playback.tickets import PlaybackTicket
from matinee.main import create_app
from matinee.playback.grid import sequence_at
from matinee.runtime import Runtime

CHANNELS, PLAYERS = 12, 6_000
AT_ONCE = 50
"""Requests that arrive together."""
REQUESTS = 2 * PLAYERS
"""Picture and sound of each, once and together: no session was looked at a moment before."""
ROUNDS = 3
GOAL = 5_000
PORT = 8767
MEDIA = Path(matinee.demo.__file__).parent / "media"
CLIPS = [("night-city", 8), ("deep-space", 8), ("back-soon", 6)]
MINUTES = 10
"""Of the look back."""

_CHANNELS = """
    INSERT INTO channels (slug, name, folded_name, kind, status, dvr_minutes)
    SELECT 'c' || n, 'C' || n, 'c' || n, 'linear', 'published', $2 FROM generate_series(1, $1) AS n
    RETURNING id
"""
_RUNS = """
    INSERT INTO playout_runs
    SELECT id, $1, 1800, $2, $3, 0 FROM channels
"""
_SESSIONS = """
    WITH household AS (
        INSERT INTO users (email, password_hash, country)
        SELECT 'viewer' || n || '@example.com', '', 'US' FROM generate_series(1, $1) AS n
        RETURNING user_id
    ), person AS (
        INSERT INTO profiles (user_id, name, avatar_id)
        SELECT user_id, 'Ana', 'usherette' FROM household RETURNING user_id, id
    )
    INSERT INTO viewing_sessions (user_id, profile_id, channel_id, device_id, device_name,
        territory, auth_session_id, lease_until)
    SELECT user_id, id, ($2::uuid[])[1 + (row_number() OVER ()) % cardinality($2::uuid[])],
           'tv', 'TV', 'US', uuidv7(), clock_timestamp() + interval '1 hour'
    FROM person RETURNING user_id, id, channel_id
"""
_AIRINGS = """
    WITH programme AS (
        INSERT INTO programmes (content_key, title, folded_title, maturity_score)
        VALUES ('\\x00', 'News', 'news', 0) RETURNING id
    )
    INSERT INTO schedule_entries (channel_id, starts_at, ends_at, programme_id)
    SELECT c.id, day, day + interval '30 minutes', p.id
    FROM channels c CROSS JOIN programme p
    CROSS JOIN generate_series(date_trunc('hour', now()) - interval '3 days', now() + interval
        '4 days', interval '30 minutes') AS day
"""


async def fill(url: str, runtime: Runtime) -> list[str]:
    """Channels, runs, a guide and sessions; returns the addresses that players reload."""
    connection = await asyncpg.connect(url)
    channels = [row["id"] for row in await connection.fetch(_CHANNELS, CHANNELS, MINUTES)]
    first = sequence_at(time.time()) - 1000
    slugs, lengths = [slug for slug, _ in CLIPS], [count for _, count in CLIPS]
    await connection.execute(_RUNS, first, slugs, lengths)
    await connection.execute(_AIRINGS)
    rows = await connection.fetch(_SESSIONS, PLAYERS, channels)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    random.Random(4).shuffle(rows)
    return [
        runtime.playback.playlist_url(
            PlaybackTicket(row["user_id"], row["id"], "channel", row["channel_id"])
        ).replace("master", name)
        for row in rows
        for name in ("v360", "audio")
    ]


async def ask(app: ASGIApp, path: str) -> int:
    """One request in this process; the bytes of its body."""
    size = 0

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal size
        if message["type"] == "http.response.start":
            assert message["status"] == 200, message
        size += len(message.get("body", b""))

    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"accept", b"*/*")],
        "client": ("203.0.113.7", 50000),
        "server": ("127.0.0.1", 8000),
    }
    await app(scope, receive, send)
    return size


async def in_process(app: ASGIApp, paths: list[str]) -> tuple[float, int]:
    """Playlists per second of processor time, and the bytes of one."""
    total, begun = 0, time.process_time()
    for start in range(0, REQUESTS, AT_ONCE):
        wanted = (paths[(start + n) % len(paths)] for n in range(AT_ONCE))
        total += sum(await asyncio.gather(*(ask(app, path) for path in wanted)))
    return REQUESTS / (time.process_time() - begun), total // REQUESTS


def bare(size: int) -> ASGIApp:
    """An application that sends so many bytes, whatever it is asked for."""
    body = b"#" * size
    headers = [
        (b"content-type", b"application/vnd.apple.mpegurl"),
        (b"content-length", str(size).encode()),
        (b"cache-control", b"no-store"),
    ]

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[None]:
    """The application behind the server of `matinee serve`, in this process."""
    server = Server(
        app,
        address="127.0.0.1",
        port=PORT,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        backlog=1024,
        log_enabled=False,
    )
    serving = asyncio.create_task(server.serve())
    await asyncio.sleep(0.5)
    try:
        yield
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        await serving


async def through_the_server(app: ASGIApp, paths: list[str]) -> float:
    """Playlists per second of this process's time, asked for by another process."""
    async with served(app):
        begun = time.process_time()
        asking = await asyncio.create_subprocess_exec(
            sys.executable, __file__, "ask", stdin=asyncio.subprocess.PIPE
        )
        await asking.communicate("\n".join(paths).encode())
        assert asking.returncode == 0
        return REQUESTS / (time.process_time() - begun)


async def ask_all(paths: list[str]) -> None:
    """Ask for the playlists over some connections that stay open."""
    queue = iter(itertools.islice(itertools.cycle(paths), REQUESTS))

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT, limit=2**22)
        for path in queue:
            writer.write(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            assert head.startswith(b"http/1.1 200"), head
            length = head.partition(b"content-length: ")[2].partition(b"\r")[0]
            await reader.readexactly(int(length))
        writer.close()

    await asyncio.gather(*(connection() for _ in range(AT_ONCE)))


def report(what: str, rates: list[float], size: int) -> float:
    """Print the rates of some rounds; returns the best one."""
    shown = ", ".join(f"{rate:,.0f}" for rate in rates)
    print(f"{what}, {size / 1024:.0f} KiB: {shown} playlists/s of processor time")
    return max(rates)


async def measure(app: ASGIApp, paths: list[str]) -> None:
    """All figures, one below the other."""
    rounds = [await in_process(app, paths) for _ in range(ROUNDS)]
    size = rounds[0][1]
    best = report(f"{MINUTES} minutes, in process", [rate for rate, _ in rounds], size)
    print(f"  {best / GOAL:.2f} x of the goal of {GOAL:,}")
    ours, others = [], []
    for _ in range(ROUNDS):
        ours.append(await through_the_server(app, paths))
        others.append(await through_the_server(bare(size), paths))
    best = report("through the server", ours, size)
    bare_best = report("a bare answer of the same size", others, size)
    print(f"  {best / GOAL:.2f} x of the goal, {best / bare_best:.2f} x of the bare answer")


async def main() -> None:
    configure_logging("info", "json", io.StringIO())
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedPostgres(Path(folder) / "pg", durable=False)
        server.start()
        try:
            url = server.url("postgres")
            await install(url)
            settings = Settings(
                environment="test",
                database_url=SecretStr(url),
                media_dir=MEDIA,
                embedding_provider="none",
            )
            runtime = Runtime(settings)
            await runtime.open()
            paths = await fill(url, runtime)
            await measure(create_app(runtime=runtime), paths)
            await runtime.close()
        finally:
            server.stop()


if __name__ == "__main__":
    if sys.argv[1:] == ["ask"]:
        uvloop.run(ask_all(sys.stdin.read().split()))
    else:
        uvloop.run(main())
