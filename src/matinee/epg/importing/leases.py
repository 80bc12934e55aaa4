"""One import per source at a time: a lease that is renewed, and lapses where its process dies."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import asyncpg

from matinee.core.database import WriteTx
from matinee.core.errors import NotFound
from matinee.epg.importing.problems import ImportRunning, LeaseLost
from matinee.runtime import Runtime

LEASE_SECONDS = 60
RENEWAL_SECONDS = 15

_EXISTS = "SELECT EXISTS (SELECT FROM epg_sources WHERE id = :source_id)"
_TAKE = """
    UPDATE epg_sources
    SET lease_id = :lease_id, last_run_at = clock_timestamp(),
        lease_until = clock_timestamp() + :seconds * interval '1 second'
    WHERE id = :source_id AND (lease_until IS NULL OR lease_until < clock_timestamp())
    RETURNING last_run_at
"""
_RENEW = """
    UPDATE epg_sources SET lease_until = clock_timestamp() + :seconds * interval '1 second'
    WHERE id = :source_id AND lease_id = :lease_id
"""
_GIVE_BACK = """
    UPDATE epg_sources SET lease_id = NULL, lease_until = NULL
    WHERE id = :source_id AND lease_id = :lease_id
"""


@dataclass(frozen=True)
class Lease:
    """The right to import a source, since `taken_at`."""

    source_id: UUID
    id: UUID
    taken_at: datetime


async def take(tx: WriteTx, source_id: UUID) -> Lease:
    """Have the source to ourselves.

    Raises:
        NotFound: there is no such source.
        ImportRunning: somebody else imports it.
    """
    lease_id = uuid4()
    taken_at = await tx.scalar(
        _TAKE, source_id=source_id, lease_id=lease_id, seconds=float(LEASE_SECONDS)
    )
    if taken_at is not None:
        return Lease(source_id, lease_id, taken_at)
    if await tx.scalar(_EXISTS, source_id=source_id):
        raise ImportRunning()
    raise NotFound()


async def give_back(tx: WriteTx, lease: Lease) -> None:
    """Let others import the source, as part of the transaction that stores what was imported.

    Raises:
        LeaseLost: the lease has lapsed and somebody else has it, so nothing may be stored.
    """
    if not await tx.execute(_GIVE_BACK, source_id=lease.source_id, lease_id=lease.id):
        raise LeaseLost()


async def let_go(tx: WriteTx, lease: Lease) -> None:
    """Let others import the source, where it is still ours."""
    await tx.execute(_GIVE_BACK, source_id=lease.source_id, lease_id=lease.id)


@contextlib.asynccontextmanager
async def renewed(runtime: Runtime, lease: Lease) -> AsyncIterator[None]:
    """Keep the lease for as long as the block lasts."""
    task = asyncio.create_task(_renew(runtime, lease))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _renew(runtime: Runtime, lease: Lease) -> None:
    while True:
        await asyncio.sleep(RENEWAL_SECONDS)
        # the row is locked while the import is being stored, which ends the lease anyway
        with contextlib.suppress(asyncpg.LockNotAvailableError, ConnectionError, TimeoutError):
            async with runtime.database.write() as tx:
                params = {"source_id": lease.source_id, "lease_id": lease.id}
                await tx.execute(_RENEW, **params, seconds=float(LEASE_SECONDS))
