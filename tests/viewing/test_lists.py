"""My List, ratings and what a profile is not interested in."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient, Response

from matinee.runtime import Runtime
from tests.makers import execute, make_title, scalar
from tests.viewing.makers import counted, kinds_of
from tests.viewing.progress.makers import VIEWING, Somebody, make_somebody

LISTS = ("watchlist", "ratings", "not-interested")


async def add(client: AsyncClient, who: Somebody, path: str, title_id: UUID) -> Response:
    """Put a title on one of the lists."""
    address = f"{VIEWING}/{path}/{title_id}"
    if path == "ratings":
        return await client.put(address, json={"value": 1}, headers=who.headers)
    method = "PUT" if path == "watchlist" else "POST"
    return await client.request(method, address, headers=who.headers)


async def remove(client: AsyncClient, who: Somebody, path: str, title_id: UUID) -> Response:
    """Take a title off one of the lists."""
    return await client.delete(f"{VIEWING}/{path}/{title_id}", headers=who.headers)


async def rate(client: AsyncClient, who: Somebody, title_id: UUID, value: Any) -> Response:
    """Say what somebody thinks of a title."""
    body = {"value": value}
    return await client.put(f"{VIEWING}/ratings/{title_id}", json=body, headers=who.headers)


async def page(client: AsyncClient, who: Somebody, path: str, **params: Any) -> dict[str, Any]:
    """One page of a list."""
    answer = await client.get(f"{VIEWING}/{path}", params=params, headers=who.headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def names(client: AsyncClient, who: Somebody, path: str, **params: Any) -> list[str]:
    """The names on one page of a list."""
    return [card["name"] for card in (await page(client, who, path, **params))["items"]]


def code_of(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_shows_the_newest_first(
    runtime: Runtime, client: AsyncClient, ana: Somebody, path: str
) -> None:
    for name in ("A", "B", "C"):
        assert (await add(client, ana, path, await make_title(runtime, name))).status_code == 204
    assert await names(client, ana, path) == ["C", "B", "A"]


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_comes_in_pages(
    runtime: Runtime, client: AsyncClient, ana: Somebody, path: str
) -> None:
    for name in ("A", "B", "C"):
        await add(client, ana, path, await make_title(runtime, name))
    first = await page(client, ana, path, page_size=2)
    second = await page(client, ana, path, page_size=2, cursor=first["next_cursor"])
    shown = [[card["name"] for card in one["items"]] for one in (first, second)]
    assert shown == [["C", "B"], ["A"]]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("path", LISTS)
async def test_adding_twice_is_adding_once(
    runtime: Runtime, client: AsyncClient, ana: Somebody, path: str
) -> None:
    title_id = await make_title(runtime)
    for _ in range(2):
        assert (await add(client, ana, path, title_id)).status_code == 204
    assert await names(client, ana, path) == ["Metropolis"]


@pytest.mark.parametrize("path", LISTS)
async def test_removing_works_for_any_title(
    runtime: Runtime, client: AsyncClient, ana: Somebody, path: str
) -> None:
    title_id = await make_title(runtime)
    await add(client, ana, path, title_id)
    for _ in range(2):
        assert (await remove(client, ana, path, title_id)).status_code == 204
    assert (await remove(client, ana, path, uuid4())).status_code == 204
    assert await names(client, ana, path) == []


@pytest.mark.parametrize("path", LISTS)
async def test_a_hidden_title_cannot_be_added(
    runtime: Runtime, client: AsyncClient, ana: Somebody, path: str
) -> None:
    hidden = await make_title(runtime, status="draft")
    answers = [await add(client, ana, path, one) for one in (hidden, uuid4())]
    assert [code_of(answer) for answer in answers] == [(404, "not_found")] * 2


@pytest.mark.parametrize("path", LISTS)
async def test_a_title_hidden_meanwhile_is_not_shown_and_can_be_removed(
    runtime: Runtime, client: AsyncClient, ana: Somebody, path: str
) -> None:
    title_id = await make_title(runtime)
    await add(client, ana, path, title_id)
    await execute(runtime, "UPDATE titles SET status = 'draft'")
    assert await names(client, ana, path) == []
    assert (await remove(client, ana, path, title_id)).status_code == 204
    await execute(runtime, "UPDATE titles SET status = 'published'")
    assert await names(client, ana, path) == []


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_belongs_to_one_profile(
    runtime: Runtime, client: AsyncClient, ana: Somebody, path: str
) -> None:
    ben = await make_somebody(runtime, client, "ben@example.com")
    title_id = await make_title(runtime)
    await add(client, ana, path, title_id)
    await remove(client, ben, path, title_id)
    assert await names(client, ben, path) == []
    assert await names(client, ana, path) == ["Metropolis"]


@pytest.mark.parametrize("path", [*LISTS, "taste", "recently-browsed"])
async def test_a_page_is_read_in_three_statements(
    runtime: Runtime, client: AsyncClient, ana: Somebody, path: str
) -> None:
    for n in range(5):
        title_id = await make_title(runtime, f"Film {n}")
        await add(client, ana, "watchlist" if path == "taste" else path, title_id)
        await client.get(f"/api/v1/catalog/titles/{title_id}", headers=ana.headers)
    await runtime.buffers.flush()
    with counted(runtime) as statements:
        assert len(await names(client, ana, path)) == 5
    assert len(statements) == 3


async def test_my_list_has_an_end(runtime: Runtime, client: AsyncClient, ana: Somebody) -> None:
    runtime.settings = runtime.settings.model_copy(update={"max_watchlist": 2})
    titles = [await make_title(runtime, name) for name in ("A", "B", "C")]
    answers = [await add(client, ana, "watchlist", title_id) for title_id in titles]
    assert [answer.status_code for answer in answers] == [204, 204, 409]
    assert code_of(answers[2]) == (409, "watchlist_full")
    assert (await add(client, ana, "watchlist", titles[0])).status_code == 204


async def test_a_title_added_again_keeps_its_place(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    titles = [await make_title(runtime, name) for name in ("A", "B")]
    for title_id in (*titles, titles[0]):
        await add(client, ana, "watchlist", title_id)
    assert await names(client, ana, "watchlist") == ["B", "A"]


@pytest.mark.parametrize("value", [-1, 1, 2])
async def test_the_latest_rating_counts(
    runtime: Runtime, client: AsyncClient, ana: Somebody, value: int
) -> None:
    title_id = await make_title(runtime)
    await rate(client, ana, title_id, 2 if value == 1 else 1)
    assert (await rate(client, ana, title_id, value)).status_code == 204
    [card] = (await page(client, ana, "ratings"))["items"]
    assert card["rating"] == value


@pytest.mark.parametrize("value", [0, 3, -2, 1.5, "1", True, None, [], 2**40])
async def test_other_ratings_are_refused(
    runtime: Runtime, client: AsyncClient, ana: Somebody, value: Any
) -> None:
    answer = await rate(client, ana, await make_title(runtime), value)
    assert answer.status_code == 422
    assert await scalar(runtime, "SELECT count(*) FROM ratings") == 0


async def test_a_rating_and_its_signal_change_together(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    title_id = await make_title(runtime)
    for value, kind in ((1, "liked"), (-1, "disliked"), (2, "loved")):
        await rate(client, ana, title_id, value)
        assert await kinds_of(runtime, ana.profile_id) == {title_id: kind}
    await remove(client, ana, "ratings", title_id)
    assert await kinds_of(runtime, ana.profile_id) == {}


async def test_a_cleared_rating_leaves_what_else_speaks_for_the_title(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    title_id = await make_title(runtime)
    await add(client, ana, "watchlist", title_id)
    await rate(client, ana, title_id, -1)
    await remove(client, ana, "ratings", title_id)
    assert await kinds_of(runtime, ana.profile_id) == {title_id: "listed"}
    await remove(client, ana, "watchlist", title_id)
    assert await kinds_of(runtime, ana.profile_id) == {}


async def test_being_not_interested_says_nothing_about_the_taste(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    title_id = await make_title(runtime)
    await rate(client, ana, title_id, 1)
    await add(client, ana, "not-interested", title_id)
    assert await kinds_of(runtime, ana.profile_id) == {title_id: "liked"}


@pytest.mark.parametrize("path", [*LISTS, "taste", "recently-browsed"])
async def test_a_cursor_of_another_list_is_refused(
    client: AsyncClient, ana: Somebody, path: str
) -> None:
    params = {"cursor": "W10"}
    answer = await client.get(f"{VIEWING}/{path}", params=params, headers=ana.headers)
    assert code_of(answer) == (400, "bad_cursor")


@pytest.mark.parametrize("path", LISTS)
async def test_a_profile_that_was_just_deleted_says_nothing(
    runtime: Runtime, client: AsyncClient, ana: Somebody, path: str
) -> None:
    """Another process may still take its session for a good one."""
    title_id = await make_title(runtime)
    await page(client, ana, path)
    await execute(runtime, "DELETE FROM profiles")
    assert code_of(await add(client, ana, path, title_id)) == (401, "not_authenticated")
