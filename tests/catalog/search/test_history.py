"""What a profile searched for is its own, short, and forgotten when asked."""

import pytest
from httpx import AsyncClient

from matinee.catalog.search import history
from matinee.runtime import Runtime
from tests.catalog.makers import Headers
from tests.catalog.search.conftest import SEARCH, ask
from tests.makers import as_viewer, choose_profile, make_profile, scalar, sign_in

HISTORY = f"{SEARCH}/history"


@pytest.fixture
async def viewer(runtime: Runtime, client: AsyncClient) -> Headers:
    return await as_viewer(runtime, client)


async def past(client: AsyncClient, headers: Headers) -> list[str]:
    answer = await client.get(HISTORY, headers=headers)
    assert answer.status_code == 200
    return [item["query"] for item in answer.json()["items"]]


async def test_the_latest_search_comes_first_and_once(client: AsyncClient, viewer: Headers) -> None:
    for query in ("Léon", "cops", "LEON"):
        await ask(client, query, viewer)
    assert await past(client, viewer) == ["LEON", "cops"]


async def test_one_or_all_can_be_forgotten(client: AsyncClient, viewer: Headers) -> None:
    for query in ("one", "two", "three"):
        await ask(client, query, viewer)
    await client.delete(HISTORY, params={"q": "TWO"}, headers=viewer)
    assert await past(client, viewer) == ["three", "one"]
    answer = await client.delete(HISTORY, headers=viewer)
    assert answer.status_code == 204
    assert await past(client, viewer) == []


async def test_only_so_many_are_kept(
    client: AsyncClient, viewer: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "KEPT", 3)
    for query in "abcde":
        await ask(client, query, viewer)
    assert await past(client, viewer) == ["e", "d", "c"]


async def test_nothing_is_remembered_against_the_viewer_s_wish(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    await ask(client, "secret", viewer, remember=False)
    await ask(client, "public")
    await client.get(f"{SEARCH}/suggestions", params={"q": "typed"}, headers=viewer)
    assert await scalar(runtime, "SELECT count(*) FROM search_history") == 0


async def test_profiles_of_a_household_have_their_own(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    await ask(client, "cops", viewer)
    user_id = await scalar(runtime, "SELECT user_id FROM profiles")
    ben = await make_profile(runtime, user_id, "Ben")
    other = await choose_profile(client, await sign_in(client), ben)
    assert await past(client, other) == []
    await client.delete(HISTORY, headers=other)
    assert await past(client, viewer) == ["cops"]
