"""Search by meaning: near titles under a filter, pages that stay, and what happens without."""

import asyncio
from typing import Any
from uuid import UUID

from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import Headers, make_genre, refusal
from tests.catalog.search.conftest import SEARCH, Index, ask
from tests.enrichment.conftest import Notebook
from tests.makers import as_viewer, execute, make_title

_EMBED = """
    INSERT INTO content_embeddings (title_id, purpose, model, dims, embedding, content_hash)
    VALUES ($1, 'search', 'notebook', 384, ($2::float4[])::vector, '')
"""


async def near(runtime: Runtime, notebook: Notebook, name: str, query: str, **columns: Any) -> UUID:
    """A title whose vector is the one of a query."""
    title_id = await make_title(runtime, name, **columns)
    [vector] = await notebook.embed([query])
    await execute(runtime, _EMBED, title_id, vector)
    return title_id


async def page(
    client: AsyncClient, q: str, headers: Headers | None = None, **params: Any
) -> dict[str, Any]:
    answer = await client.get(f"{SEARCH}/semantic", params={"q": q} | params, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def names(found: dict[str, Any]) -> list[str]:
    return [card["name"] for card in found["items"]]


async def test_the_nearest_title_comes_first(
    runtime: Runtime, client: AsyncClient, notebook: Notebook
) -> None:
    await near(runtime, notebook, "Cops", "police")
    await near(runtime, notebook, "The General", "trains")
    found = await page(client, "trains")
    assert names(found) == ["The General", "Cops"]
    assert (found["total"], found["by_meaning"], found["next_cursor"]) == (2, True, None)


async def test_filters_hold(runtime: Runtime, client: AsyncClient, notebook: Notebook) -> None:
    await make_genre(runtime, "comedy", "Comedy")
    await near(runtime, notebook, "Cops", "trains", language="en", genres=["comedy"])
    await near(runtime, notebook, "La Roue", "trains", language="fr")
    assert names(await page(client, "trains", language="fr")) == ["La Roue"]
    assert names(await page(client, "trains", genre="comedy")) == ["Cops"]
    assert await refusal(client, f"{SEARCH}/semantic?q=x&genre=none") == (422, "invalid_value")


async def test_hidden_titles_stay_hidden(
    runtime: Runtime, client: AsyncClient, notebook: Notebook
) -> None:
    await near(runtime, notebook, "Adult", "trains", maturity_score=18)
    await near(runtime, notebook, "For all", "planes")
    child = await as_viewer(runtime, client, kind="kids", max_maturity=9)
    assert names(await page(client, "trains", child)) == ["For all"]


async def test_pages_stay_as_they_were_found(
    runtime: Runtime, client: AsyncClient, notebook: Notebook
) -> None:
    for n in range(5):
        await near(runtime, notebook, f"Film {n}", "trains" if n < 2 else f"other {n}")
    first = await page(client, "trains", page_size=2)
    assert first["total"] == 5
    await near(runtime, notebook, "New", "trains")
    second = await page(client, "trains", page_size=2, cursor=first["next_cursor"])
    third = await page(client, "trains", page_size=2, cursor=second["next_cursor"])
    assert sorted(names(first) + names(second) + names(third)) == [f"Film {n}" for n in range(5)]
    assert third["next_cursor"] is None
    assert "New" in names(await page(client, "trains"))


async def test_a_title_hidden_since_leaves_its_page(
    runtime: Runtime, client: AsyncClient, notebook: Notebook
) -> None:
    for n in range(4):
        await near(runtime, notebook, f"Film {n}", f"text {n}")
    first = await page(client, "trains", page_size=2)
    await execute(
        runtime, "UPDATE titles SET status = 'draft' WHERE name <> ALL ($1)", names(first)
    )
    second = await page(client, "trains", page_size=2, cursor=first["next_cursor"])
    assert (second["items"], second["total"]) == ([], 2)


async def test_pages_can_be_numbered(
    runtime: Runtime, client: AsyncClient, notebook: Notebook
) -> None:
    for n in range(3):
        await near(runtime, notebook, f"Film {n}", f"text {n}")
    pages = [names(await page(client, "trains", page=n, page_size=1)) for n in (1, 2, 3, 4)]
    assert sorted(name for names_ in pages for name in names_) == ["Film 0", "Film 1", "Film 2"]
    assert pages[3] == []


async def test_a_cursor_of_something_else_is_refused(client: AsyncClient) -> None:
    assert await refusal(client, f"{SEARCH}/semantic?q=x&cursor=x") == (400, "bad_cursor")
    both = f"{SEARCH}/semantic?q=x&cursor=x&page=1"
    assert (await client.get(both)).status_code in (400, 422)


async def test_without_a_model_words_are_looked_for(
    runtime: Runtime, client: AsyncClient, index: Index
) -> None:
    await make_title(runtime, "The General", synopsis="A locomotive is stolen.")
    await make_title(runtime, "Cops", synopsis="Policemen everywhere.")
    await index()
    found = await page(client, "stolen locomotives")
    assert (names(found), found["by_meaning"]) == (["The General"], False)


async def test_a_search_looks_at_the_meaning_too(
    runtime: Runtime, client: AsyncClient, notebook: Notebook, index: Index
) -> None:
    await near(runtime, notebook, "The General", "trains")
    await near(runtime, notebook, "Cops", "police")
    await index()
    found = await ask(client, "trains")
    assert found["by_meaning"]
    assert [hit["match"] for hit in found["items"]] == ["semantic", "semantic"]
    assert found["items"][0]["title"]["name"] == "The General"


async def test_a_search_does_not_wait_for_a_slow_model(
    runtime: Runtime, client: AsyncClient, notebook: Notebook, index: Index
) -> None:
    await near(runtime, notebook, "The General", "trains")
    await index()
    released = asyncio.Event()
    notebook.before = released.wait  # type: ignore[assignment]
    found = await ask(client, "general")
    assert (found["by_meaning"], len(found["items"])) == (False, 1)
    released.set()
    await asyncio.sleep(0.01)
    assert (await ask(client, "general"))["by_meaning"]


async def test_a_broken_model_does_not_break_search(
    runtime: Runtime, client: AsyncClient, notebook: Notebook, index: Index
) -> None:
    await make_title(runtime, "The General")
    await index()
    notebook.broken = True
    found = await ask(client, "general")
    assert (found["by_meaning"], len(found["items"])) == (False, 1)
    assert not (await page(client, "general"))["by_meaning"]
