"""Makers of learned tables and of what profiles said about titles."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.settings import SignalWeights
from matinee.runtime import Runtime
from matinee.viewing.taste import Taste, taste_of
from tests.makers import execute, scalar

Near = Mapping[UUID, float]

_MODEL = "INSERT INTO recommendation_models (state, source) VALUES ('current', 'test') RETURNING id"
_NEIGHBORS = """
    INSERT INTO title_neighbors VALUES (
        $1, (SELECT number FROM titles WHERE id = $2), false, $3, $4, $5, $6, $7, $8
    )
"""
_SIGNAL = """
    INSERT INTO profile_signals (user_id, profile_id, title_id, kind, at)
    VALUES ($1, $2, $3, $4, clock_timestamp() - $5 * interval '1 day')
"""


async def make_model(runtime: Runtime) -> int:
    """A current model that has learned nothing."""
    async with runtime.database.write() as tx:
        model_id: int = await tx.scalar(_MODEL)
    return model_id


async def teach(
    runtime: Runtime,
    model_id: int,
    title_id: UUID,
    *,
    together: Near | None = None,
    following: Near | None = None,
    content: Near | None = None,
) -> None:
    """Neighbours of a title."""
    arrays: list[Sequence[float]] = []
    for near in (together, following, content):
        ordered = sorted((near or {}).items(), key=lambda one: -abs(one[1]))
        numbers = [
            await scalar(runtime, "SELECT number FROM titles WHERE id = $1", title_id)
            for title_id, _ in ordered
        ]
        arrays += [numbers, [weight for _, weight in ordered]]
    await execute(runtime, _NEIGHBORS, model_id, title_id, *arrays)


async def signal(
    runtime: Runtime, viewer: Viewer, title_id: UUID, kind: str = "liked", days_ago: int = 0
) -> None:
    """What a profile's behaviour says about a title."""
    await execute(
        runtime, _SIGNAL, viewer.household, viewer.profile, title_id, kind, float(days_ago)
    )


async def read_taste(runtime: Runtime, viewer: Viewer) -> Taste:
    """The taste of a viewer."""
    async with runtime.database.read() as tx:
        return await taste_of(tx, viewer, SignalWeights())
