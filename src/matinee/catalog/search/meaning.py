"""The meaning of a query as a vector: waited for a moment, never inside a transaction."""

import asyncio
from contextvars import Context

from matinee.accounts.viewer import Viewer
from matinee.catalog import vectors
from matinee.catalog.search.ranking import CANDIDATES, Meaning
from matinee.core.database import ReadTx
from matinee.core.text import fold
from matinee.entitlements.visibility import VISIBLE, visibility_of
from matinee.integrations.embeddings.embedder import QUERY_SECONDS, EmbeddingFailed, Vector
from matinee.runtime import Runtime

LEAST_LETTERS = 3

_unfinished: set["asyncio.Task[Vector | None]"] = set()


async def vector_of(runtime: Runtime, query: str, seconds: float = QUERY_SECONDS) -> Vector | None:
    """The vector of a query, or None where there is none within so many seconds.

    One that comes later is remembered by the embedder for who asks next.
    """
    if not runtime.embedder.available or len(fold(query)) < LEAST_LETTERS:
        return None
    task = asyncio.create_task(_embed(runtime, query), context=Context())
    _unfinished.add(task)
    task.add_done_callback(_unfinished.discard)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    return task.result() if done else None


async def _embed(runtime: Runtime, query: str) -> Vector | None:
    try:
        return await runtime.embedder.embed_query(query)
    except EmbeddingFailed:
        return None


async def meaning_of(
    tx: ReadTx, runtime: Runtime, viewer: Viewer, vector: Vector | None
) -> Meaning | None:
    """The titles nearest to a vector among those that this viewer may see."""
    if vector is None:
        return None
    model = runtime.embedder.model
    near = await vectors.nearest(
        tx, vector, VISIBLE, CANDIDATES, model=model, **visibility_of(viewer)
    )
    return Meaning(vector, model, [title.title_id for title in near])
