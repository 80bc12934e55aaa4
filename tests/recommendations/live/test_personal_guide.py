"""The programmes of a day that suit a profile (L-07)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.accounts.viewer import Viewer
from matinee.core.context import RequestContext, working_for
from matinee.recommendations.live.personal_guide import compose
from matinee.runtime import Runtime
from tests.epg.makers import EPG, at, make_airing, make_channel, make_programme
from tests.makers import as_viewer, execute, make_title
from tests.recommendations.makers import make_viewer

Headers = dict[str, str]
VIEWING = "/api/v1/viewing"


@pytest.fixture
async def headers(runtime: Runtime, client: AsyncClient) -> Headers:
    return await as_viewer(runtime, client)


async def chosen(client: AsyncClient, headers: Headers, **params: Any) -> list[dict[str, Any]]:
    answer = await client.get(f"{EPG}/personalized", headers=headers, params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def titles(items: list[dict[str, Any]]) -> list[str]:
    return [item["airing"]["programme"]["title"] for item in items]


async def about(runtime: Runtime, thing: UUID | int, *vector: float) -> None:
    """Say what a title or a programme is about."""
    whole = [*vector, *[0.0] * (384 - len(vector))]
    if isinstance(thing, int):
        sql = (
            "INSERT INTO programme_embeddings (programme_id, model, embedding)"
            " VALUES ($1, 'test', $2::float4[]::vector)"
        )
    else:
        sql = (
            "INSERT INTO content_embeddings"
            " (title_id, purpose, model, dims, embedding, content_hash)"
            " VALUES ($1, 'search', 'test', 384, $2::float4[]::vector, '')"
        )
    await execute(runtime, sql, thing, whole)


@pytest.fixture(autouse=True)
def model(runtime: Runtime) -> None:
    """The model that made the vectors of these tests."""
    runtime.embedder.model = "test"


async def test_who_has_watched_nothing_yet_is_told_of_programmes_with_genres_too(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    channel = await make_channel(runtime)
    await make_airing(runtime, channel, at(1), 1, "Robots", genres=["Film"])
    assert titles(await chosen(client, headers)) == ["Robots"]


async def test_what_is_like_a_title_that_was_liked_comes_first_and_says_so(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    liked = await make_title(runtime, "Metropolis")
    await about(runtime, liked, 1, 0)
    channel = await make_channel(runtime)
    for n, (title, vector) in enumerate((("Gardening", (0, 1)), ("Robots", (1, 0.2)))):
        programme = await make_programme(runtime, title)
        await about(runtime, programme, *vector)
        await make_airing(runtime, channel, at(1 + n), 1, programme_id=programme)
    await client.put(f"{VIEWING}/ratings/{liked}", headers=headers, json={"value": 1})
    items = await chosen(client, headers)
    assert titles(items) == ["Robots", "Gardening"]
    reason = items[0]["reason"]
    assert (reason["code"], reason["title_id"]) == ("because_liked", str(liked))
    assert reason["text"] == "Because you liked Metropolis"


async def test_two_tastes_are_not_mixed_into_one(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    for n, vector in enumerate(((1, 0), (0, 1))):
        liked = await make_title(runtime, f"Film {n}")
        await about(runtime, liked, *vector)
        await client.put(f"{VIEWING}/ratings/{liked}", headers=headers, json={"value": 2})
    channel = await make_channel(runtime)
    for n, vector in enumerate(((1, 1), (0, 1), (1, 0))):
        programme = await make_programme(runtime, f"Show {n}")
        await about(runtime, programme, *vector)
        await make_airing(runtime, channel, at(1 + n), 1, programme_id=programme)
    assert titles(await chosen(client, headers))[2] == "Show 0"


async def test_what_is_like_a_disliked_title_goes_to_the_end(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    disliked = await make_title(runtime, "Metropolis")
    await about(runtime, disliked, 1, 0)
    channel = await make_channel(runtime)
    for n, (title, vector) in enumerate((("Robots", (1, 0.1)), ("Gardening", (0, 1)))):
        programme = await make_programme(runtime, title)
        await about(runtime, programme, *vector)
        await make_airing(runtime, channel, at(1 + n), 1, programme_id=programme)
    await client.put(f"{VIEWING}/ratings/{disliked}", headers=headers, json={"value": -1})
    assert titles(await chosen(client, headers)) == ["Gardening", "Robots"]


@pytest.mark.parametrize("mark", ["thumbs down", "not interested"])
async def test_a_programme_that_is_an_unwanted_title_never_comes(
    runtime: Runtime, client: AsyncClient, headers: Headers, mark: str
) -> None:
    title = await make_title(runtime, "Metropolis")
    link = {"title_id": title, "link_method": "manual"}
    await make_airing(runtime, await make_channel(runtime), at(1), 1, "Metropolis", **link)
    assert titles(await chosen(client, headers)) == ["Metropolis"]
    if mark == "thumbs down":
        await client.put(f"{VIEWING}/ratings/{title}", headers=headers, json={"value": -1})
    else:
        await client.post(f"{VIEWING}/not-interested/{title}", headers=headers)
    assert await chosen(client, headers) == []


async def test_without_vectors_the_profile_s_channels_decide(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    for name in ("One", "Mine"):
        channel = await make_channel(runtime, name)
        await make_airing(runtime, channel, at(1), 1, f"Show on {name}")
    await client.put(f"{EPG}/favourites/{channel}", headers=headers)
    items = await chosen(client, headers)
    assert titles(items) == ["Show on Mine", "Show on One"]
    assert [item["reason"]["code"] for item in items] == ["your_channel", "on_today"]


async def test_a_programme_comes_once_with_the_next_airing_and_never_when_it_is_over(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    channel = await make_channel(runtime)
    await make_airing(runtime, channel, at(-120), 60, "Harbour Lights", episode=1)
    on = await make_airing(runtime, channel, at(-30), 31, "Harbour Lights", episode=2)
    await make_airing(runtime, channel, at(1), 1, "Harbour Lights", episode=3)
    [item] = await chosen(client, headers)
    assert item["airing"]["id"] == on


async def test_another_day_has_its_own_programmes(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    noon = datetime.now(UTC).replace(hour=12, minute=0) + timedelta(days=2)
    await make_airing(runtime, await make_channel(runtime), noon, 60, "Later")
    assert await chosen(client, headers) == []
    assert titles(await chosen(client, headers, date=noon.date().isoformat())) == ["Later"]
    assert await chosen(client, headers, date="2020-01-01") == []


async def test_children_get_what_is_for_them(runtime: Runtime, client: AsyncClient) -> None:
    child = await as_viewer(runtime, client, kind="kids", max_maturity=7)
    shown = await make_channel(runtime, "One")
    await make_airing(runtime, shown, at(1), 1, "For all")
    await make_airing(runtime, shown, at(2), 1, "For adults", maturity_score=18)
    hidden = await make_channel(runtime, "Two", maturity_score=18)
    await make_airing(runtime, hidden, at(1), 1, "Hidden")
    assert titles(await chosen(client, child)) == ["For all"]


async def test_it_takes_few_statements_however_many_channels(runtime: Runtime) -> None:
    viewer: Viewer = await make_viewer(runtime)
    for n in range(30):
        await make_airing(runtime, await make_channel(runtime, f"C{n}"), at(1), 1, f"Show {n}")
    await compose(runtime, viewer, None)
    context = RequestContext("test")
    with working_for(context):
        guide = await compose(runtime, viewer, None)
    assert (len(guide.items), context.statements) == (30, 5)
