"""What the guide of the next days is about: a vector for each programme, however often it is on."""

from collections.abc import Sequence

import orjson

from matinee.core.database import Row
from matinee.core.jobs import EVERY_HOUR, JobRun, job
from matinee.enrichment.embedding_text import MOST_LETTERS
from matinee.epg.events import GUIDE_CHANGED
from matinee.runtime import Runtime

AT_ONCE = 50
MOST_IN_A_RUN = 5_000
"""A minute or two of work; what is left comes with the next hour."""

_TEXT = f"""left(concat_ws('. ',
    p.title || coalesce(' (' || p.year || ')', ''), nullif(p.sub_title, ''),
    nullif(replace(array_to_string(p.genres, ', '), '-', ' '), ''), nullif(p.description, '')
), {MOST_LETTERS})"""

# Soonest first: what is on tonight matters more than what is on in three days.
_DUE = f"""
    WITH soon AS (
        SELECT s.programme_id, min(s.starts_at) AS starts_at
        FROM schedule_entries s JOIN channels c ON c.id = s.channel_id
        WHERE c.status = 'published' AND s.ends_at > clock_timestamp()
          AND s.starts_at BETWEEN clock_timestamp() - interval '1 day'
                              AND clock_timestamp() + interval '3 days'
        GROUP BY s.programme_id
    )
    SELECT p.id, {_TEXT} AS text FROM soon JOIN programmes p ON p.id = soon.programme_id
    WHERE NOT EXISTS (
        SELECT FROM programme_embeddings e WHERE e.programme_id = p.id AND e.model = :model
    )
    ORDER BY soon.starts_at, p.id LIMIT {MOST_IN_A_RUN}
"""
_STORE = """
    INSERT INTO programme_embeddings (programme_id, model, embedding)
    SELECT p.id, :model, made.vector::vector
    FROM unnest(:ids::bigint[], :vectors::text[]) AS made(id, vector)
    JOIN programmes p ON p.id = made.id
    ORDER BY p.id
    FOR KEY SHARE OF p
    ON CONFLICT (programme_id, model) DO NOTHING
"""
_FORGET_OTHER_MODELS = "DELETE FROM programme_embeddings WHERE model <> :model"


# One job for both, of which one waits at most: many channels change at once, and each run looks at
# whatever is due.
@job("enrichment.embed_programmes", every=EVERY_HOUR, follows=GUIDE_CHANGED, resumable=True)
async def embed_programmes(
    runtime: Runtime, run: JobRun, *, channel_ids: list[str] | None = None, rev: int | None = None
) -> None:
    """Whatever comes within three days and has no vector of this model, for whatever reason."""
    await _embed_due(runtime, run)
    if runtime.embedder.available:
        async with runtime.database.write() as tx:
            await tx.execute(_FORGET_OTHER_MODELS, model=runtime.embedder.model)


async def _embed_due(runtime: Runtime, run: JobRun) -> None:
    if not runtime.embedder.available:
        return
    timeout = runtime.settings.job_statement_timeout_ms
    async with runtime.database.read(statement_timeout_ms=timeout) as tx:
        due = await tx.all(_DUE, model=runtime.embedder.model)
    for start in range(0, len(due), AT_ONCE):
        await run.progress(start, total=len(due))
        await _embed(runtime, due[start : start + AT_ONCE])


async def _embed(runtime: Runtime, due: Sequence[Row]) -> None:
    """Store the vectors of programmes; one that is gone by now is left out."""
    vectors = await runtime.embedder.embed([row["text"] for row in due])
    async with runtime.database.write() as tx:
        await tx.execute(
            _STORE,
            model=runtime.embedder.model,
            ids=[row["id"] for row in due],
            vectors=[orjson.dumps(vector).decode() for vector in vectors],
        )
