"""Keeping the vectors of titles up to date: jobs, and how far they are (A-02, A-05, X-05).

What is stored says by itself what is left to do, so a job that was killed goes on where it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from matinee.accounts.audit import Actor, record
from matinee.catalog.events import TITLES_CHANGED
from matinee.core.database import Row, WriteTx
from matinee.core.errors import Conflict
from matinee.core.jobs import EVERY_HOUR, JobRun, enqueue, job
from matinee.enrichment.embedding_text import HASH, STATE, VECTORS
from matinee.enrichment.schemas import (
    EmbeddingCounts,
    EmbeddingJob,
    Embeddings,
    GenerateEmbeddings,
    Scope,
)
from matinee.runtime import Runtime

TITLES_AT_ONCE = 50
"""What a kill costs: about a second of work."""

SURVIVED_KILLS = 20
REMEMBERED = timedelta(seconds=30)
"""Counting takes about 4 s for 100 000 titles."""

WALKS = ("enrichment.embed_catalog", "enrichment.refresh_embeddings")
"""Jobs that go through the whole catalogue."""

_NEXT_TITLES = """
    SELECT id FROM titles WHERE (:after::uuid IS NULL OR id > :after) ORDER BY id LIMIT :wanted
"""
_COUNT_TITLES = "SELECT count(*) FROM titles"
_DUE = f"""
    SELECT t.id AS title_id, wanted.purpose, wanted.text, {HASH} AS hash
    FROM {VECTORS}
    WHERE t.id = ANY (:title_ids::uuid[])
      AND (({STATE}) = ANY (:states::text[]) OR e.updated_at < :made_before::timestamptz)
    ORDER BY t.id, wanted.purpose
"""
_STORE = """
    INSERT INTO content_embeddings
        (title_id, purpose, model, dims, embedding, content_hash, updated_at)
    SELECT t.id, made.purpose, :model, :dims, made.vector::vector, made.hash, clock_timestamp()
    FROM unnest(:title_ids::uuid[], :purposes::text[], :vectors::text[], :hashes::bytea[])
        AS made (title_id, purpose, vector, hash)
    JOIN titles t ON t.id = made.title_id
    ORDER BY t.id, made.purpose
    FOR KEY SHARE OF t
    ON CONFLICT (title_id, purpose) DO UPDATE
    SET model = excluded.model, dims = excluded.dims, embedding = excluded.embedding,
        content_hash = excluded.content_hash, updated_at = excluded.updated_at
"""
_COUNTS = f"""
    SELECT wanted.purpose,
           count(*) FILTER (WHERE state.is = 'fresh') AS fresh,
           count(*) FILTER (WHERE state.is = 'stale') AS stale,
           count(*) FILTER (WHERE state.is = 'missing') AS missing,
           (SELECT count(*) FROM content_embeddings o
            WHERE o.purpose = wanted.purpose
              AND NOT EXISTS (SELECT FROM titles WHERE id = o.title_id)) AS orphan
    FROM {VECTORS} CROSS JOIN LATERAL (SELECT {STATE} AS is) AS state
    GROUP BY wanted.purpose ORDER BY wanted.purpose
"""
_OTHER_WALK = """
    SELECT EXISTS (
        SELECT FROM procrastinate_jobs
        WHERE task_name = ANY (:walks::text[]) AND status = 'doing' AND id <> :job_id
    )
