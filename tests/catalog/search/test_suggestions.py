"""What is suggested while somebody types."""

from typing import Any

from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import Headers, make_collection, make_person
from tests.catalog.search.conftest import SEARCH, Index
from tests.makers import as_viewer, execute, make_title


async def suggest(
    client: AsyncClient, q: str, headers: Headers | None = None, **params: Any
) -> list[dict[str, Any]]:
    answer = await client.get(f"{SEARCH}/suggestions", params={"q": q} | params, headers=headers)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def texts(
    client: AsyncClient, q: str, headers: Headers | None = None, **params: Any
) -> list[str]:
    return [item["text"] for item in await suggest(client, q, headers, **params)]


async def test_whole_names_then_beginnings_then_words_then_alike_ones(
    runtime: Runtime, client: AsyncClient, index: Index
) -> None:
    for name in ("The Matrix", "Matrimony", "Matrix", "Matrix Reloaded", "Mattress"):
        await make_title(runtime, name)
    await index()
    assert await texts(client, "matrix", page_size=4) == [
        "Matrix",
        "Matrix Reloaded",
        "The Matrix",
        "Matrimony",
    ]
    assert (await texts(client, "matrxi"))[0] == "Matrix"


async def test_the_matching_part_is_told(
    runtime: Runtime, client: AsyncClient, index: Index
) -> None:
    title_id = await make_title(runtime, "Léon: The Professional")
    [item] = await suggest(client, "leon")
    assert (item["type"], item["id"], item["match"]) == ("title", str(title_id), "prefix")
    assert item["span"] == {"start": 0, "end": 4}


async def test_people_and_collections_are_suggested(runtime: Runtime, client: AsyncClient) -> None:
    titles = [await make_title(runtime, f"Film {n}") for n in range(3)]
    person_id = await make_person(runtime, "Silvia Bataille", *titles)
    await make_collection(runtime, "silents", *titles, name="Silent wonders")
    items = await suggest(client, "sil")
    assert {(item["type"], item["id"], item["slug"]) for item in items} == {
        ("person", str(person_id), None),
        ("collection", None, "silents"),
    }


async def test_the_most_watched_comes_first(runtime: Runtime, client: AsyncClient) -> None:
    for name in ("Ma", "Mabel", "Macbeth"):
        await make_title(runtime, name)
    await execute(
        runtime,
        "INSERT INTO title_trends SELECT '**', 'standard', id, 9, 9, 3 FROM titles"
        " WHERE name = 'Macbeth'",
    )
    assert await texts(client, "m") == ["Macbeth", "Ma", "Mabel"]
    assert await texts(client, "ma") == ["Ma", "Macbeth", "Mabel"]


async def test_names_come_in_the_viewer_s_language(
    runtime: Runtime, client: AsyncClient, index: Index
) -> None:
    title_id = await make_title(runtime, "The Blue Angel")
    await execute(
        runtime,
        "INSERT INTO title_localizations (title_id, language, name) VALUES ($1, 'de', $2)",
        title_id,
        "Der blaue Engel",
    )
    await index()
    assert await texts(client, "der bl", {"Accept-Language": "de"}) == ["Der blaue Engel"]
    assert await texts(client, "der bl") == ["The Blue Angel"]


async def test_what_is_hidden_is_not_suggested(
    runtime: Runtime, client: AsyncClient, index: Index
) -> None:
    adults = await make_title(runtime, "Zardoz", maturity_score=18)
    await make_person(runtime, "Zardo Zed", adults)
    await index()
    child = await as_viewer(runtime, client, kind="kids", max_maturity=9)
    for query in ("z", "za", "zardoz", "zardzo", "zed"):
        assert await texts(client, query, child) == []


async def test_no_more_than_asked_for(runtime: Runtime, client: AsyncClient) -> None:
    for n in range(9):
        await make_title(runtime, f"Film {n}")
    assert len(await texts(client, "fil", page_size=3)) == 3
