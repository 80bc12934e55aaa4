"""The table of imports: each run of a source with its report."""

from typing import Any, Literal
from uuid import UUID

from matinee.core.database import ReadTx, WriteTx
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.epg.importing.schemas import GuideImport, GuideImports

# Whoever takes the lease of a source has outlived what ran before.
_INTERRUPTED = """
    UPDATE epg_imports
    SET state = 'failed', finished_at = clock_timestamp(),
        report = report || '{"reason": "interrupted"}'
    WHERE source_id = :source_id AND state = 'running'
"""
_BEGIN = """
    INSERT INTO epg_imports (source_id, started_by) VALUES (:source_id, :started_by) RETURNING id
"""
_FINISH = """
    UPDATE epg_imports
    SET state = :state, report = :report::jsonb, finished_at = clock_timestamp()
    WHERE id = :import_id AND state = 'running'
"""
_IMPORTS = """
    SELECT i.id, i.source_id, s.name AS source, i.report, i.started_at, i.finished_at,
           CASE WHEN i.state = 'running'
                     AND coalesce(s.lease_until < clock_timestamp(), true)
                THEN 'failed' ELSE i.state END AS state
    FROM epg_imports i LEFT JOIN epg_sources s ON s.id = i.source_id
"""
_ONE = f"{_IMPORTS} WHERE i.id = :import_id"
_LIST = f"""
    {_IMPORTS}
    WHERE (:source_id::uuid IS NULL OR i.source_id = :source_id)
      AND (:before::uuid IS NULL OR i.id < :before)
    ORDER BY i.id DESC LIMIT :wanted
"""
_FORGET_OLD = """
    DELETE FROM epg_imports WHERE started_at < clock_timestamp() - interval '90 days'
"""


async def begin_run(tx: WriteTx, source_id: UUID, started_by: UUID | None) -> UUID:
    """Write down that an import begins; its source must be leased."""
    await tx.execute(_INTERRUPTED, source_id=source_id)
    import_id: UUID = await tx.scalar(_BEGIN, source_id=source_id, started_by=started_by)
    return import_id


async def finish_run(
    tx: WriteTx,
    import_id: UUID,
    state: Literal["done", "refused", "failed"],
    report: dict[str, Any],
) -> None:
    """Close an import with its report."""
    await tx.execute(_FINISH, import_id=import_id, state=state, report=report)


async def get_run(tx: ReadTx, import_id: UUID) -> GuideImport:
    """An import that is known to be there."""
    row = await tx.one(_ONE, import_id=import_id)
    return GuideImport.model_validate(dict(row or {}))


async def list_runs(
    tx: ReadTx, source_id: UUID | None, cursor: str | None, page_size: int
) -> GuideImports:
    """Imports of guides, newest first.

    Raises:
        BadCursor: it is not one of ours.
    """
    (before,) = decode_cursor(cursor, (UUID,)) if cursor else (None,)
    rows = await tx.all(_LIST, source_id=source_id, before=before, wanted=page_size + 1)
    page = rows[:page_size]
    return GuideImports(
        items=[GuideImport.model_validate(dict(row)) for row in page],
        next_cursor=encode_cursor(page[-1]["id"]) if len(rows) > len(page) else None,
    )


async def forget_old_runs(tx: WriteTx) -> None:
    """Reports are kept for ninety days."""
    await tx.execute(_FORGET_OLD)
