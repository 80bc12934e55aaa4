"""Staff says which title a programme is."""

from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import make_episode, make_season
from tests.epg.linking.test_links import air, link_of, look, suggested
from tests.makers import make_title, scalar

LINKS = "/api/v1/admin/epg/links"

Headers = dict[str, str]


async def items(client: AsyncClient, editor: Headers, query: str = "") -> list[dict[str, Any]]:
    answer = await client.get(f"{LINKS}{query}", headers=editor)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def put(
    client: AsyncClient, editor: Headers, programme_id: int, title_id: UUID | None, **wish: Any
) -> dict[str, Any]:
    body = {"title_id": title_id and str(title_id)} | wish
    answer = await client.put(f"{LINKS}/{programme_id}", json=body, headers=editor)
    said: dict[str, Any] = answer.json()
    return said


async def test_what_is_suggested_is_listed_with_the_likeliest_first(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    near = await make_title(runtime, "Metropolis", year=1927)
    far = await make_title(runtime, "Metropolis II", year=1928)
    await air(runtime, "Metropolis", year=1928)
    await look(runtime)
    [item] = await items(client, editor)
    assert [each["title_id"] for each in item["suggestions"]] == [str(near), str(far)]


@pytest.mark.parametrize(("state", "count"), [("suggested", 1), ("linked", 1), ("unlinked", 2)])
async def test_programmes_are_listed_by_their_state(
    runtime: Runtime, client: AsyncClient, editor: Headers, state: str, count: int
) -> None:
    await make_title(runtime, "Metropolis", year=1927)
    for title, year in (("Metropolis", 1927), ("Metropolis", 1928), ("Other", 1927)):
        await air(runtime, title, year=year)
    await look(runtime)
    assert len(await items(client, editor, f"?state={state}")) == count


async def test_pages_hold_every_programme_once(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    for number in range(3):
        await air(runtime, f"Other {number}")
    query = "?state=unlinked&page_size=2"
    page = (await client.get(f"{LINKS}{query}", headers=editor)).json()
    rest = await items(client, editor, f"{query}&cursor={page['next_cursor']}")
    assert [each["title"] for each in page["items"] + rest] == ["Other 2", "Other 1", "Other 0"]


async def test_a_choice_settles_what_was_suggested(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_title(runtime, "Metropolis", year=1927)
    programme_id = await air(runtime, "Metropolis", year=1928)
    await look(runtime)
    item = await put(client, editor, programme_id, title_id)
    assert (item["linked"]["name"], item["method"], item["suggestions"]) == (
        "Metropolis", "manual", [],
    )  # fmt: skip


async def test_a_choice_names_an_episode(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_title(runtime, "Fantomas", kind="series")
    episode_id = await make_episode(runtime, title_id, await make_season(runtime, title_id, 1), 1)
    programme_id = await air(runtime, "F.")
    await put(client, editor, programme_id, title_id, episode_id=str(episode_id))
    assert await link_of(runtime, programme_id) == (title_id, episode_id, "manual")


async def test_a_wrong_link_that_is_taken_away_is_not_made_again(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_title(runtime, "Metropolis", year=1927)
    programme_id = await air(runtime, "Metropolis", year=1927)
    await look(runtime)
    await put(client, editor, programme_id, None)
    async with runtime.database.write() as tx:
        await tx.execute("UPDATE programmes SET linked_at = NULL")
    await look(runtime)
    assert await link_of(runtime, programme_id) == (None, None, None)
    assert await suggested(runtime, programme_id) == set()


@pytest.mark.parametrize("wish", ["title", "episode", "episode_of_none"])
async def test_what_is_not_there_cannot_be_chosen(
    runtime: Runtime, client: AsyncClient, editor: Headers, wish: str
) -> None:
    title_id = await make_title(runtime)
    programme_id = await air(runtime, "F.")
    chosen = {"title": UUID(int=1), "episode": title_id, "episode_of_none": None}[wish]
    episode = {} if wish == "title" else {"episode_id": str(UUID(int=2))}
    said = await put(client, editor, programme_id, chosen, **episode)
    assert said["error"]["code"] == "invalid_value"


@pytest.mark.parametrize("number", ["1", str(2**63 - 1)])
async def test_a_programme_that_is_not_there_is_not_found(
    client: AsyncClient, editor: Headers, number: str
) -> None:
    answer = await client.put(f"{LINKS}/{number}", json={"title_id": None}, headers=editor)
    assert answer.status_code == 404


async def test_a_choice_is_written_down(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_title(runtime, "Metropolis")
    await put(client, editor, await air(runtime, "M."), title_id)
    changes = await scalar(
        runtime, "SELECT changes FROM admin_audit_log WHERE action = 'programme.link'"
    )
    assert changes["linked"][1]["name"] == "Metropolis"
