"""An invented audience in the database: groups of households that like titles of their kind."""

import hashlib
from uuid import UUID, uuid4

import numpy as np

from matinee.core.jobs import JobRun
from matinee.core.text import searchable, sort_key
from matinee.recommendations.learning.introducing import introduce_titles
from matinee.recommendations.learning.training import train
from matinee.runtime import Runtime
from tests.makers import execute, make_profile, make_user

GROUPS = 3
TITLES = 12
LIKED = 8
DIMENSIONS = 384

_TITLES = """
    INSERT INTO titles (id, kind, name, sort_name, folded_name, status, genres, maturity_score)
    SELECT id, 'movie', name, sort_name, folded_name, 'published', ARRAY[genre], 0
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
        AS new(id, name, sort_name, folded_name, genre)
"""
_VECTORS = """
    INSERT INTO content_embeddings (title_id, purpose, model, dims, embedding, content_hash)
    SELECT id, 'taste', 'invented', 384, vector::vector, $3
    FROM unnest($1::uuid[], $2::text[]) AS new(id, vector)
"""
_SIGNALS = """
    INSERT INTO profile_signals (user_id, profile_id, title_id, kind, at)
    SELECT $1, $2, id, $4, clock_timestamp() - n * interval '1 day'
    FROM unnest($3::uuid[]) WITH ORDINALITY AS new(id, n)
"""


async def make_titles(runtime: Runtime, group: int, count: int, start: int = 0) -> list[UUID]:
    """Titles of a kind, with vectors that are close to one another's."""
    ids = [uuid4() for _ in range(count)]
    names = [f"Kind {group} title {n}" for n in range(start, start + count)]
    await execute(
        runtime,
        _TITLES,
        ids,
        names,
        [sort_key(name) for name in names],
        [searchable(name) for name in names],
        [f"kind-{group}"] * count,
    )
    vectors = [str(_vector(group, n).tolist()) for n in range(start, start + count)]
    await execute(runtime, _VECTORS, ids, vectors, hashlib.sha256(b"").digest())
    return ids


def _vector(group: int, n: int) -> np.ndarray:
    centre = np.random.default_rng(group).normal(size=DIMENSIONS)
    own = np.random.default_rng((group, n)).normal(size=DIMENSIONS)
    vector = centre + own / 2
    return (vector / np.linalg.norm(vector)).round(4)


async def make_audience(runtime: Runtime, people: int = 10) -> list[list[UUID]]:
    """The titles of each kind, liked by so many profiles of one household per kind."""
    random = np.random.default_rng(5)
    kinds = []
    for group in range(GROUPS):
        titles = await make_titles(runtime, group, TITLES)
        user_id = await make_user(runtime, f"kind-{group}@example.com")
        for n in range(people):
            profile_id = await make_profile(runtime, user_id, f"Person {n}")
            liked = [titles[place] for place in random.permutation(TITLES)[:LIKED]]
            await execute(runtime, _SIGNALS, user_id, profile_id, liked, "liked")
        kinds.append(titles)
    return kinds


async def learn(runtime: Runtime) -> None:
    """Run the job here and now."""
    await train(runtime, JobRun(1, 0, runtime.database))


async def introduce(runtime: Runtime) -> None:
    """Run the hourly job here and now."""
    await introduce_titles(runtime, JobRun(2, 0, runtime.database))