"""


class EmbeddingsOff(Conflict):
    """There is no embedding model: none is installed, or it was switched off."""


@dataclass(frozen=True)
class Wanted:
    """Which vectors of a title are to be made anew."""

    states: tuple[str, ...] = ("missing", "stale")
    made_before: datetime | None = None


async def get_embeddings(runtime: Runtime) -> Embeddings:
    """The model and how far its vectors are; half a minute old at most."""

    async def build() -> Embeddings:
        return await count_embeddings(runtime)

    return await runtime.cache.get_or_build_object(
        "embeddings", "counts", depends_on=(), ttl=REMEMBERED, build=build
    )


async def count_embeddings(runtime: Runtime) -> Embeddings:
    """The same, counted now."""
    embedder = runtime.embedder
    timeout = runtime.settings.job_statement_timeout_ms
    async with runtime.database.read(statement_timeout_ms=timeout) as tx:
        rows = await tx.all(_COUNTS, model=embedder.model)
    return Embeddings(
        available=embedder.available,
        model=embedder.model,
        dims=embedder.dims,
        purposes=[EmbeddingCounts(**row) for row in rows],
    )


async def generate_embeddings(
    tx: WriteTx, runtime: Runtime, actor: Actor, wish: GenerateEmbeddings
) -> EmbeddingJob:
    """Have vectors made by a job; one that waits for the same already is joined.

    Raises:
        EmbeddingsOff: there is no model.
    """
    if not runtime.embedder.available:
        raise EmbeddingsOff()
    now = await tx.scalar("SELECT clock_timestamp()")
    job_id = await enqueue(tx, embed_catalog, scope=wish.scope, asked_at=now.isoformat())
    await record(
        tx, actor, "embeddings.generate", targets={"job": job_id}, after={"scope": wish.scope}
    )
    return EmbeddingJob(job_id=job_id, scope=wish.scope)


@job("enrichment.embed_titles", follows=TITLES_CHANGED, resumable=True)
async def embed_titles(runtime: Runtime, _run: JobRun, *, title_ids: list[str]) -> None:
    """Titles that are new or say something else get their vectors."""
    if runtime.embedder.available:
        ids = [UUID(title_id) for title_id in title_ids]
        for start in range(0, len(ids), TITLES_AT_ONCE):
            await _embed(runtime, ids[start : start + TITLES_AT_ONCE], Wanted())


@job(
    "enrichment.embed_catalog",
    attempts=SURVIVED_KILLS,
    deduplicate=["scope"],
    resumable=True,
)
async def embed_catalog(runtime: Runtime, run: JobRun, *, scope: Scope, asked_at: str) -> None:
    """What an operator asked for; `all` means what was made before it was asked for."""
    wanted = {
        "missing": Wanted(("missing",)),
        "stale": Wanted(("stale",)),
        "all": Wanted(made_before=datetime.fromisoformat(asked_at)),
    }
    await _walk(runtime, run, wanted[scope])


@job("enrichment.refresh_embeddings", every=EVERY_HOUR, attempts=SURVIVED_KILLS, resumable=True)
async def refresh_embeddings(runtime: Runtime, run: JobRun) -> None:
    """Whatever is missing or stale, for whatever reason: another model, a job that was given up."""
    async with runtime.database.read() as tx:
        if await tx.scalar(_OTHER_WALK, walks=WALKS, job_id=run.id):
            return
    await _walk(runtime, run, Wanted())


async def _walk(runtime: Runtime, run: JobRun, wanted: Wanted) -> None:
    """Go through the catalogue; what is as wanted already is only looked at."""
    if not runtime.embedder.available:
        return
    async with runtime.database.read() as tx:
        total = await tx.scalar(_COUNT_TITLES)
    done = made = 0
    title_ids: list[UUID] = []
    await run.progress(done, total=total)
    while title_ids := await _titles_after(runtime, title_ids[-1] if title_ids else None):
        made += await _embed(runtime, title_ids, wanted)
        done += len(title_ids)
        await run.progress(done, total=total, note=f"{made} vectors made")


async def _titles_after(runtime: Runtime, title_id: UUID | None) -> list[UUID]:
    async with runtime.database.read() as tx:
        rows = await tx.all(_NEXT_TITLES, after=title_id, wanted=TITLES_AT_ONCE)
    return [row["id"] for row in rows]


async def _embed(runtime: Runtime, title_ids: Sequence[UUID], wanted: Wanted) -> int:
    """Make the vectors of these titles that are due; returns how many. No transaction waits."""
    async with runtime.database.read() as tx:
        due = await tx.all(
            _DUE,
            title_ids=title_ids,
            model=runtime.embedder.model,
            states=wanted.states,
            made_before=wanted.made_before,
        )
    if due:
        texts = list({row["text"]: None for row in due})
        vectors = dict(zip(texts, await runtime.embedder.embed(texts), strict=True))
        await _store(runtime, due, vectors)
    return len(due)


async def _store(runtime: Runtime, due: Sequence[Row], vectors: dict[str, list[float]]) -> None:
    """Store vectors with the hash of their text; a title changed meanwhile has a job of its own."""
    async with runtime.database.write() as tx:
        await tx.execute(
            _STORE,
            model=runtime.embedder.model,
            dims=runtime.embedder.dims,
            title_ids=[row["title_id"] for row in due],
            purposes=[row["purpose"] for row in due],
            vectors=[orjson.dumps(vectors[row["text"]]).decode() for row in due],
            hashes=[row["hash"] for row in due],
        )
