"""Plans of the browsing statements at a size where they matter: by index, never sorting it all."""

import json
from typing import Any

import pytest

from matinee.accounts.viewer import Viewer
from matinee.catalog import browse
from matinee.catalog.filters import Browse
from matinee.core.database import ReadTx
from matinee.core.paging import encode_cursor
from matinee.runtime import Runtime
from tests.makers import execute

TITLES = 20_000

_GENERATE = """
    INSERT INTO titles (kind, status, name, sort_name, folded_name, year, genres, mood_tags,
                        maturity_score, rights_managed, added_at)
    SELECT 'movie', 'published', 'Film ' || n, 'film ' || md5(n::text), 'film ' || n,
           1900 + n % 120, ARRAY['genre-' || n % 40], ARRAY['funny'], n % 19, n % 2 = 0,
           clock_timestamp() - n * interval '1 minute'
    FROM generate_series(1, $1) AS n
"""
_RIGHTS = """
    INSERT INTO title_rights (title_id, territory)
    SELECT id, territory FROM titles, unnest(ARRAY['US', 'DE', 'FR']) AS territory
    WHERE rights_managed
"""

CHILD = Viewer(territory="DE", max_maturity=12, block_unrated=True)


@pytest.fixture
async def catalogue(runtime: Runtime) -> None:
    await execute(runtime, _GENERATE, TITLES)
    await execute(runtime, _RIGHTS)
    await execute(runtime, "ANALYZE titles, title_rights")


class Explaining(ReadTx):
    """Runs a statement and keeps its plan beside its rows."""

    plans: list[dict[str, Any]]

    async def all(self, statement: Any, /, **params: Any) -> list[Any]:
        explained = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"
        (row,) = await super().all(explained, **params)
        plan = row[0] if not isinstance(row[0], str) else json.loads(row[0])
        self.plans = list(nodes(plan[0]["Plan"]))
        return await super().all(statement, **params)


def nodes(plan: dict[str, Any]) -> Any:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


async def plan_of(runtime: Runtime, viewer: Viewer, wish: Browse) -> list[dict[str, Any]]:
    """The nodes of the plan that finds one page."""
    tx = Explaining(runtime.database, custom_plans=True)
    await browse.find_ids(tx, viewer, wish)
    await tx.finish(None)
    return tx.plans


def indexes(plan: list[dict[str, Any]]) -> set[str]:
    return {node["Index Name"] for node in plan if "Index Name" in node}


def sorts(plan: list[dict[str, Any]]) -> list[str]:
    return [node["Node Type"] for node in plan if "Sort" in node["Node Type"]]


def rows_read(plan: list[dict[str, Any]]) -> int:
    """Titles looked at, kept or not."""
    return sum(
        node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        for node in plan
        if node.get("Relation Name") == "titles"
    )


@pytest.mark.usefixtures("catalogue")
async def test_every_order_reads_its_index_and_stops_after_the_page(runtime: Runtime) -> None:
    middle = encode_cursor("2026-01-01T00:00:00+00:00", "0199f3a4-1b2c-7d3e-8f40-5a6b7c8d9e0f")
    name = encode_cursor("film 8", "0199f3a4-1b2c-7d3e-8f40-5a6b7c8d9e0f")
    wishes = {
        "titles_browse_newest": Browse(sort="newest", page_size=50),
        "titles_browse_name": Browse(sort="name", page_size=50),
        "titles_browse_year": Browse(sort="year", page_size=50),
        "titles_browse_oldest": Browse(sort="oldest", page_size=50),
    }
    continued = {
        "titles_browse_newest": Browse(sort="newest", cursor=middle),
        "titles_browse_name": Browse(sort="name", cursor=name),
    }
    for index, wish in [*wishes.items(), *continued.items()]:
        plan = await plan_of(runtime, CHILD, wish)
        assert index in indexes(plan), wish
        assert not sorts(plan), wish
        assert rows_read(plan) < 500, wish


@pytest.mark.usefixtures("catalogue")
async def test_rights_are_asked_title_by_title(runtime: Runtime) -> None:
    plan = await plan_of(runtime, CHILD, Browse(page_size=50))
    rights = [node for node in plan if node.get("Relation Name") == "title_rights"]
    assert rights
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in rights) < 500


@pytest.mark.usefixtures("catalogue")
async def test_a_rare_genre_is_found_by_its_index(runtime: Runtime) -> None:
    plan = await plan_of(runtime, CHILD, Browse(genre=["genre-7"], maturity_max=0, q="film 99"))
    assert indexes(plan) & {"titles_genres", "titles_folded_name"}
    assert rows_read(plan) < 2000
