"""What a profile does not want is offered nowhere from the next request on (R-01, R-09)."""

from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import make_genre, make_series
from tests.makers import make_title
from tests.traces import like, recommend
from tests.viewing.progress.makers import VIEWING, Headers, Somebody, make_somebody
from tests.walking import routes_of

RECOMMENDATIONS = "/api/v1/recommendations"
EVERYWHERE = {"/home", "/trending", "/top-rated"}


@pytest.fixture
async def ana(runtime: Runtime, client: AsyncClient) -> Somebody:
    return await make_somebody(runtime, client)


@pytest.fixture
async def offered(runtime: Runtime, ana: Somebody) -> UUID:
    """A series for which all that is learned speaks, most of all to Ana."""
    await make_genre(runtime, "drama", "Drama")
    others = [await make_title(runtime, f"Film {n}", genres=["drama"]) for n in range(12)]
    title_id = await make_series(runtime, "Judex", genres=["drama"])
    await recommend(runtime, [title_id, *others[:6]], fans_of=others[6:])
    for other in others[6:]:
        await like(runtime, ana.profile_id, other)
    return title_id


async def offers(app: FastAPI, client: AsyncClient, who: Somebody, title_id: UUID) -> set[str]:
    """The addresses of recommendations that name a title."""
    paths = {
        route.path
        for route in routes_of(app)
        if route.path.startswith(RECOMMENDATIONS) and "GET" in route.methods
    }
    home = (await client.get(f"{RECOMMENDATIONS}/home", headers=who.headers)).json()
    paths |= {f"{RECOMMENDATIONS}/rails/{rail['id']}" for rail in home["rails"]}
    found = set()
    for path in (path for path in paths if "{" not in path):
        answer = await client.get(path, headers=who.headers)
        if str(title_id) in answer.text:
            found.add(path.removeprefix(RECOMMENDATIONS))
    return found


async def refuse(client: AsyncClient, headers: Headers, how: str, title_id: UUID) -> None:
    if how == "ratings":
        address, body = f"{VIEWING}/ratings/{title_id}", {"value": -1}
        answer = await client.put(address, json=body, headers=headers)
    else:
        answer = await client.post(f"{VIEWING}/not-interested/{title_id}", headers=headers)
    assert answer.status_code == 204, answer.text


@pytest.mark.parametrize("how", ["ratings", "not-interested"])
async def test_what_is_refused_is_gone_with_the_next_request(
    app: FastAPI, client: AsyncClient, ana: Somebody, offered: UUID, how: str
) -> None:
    before = await offers(app, client, ana, offered)
    assert before >= EVERYWHERE
    await refuse(client, ana.headers, how, offered)
    assert await offers(app, client, ana, offered) == set()


@pytest.mark.parametrize("how", ["ratings", "not-interested"])
async def test_what_is_wanted_again_is_offered_again(
    app: FastAPI, client: AsyncClient, ana: Somebody, offered: UUID, how: str
) -> None:
    before = await offers(app, client, ana, offered)
    await refuse(client, ana.headers, how, offered)
    await client.delete(f"{VIEWING}/{how}/{offered}", headers=ana.headers)
    after = await offers(app, client, ana, offered)
    assert (before & after) >= EVERYWHERE


@pytest.mark.parametrize("how", ["ratings", "not-interested"])
async def test_what_is_refused_is_found_and_offered_to_others(
    runtime: Runtime,
    app: FastAPI,
    client: AsyncClient,
    ana: Somebody,
    offered: UUID,
    how: str,
) -> None:
    ben = await make_somebody(runtime, client, "ben@example.com")
    await refuse(client, ana.headers, how, offered)
    answer = await client.get("/api/v1/catalog/titles", headers=ana.headers)
    assert str(offered) in answer.text
    assert "/trending" in await offers(app, client, ben, offered)
