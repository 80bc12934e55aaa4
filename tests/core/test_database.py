"""Transactions on a real PostgreSQL: what is stored, what is undone, what outlives a failure."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Collection
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from matinee.core import database as module
from matinee.core.context import RequestContext, working_for
from matinee.core.database import Database
from matinee.core.errors import Busy, Problem, Timeout, Unavailable, problem_of

NAMES = "SELECT name FROM things ORDER BY id"

ADD = "INSERT INTO things (id, name) VALUES (:id, :name)"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database with one small table."""
    database = Database(database_url, pool_max=3)
    await database.open()
    async with database.write() as tx:
        await tx.execute("CREATE TABLE things (id int PRIMARY KEY, name text)")
    yield database
    await database.close()


async def names(database: Database) -> list[str]:
    async with database.read() as tx:
        return [row["name"] for row in await tx.all(NAMES)]


async def test_a_write_is_stored_when_its_block_ends(database: Database) -> None:
    async with database.write() as tx:
        await tx.execute(ADD, id=1, name="Faust")

    assert await names(database) == ["Faust"]


async def test_an_error_undoes_the_whole_block(database: Database) -> None:
    async def fail() -> None:
        async with database.write() as tx:
            await tx.execute(ADD, id=1, name="Faust")
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await names(database) == []


async def test_a_cancelation_undoes_the_whole_block(database: Database) -> None:
    written = asyncio.Event()

    async def write_and_wait() -> None:
        async with database.write() as tx:
            await tx.execute(ADD, id=1, name="Faust")
            written.set()
            await asyncio.Event().wait()

    writing = asyncio.create_task(write_and_wait())
    await written.wait()
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)

    assert await names(database) == []


async def test_a_savepoint_is_undone_alone(database: Database) -> None:
    async with database.write() as tx:
        await tx.execute(ADD, id=1, name="Faust")
        with pytest.raises(asyncpg.UniqueViolationError):
            async with tx.savepoint():
                await tx.execute(ADD, id=1, name="Nosferatu")
        await tx.execute(ADD, id=2, name="Metropolis")

    assert await names(database) == ["Faust", "Metropolis"]


async def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with database.read() as tx:
            await tx.scalar("INSERT INTO things VALUES (1, 'Faust') RETURNING id")


async def test_a_read_sees_one_moment(database: Database) -> None:
    async with database.read() as tx:
        before = await tx.all(NAMES)
        async with database.write() as other:
            await other.execute(ADD, id=1, name="Faust")
        after = await tx.all(NAMES)

    assert before == after == []


async def test_transactions_without_statements_take_no_connection(database: Database) -> None:
    async with contextlib.AsyncExitStack() as stack:
        more_than_the_pool_has = [
            await stack.enter_async_context(database.write()) for _ in range(10)
        ]
        assert not any(tx.started for tx in more_than_the_pool_has)


async def test_rows_come_as_all_one_or_scalar(database: Database) -> None:
    async with database.read() as tx:
        rows = await tx.all("SELECT * FROM generate_series(1, :n) AS n", n=3)
        row = await tx.one("SELECT 1 AS a, 2 AS b")
        nothing = await tx.one("SELECT 1 WHERE false")
        scalar = await tx.scalar("SELECT 5")

    assert ([r["n"] for r in rows], dict(row or {}), nothing, scalar) == (
        [1, 2, 3],
        {"a": 1, "b": 2},
        None,
        5,
    )


async def test_writes_say_how_many_rows_they_touched(database: Database) -> None:
    async with database.write() as tx:
        copied = await tx.copy("things", ["id", "name"], [(n, f"film {n}") for n in range(10)])
        updated = await tx.execute("UPDATE things SET name = name WHERE id < :n", n=4)
        created = await tx.execute("CREATE TEMPORARY TABLE t () ON COMMIT DROP")

    assert (copied, updated, created) == (10, 4, 0)


async def test_a_stream_gives_every_row(database: Database) -> None:
    async with database.read() as tx:
        rows = tx.stream("SELECT n FROM generate_series(1, 1234) AS n", batch=100)
        assert [row["n"] async for row in rows] == list(range(1, 1235))


async def test_json_travels_as_python_values(database: Database) -> None:
    value = {"a": [1, 2.5, None, "ä"]}
    async with database.read() as tx:
        assert await tx.scalar("SELECT :value::jsonb", value=value) == value


