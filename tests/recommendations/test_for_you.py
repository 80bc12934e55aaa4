"""For you and similar titles: page by page, with reasons, never empty, never what is unwanted."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from matinee.accounts.viewer import Viewer
from matinee.runtime import Runtime
from tests.makers import execute, make_title
from tests.recommendations.learned import make_model, signal, teach
from tests.recommendations.makers import headers_of, make_trend, make_viewer

FOR_YOU = "/api/v1/recommendations/for-you"
SIMILAR = "/api/v1/recommendations/similar"

Headers = dict[str, str]


async def make_titles(runtime: Runtime, count: int, **columns: Any) -> list[UUID]:
    return [await make_title(runtime, f"Film {n:03}", **columns) for n in range(count)]


async def get(client: AsyncClient, address: str, headers: Headers, **params: Any) -> Any:
    answer = await client.get(address, headers=headers, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(rail: dict[str, Any]) -> list[UUID]:
    return [UUID(item["card"]["id"]) for item in rail["items"]]


@pytest.fixture
async def ana(runtime: Runtime) -> Viewer:
    return await make_viewer(runtime)


@pytest.fixture
async def headers(client: AsyncClient, ana: Viewer) -> Headers:
    return await headers_of(client, ana)


async def test_a_new_profile_gets_what_is_popular(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    plain, hit = await make_titles(runtime, 2)
    await make_trend(runtime, hit, 50, territory="**")
    rail = await get(client, FOR_YOU, headers)
    assert ids(rail) == [hit, plain]
    assert {item["reason"]["code"] for item in rail["items"]} == {"popular"}


async def test_a_title_says_because_of_which_other_it_is_there(
    runtime: Runtime, client: AsyncClient, ana: Viewer, headers: Headers
) -> None:
    liked = await make_title(runtime, "Metropolis")
    near = await make_title(runtime, "Woman in the Moon")
    await execute(runtime, "UPDATE titles SET added_at = '2020-01-01'")
    await teach(runtime, await make_model(runtime), liked, together={near: 1})
    await signal(runtime, ana, liked)
    [item] = (await get(client, FOR_YOU, headers))["items"]
    assert item["card"]["id"] == str(near)
    assert item["reason"]["text"] == "Because you liked Metropolis"
    assert item["reason"]["title_id"] == str(liked)
    assert 0.15 <= item["reason"]["strength"] <= 1


async def test_pages_together_show_every_title_once(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    titles = await make_titles(runtime, 25)
    seen: list[UUID] = []
    params: dict[str, Any] = {"page_size": 10}
    for _ in range(3):
        rail = await get(client, FOR_YOU, headers, **params)
        seen += ids(rail)
        params["cursor"] = rail["next_cursor"]
    assert rail["next_cursor"] is None
    assert sorted(seen) == sorted(titles)


async def test_the_same_request_has_the_same_order(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    await make_titles(runtime, 80, genres=["drama"])
    first = await get(client, FOR_YOU, headers, page_size=60)
    assert ids(first) == ids(await get(client, FOR_YOU, headers, page_size=60))


async def test_a_thumbs_down_takes_effect_with_the_next_request(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    titles = await make_titles(runtime, 3)
    answer = await client.put(
        f"/api/v1/viewing/ratings/{titles[0]}", json={"value": -1}, headers=headers
    )
    assert answer.status_code == 204
    assert set(ids(await get(client, FOR_YOU, headers))) == set(titles[1:])


async def test_it_is_not_empty_when_everything_is_known(
    runtime: Runtime, client: AsyncClient, ana: Viewer, headers: Headers
) -> None:
    only = await make_title(runtime)
    await signal(runtime, ana, only)
    assert ids(await get(client, FOR_YOU, headers)) == [only]


async def test_a_strict_language_leaves_out_others(runtime: Runtime, client: AsyncClient) -> None:
    viewer = await make_viewer(runtime, "zoe@example.com", preferred_language="fr")
    headers = await headers_of(client, viewer, "zoe@example.com")
    await make_title(runtime, "M", language="de")
    french = await make_title(runtime, "L'Atalante", language="fr")
    assert ids(await get(client, FOR_YOU, headers, strict_language=True)) == [french]
    assert len(ids(await get(client, FOR_YOU, headers))) == 2


async def test_a_strict_language_never_leaves_it_empty(
    runtime: Runtime, client: AsyncClient
) -> None:
    viewer = await make_viewer(runtime, "zoe@example.com", preferred_language="fr")
    headers = await headers_of(client, viewer, "zoe@example.com")
    german = await make_title(runtime, "M", language="de")
    assert ids(await get(client, FOR_YOU, headers, strict_language=True)) == [german]


async def test_similar_titles_come_by_how_well_they_go_with_it(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    title_id = await make_title(runtime, "Metropolis")
    near, nearer = await make_titles(runtime, 2)
    await teach(
        runtime, await make_model(runtime), title_id, together={near: 1, nearer: 2, title_id: 3}
    )
    rail = await get(client, f"{SIMILAR}/{title_id}", headers)
    assert ids(rail) == [nearer, near]
    assert rail["heading"] == "Similar to Metropolis"


async def test_without_a_model_what_is_about_the_same_comes_first(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    title_id, far, near = await make_titles(runtime, 3)
    for one, vector in ((title_id, [1, 0]), (far, [0, 1]), (near, [1, 0.1])):
        await execute(
            runtime,
            "INSERT INTO content_embeddings"
            " (title_id, purpose, model, dims, embedding, content_hash)"
            " VALUES ($1, 'search', 'test', 384, $2::float4[]::vector, '')",
            one,
            [*vector, *[0.0] * 382],
        )
    assert ids(await get(client, f"{SIMILAR}/{title_id}", headers)) == [near, far]


async def test_without_texts_its_genres_decide(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    title_id, other = await make_titles(runtime, 2, genres=["western"])
    await make_title(runtime, "Sunrise", genres=["drama"])
    assert ids(await get(client, f"{SIMILAR}/{title_id}", headers)) == [other]


async def test_a_title_like_no_other_has_an_empty_list(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    title_id = await make_title(runtime)
    rail = await get(client, f"{SIMILAR}/{title_id}", headers)
    assert (rail["items"], rail["heading"]) == ([], "Similar to Metropolis")


async def test_similar_to_what_is_not_visible_is_not_found(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    hidden = await make_title(runtime, status="draft")
    for title_id in (hidden, uuid4()):
        answer = await client.get(f"{SIMILAR}/{title_id}", headers=headers)
        assert answer.status_code == 404
