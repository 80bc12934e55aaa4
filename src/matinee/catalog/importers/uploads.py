"""Files that staff upload: small ones imported at once, large ones stored and left to a job."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any
from uuid import UUID

import asyncpg

from matinee.accounts.audit import SYSTEM, Actor, record
from matinee.catalog.importers.readers import UnreadableFile
from matinee.catalog.importers.schemas import ImportOut
from matinee.catalog.importers.service import Rows, RowsRefused, Wish, run_import
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import IdempotencyKeyReused, NotFound, RequestInProgress
from matinee.core.jobs import EVERY_HOUR, JobCanceled, JobRun, enqueue, job
from matinee.runtime import Runtime

INLINE_ROWS = 500
HELD_BYTES = 8 * 1_048_576

_BEGIN = """
    INSERT INTO imports (kind, format, actor_id, idempotency_key, options, state)
    VALUES ('titles', :format, :actor_id, :key, :options::jsonb, 'uploading') RETURNING id
"""
_CHUNK = """
    INSERT INTO import_chunks (import_id, number, body) VALUES (:import_id, :number, :body)
"""
_QUEUE = """
    UPDATE imports SET state = 'queued', job_id = :job_id, request_hash = :request_hash
    WHERE id = :import_id
"""
_FINISH = """
    UPDATE imports SET state = :state, report = :report::jsonb, finished_at = clock_timestamp(),
           rows_done = :rows_done, request_hash = coalesce(:request_hash, request_hash)
    WHERE id = :import_id
"""
_RUNNING = "UPDATE imports SET state = 'running', rows_done = :rows_done WHERE id = :import_id"
_FORGET = "DELETE FROM imports WHERE id = :import_id"
_FORGET_CHUNKS = "DELETE FROM import_chunks WHERE import_id = :import_id"
_FORGET_BROKEN_OFF = """
    DELETE FROM imports
    WHERE state = 'uploading' AND created_at < clock_timestamp() - interval '1 day'
"""
_ONE = """
    SELECT id, kind, format, state, job_id, rows_done, report, created_at, finished_at, actor_id,
           options, request_hash
    FROM imports WHERE id = :import_id
"""
_BY_KEY = """
    SELECT id, kind, format, state, job_id, rows_done, report, created_at, finished_at, request_hash
    FROM imports WHERE actor_id = :actor_id AND idempotency_key = :key
