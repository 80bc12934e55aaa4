"""Neighbours that another engine has learned."""

import orjson
import pytest

from matinee.core.errors import InvalidValue
from matinee.recommendations.learning.external import import_neighbours
from matinee.runtime import Runtime
from tests.makers import make_title, scalar
from tests.recommendations.learning.rows import make_titles

TOGETHER = """
    SELECT n.together_weights FROM title_neighbors n JOIN titles t ON t.number = n.title_number
    WHERE t.id = $1
"""


def line(title: str, neighbours: list[str], weights: list[float]) -> bytes:
    """A line of a file."""
    return orjson.dumps({"title": title, "neighbors": neighbours, "weights": weights})


async def test_a_file_becomes_the_current_model(runtime: Runtime):
    first, second, third = [str(title_id) for title_id in await make_titles(runtime, 0, 3)]
    report = await import_neighbours(runtime, [line(first, [second, third], [-0.5, 2]), b"\n"])
    assert await scalar(runtime, TOGETHER, first) == [2, -0.5]
    assert report["unknown_titles"] == 0
    assert await scalar(runtime, "SELECT source FROM recommendation_models") == "external"
    assert await scalar(runtime, "SELECT action FROM admin_audit_log") == "recommendations.import"


async def test_titles_go_by_external_ids_too_and_unknown_ones_are_counted(runtime: Runtime):
    first = await make_title(runtime, "One", external_id="tt1")
    await make_title(runtime, "Two", external_id="tt2")
    report = await import_neighbours(runtime, [line("tt1", ["tt2", "tt3", "tt1"], [1, 1, 1])])
    assert await scalar(runtime, TOGETHER, first) == [1]
    assert report["unknown_titles"] == 1


@pytest.mark.parametrize(
    "wrong",
    [
        b"{",
        b"[]",
        line("tt1", ["tt2"], []),
        line("tt1", ["tt2"], [1e300]),
        b'{"title": "tt1", "neighbors": ["tt2"], "weights": [NaN]}',
        line("tt8", ["tt9"], [1]),
    ],
)
async def test_a_wrong_file_changes_nothing(runtime: Runtime, wrong: bytes):
    await make_title(runtime, "One", external_id="tt1")
    await make_title(runtime, "Two", external_id="tt2")
    with pytest.raises(InvalidValue):
        await import_neighbours(runtime, [wrong])
    assert await scalar(runtime, "SELECT count(*) FROM recommendation_models") == 0
