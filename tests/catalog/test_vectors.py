"""The nearest titles a viewer may see: by index, full pages whatever is hidden, close to exact."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from matinee.accounts.viewer import Viewer
from matinee.catalog import vectors
from matinee.catalog.vectors import Near, nearest
from matinee.entitlements.visibility import VISIBLE, visibility_of
from matinee.runtime import Runtime
from tests.catalog.test_plans import Explaining, indexes
from tests.makers import execute, make_title, scalar

TITLES = 4000
PAGE = 20
MODEL = "a-model"

ADULT = Viewer(territory="US", max_maturity=18, block_unrated=False)
CHILD = Viewer(territory="US", max_maturity=0, block_unrated=True)
"""One title in a hundred is for everybody."""

_GENERATE = """
    INSERT INTO titles (kind, status, name, sort_name, folded_name, maturity_score)
    SELECT 'movie', 'published', 'Film ' || n, 'film ' || n, 'film ' || n,
           CASE WHEN n % 100 = 0 THEN 0 ELSE 16 END
    FROM generate_series(1, $1) AS n RETURNING id, maturity_score
"""
_EMBED = """
    INSERT INTO content_embeddings (title_id, purpose, model, dims, embedding, content_hash)
    SELECT id, purpose, $1, 384, vector::vector, ''
    FROM unnest($2::uuid[], $3::text[]) AS made(id, vector),
         unnest(ARRAY['search', 'taste']) AS purpose
"""
_INDEX = "SELECT indexdef FROM pg_indexes WHERE indexname = 'content_embeddings_search'"


def topics(seed: int, count: int) -> np.ndarray:
    """Vectors like those of texts: few independent directions, some noise, length 1."""
    random = np.random.default_rng(seed)
    directions = np.random.default_rng(0).standard_normal((40, 384))
    found = random.standard_normal((count, 40)) @ directions
    found += random.standard_normal((count, 384))
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))


def as_text(vector: np.ndarray) -> str:
    return f"[{','.join(map(str, vector.tolist()))}]"


class Catalogue:
    """Titles with vectors, and what the right answers are."""

    def __init__(self, runtime: Runtime, ids: Sequence[UUID], scores: Sequence[int]) -> None:
        self.runtime = runtime
        self.ids = list(ids)
        self.scores = np.array(scores)
        self.vectors = topics(1, len(self.ids))

    async def nearest(
        self, vector: np.ndarray, viewer: Viewer = ADULT, limit: int = PAGE, **other: Any
    ) -> list[Near]:
        asked = {"model": MODEL, **visibility_of(viewer), **other}
        async with self.runtime.database.read() as tx:
            return await nearest(tx, vector.tolist(), VISIBLE, limit, **asked)

    def exactly(self, vector: np.ndarray, viewer: Viewer = ADULT, limit: int = PAGE) -> set[UUID]:
        distances = 1 - self.vectors @ vector
        distances[self.scores > viewer.max_maturity] = 9
        return {self.ids[place] for place in np.argsort(distances)[:limit]}

    async def recall(self, viewer: Viewer, limit: int = PAGE) -> float:
        """The share of the right titles that are found, over some queries."""
        hits = 0
        queries = topics(2, 10)
        for query in queries:
            found = {near.title_id for near in await self.nearest(query, viewer, limit)}
            hits += len(found & self.exactly(query, viewer, limit))
        return hits / (limit * len(queries))


@pytest.fixture
async def catalogue(runtime: Runtime) -> Catalogue:
    index = await scalar(runtime, _INDEX)
    async with runtime.database.write() as tx:
        connection = await tx.connection()
        rows = await connection.fetch(_GENERATE, TITLES)
        made = Catalogue(runtime, [row[0] for row in rows], [row[1] for row in rows])
        # an index is built faster than it grows
        await connection.execute("DROP INDEX content_embeddings_search")
        await connection.execute(_EMBED, MODEL, made.ids, [as_text(v) for v in made.vectors])
        await connection.execute(index)
    await execute(runtime, "ANALYZE titles, content_embeddings")
    return made


async def test_nearly_all_of_the_nearest_titles_are_found(catalogue: Catalogue) -> None:
    assert await catalogue.recall(ADULT) >= 0.95


async def test_a_child_gets_a_full_page_of_the_right_titles(catalogue: Catalogue) -> None:
    query = topics(3, 1)[0]

    found = await catalogue.nearest(query, CHILD)

    assert {near.title_id for near in found} == catalogue.exactly(query, CHILD)
    assert len(found) == PAGE


async def test_a_page_is_full_where_too_many_titles_are_admitted_to_compare_them(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "MOST_COMPARED", 30)

    found = await catalogue.nearest(topics(3, 1)[0], CHILD)

    assert len(set(found)) == PAGE


async def test_all_there_are_is_less_than_a_page(catalogue: Catalogue) -> None:
    found = await catalogue.nearest(topics(3, 1)[0], CHILD, limit=200)

    assert len(found) == TITLES // 100


async def test_the_nearest_come_first(catalogue: Catalogue) -> None:
    found = await catalogue.nearest(catalogue.vectors[7])

    distances = [near.distance for near in found]
    assert found[0] == (catalogue.ids[7], pytest.approx(0, abs=1e-6))
    assert distances == sorted(distances)


async def test_vectors_of_another_model_are_not_compared(catalogue: Catalogue) -> None:
    assert await catalogue.nearest(topics(3, 1)[0], model="another-model") == []


async def test_the_index_answers(catalogue: Catalogue) -> None:
    tx = Explaining(catalogue.runtime.database)
    query = topics(3, 1)[0].tolist()

    await nearest(tx, query, VISIBLE, PAGE, model=MODEL, **visibility_of(ADULT))

    await tx.finish(None)
    assert "content_embeddings_search" in indexes(tx.plans)


async def test_a_title_without_a_vector_is_not_found(runtime: Runtime) -> None:
    await make_title(runtime, "Metropolis")
    catalogue = Catalogue(runtime, [], [])

    assert await catalogue.nearest(topics(3, 1)[0]) == []
