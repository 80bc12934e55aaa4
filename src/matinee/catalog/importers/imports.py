"""The imports table: how each upload stands; where it runs as a job, the queue knows best."""

from typing import Any, Literal
from uuid import UUID

from matinee.accounts.audit import Actor, record
from matinee.catalog.importers.schemas import ImportOut, Imports, ImportSummary
from matinee.core import jobs
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import Conflict, NotFound, RequestInProgress
from matinee.core.paging import decode_cursor, encode_cursor

LONG_PARTS = ("errors", "differences")

# An import whose job was canceled or gave up can be taken up again (its job retried), so its own
# state stays what it was.
_IMPORTS = """
    SELECT i.id, i.kind, i.format, i.job_id, i.report, i.created_at, i.finished_at,
           i.request_hash, greatest(i.rows_done, p.done) AS rows_done,
           (i.options ->> 'rows')::int AS rows_total,
           CASE WHEN i.state NOT IN ('queued', 'running') THEN i.state
                WHEN j.status IN ('cancelled', 'aborted') THEN 'canceled'
                WHEN j.status = 'failed' OR j.id IS NULL THEN 'failed'
                WHEN j.status = 'doing' THEN 'running'
                ELSE i.state END AS state
    FROM imports i
    LEFT JOIN procrastinate_jobs j ON j.id = i.job_id
    LEFT JOIN job_progress p ON p.job_id = i.job_id
"""
_ONE = f"{_IMPORTS} WHERE i.id = :import_id"
_BY_KEY = f"{_IMPORTS} WHERE i.actor_id = :actor_id AND i.idempotency_key = :key"
_LIST = f"""
    {_IMPORTS}
    WHERE (:before::uuid IS NULL OR i.id < :before) ORDER BY i.id DESC LIMIT :wanted
"""
_FINISH = """
    UPDATE imports
    SET state = :state, report = :report::jsonb, finished_at = clock_timestamp(),
        rows_done = :rows_done, request_hash = coalesce(:request_hash, request_hash)
    WHERE id = :import_id AND state NOT IN ('done', 'failed', 'canceled')
"""
_FORGET_CHUNKS = "DELETE FROM import_chunks WHERE import_id = :import_id"


async def get_import(tx: ReadTx, import_id: UUID) -> ImportOut:
    """How an import stands.

    Raises:
        NotFound: there is none of that id.
    """
    row = await tx.one(_ONE, import_id=import_id)
    if row is None:
        raise NotFound()
    return ImportOut.model_validate(dict(row))


async def find_by_key(tx: ReadTx, actor: Actor, key: str) -> Row | None:
    """The import that this actor began with an idempotency key."""
    return await tx.one(_BY_KEY, actor_id=actor.id, key=key)


async def list_imports(tx: ReadTx, cursor: str | None, page_size: int) -> Imports:
    """All imports, newest first.

    Raises:
        BadCursor: it is not one of ours.
    """
    (before,) = decode_cursor(cursor, (UUID,)) if cursor else (None,)
    rows = await tx.all(_LIST, before=before, wanted=page_size + 1)
    page = rows[:page_size]
    return Imports(
        items=[ImportSummary.model_validate(dict(row)) for row in page],
        next_cursor=encode_cursor(page[-1]["id"]) if len(rows) > len(page) else None,
    )


async def cancel_import(tx: WriteTx, actor: Actor, import_id: UUID) -> ImportOut:
    """Stop an import that waits or runs; what it has stored stays.

    Raises:
        NotFound: there is none of that id.
        Conflict: it has ended already.
    """
    job_id = (await get_import(tx, import_id)).job_id
    if job_id is None or not await jobs.cancel(tx, job_id):
        raise Conflict("state", message="The import has ended already.")
    await record(tx, actor, "import.cancel", targets={"import": import_id, "job": job_id})
    return await get_import(tx, import_id)


async def finish_import(
    tx: WriteTx,
    actor: Actor,
    import_id: UUID,
    state: Literal["done", "failed"],
    report: dict[str, Any],
    *,
    request_hash: bytes | None = None,
) -> ImportOut:
    """Close an import with its report, in the transaction of its last rows.

    Raises:
        RequestInProgress: somebody else has taken it over, so nothing of this may be stored.
    """
    finished = await tx.execute(
        _FINISH,
        import_id=import_id,
        state=state,
        report=report,
        rows_done=report.get("rows", 0),
        request_hash=request_hash,
    )
    if not finished:
        raise RequestInProgress()
    await tx.execute(_FORGET_CHUNKS, import_id=import_id)
    if not report.get("dry_run"):
        figures = {name: value for name, value in report.items() if name not in LONG_PARTS}
        await record(
            tx,
            actor,
            "import.finish",
            targets={"import": import_id},
            after=figures | {"state": state},
        )
    return await get_import(tx, import_id)
