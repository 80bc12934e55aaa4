"""An indexed catalogue, and short ways to ask it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient

from matinee.catalog.search import upkeep
from matinee.core.jobs import JobRun
from matinee.runtime import Runtime
from tests.catalog.makers import CATALOG, Headers
from tests.enrichment.conftest import Notebook

SEARCH = f"{CATALOG}/search"

Index = Callable[[], Awaitable[None]]


@pytest.fixture
def index(runtime: Runtime) -> Index:
    """Puts all titles into the index and counts their words."""

    async def make() -> None:
        run = JobRun(1, 0, runtime.database)
        await upkeep.rebuild_index(runtime, run, scope="all")
        await upkeep.count_words(runtime, run)

    return make


@pytest.fixture
def notebook(runtime: Runtime) -> Notebook:
    """An embedder whose vectors only say which text it was."""
    embedder = Notebook()
    runtime.embedder = embedder
    return embedder


async def ask(
    client: AsyncClient, q: str, headers: Headers | None = None, **params: Any
) -> dict[str, Any]:
    """The answer to a search."""
    answer = await client.get(SEARCH, params={"q": q} | params, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def hits(
    client: AsyncClient, q: str, headers: Headers | None = None, **params: Any
) -> list[str]:
    """The names of what is found, best first."""
    return [name_of(hit) for hit in (await ask(client, q, headers, **params))["items"]]


def name_of(hit: dict[str, Any]) -> str:
    """The shown name of a hit of any type."""
    return str(hit[hit["type"]]["name"])


def part(hit: dict[str, Any]) -> str | None:
    """The part of the shown name that matches."""
    span = hit["span"]
    return name_of(hit)[span["start"] : span["end"]] if span else None