async def test_statements_are_counted_for_the_request(database: Database) -> None:
    request = RequestContext(request_id="request")
    with working_for(request):
        async with database.read() as tx:
            await tx.all(NAMES)
            await tx.scalar("SELECT 1")

    assert request.statements == 2


async def test_tags_are_announced_after_the_commit_and_only_then(database: Database) -> None:
    announced: list[tuple[set[str], list[str]]] = []

    async def after_commit(tags: Collection[str]) -> None:
        announced.append((set(tags), await names(database)))

    async def fail() -> None:
        async with database.write() as tx:
            tx.invalidate("never")
            raise LookupError

    database.after_commit = after_commit
    async with database.write() as tx:
        await tx.execute(ADD, id=1, name="Faust")
        tx.invalidate("catalogue", "user:1")
    with pytest.raises(LookupError):
        await fail()

    assert announced == [({"catalogue", "user:1"}, ["Faust"])]


async def test_what_is_stored_is_not_reported_as_failed(database: Database) -> None:
    async def fail(_tags: Collection[str]) -> None:
        raise RuntimeError

    database.after_commit = fail
    async with database.write() as tx:
        await tx.execute(ADD, id=1, name="Faust")
        tx.invalidate("catalogue")

    assert await names(database) == ["Faust"]


async def test_a_dropped_connection_is_replaced(
    database: Database, admin_connection: asyncpg.Connection
) -> None:
    async with database.read() as tx:
        pid = await tx.scalar("SELECT pg_backend_pid()")
    await admin_connection.execute("SELECT pg_terminate_backend($1)", pid)

    assert await names(database) == []


async def test_when_all_connections_were_dropped_at_once_the_next_reads_work(
    database: Database, database_url: str, admin_connection: asyncpg.Connection
) -> None:
    async def work() -> None:
        async with database.read() as tx:
            await tx.scalar("SELECT pg_sleep(0.05)")

    await asyncio.gather(*(work() for _ in range(3)))
    await admin_connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1",
        database_url.partition("?")[0].rpartition("/")[2],
    )

    assert [await names(database) for _ in range(3)] == [[], [], []]


