"""Files that staff upload: small ones imported at once, large ones stored and left to a job."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial
from uuid import UUID

import asyncpg

from matinee.accounts.audit import Actor, record
from matinee.catalog.importers.imports import find_by_key, finish_import, get_import
from matinee.catalog.importers.reading import RowReader
from matinee.catalog.importers.running import import_titles
from matinee.catalog.importers.schemas import ImportOut
from matinee.catalog.importers.service import Wish, again_on_conflict, compare, import_together
from matinee.core.errors import IdempotencyKeyReused, RequestInProgress
from matinee.core.jobs import enqueue
from matinee.runtime import Runtime

INLINE_ROWS = 500
INLINE_BYTES = 2 * 1_048_576
CHUNK_BYTES = 1_048_576

_BEGIN = """
    INSERT INTO imports (kind, format, actor_id, idempotency_key, options, state)
    VALUES ('titles', :format, :actor_id, :key, :options::jsonb, 'uploading') RETURNING id
"""
_CHUNK = """
    INSERT INTO import_chunks (import_id, number, body) VALUES (:import_id, :number, :body)
"""
_QUEUE = """
    UPDATE imports
    SET state = 'queued', job_id = :job_id, request_hash = :request_hash,
        options = options || jsonb_build_object('rows', :rows::int)
    WHERE id = :import_id
"""
_FORGET = "DELETE FROM imports WHERE id = :import_id"
_FORGET_STUCK = """
    DELETE FROM imports
    WHERE actor_id = :actor_id AND idempotency_key = :key AND state = 'uploading'
      AND created_at < clock_timestamp() - interval '15 minutes'
"""


async def import_upload(
    runtime: Runtime, actor: Actor, pieces: AsyncIterator[bytes], wish: Wish, key: str | None
) -> ImportOut:
    """Import an uploaded file: finished where it is small (500 rows), else queued as a job.

    A file is read to its end before any of it is imported.

    Raises:
        UnreadableFile: it is of no kind that we know, or breaks off.
        RowsRefused: all or nothing was asked, and there are errors.
        IdempotencyKeyReused: the key came with another file or other options before.
        RequestInProgress: the upload of that key has not ended yet.
    """
    if key and (first := await _repeated(runtime, actor, pieces, wish, key)):
        return first
    async with _begun(runtime, actor, wish, key) as import_id:
        upload = Upload(runtime, import_id, wish)
        async for piece in pieces:
            await upload.take(piece)
        await upload.finish()
        if upload.is_large:
            return await _queue(runtime, actor, upload)
        return await again_on_conflict(partial(_import_now, runtime, actor, upload))


class Upload:
    """A file on its way in: kept in memory while it is small, in the database once it is not."""

    def __init__(self, runtime: Runtime, import_id: UUID, wish: Wish) -> None:
        self.import_id = import_id
        self.wish = wish
        self._runtime = runtime
        self._reader = RowReader(wish.format)
        self._hash = _started_hash(wish)
        self._held = bytearray()
        self._chunks = 0

    @property
    def rows(self) -> int:
        """Rows so far."""
        return self._reader.count

    @property
    def is_large(self) -> bool:
        """Whether it is left to a job."""
        too_much = self.rows > INLINE_ROWS or len(self._held) > INLINE_BYTES
        return too_much or self._chunks > 0

    @property
    def digest(self) -> bytes:
        """What makes two requests the same."""
        return self._hash.digest()

    async def take(self, piece: bytes) -> None:
        """Keep a piece, and see that it can be read.

        Raises:
            UnreadableFile: it cannot.
        """
        self._hash.update(piece)
        self._held += piece
        await asyncio.to_thread(self._read, piece)
        if self.is_large and len(self._held) >= CHUNK_BYTES:
            await self._store()

    async def finish(self) -> None:
        """Check that the file is complete.

        Raises:
            UnreadableFile: it breaks off.
        """
        await asyncio.to_thread(self._reader.finish)
        if self.is_large:
            await self._store()

    async def pieces(self) -> AsyncIterator[bytes]:
        """A small file, from its beginning."""
        yield bytes(self._held)

    def _read(self, piece: bytes) -> None:
        for _ in self._reader.feed(piece):
            pass

    async def _store(self) -> None:
        async with self._runtime.database.write() as tx:
            await tx.execute(
                _CHUNK, import_id=self.import_id, number=self._chunks, body=bytes(self._held)
            )
        self._chunks += 1
        self._held.clear()


def _started_hash(wish: Wish) -> "hashlib._Hash":
    return hashlib.sha256(repr(wish).encode())


@asynccontextmanager
async def _begun(
    runtime: Runtime, actor: Actor, wish: Wish, key: str | None
) -> AsyncIterator[UUID]:
    """A place for an upload, which is gone again if the upload comes to nothing."""
    try:
        async with runtime.database.write() as tx:
            await tx.execute(_FORGET_STUCK, actor_id=actor.id, key=key)
            import_id: UUID = await tx.scalar(
                _BEGIN, format=wish.format, actor_id=actor.id, key=key, options=asdict(wish)
            )
    except asyncpg.UniqueViolationError:
        raise RequestInProgress("Idempotency-Key") from None
    try:
        yield import_id
    except BaseException:
        async with runtime.database.write() as tx:
            await tx.execute(_FORGET, import_id=import_id)
        raise


async def _repeated(
    runtime: Runtime, actor: Actor, pieces: AsyncIterator[bytes], wish: Wish, key: str
) -> ImportOut | None:
    """What the first request of this key led to, if it was the same request."""
    async with runtime.database.read() as tx:
        first = await find_by_key(tx, actor, key)
    if first is None or first["state"] == "uploading":
        return None
    digest = _started_hash(wish)
    async for piece in pieces:
        digest.update(piece)
    if digest.digest() != first["request_hash"]:
        raise IdempotencyKeyReused("Idempotency-Key")
    return ImportOut.model_validate(dict(first))


async def _import_now(runtime: Runtime, actor: Actor, upload: Upload) -> ImportOut:
    """Rows, report and audit record are stored together."""
    timeout = runtime.settings.slow_statement_timeout_ms
    wish, pieces = upload.wish, upload.pieces()
    async with runtime.database.write(statement_timeout_ms=timeout) as tx:
        if wish.dry_run:
            tally = await compare(runtime, pieces, wish, _no_progress)
        else:
            tally = await import_together(runtime, tx, pieces, wish, _no_progress)
        report = tally.report(dry_run=wish.dry_run)
        return await finish_import(
            tx, actor, upload.import_id, "done", report, request_hash=upload.digest
        )


async def _no_progress(_rows: int) -> None:
    """Nobody can look before it has ended."""


async def _queue(runtime: Runtime, actor: Actor, upload: Upload) -> ImportOut:
    async with runtime.database.write() as tx:
        job_id = await enqueue(tx, import_titles, import_id=str(upload.import_id))
        queued = await tx.execute(
            _QUEUE,
            import_id=upload.import_id,
            job_id=job_id,
            request_hash=upload.digest,
            rows=upload.rows,
        )
        if not queued:
            raise RequestInProgress("Idempotency-Key")
        await record(
            tx,
            actor,
            "import.start",
            targets={"import": upload.import_id, "job": job_id},
            after=asdict(upload.wish) | {"rows": upload.rows},
        )
        return await get_import(tx, upload.import_id)
