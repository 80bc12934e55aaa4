"""Keeping the search index up to date: jobs that follow changes, and one that makes it anew."""

from collections.abc import Sequence
from uuid import UUID

from matinee.accounts.audit import Actor, record
from matinee.catalog.events import TITLES_CHANGED
from matinee.catalog.search.documents import read_titles, store_documents
from matinee.catalog.search.schemas import Scope
from matinee.catalog.search.words import refresh_words, sort_in
from matinee.core.database import WriteTx
from matinee.core.jobs import EVERY_HOUR, EVERY_NIGHT, JobRun, enqueue, job
from matinee.core.schema import JobAccepted
from matinee.runtime import Runtime

TITLES_AT_ONCE = 200

WORDS_WAIT = 20.0
"""Seconds in which an import may bring more words before they are counted."""

_TITLES_AFTER = """
    SELECT t.id FROM titles t
    WHERE (:after::uuid IS NULL OR t.id > :after)
      AND (:every::bool OR NOT EXISTS (SELECT FROM search_documents d WHERE d.title_id = t.id))
    ORDER BY t.id LIMIT :wanted
"""
_COUNT_TITLES = "SELECT count(*) FROM titles"


async def rebuild(tx: WriteTx, actor: Actor, scope: Scope) -> JobAccepted:
    """Have the index made anew by a job; one that waits for the same already is joined."""
    job_id = await enqueue(tx, rebuild_index, scope=scope)
    await record(tx, actor, "search.rebuild", targets={"job": job_id}, after={"scope": scope})
    return JobAccepted(job_id=job_id, status_url=f"/api/v1/admin/jobs/{job_id}")


@job("catalog.index_titles", follows=TITLES_CHANGED, resumable=True)
async def index_titles(runtime: Runtime, _run: JobRun, *, title_ids: list[str]) -> None:
    """Titles that are new or say something else are found by what they say now."""
    ids = [UUID(title_id) for title_id in title_ids]
    for start in range(0, len(ids), TITLES_AT_ONCE):
        await _index(runtime, ids[start : start + TITLES_AT_ONCE])
    await _count_words_soon(runtime)


@job("catalog.rebuild_search", deduplicate=["scope"], resumable=True)
async def rebuild_index(runtime: Runtime, run: JobRun, *, scope: Scope) -> None:
    """What an operator asked for."""
    await _walk(runtime, run, scope)


@job("catalog.index_missing", every=EVERY_HOUR, resumable=True)
async def index_missing(runtime: Runtime, run: JobRun) -> None:
    """Titles that are not in the index, for whatever reason: a job that was given up, an update."""
    await _walk(runtime, run, "missing")


@job("catalog.count_words", every=EVERY_NIGHT)
async def count_words(runtime: Runtime, _run: JobRun) -> None:
    """How rare each word of the catalogue is, and which words there are to misspell."""
    async with runtime.database.write() as tx:
        await refresh_words(tx)
    async with runtime.database.write() as tx:
        await sort_in(tx)


async def _walk(runtime: Runtime, run: JobRun, scope: Scope) -> None:
    async with runtime.database.read() as tx:
        total = await tx.scalar(_COUNT_TITLES) if scope == "all" else None
    done = 0
    title_ids: list[UUID] = []
    while title_ids := await _titles_after(runtime, title_ids[-1] if title_ids else None, scope):
        await _index(runtime, title_ids)
        done += len(title_ids)
        await run.progress(done, total=total)
    if done:
        await _count_words_soon(runtime)


async def _titles_after(runtime: Runtime, after: UUID | None, scope: Scope) -> list[UUID]:
    async with runtime.database.read() as tx:
        rows = await tx.all(_TITLES_AFTER, after=after, every=scope == "all", wanted=TITLES_AT_ONCE)
    return [row["id"] for row in rows]


async def _index(runtime: Runtime, title_ids: Sequence[UUID]) -> None:
    async with runtime.database.write() as tx:
        titles = await read_titles(tx, title_ids)
        await store_documents(tx, titles, runtime.settings.catalog_language)


async def _count_words_soon(runtime: Runtime) -> None:
    async with runtime.database.write() as tx:
        await enqueue(tx, count_words, delay=WORDS_WAIT)