class Firewall:
    """Stands between us and PostgreSQL; may forget its connections without telling either side."""

    def __init__(self, database_url: str, folder: Path) -> None:
        query = parse_qs(urlsplit(database_url).query)
        name = f".s.PGSQL.{query['port'][0]}"
        self.inside = Path(query["host"][0]) / name
        self.outside = folder / name
        self.url = database_url.replace(query["host"][0], str(folder))
        self.forgotten: set[asyncio.StreamWriter] = set()
        self.known: set[asyncio.StreamWriter] = set()

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.known.add(writer)
        to_us = await asyncio.open_unix_connection(str(self.inside))
        await asyncio.gather(
            self.forward(reader, to_us[1], writer), self.forward(to_us[0], writer, writer)
        )

    async def forward(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while (data := await source.read(65_536)) and client not in self.forgotten:
                target.write(data)
        target.close()

    def forget(self) -> None:
        """From now on, who says something on an old connection is cut off."""
        self.forgotten |= self.known


@pytest.fixture
async def firewall(database_url: str) -> AsyncIterator[Firewall]:
    with tempfile.TemporaryDirectory() as folder:
        firewall = Firewall(database_url, Path(folder))
        server = await asyncio.start_unix_server(firewall.connect, firewall.outside)
        yield firewall
        server.close()


async def test_connections_that_died_unnoticed_cost_one_retry_however_many_there_are(
    firewall: Firewall,
) -> None:
    database = Database(firewall.url, pool_min=5, pool_max=5)
    await database.open()
    firewall.forget()
    async with database.read() as tx:
        found = await tx.scalar("SELECT 1")
    await database.close()

    assert found == 1


async def problem_in(work: Awaitable[object]) -> Problem:
    """The problem that a client would be shown."""
    try:
        await work
    except Exception as error:
        return problem_of(error)
    raise AssertionError("nothing went wrong")


async def test_a_connection_lost_in_the_middle_makes_us_unavailable(
    database: Database, admin_connection: asyncpg.Connection
) -> None:
    async def lose_the_connection() -> None:
        async with database.write() as tx:
            await tx.execute(ADD, id=1, name="Faust")
            pid = await tx.scalar("SELECT pg_backend_pid()")
            await admin_connection.execute("SELECT pg_terminate_backend($1)", pid)
            await tx.execute(ADD, id=2, name="Nosferatu")

    assert isinstance(await problem_in(lose_the_connection()), Unavailable)
    assert await names(database) == []


async def test_a_database_that_is_not_there_makes_us_unavailable(database: Database) -> None:
    await database.close()

    assert isinstance(await problem_in(names(database)), Unavailable)


async def test_waiting_for_a_connection_in_vain_makes_us_unavailable(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ACQUIRE_SECONDS", 0.05)
    async with database.read() as a, database.read() as b, database.read() as c:
        for tx in (a, b, c):
            await tx.scalar("SELECT 1")

        assert isinstance(await problem_in(names(database)), Unavailable)


async def test_a_slow_statement_is_stopped(database: Database) -> None:
    async def sleep() -> None:
        async with database.read(statement_timeout_ms=50) as tx:
            await tx.scalar("SELECT pg_sleep(30)")

    assert isinstance(await problem_in(sleep()), Timeout)


async def test_waiting_for_a_lock_ends(database_url: str, database: Database) -> None:
    impatient = Database(database_url, lock_timeout_ms=50)
    await impatient.open()

    async def wait_for_the_row() -> None:
        async with impatient.write() as tx:
            await tx.execute("UPDATE things SET name = 'mine' WHERE id = 1")

    async with database.write() as tx:
        await tx.execute(ADD, id=1, name="Faust")
    async with database.write() as tx:
        await tx.execute("UPDATE things SET name = 'ours' WHERE id = 1")
        problem = await problem_in(wait_for_the_row())
    await impatient.close()

    assert isinstance(problem, Busy)


SETTING = "SELECT current_setting(:name)"


async def timeout_of(database: Database, wanted: int | None = None) -> str:
    async with database.read(statement_timeout_ms=wanted) as tx:
        return str(await tx.scalar(SETTING, name="statement_timeout"))


async def test_requests_have_little_time_and_jobs_have_more(database: Database) -> None:
    with working_for(RequestContext(request_id="request")):
        in_a_request = await timeout_of(database)
        asked_for = await timeout_of(database, wanted=5000)
    with working_for(RequestContext(request_id="request", job_id=1)):
        in_a_job = await timeout_of(database)

    found = (in_a_request, asked_for, in_a_job, await timeout_of(database))
    assert found == ("2s", "5s", "1min", "1min")


@pytest.mark.parametrize("pgbouncer", [False, True])
async def test_the_limits_hold_with_and_without_pgbouncer(
    database_url: str, pgbouncer: bool
) -> None:
    database = Database(database_url, pgbouncer=pgbouncer)
    await database.open()
    with working_for(RequestContext(request_id="request")):
        async with database.write() as tx:
            names = ("statement_timeout", "lock_timeout", "timezone")
            found = [await tx.scalar(SETTING, name=name) for name in names]
    await database.close()

    assert found == ["2s", "1500ms", "UTC"]


async def test_behind_pgbouncer_no_statement_has_a_name(database_url: str) -> None:
    database = Database(database_url, pgbouncer=True)
    await database.open()
    async with database.read() as tx:
        for _ in range(3):
            await tx.scalar("SELECT :n::int", n=1)
        prepared = await tx.scalar("SELECT count(*) FROM pg_prepared_statements WHERE name <> ''")
    await database.close()

    assert prepared == 0


async def test_the_second_host_is_used_where_the_first_is_gone(database_url: str) -> None:
    path, _, query = database_url.partition("?")
    hosts = query.replace("host=", "host=/nowhere,")
    database = Database(f"{path}?{hosts}")
    await database.open()
    async with database.read() as tx:
        assert await tx.scalar("SELECT 1") == 1
    await database.close()


async def test_a_long_statement_is_prepared_once(database: Database) -> None:
    long = f"SELECT 1 AS one -- {'long ' * 5000}"
    async with database.read() as tx:
        for _ in range(3):
            await tx.all(long)
        kept = "SELECT sum(generic_plans + custom_plans) FROM pg_prepared_statements"
        assert await tx.scalar(f"{kept} WHERE statement LIKE 'SELECT 1 AS one%'") == 3
