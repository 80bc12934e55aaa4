"""Transactions on PostgreSQL: opened by parameter, committed before the answer, counted."""

import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from functools import lru_cache
from typing import Any, Literal

import asyncpg
import orjson
import structlog
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.sql.elements import ClauseElement

from matinee.core.context import current_request, is_answering

log = structlog.get_logger(__name__)

Row = asyncpg.Record
Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

# :name, but neither ::type nor a colon inside a word
_PARAMETER = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_DIALECT = asyncpg_dialect()  # type: ignore[no-untyped-call]

ACQUIRE_SECONDS = 5.0

GONE = (
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server's farewell arrived while the connection was idle
    asyncpg.AdminShutdownError,
    asyncpg.CannotConnectNowError,
    ConnectionError,
)


class Statement:
    """SQL compiled once: text for asyncpg and the names of its parameters in order.

    Written as SQL with `:name` parameters or as a SQLAlchemy Core expression with `bindparam`.
    Lists are passed as arrays (`= ANY(:ids)`); an expanding IN is refused.
    """

    __slots__ = ("defaults", "names", "sql")

    def __init__(self, source: str | ClauseElement) -> None:
        self.defaults: dict[str, Any] = {}
        if isinstance(source, str):
            self.sql, self.names = _number_parameters(source)
        else:
            compiled = source.compile(dialect=_DIALECT)
            if getattr(compiled, "post_compile_params", None):
                raise ValueError("expanding IN is not supported: use = ANY(:ids)")
            self.sql = str(compiled)
            self.names = list(getattr(compiled, "positiontup", None) or [])
            self.defaults = dict(compiled.params)

    def arguments(self, params: dict[str, Any]) -> list[Any]:
        """The values in the order of the placeholders; every parameter must be used."""
        if unknown := params.keys() - set(self.names):
            raise TypeError(f"statement has no parameter {sorted(unknown)}")
        return [params[name] if name in params else self.defaults[name] for name in self.names]


def _number_parameters(source: str) -> tuple[str, list[str]]:
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        name = match[1]
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    pieces: list[str] = []
    end = 0
    for quoted in _QUOTED.finditer(source):
        pieces.append(_PARAMETER.sub(number, source[end : quoted.start()]))
        pieces.append(quoted[0])
        end = quoted.end()
    pieces.append(_PARAMETER.sub(number, source[end:]))
    return "".join(pieces), names


@lru_cache(maxsize=2048)
def compiled(source: str) -> Statement:
    """The compiled form of SQL text; texts are few, so each is compiled once."""
    return Statement(source)


def _statement(source: Statement | str) -> Statement:
    return compiled(source) if isinstance(source, str) else source


class ReadTx:
    """A read-only view of one moment; its connection is taken at the first statement."""

    isolation: Literal["repeatable_read", "read_committed"] = "repeatable_read"
    readonly: bool = True

    def __init__(
        self,
        database: "Database",
        *,
        statement_timeout_ms: int | None = None,
        custom_plans: bool = False,
        generic_plans: bool = False,
    ) -> None:
        self.statement_timeout_ms = statement_timeout_ms
        self.plans = (
            "force_custom_plan" if custom_plans else "force_generic_plan" if generic_plans else None
        )
        self._database = database
        self._connection: Connection | None = None
        self._exit = contextlib.AsyncExitStack()

    async def all(self, statement: Statement | str, /, **params: Any) -> list[Row]:
        """Every row."""
        found = _statement(statement)
        connection = await self._ready()
        return await connection.fetch(found.sql, *found.arguments(params))

    async def one(self, statement: Statement | str, /, **params: Any) -> Row | None:
        """The first row, or None."""
        found = _statement(statement)
        connection = await self._ready()
        return await connection.fetchrow(found.sql, *found.arguments(params))

    async def scalar(self, statement: Statement | str, /, **params: Any) -> Any:
        """The first column of the first row, or None."""
        found = _statement(statement)
        connection = await self._ready()
        return await connection.fetchval(found.sql, *found.arguments(params))

    async def stream(
        self, statement: Statement | str, /, *, batch: int = 500, **params: Any
    ) -> AsyncIterator[Row]:
        """Rows as they come, `batch` at a time, in bounded memory."""
        found = _statement(statement)
        connection = await self._ready()
        async for row in connection.cursor(found.sql, *found.arguments(params), prefetch=batch):
            yield row

    @property
    def started(self) -> bool:
        """Whether a statement has run yet."""
        return self._connection is not None

    async def connection(self) -> Connection:
        """The asyncpg connection of this transaction, for COPY and cursors."""
        return await self._ready()

    async def _ready(self) -> Connection:
        if request := current_request():
            request.statements += 1
        self._database.on_statement()
        if self._connection is None:
            self._connection = await self._exit.enter_async_context(self._database.begin(self))
        return self._connection

    async def finish(self, error: BaseException | None) -> None:
        """Commit, or roll back when there is an error."""
        kind = type(error) if error else None
        await self._exit.__aexit__(kind, error, error.__traceback__ if error else None)
        self._connection = None


