"""Plans of the statements of search go by indexes; how often one may ask, and what it costs."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from httpx import AsyncClient

from matinee.accounts.viewer import Viewer
from matinee.catalog.search import ranking, suggestions
from matinee.catalog.search.question import set_thresholds, understand
from matinee.core.database import ReadTx
from matinee.core.ratelimit import SEARCHES, SEMANTIC_SEARCHES
from matinee.runtime import Runtime
from tests.catalog.makers import refusal
from tests.catalog.search.conftest import SEARCH, Index, ask
from tests.catalog.test_statements import Counter
from tests.makers import execute, make_title

TITLES = 3000

_TITLES = """
    INSERT INTO titles (kind, status, name, sort_name, folded_name, synopsis, maturity_score)
    SELECT 'movie', 'published', name, name, name, md5((n * 7)::text), 0
    FROM generate_series(1, $1) AS n,
         LATERAL (SELECT translate(md5(n::text), '0123456789', 'ghijklmnop') AS name) AS named
"""
_PEOPLE = """
    INSERT INTO people (name, name_key)
    SELECT name, name FROM (SELECT DISTINCT reverse(name) AS name FROM titles) AS made
"""
_CREDITS = """
    INSERT INTO title_people (title_id, position, person_id, role)
    SELECT t.id, 1, p.id, 'actor' FROM titles t JOIN people p ON p.name = reverse(t.name)
"""

CHILD = Viewer(territory="DE", max_maturity=12, block_unrated=True)


class Explaining(ReadTx):
    """Runs statements and keeps the plan of the last one.

    Reading all of a small table is cheap, so it is made dear: what cannot go by an index shows.
    """

    plan: dict[str, Any]

    async def prepare(self) -> None:
        await set_thresholds(self)
        await self.one("SELECT set_config('enable_seqscan', 'off', true)")

    async def all(self, statement: Any, /, **params: Any) -> list[Any]:
        if "EXPLAIN" not in str(statement):
            explained = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"
            (row,) = await super().all(explained, **params)
            plan = json.loads(row[0]) if isinstance(row[0], str) else row[0]
            self.plan = plan[0]["Plan"]
        return await super().all(statement, **params)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def indexes(plan: dict[str, Any]) -> set[str]:
    return {node["Index Name"] for node in nodes(plan) if "Index Name" in node}


def walked_through(plan: dict[str, Any]) -> set[str]:
    """Large tables that were read from end to end."""
    large = {"titles", "people", "search_documents", "title_people"}
    return {
        node["Relation Name"]
        for node in nodes(plan)
        if node["Node Type"] == "Seq Scan"
        and node["Relation Name"] in large
        and node["Actual Loops"]
    }


@pytest.fixture
async def catalogue(runtime: Runtime, index: Index) -> str:
    """A catalogue of names that nobody could mix up; returns one of them."""
    await execute(runtime, _TITLES, TITLES)
    await execute(runtime, _PEOPLE)
    await execute(runtime, _CREDITS)
    await index()
    await execute(runtime, "ANALYZE")
    async with runtime.database.read() as tx:
        return str(await tx.scalar("SELECT name FROM titles ORDER BY id LIMIT 1"))


async def plan_of_ranking(runtime: Runtime, query: str) -> dict[str, Any]:
    async with runtime.database.read() as tx:
        question = await understand(tx, query, "english_stem")
    explaining = Explaining(runtime.database)
    await explaining.prepare()
    await ranking.rank(explaining, CHILD, question, 20)
    await explaining.finish(None)
    return explaining.plan


async def test_a_misspelt_name_is_found_by_trigrams_and_words(
    runtime: Runtime, catalogue: str
) -> None:
    plan = await plan_of_ranking(runtime, f"{catalogue[:9]}x{catalogue[10:]}")
    wanted = {"titles_folded_name", "people_name_key_trgm", "search_documents_words"}
    assert wanted <= indexes(plan)
    assert not walked_through(plan)


async def test_few_letters_are_found_by_the_index_of_beginnings(
    runtime: Runtime, catalogue: str
) -> None:
    plan = await plan_of_ranking(runtime, catalogue[:2])
    assert "titles_name_prefix" in indexes(plan)
    assert not walked_through(plan)


async def test_a_plot_is_found_by_words_alone(runtime: Runtime, catalogue: str) -> None:
    plan = await plan_of_ranking(runtime, f"{catalogue} and nine more words that nobody ever wrote")
    assert "search_documents_words" in indexes(plan)
    assert not walked_through(plan)


async def test_suggestions_are_found_by_indexes(runtime: Runtime, catalogue: str) -> None:
    for length in (1, 2, 5, 12):
        explaining = Explaining(runtime.database)
        await explaining.prepare()
        await suggestions.begun(explaining, CHILD, catalogue[:length], 8)
        await explaining.finish(None)
        assert "titles_name_prefix" in indexes(explaining.plan)
        assert not walked_through(explaining.plan), length


async def test_a_search_takes_few_statements_however_much_is_found(
    runtime: Runtime, client: AsyncClient, index: Index
) -> None:
    for n in range(40):
        await make_title(runtime, f"Metropolis {n}")
    await index()
    await ask(client, "metropolis")  # remembers collections
    counter = Counter(runtime)
    for query, size, most in (("metropolis", 1, 7), ("metropolis", 40, 7), ("metroplis", 40, 10)):
        with counter.counted() as made:
            found = await ask(client, query, page_size=size)
        assert len(found["items"]) == size
        assert made.count <= most, query


async def test_names_less_alike_are_looked_at_where_nothing_certain_was_found(
    runtime: Runtime, client: AsyncClient, index: Index
) -> None:
    await make_title(runtime, "Metropolis")
    await make_title(runtime, "Childrens Corner")
    await index()
    await ask(client, "metropolis")  # remembers collections
    counter = Counter(runtime)
    with counter.counted() as made:
        [found] = (await ask(client, "metroplis"))["items"]
    certain = made.count
    assert found["title"]["name"] == "Metropolis"
    with counter.counted() as made:
        [found] = (await ask(client, "childrentown"))["items"]
    assert found["title"]["name"] == "Childrens Corner"
    assert made.count == certain + 2


async def test_a_suggestion_takes_three_statements(
    runtime: Runtime, client: AsyncClient, index: Index
) -> None:
    for n in range(20):
        await make_title(runtime, f"Metropolis {n}")
    await index()
    await client.get(f"{SEARCH}/suggestions", params={"q": "x"})
    counter = Counter(runtime)
    with counter.counted() as made:
        answer = await client.get(f"{SEARCH}/suggestions", params={"q": "metr", "page_size": 20})
    assert len(answer.json()["items"]) == 20
    assert made.count == 3


async def test_too_many_searches_are_refused(runtime: Runtime, client: AsyncClient) -> None:
    runtime.settings = runtime.settings.model_copy(update={"rate_limits_enabled": True})
    for _ in range(SEARCHES.amount):
        await ask(client, "x")
    assert await refusal(client, f"{SEARCH}?q=x") == (429, "rate_limited")
    for _ in range(SEMANTIC_SEARCHES.amount):
        assert (await client.get(f"{SEARCH}/semantic?q=x")).status_code == 200
    assert await refusal(client, f"{SEARCH}/semantic?q=x") == (429, "rate_limited")
    assert (await client.get(f"{SEARCH}/suggestions?q=x")).status_code == 200
