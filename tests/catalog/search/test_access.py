"""What search says about access, and search among what may be played."""

from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.accounts.viewer import user_tag
from matinee.runtime import Runtime
from tests.catalog.makers import Headers
from tests.catalog.search.conftest import SEARCH, Index, ask
from tests.entitlements.makers import grant_title, make_offer
from tests.makers import (
    choose_profile,
    execute,
    make_profile,
    make_title,
    make_user,
    sign_in,
)


@pytest.fixture
async def household(runtime: Runtime) -> UUID:
    return await make_user(runtime)


@pytest.fixture
async def headers(runtime: Runtime, client: AsyncClient, household: UUID) -> Headers:
    profile_id = await make_profile(runtime, household)
    return await choose_profile(client, await sign_in(client), profile_id)


async def make_two(runtime: Runtime, index: Index) -> UUID:
    """Two titles with a price; the id of the first."""
    first, second = await make_title(runtime, "Robot one"), await make_title(runtime, "Robot two")
    await make_offer(runtime, first)
    await make_offer(runtime, second)
    await index()
    return first


async def test_hits_say_what_the_household_has(
    runtime: Runtime, client: AsyncClient, index: Index, household: UUID, headers: Headers
) -> None:
    owned = await make_two(runtime, index)
    await grant_title(runtime, household, owned)
    found = (await ask(client, "robot", headers))["items"]
    told = {hit["title"]["name"]: hit["title"]["access"]["via"] for hit in found}
    assert told == {"Robot one": "buy", "Robot two": "locked"}


@pytest.mark.parametrize("paging", [{}, {"page": 1}])
async def test_a_search_by_meaning_keeps_what_may_be_played_now(
    runtime: Runtime,
    client: AsyncClient,
    index: Index,
    household: UUID,
    headers: Headers,
    paging: dict[str, int],
) -> None:
    owned = await make_two(runtime, index)

    async def found() -> list[str]:
        params = {"q": "robot", "entitled": True} | paging
        answer = await client.get(f"{SEARCH}/semantic", params=params, headers=headers)
        assert answer.status_code == 200, answer.text
        return [item["name"] for item in answer.json()["items"]]

    assert await found() == []
    await grant_title(runtime, household, owned)
    await runtime.cache.invalidate({user_tag(household)})
    assert await found() == ["Robot one"]
    await execute(
        runtime,
        "UPDATE user_entitlements SET revoked_at = clock_timestamp(), revoke_reason = 'refund'"
        " WHERE user_id = $1",
        household,
    )
    assert await found() == []
