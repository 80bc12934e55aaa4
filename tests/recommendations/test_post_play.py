"""What is offered at the end (R-04): the next episode, the next part, then what is alike."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from matinee.accounts.viewer import Viewer
from matinee.runtime import Runtime
from tests.catalog.makers import Headers, make_genre, make_series
from tests.makers import make_title, scalar
from tests.recommendations.learned import make_model, signal, teach
from tests.recommendations.makers import dislike, headers_of, make_viewer
from tests.recommendations.screens import make_titles, names

POST_PLAY = "/api/v1/recommendations/post-play"


@pytest.fixture
async def viewer(runtime: Runtime) -> Viewer:
    return await make_viewer(runtime)


@pytest.fixture
async def headers(client: AsyncClient, viewer: Viewer) -> Headers:
    return await headers_of(client, viewer)


async def after(
    client: AsyncClient, headers: Headers, title_id: UUID, **params: Any
) -> dict[str, Any]:
    answer = await client.get(f"{POST_PLAY}/{title_id}", params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def episode(runtime: Runtime, number: int) -> UUID:
    found: UUID = await scalar(runtime, "SELECT id FROM episodes WHERE number = $1", number)
    return found


async def test_the_next_episode_comes_first(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    series = await make_series(runtime, episodes=2)
    found = await after(client, headers, series, episode_id=await episode(runtime, 1))
    assert found["kind"] == "next_episode"
    assert found["episode"]["id"] == str(await episode(runtime, 2))


async def test_after_the_last_episode_come_other_titles(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    await make_genre(runtime, "crime", "Crime")
    series = await make_series(runtime, episodes=1, genres=["crime"])
    await make_titles(runtime, 3, genres=["crime"])
    await make_title(runtime, "Another genre")
    found = await after(client, headers, series, episode_id=await episode(runtime, 1))
    assert (found["kind"], found["episode"]) == ("related", None)
    assert set(names(found)) == {"Film 0", "Film 1", "Film 2"}
    assert {item["reason"]["text"] for item in found["items"]} == {"More Crime"}


async def test_later_parts_come_before_what_is_alike(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    ended = await make_title(runtime, "Dr. Mabuse", year=1922)
    await make_title(runtime, "Dr. Mabuse 3", year=1960)
    await make_title(runtime, "Dr. Mabuse 2", year=1933)
    await make_title(runtime, "Dr. Mabuse: Before", year=1920)
    await make_title(runtime, "Dr. Caligari", year=1930)
    alike = await make_title(runtime, "Alike")
    await teach(runtime, await make_model(runtime), ended, together={alike: 1.0})
    found = await after(client, headers, ended)
    assert names(found) == ["Dr. Mabuse 2", "Dr. Mabuse 3", "Alike"]
    reasons = [item["reason"]["text"] for item in found["items"]]
    assert reasons[0] == "Watch next after Dr. Mabuse"
    assert "Dr. Mabuse" in reasons[2]


async def test_parts_of_one_collection_belong_together_whatever_their_names(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    bond = {"external_ids": {"collection": "645"}}
    ended = await make_title(runtime, "Dr. No", year=1962, **bond)
    await make_title(runtime, "Goldfinger", year=1964, **bond)
    assert names(await after(client, headers, ended)) == ["Goldfinger"]


async def test_neither_what_is_unwanted_nor_what_was_seen(
    runtime: Runtime, client: AsyncClient, viewer: Viewer, headers: Headers
) -> None:
    ended = await make_title(runtime, "Ended")
    ids = await make_titles(runtime, 3)
    await teach(runtime, await make_model(runtime), ended, together=dict.fromkeys(ids, 1.0))
    await dislike(runtime, viewer, ids[0])
    await signal(runtime, viewer, ids[1], "completed")
    assert names(await after(client, headers, ended)) == ["Film 2"]


async def test_what_is_hidden_is_not_found(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    series = await make_series(runtime, status="draft")
    for title_id in (series, uuid4()):
        answer = await client.get(f"{POST_PLAY}/{title_id}", headers=headers)
        assert answer.status_code == 404
    shown = await make_series(runtime, "Judex")
    foreign = {"episode_id": str(await episode_of(runtime, series))}
    answer = await client.get(f"{POST_PLAY}/{shown}", params=foreign, headers=headers)
    assert answer.status_code == 404


async def episode_of(runtime: Runtime, title_id: UUID) -> UUID:
    found: UUID = await scalar(
        runtime, "SELECT id FROM episodes WHERE title_id = $1 LIMIT 1", title_id
    )
    return found
