"""A route's transaction: committed before the answer, run again after a tie, undone on errors."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import APIRouter, FastAPI
from httpx import ASGITransport, AsyncClient
from starlette.middleware import Middleware
from starlette.types import Message, Scope

from matinee.core.caching import RevalidationMiddleware
from matinee.core.errors import Conflict, install_error_handlers
from matinee.core.middleware import RequestMiddleware
from matinee.core.routing import api_router, install_routes
from matinee.core.schema import Acknowledged
from matinee.runtime import Read, Runtime, Write

ADD = "INSERT INTO things (id, name) VALUES (:id, 'new')"


class Tie:
    """Two writers meet here once, so that PostgreSQL has to break a tie between them."""

    def __init__(self) -> None:
        self.barrier = asyncio.Barrier(2)
        self.runs = 0

    async def meet(self) -> None:
        self.runs += 1
        if self.runs <= 2:
            await self.barrier.wait()


def routes(tie: Tie) -> APIRouter:
    router = api_router("", tag="test")

    @router.post("/add/{number}")
    async def add(number: int, tx: Write) -> Acknowledged:
        await tx.execute(ADD, id=number)
        return Acknowledged()

    @router.post("/add-and-fail/{number}")
    async def add_and_fail(number: int, tx: Write) -> Acknowledged:
        await tx.execute(ADD, id=number)
        raise Conflict

    @router.post("/swap/{first}/{second}")
    async def swap(first: int, second: int, tx: Write) -> Acknowledged:
        """Locks two rows in the order asked for: two of these can block each other."""
        await tx.execute("UPDATE things SET changes = changes + 1 WHERE id = :id", id=first)
        await tie.meet()
        await tx.execute("UPDATE things SET changes = changes + 1 WHERE id = :id", id=second)
        return Acknowledged()

    @router.post("/leave/{number}")
    async def leave(number: int, tx: Write) -> Acknowledged:
        """At least one must stay: true only if nobody else leaves; PostgreSQL sees it at commit."""
        await tx.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        staying = await tx.scalar("SELECT count(*) FROM things WHERE changes = 0")
        await tie.meet()
        if staying <= 1:
            raise Conflict
        await tx.execute("UPDATE things SET changes = 1 WHERE id = :id", id=number)
        return Acknowledged()

    @router.post("/deferred/{number}")
    async def deferred(number: int, tx: Write) -> Acknowledged:
        """The commit itself fails: the constraint is checked there."""
        await tx.execute("INSERT INTO parts (thing_id) VALUES (:id)", id=number)
        return Acknowledged()

    @router.get("/all")
    async def read_all(tx: Read) -> list[int]:
        rows = await tx.all("SELECT * FROM things ORDER BY id")
        return [row["id"] for row in rows]

    return router


@pytest.fixture
def tie() -> Tie:
    return Tie()


@pytest.fixture
async def small_app(runtime: Runtime, tie: Tie) -> FastAPI:
    async with runtime.database.write() as tx:
        await tx.execute(
            "CREATE TABLE things (id int PRIMARY KEY, name text, changes int DEFAULT 0)"
        )
        await tx.execute(
            "CREATE TABLE parts (thing_id int REFERENCES things DEFERRABLE INITIALLY DEFERRED)"
        )
    middleware = [
        Middleware(RequestMiddleware, metrics=runtime.metrics),
        Middleware(RevalidationMiddleware),
    ]
    app = FastAPI(middleware=middleware)
    app.state.runtime = runtime
    install_error_handlers(app)
    install_routes(app, [routes(tie)], most_bytes=1000, most_upload_bytes=1000)
    return app


@pytest.fixture
async def client(small_app: FastAPI) -> AsyncIterator[AsyncClient]:
    transport = ASGITransport(app=small_app)
    async with AsyncClient(transport=transport, base_url="http://testserver/api/v1") as client:
        yield client


async def stored(runtime: Runtime) -> dict[int, int]:
    async with runtime.database.read() as tx:
        rows = await tx.all("SELECT id, changes FROM things ORDER BY id")
    return {row["id"]: row["changes"] for row in rows}


async def test_the_write_is_committed_before_the_first_byte_of_the_answer(
    small_app: FastAPI, runtime: Runtime
) -> None:
    seen: list[dict[int, int]] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            seen.append(await stored(runtime))

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    await small_app(post("/api/v1/add/1"), receive, send)

    assert seen == [{1: 0}]


def post(path: str) -> Scope:
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [],
        "client": None,
        "server": None,
    }


async def test_an_error_of_the_route_undoes_what_it_wrote(
    client: AsyncClient, runtime: Runtime
) -> None:
    answer = await client.post("/add-and-fail/1")

    assert (answer.status_code, await stored(runtime)) == (409, {})


async def test_a_commit_that_fails_is_not_answered_with_success(
    client: AsyncClient, runtime: Runtime
) -> None:
    answer = await client.post("/deferred/99")

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "rule_violated")


async def test_of_two_who_block_each_other_both_succeed(
    client: AsyncClient, runtime: Runtime, tie: Tie
) -> None:
    await client.post("/add/1")
    await client.post("/add/2")

    answers = await asyncio.gather(client.post("/swap/1/2"), client.post("/swap/2/1"))

    assert [answer.status_code for answer in answers] == [200, 200]
    assert await stored(runtime) == {1: 2, 2: 2}
    assert tie.runs == 3


async def test_a_conflict_seen_at_the_commit_is_decided_anew(
    client: AsyncClient, runtime: Runtime
) -> None:
    await client.post("/add/1")
    await client.post("/add/2")

    answers = await asyncio.gather(client.post("/leave/1"), client.post("/leave/2"))

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert sorted((await stored(runtime)).values()) == [0, 1]


async def test_a_table_changed_by_a_migration_is_read_on(
    client: AsyncClient, runtime: Runtime
) -> None:
    await client.post("/add/1")
    for _ in range(2):
        await client.get("/all")
    async with runtime.database.write() as tx:
        await tx.execute("ALTER TABLE things ADD COLUMN year int")

    answer = await client.get("/all")

    assert (answer.status_code, answer.json()) == (200, [1])


async def test_a_request_holds_one_connection_however_often_it_runs(
    client: AsyncClient, runtime: Runtime
) -> None:
    await client.post("/add/1")
    await client.post("/add/2")
    await asyncio.gather(client.post("/swap/1/2"), client.post("/swap/2/1"))

    async with runtime.database.read() as tx:
        open_transactions = await tx.scalar(
            """SELECT count(*) FROM pg_stat_activity
               WHERE datname = current_database() AND state LIKE 'idle in transaction%'"""
        )
    assert open_transactions == 0