Effect = Callable[[], None]


class WriteTx(ReadTx):
    """Everything written in it is stored together, or not at all."""

    isolation = "read_committed"
    readonly = False

    def __init__(self, database: "Database", *, statement_timeout_ms: int | None = None) -> None:
        super().__init__(database, statement_timeout_ms=statement_timeout_ms)
        self.invalidated: set[str] = set()
        self.effects: list[Effect] = []

    async def execute(self, statement: Statement | str, /, **params: Any) -> int:
        """Run a statement; returns the number of rows it touched."""
        found = _statement(statement)
        connection = await self._ready()
        status = await connection.execute(found.sql, *found.arguments(params))
        last = status.rpartition(" ")[2]
        return int(last) if last.isdigit() else 0

    async def copy(
        self, table: str, columns: Sequence[str], records: Iterable[Sequence[Any]]
    ) -> int:
        """Load many rows by COPY; returns how many."""
        connection = await self._ready()
        status = await connection.copy_records_to_table(
            table, columns=list(columns), records=records
        )
        return int(status.rpartition(" ")[2])

    @contextlib.asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """What fails inside is undone alone; the transaction stays usable."""
        connection = await self._ready()
        async with connection.transaction():
            yield

    def invalidate(self, *tags: str) -> None:
        """Make cached answers that depend on these tags stale as soon as this is committed."""
        self.invalidated.update(tags)

    def when_committed(self, effect: Effect) -> None:
        """Have something done in memory once this is stored; not at all where it fails."""
        self.effects.append(effect)