"""
_NEXT_CHUNK = "SELECT body FROM import_chunks WHERE import_id = :import_id AND number = :number"


async def import_upload(
    runtime: Runtime, actor: Actor, pieces: AsyncIterator[bytes], wish: Wish, key: str | None
) -> ImportOut:
    """Import an uploaded file: finished where it has 500 rows or fewer, else queued as a job.

    Raises:
        UnreadableFile: the file is not JSON, NDJSON or CSV, or breaks off; nothing was imported.
        RowsRefused: all or nothing was asked, and there are errors.
        IdempotencyKeyReused: the key came with another file or other options before.
    """
    if key and (repeated := await _repeated(runtime, actor, pieces, wish, key)):
        return repeated
    import_id = await _begin(runtime, actor, wish, key)
    try:
        held = await _Held.fill(pieces, wish)
        if held.complete:
            return await _import_now(runtime, actor, import_id, held, wish)
        return await _import_later(runtime, actor, import_id, held, pieces, wish)
    except BaseException:
        async with runtime.database.write() as tx:
            await tx.execute(_FORGET, import_id=import_id)
        raise


class _Held:
    """The beginning of an upload, kept in memory until it is known to be small or large."""

    def __init__(self, wish: Wish) -> None:
        self.pieces: list[bytes] = []
        self.complete = False
        self.hash = _started_hash(wish)

    @classmethod
    async def fill(cls, pieces: AsyncIterator[bytes], wish: Wish) -> "_Held":
        """Read until the end, or until there are too many rows or bytes to import at once."""
        held, rows, count, size = cls(wish), Rows(wish.format), 0, 0
        async for piece in pieces:
            held.pieces.append(piece)
            held.hash.update(piece)
            size += len(piece)
            count += len(rows.feed(piece))
            if count > INLINE_ROWS or size > HELD_BYTES:
                return held
        held.complete = count + len(rows.finish()) <= INLINE_ROWS
        return held


def _started_hash(wish: Wish) -> "hashlib._Hash":
    return hashlib.sha256(repr(wish).encode())


async def _again(pieces: list[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def _begin(runtime: Runtime, actor: Actor, wish: Wish, key: str | None) -> UUID:
    try:
        async with runtime.database.write() as tx:
            found: UUID = await tx.scalar(
                _BEGIN, format=wish.format, actor_id=actor.id, key=key, options=asdict(wish)
            )
    except asyncpg.UniqueViolationError:
        raise RequestInProgress("Idempotency-Key") from None
    return found


async def _repeated(
    runtime: Runtime, actor: Actor, pieces: AsyncIterator[bytes], wish: Wish, key: str
) -> ImportOut | None:
    async with runtime.database.read() as tx:
        first = await tx.one(_BY_KEY, actor_id=actor.id, key=key)
    if first is None:
        return None
    if first["state"] == "uploading":
        raise RequestInProgress("Idempotency-Key")
    digest = _started_hash(wish)
    async for piece in pieces:
        digest.update(piece)
    if digest.digest() != first["request_hash"]:
        raise IdempotencyKeyReused("Idempotency-Key")
    return _out(first)


async def _import_now(
    runtime: Runtime, actor: Actor, import_id: UUID, held: _Held, wish: Wish
) -> ImportOut:
    async def no_progress(_rows: int) -> None:
        pass

    report = await run_import(runtime, _again(held.pieces), wish, no_progress)
    async with runtime.database.write() as tx:
        await _finish(tx, actor, import_id, "done", report, held.hash.digest())
        return await _read(tx, import_id)


async def _import_later(
    runtime: Runtime,
    actor: Actor,
    import_id: UUID,
    held: _Held,
    rest: AsyncIterator[bytes],
    wish: Wish,
) -> ImportOut:
    number = 0
    for piece in held.pieces:
        number = await _store(runtime, import_id, number, piece)
    async for piece in rest:
        held.hash.update(piece)
        number = await _store(runtime, import_id, number, piece)
    async with runtime.database.write() as tx:
        job_id = await enqueue(tx, import_titles, import_id=str(import_id))
        await tx.execute(
            _QUEUE, import_id=import_id, job_id=job_id, request_hash=held.hash.digest()
        )
        await record(tx, actor, "titles.import", targets={"import": import_id}, after=asdict(wish))
        return await _read(tx, import_id)


async def _store(runtime: Runtime, import_id: UUID, number: int, piece: bytes) -> int:
    async with runtime.database.write() as tx:
        await tx.execute(_CHUNK, import_id=import_id, number=number, body=piece)
    return number + 1


async def _finish(
    tx: WriteTx,
    actor: Actor,
    import_id: UUID,
    state: str,
    report: dict[str, Any],
    request_hash: bytes | None = None,
) -> None:
    await tx.execute(
        _FINISH,
        import_id=import_id,
        state=state,
        report=report,
        rows_done=report.get("rows", 0),
        request_hash=request_hash,
    )
    await tx.execute(_FORGET_CHUNKS, import_id=import_id)
    figures = {
        name: value for name, value in report.items() if name not in ("errors", "differences")
    }
    await record(tx, actor, "titles.imported", targets={"import": import_id}, after=figures)


async def get_import(tx: ReadTx, import_id: UUID) -> ImportOut:
    """How an import stands.

    Raises:
        NotFound: there is none of that id.
    """
    return await _read(tx, import_id)


async def _read(tx: ReadTx, import_id: UUID) -> ImportOut:
    row = await tx.one(_ONE, import_id=import_id)
    if row is None:
        raise NotFound()
    return _out(row)


def _out(row: Row) -> ImportOut:
    return ImportOut.model_validate(dict(row) | {"report": row["report"] or None})


@job("catalog.import_titles", queue="imports", attempts=3)
async def import_titles(runtime: Runtime, run: JobRun, *, import_id: str) -> None:
    """Import a stored file; a second run skips what the first one wrote."""
    identity = UUID(import_id)
    async with runtime.database.read() as tx:
        stored = await tx.one(_ONE, import_id=identity)
    if stored is None or stored["state"] not in ("queued", "running"):
        return
    wish = Wish(**stored["options"])

    async def progress(rows: int) -> None:
        async with runtime.database.write() as tx:
            await tx.execute(_RUNNING, import_id=identity, rows_done=rows)
        await run.progress(rows)

    state = "done"
    try:
        report = await run_import(runtime, _stored_pieces(runtime, identity), wish, progress)
    except (UnreadableFile, RowsRefused) as problem:
        state, report = "failed", {"reason": problem.code, **(problem.details or {})}
    except JobCanceled:
        state, report = "canceled", {"reason": "canceled"}
    async with runtime.database.write() as tx:
        await _finish(tx, SYSTEM, identity, state, report)


async def _stored_pieces(runtime: Runtime, import_id: UUID) -> AsyncIterator[bytes]:
    number = 0
    while True:
        async with runtime.database.read() as tx:
            piece = await tx.scalar(_NEXT_CHUNK, import_id=import_id, number=number)
        if piece is None:
            return
        yield piece
        number += 1


@job("catalog.forget_broken_off_uploads", every=EVERY_HOUR)
async def forget_broken_off_uploads(runtime: Runtime, _run: JobRun) -> None:
    """Uploads whose client went away are not kept."""
    async with runtime.database.write() as tx:
        await tx.execute(_FORGET_BROKEN_OFF)
