"""A real server is attacked: it goes on, loses nothing it acknowledged, and stays honest."""

import asyncio
import contextlib
import os
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from matinee.core.bodies import SILENT_SECONDS
from matinee.core.database import ACQUIRE_SECONDS
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.runtime import Runtime
from tests.faults.conftest import CONNECTIONS, HOST, Server
from tests.makers import as_staff, make_title, scalar

pytestmark = pytest.mark.faults

TITLES = "/api/v1/catalog/titles"
ADMIN_TITLES = "/api/v1/admin/titles"
JSON = "Content-Type: application/json\r\n"
SLACK = 10


@pytest.fixture
async def client(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """An ordinary client with as many connections as it likes."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=server.url, timeout=30, limits=limits) as client:
        yield client


@pytest.fixture
async def editor(runtime: Runtime, client: httpx.AsyncClient) -> dict[str, str]:
    """The headers of an editor."""
    return await as_staff(runtime, client, "editor")


def post(path: str, fields: str, body: bytes = b"") -> bytes:
    """The bytes of a request."""
    return f"POST {path} HTTP/1.1\r\nHost: x\r\n{fields}\r\n".encode() + body


LOGIN = "/api/v1/auth/login"
BROKEN = {
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "HTTP/0.9": (b"GET /livez\r\n\r\n", 400),
    "a NUL in the path": (b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a byte that is none of UTF-8": (b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a method of no letters": (b"G\xff /livez HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "a folded field": (b"GET /livez HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400),
    "a space before the colon": (b"GET /livez HTTP/1.1\r\nHost : x\r\n\r\n", 400),
    "500 fields": (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 500 + b"\r\n", 431),
    "a field of 1 MB": (b"GET / HTTP/1.1\r\nA: " + b"b" * 1_000_000 + b"\r\n\r\n", 431),
    "a path of 70 KB": (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    "two lengths": (post(LOGIN, "Content-Length: 2\r\nContent-Length: 3\r\n", b"{}"), 400),
    "a negative length": (post(LOGIN, "Content-Length: -1\r\n", b"{}"), 400),
    "a length that is none": (post(LOGIN, "Content-Length: x\r\n", b"{}"), 400),
    "a length beyond all": (post(LOGIN, f"{JSON}Content-Length: 99999999999999\r\n", b"{}"), 413),
    "a chunk that is none": (
        post(LOGIN, f"{JSON}Transfer-Encoding: chunked\r\nConnection: close\r\n", b"zz\r\n{}\r\n"),
        400,
    ),
    "chunks beyond the limit": (
        post(
            LOGIN,
            f"{JSON}Transfer-Encoding: chunked\r\nConnection: close\r\n",
            b"10000\r\n" + b" " * 65_536 + b"\r\n" + (b"10000\r\n" + b" " * 65_536 + b"\r\n") * 20,
        ),
        413,
    ),
}


async def test_broken_requests_are_refused_and_nobody_else_notices(
    server: Server, client: httpx.AsyncClient, subtests: pytest.Subtests
) -> None:
    for name, (request, status) in BROKEN.items():
        with subtests.test(name):
            answer = await server.send(request)
            assert answer.split(b" ", 2)[1] == str(status).encode(), answer[:200]
            assert (await client.get("/livez")).status_code == 200


async def test_two_requests_in_one_are_two_requests(server: Server) -> None:
    """A body's length is agreed on, so none of it can pass for a request of somebody else."""
    smuggled = post(
        LOGIN,
        f"{JSON}Content-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n",
        b"2\r\n{}\r\n0\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n",
    )
    answer = await server.send(smuggled)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b'"live"' not in answer


async def test_slow_clients_are_cut_off_and_delay_nobody(
    server: Server, client: httpx.AsyncClient
) -> None:
    beginnings = [
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        post(LOGIN, f"{JSON}Content-Length: 200\r\n", b"{"),
    ]
    slow = [asyncio.create_task(stay(server, beginnings[n % 2])) for n in range(300)]
    for _ in range(50):
        assert (await client.get(TITLES)).status_code == 200
    async with asyncio.timeout(SILENT_SECONDS + SLACK):
        ends = Counter(await asyncio.gather(*slow))
    assert ends == {b"": 150, b"HTTP/1.1 400 Bad Request": 150}


async def stay(server: Server, beginning: bytes) -> bytes:
    """Begin a request and wait for the server to lose its patience; the first line it says."""
    reader, writer = await asyncio.open_connection(HOST, server.port)
    writer.write(beginning)
    line = (await reader.readline()).strip()
    writer.close()
    return line


async def test_uploads_that_break_off_leave_nothing(
    server: Server, runtime: Runtime, editor: dict[str, str]
) -> None:
    fields = f"Authorization: {editor['Authorization']}\r\nContent-Type: application/x-ndjson\r\n"
    row = b'{"external_id": "film:%d", "name": "Cops"}\n'
    half = b"".join(row % number for number in range(100_000))
    request = post(f"{ADMIN_TITLES}/import", f"{fields}Content-Length: {2 * len(half)}\r\n", half)
    await asyncio.gather(*(break_off(server, request, after=share / 10) for share in range(1, 11)))
    async with asyncio.timeout(20):
        while await scalar(runtime, "SELECT count(*) FROM imports"):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert await scalar(runtime, "SELECT count(*) FROM import_chunks") == 0
    assert await scalar(runtime, "SELECT count(*) FROM titles") == 0


async def break_off(server: Server, request: bytes, *, after: float) -> None:
    """Send a part of a request and hang up without a word."""
    _, writer = await asyncio.open_connection(HOST, server.port)
    writer.write(request[: int(len(request) * after)])
    with contextlib.suppress(ConnectionError):
        await writer.drain()
    writer.transport.abort()


async def test_clients_that_hang_up_give_their_connections_back(
    server: Server, runtime: Runtime, client: httpx.AsyncClient
) -> None:
    await make_title(runtime)
    request = f"GET {TITLES}?facets=true&q=a HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    for _ in range(20):
        await asyncio.gather(*(break_off(server, request, after=1) for _ in range(20)))
    answers = await asyncio.gather(*(client.get(f"{TITLES}?page={n}") for n in range(1, 20)))
    assert {answer.status_code for answer in answers} == {200}


async def test_more_requests_than_connections_wait_or_are_told_to_come_back(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    await make_title(runtime)
    async with asyncio.timeout(ACQUIRE_SECONDS * 2 + SLACK):
        answers = await asyncio.gather(*(client.get(f"{TITLES}?q={n}") for n in range(200)))
    told = Counter(answer.status_code for answer in answers)
    assert set(told) <= {200, 503}
    assert told[200] > CONNECTIONS
    for answer in answers:
        if answer.status_code == 503:
            assert refusal_of(answer) == "unavailable"


def refusal_of(answer: httpx.Response) -> str:
    """The code of an answer that asks to come back later, and says when."""
    code = str(answer.json()["error"]["code"])
    assert code == "timeout" or answer.headers["retry-after"]
    return code


async def test_titles_locked_by_somebody_are_busy_and_not_hanging(
    client: httpx.AsyncClient, runtime: Runtime, editor: dict[str, str]
) -> None:
    title_id = await make_title(runtime)
    async with runtime.database.write() as tx:
        await tx.execute("SELECT id FROM titles WHERE id = :id FOR UPDATE", id=title_id)
        async with asyncio.timeout(ACQUIRE_SECONDS * 2 + SLACK):
            answers = await asyncio.gather(
                *(
                    client.patch(f"{ADMIN_TITLES}/{title_id}", json={"name": "X"}, headers=editor)
                    for _ in range(50)
                )
            )
    assert {answer.status_code for answer in answers} == {503}
    assert {refusal_of(answer) for answer in answers} <= {"busy", "timeout", "unavailable"}
    assert await scalar(runtime, "SELECT version FROM titles") == 1


KILL_ALL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


async def test_nothing_acknowledged_is_lost_when_connections_die(
    fragile_postgres: EmbeddedPostgres,
    runtime: Runtime,
    client: httpx.AsyncClient,
    editor: dict[str, str],
) -> None:
    killer = await asyncpg.connect(fragile_postgres.url())
    writing = [asyncio.create_task(write_titles(client, editor, n)) for n in range(8)]
    for _ in range(20):
        await asyncio.sleep(random.uniform(0.1, 0.3))
        await killer.execute(KILL_ALL)
    await killer.close()
    await check_titles(runtime, await asyncio.gather(*writing))


async def test_nothing_acknowledged_is_lost_when_postgresql_crashes(
    fragile_postgres: EmbeddedPostgres,
    runtime: Runtime,
    client: httpx.AsyncClient,
    editor: dict[str, str],
) -> None:
    """A backend is killed like by the kernel: PostgreSQL ends all others and recovers."""
    writing = [asyncio.create_task(write_titles(client, editor, n)) for n in range(8)]
    for _ in range(3):
        await asyncio.sleep(1.5)
        await crash(fragile_postgres)
    written = await asyncio.gather(*writing)
    await (await connected(fragile_postgres)).close()
    await check_titles(runtime, written)


async def crash(postgres: EmbeddedPostgres) -> None:
    """Kill one backend of PostgreSQL, as soon as it lives."""
    victim = await connected(postgres)
    os.kill(victim.get_server_pid(), signal.SIGKILL)
    victim.terminate()


async def connected(postgres: EmbeddedPostgres) -> asyncpg.Connection:
    """A connection, once it has recovered."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await asyncpg.connect(postgres.url())
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.05)


async def write_titles(
    client: httpx.AsyncClient, headers: dict[str, str], writer: int
) -> tuple[set[str], Counter[int]]:
    """Add titles until somebody stops; ids of those that were acknowledged, and all answers."""
    acknowledged, told = set(), Counter[int]()
    for number in range(60):
        body = {"kind": "movie", "name": f"Film {writer} {number}"}
        answer = await client.post(ADMIN_TITLES, json=body, headers=headers)
        told[answer.status_code] += 1
        if answer.status_code == 201:
            acknowledged.add(answer.json()["id"])
        else:
            assert refusal_of(answer) in ("unavailable", "busy"), answer.text
            await asyncio.sleep(0.1)
    return acknowledged, told


async def check_titles(runtime: Runtime, written: list[tuple[set[str], Counter[int]]]) -> None:
    """Each title that was acknowledged is there, with all that belongs to it."""
    acknowledged = {title_id for ids, _ in written for title_id in ids}
    told = sum((counted for _, counted in written), Counter[int]())
    assert told[201] > 100
    assert told[503] > 0, "nothing was hurt"
    stored = await scalar(runtime, "SELECT array_agg(id::text) FROM titles")
    assert acknowledged <= set(stored)
    recorded = "SELECT count(*) FROM admin_audit_log WHERE action = 'title.create'"
    assert await scalar(runtime, recorded) == len(stored)
