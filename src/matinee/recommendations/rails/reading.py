"""Reading the parts of a page one after another, and leaving out those that fail (X-01)."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol, TypeVar

import structlog

from matinee.core.database import Database, ReadTx
from matinee.core.errors import Unavailable, problem_of

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Reader(Protocol):
    """Reads parts of a page."""

    async def read(self, part: str, work: Callable[[ReadTx], Awaitable[T]], otherwise: T) -> T:
        """What `work` reads."""


class PlainReader:
    """Reads in one transaction, and fails with what fails."""

    def __init__(self, tx: ReadTx) -> None:
        self._tx = tx

    async def read(self, part: str, work: Callable[[ReadTx], Awaitable[T]], otherwise: T) -> T:
        """What `work` reads."""
        return await work(self._tx)


class CarefulReader:
    """Reads parts in one read-only transaction; after a part that failed a new one begins.

    An error ends a transaction in PostgreSQL. A savepoint around every part would cost two round
    trips each where nothing is wrong; a new transaction costs them only where something is.
    """

    def __init__(self, database: Database, timeout_ms: int) -> None:
        self.failed: list[str] = []
        self._database = database
        self._timeout_ms = timeout_ms
        self._tx = self._new_transaction()

    def _new_transaction(self) -> ReadTx:
        # the statements are long and always the same: planning them takes longer than running them
        timeout_ms = self._timeout_ms
        return ReadTx(self._database, statement_timeout_ms=timeout_ms, generic_plans=True)

    async def read(self, part: str, work: Callable[[ReadTx], Awaitable[T]], otherwise: T) -> T:
        """What `work` reads, or `otherwise` where it fails or takes too long.

        Raises:
            Exception: the database is not there at all, so that nothing can be shown instead.
        """
        try:
            return await work(self._tx)
        except Exception as error:
            await self.finish(error)
            if isinstance(problem_of(error), Unavailable):
                raise
            self.failed.append(part)
            log.warning("part_left_out", part=part, exc_info=error)
            return otherwise

    async def finish(self, error: BaseException | None = None) -> None:
        """End the transaction; the next part begins another one."""
        tx, self._tx = self._tx, self._new_transaction()
        await tx.finish(error)


@contextlib.asynccontextmanager
async def reading_carefully(database: Database, *, timeout_ms: int) -> AsyncIterator[CarefulReader]:
    """A careful reader whose transaction ends with the block."""
    reader = CarefulReader(database, timeout_ms)
    try:
        yield reader
    except BaseException as error:
        await reader.finish(error)
        raise
    await reader.finish()
