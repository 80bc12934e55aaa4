"""What is announced: titles whose rights window has yet to open."""

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import CATALOG, Headers, make_rights
from tests.makers import as_viewer, make_title

PATH = f"{CATALOG}/coming-soon"


async def announced(client: AsyncClient, headers: Headers | None = None) -> list[str]:
    answer = await client.get(PATH, headers=headers)
    return [card["name"] for card in answer.json()["items"]]


async def test_announced_titles_come_next_to_open_first(
    runtime: Runtime, client: AsyncClient
) -> None:
    for name, opens in (("In a month", 30), ("Tomorrow", 1), ("Next week", 7)):
        await make_rights(runtime, await make_title(runtime, name), opens=opens, announced=True)
    assert await announced(client) == ["Tomorrow", "Next week", "In a month"]


async def test_one_page_after_the_other(runtime: Runtime, client: AsyncClient) -> None:
    for day in (1, 2, 3):
        title_id = await make_title(runtime, f"Day {day}")
        await make_rights(runtime, title_id, opens=day, announced=True)
    first = (await client.get(PATH, params={"page_size": 2})).json()
    rest = await client.get(PATH, params={"page_size": 2, "cursor": first["next_cursor"]})
    assert [card["name"] for card in first["items"]] == ["Day 1", "Day 2"]
    assert [card["name"] for card in rest.json()["items"]] == ["Day 3"]
    assert rest.json()["next_cursor"] is None


@pytest.fixture
async def german_premiere(runtime: Runtime) -> None:
    title_id = await make_title(runtime, "German premiere", maturity_score=16)
    await make_rights(runtime, title_id, "DE", opens=1, announced=True)


@pytest.mark.usefixtures("german_premiere")
async def test_only_where_it_will_open(runtime: Runtime, client: AsyncClient) -> None:
    german = await as_viewer(runtime, client, "de@example.com", country="DE")
    french = await as_viewer(runtime, client, "fr@example.com", country="FR")
    assert await announced(client, german) == ["German premiere"]
    assert await announced(client, french) == []


@pytest.mark.usefixtures("german_premiere")
async def test_only_to_those_who_will_see_it(runtime: Runtime, client: AsyncClient) -> None:
    child = await as_viewer(runtime, client, country="DE", max_maturity=12)
    assert await announced(client, child) == []


async def test_a_window_that_is_not_announced_stays_a_secret(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_rights(runtime, await make_title(runtime), opens=1)
    draft = await make_title(runtime, status="draft")
    await make_rights(runtime, draft, opens=1, announced=True)
    assert await announced(client) == []


async def test_what_is_open_already_is_not_coming(runtime: Runtime, client: AsyncClient) -> None:
    title_id = await make_title(runtime)
    await make_rights(runtime, title_id, "US", closes=1)
    await make_rights(runtime, title_id, "US", opens=2, announced=True)
    assert await announced(client) == []