class Database:
    """The pool of connections and the two kinds of transaction on it."""

    def __init__(
        self,
        dsn: str,
        *,
        pool_min: int = 1,
        pool_max: int = 10,
        statement_timeout_ms: int = 2000,
        lock_timeout_ms: int = 1500,
        job_statement_timeout_ms: int = 60_000,
        pgbouncer: bool = False,
        after_commit: Callable[[Collection[str]], Awaitable[None]] | None = None,
    ) -> None:
        self._dsn = dsn
        self._pool_bounds = (pool_min, pool_max)
        self._limits = {
            "statement_timeout": str(statement_timeout_ms),
            "lock_timeout": str(lock_timeout_ms),
            "idle_in_transaction_session_timeout": "60000",
            "timezone": "UTC",
        }
        self._job_statement_timeout_ms = job_statement_timeout_ms
        self._pgbouncer = pgbouncer
        self._pool: asyncpg.Pool | None = None
        self.after_commit = after_commit
        self.on_statement: Callable[[], None] = _nothing

    async def open(self) -> None:
        """Connect; waits for nothing but the first connection."""
        self._pool = await asyncpg.create_pool(
            self._dsn,
            min_size=self._pool_bounds[0],
            max_size=self._pool_bounds[1],
            init=_set_codecs,
            reset=_leave_as_is,
            # PgBouncer hands out another server connection per transaction: no named statements,
            # and the settings of a session are set anew in each transaction.
            statement_cache_size=0 if self._pgbouncer else 256,
            max_cacheable_statement_size=0,  # no limit: the longest cost most to plan
            server_settings=None if self._pgbouncer else self._limits,
            max_inactive_connection_lifetime=300,
            timeout=10,
        )

    async def close(self) -> None:
        """Let running transactions end, then disconnect."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await pool.close()

    @contextlib.asynccontextmanager
    async def read(
        self, *, statement_timeout_ms: int | None = None, custom_plans: bool = False
    ) -> AsyncIterator[ReadTx]:
        """A read-only transaction that sees one moment.

        `custom_plans` has its statements planned for the values at hand each time: for filters
        whose values differ so much that no plan is good for all of them.
        """
        tx = ReadTx(self, statement_timeout_ms=statement_timeout_ms, custom_plans=custom_plans)
        async with _finished(tx):
            yield tx

    @contextlib.asynccontextmanager
    async def write(self, *, statement_timeout_ms: int | None = None) -> AsyncIterator[WriteTx]:
        """A transaction that is committed when the block ends without an error."""
        tx = WriteTx(self, statement_timeout_ms=statement_timeout_ms)
        async with _finished(tx):
            yield tx
        for effect in tx.effects:
            effect()
        if tx.invalidated and self.after_commit is not None:
            try:
                await self.after_commit(tx.invalidated)
            except Exception:  # what is stored is stored, and must not be reported as failed
                log.exception("after_commit_failed")

    @contextlib.asynccontextmanager
    async def begin(self, tx: ReadTx) -> AsyncIterator[Connection]:
        """A connection inside a transaction of the asked kind; one retry if it was dropped."""
        if self._pool is None:
            raise ConnectionError("the database is not open")
        async with contextlib.AsyncExitStack() as stack:
            try:
                connection = await self._start(self._pool, tx, stack)
            except GONE:
                # where one was dropped the others of its age are probably dead too
                await self._pool.expire_connections()
                connection = await self._start(self._pool, tx, stack)
            yield connection

    async def _start(
        self, pool: asyncpg.Pool, tx: ReadTx, stack: contextlib.AsyncExitStack
    ) -> Connection:
        """Take a connection and begin; nothing is left on the stack where that fails."""
        async with contextlib.AsyncExitStack() as begun:
            connection = await begun.enter_async_context(pool.acquire(timeout=ACQUIRE_SECONDS))
            await begun.enter_async_context(
                connection.transaction(isolation=tx.isolation, readonly=tx.readonly)
            )
            if settings := self._settings_of(tx):
                await connection.execute(settings)
            stack.push_async_exit(begun.pop_all())
        return connection

    def _settings_of(self, tx: ReadTx) -> str:
        """The settings of this transaction that its connection does not have by itself."""
        wanted = dict(self._limits) if self._pgbouncer else {}
        if tx.statement_timeout_ms is not None:
            wanted["statement_timeout"] = str(tx.statement_timeout_ms)
        elif not is_answering():
            wanted["statement_timeout"] = str(self._job_statement_timeout_ms)
        if tx.plans:
            wanted["plan_cache_mode"] = tx.plans
        return ";".join(f"SET LOCAL {name} = '{value}'" for name, value in wanted.items())


@contextlib.asynccontextmanager
async def _finished(tx: ReadTx) -> AsyncIterator[None]:
    try:
        yield
    except BaseException as error:
        await tx.finish(error)
        raise
    await tx.finish(None)


async def _set_codecs(connection: Connection) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=_json_text, decoder=orjson.loads
        )


def _json_text(value: Any) -> str:
    return orjson.dumps(value).decode()


async def _leave_as_is(_connection: Connection) -> None:
    """Transactions set nothing beyond themselves, so RESET ALL would only cost a round trip."""


def _nothing() -> None:
    pass
