""" "Just play something" (S-04): one playable, unseen title, or the nearest and what it lacks."""

from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.accounts.viewer import Viewer
from matinee.catalog.vocabulary import MOODS
from matinee.runtime import Runtime
from tests.catalog.makers import Headers, make_asset, make_series
from tests.makers import execute, make_title, scalar
from tests.recommendations.makers import headers_of, make_viewer

MOOD = "/api/v1/recommendations/mood"


@pytest.fixture
async def viewer(runtime: Runtime) -> Viewer:
    return await make_viewer(runtime)


@pytest.fixture
async def headers(client: AsyncClient, viewer: Viewer) -> Headers:
    return await headers_of(client, viewer)


async def playable(runtime: Runtime, name: str, **columns: Any) -> UUID:
    """A cozy movie of 80 minutes in English that can be played."""
    defaults = {"mood_tags": ["cozy"], "runtime_minutes": 80, "language": "en"}
    title_id = await make_title(runtime, name, **(defaults | columns))
    await make_asset(runtime, title_id)
    return title_id


async def ask(client: AsyncClient, headers: Headers, **wish: Any) -> dict[str, Any]:
    answer = await client.get(MOOD, params=wish, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def name_and_lacks(
    client: AsyncClient, headers: Headers, **wish: Any
) -> tuple[str, set[str]]:
    answer = await ask(client, headers, **wish)
    return answer["card"]["name"], set(answer["relaxed"])


async def test_a_title_of_the_mood_within_the_minutes(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    await playable(runtime, "Right")
    await playable(runtime, "Too long", runtime_minutes=91)
    await playable(runtime, "Dark", mood_tags=["dark"])
    await playable(runtime, "French", language="fr")
    wish = {"mood": "cozy", "duration_max": 90, "language": "en"}
    assert await name_and_lacks(client, headers, **wish) == ("Right", set())


async def test_the_last_five_answers_are_not_given_again(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    for n in range(6):
        await playable(runtime, f"Film {n}")
    names = [(await ask(client, headers, mood="cozy"))["card"]["name"] for _ in range(18)]
    assert all(len(set(names[n : n + 6])) == 6 for n in range(13))


async def test_when_all_were_answered_the_oldest_answer_comes_again(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    for n in range(3):
        await playable(runtime, f"Film {n}")
    first, *_ = [await name_and_lacks(client, headers, mood="cozy") for _ in range(3)]
    assert first[1] == set()
    assert await name_and_lacks(client, headers, mood="cozy") == (first[0], {"fresh"})


async def test_what_was_watched_is_not_offered(
    runtime: Runtime, client: AsyncClient, viewer: Viewer, headers: Headers
) -> None:
    watched = await playable(runtime, "Watched")
    await playable(runtime, "Unseen", mood_tags=["cozy"])
    await execute(
        runtime,
        "INSERT INTO bookmarks (user_id, profile_id, item_id, title_id, position_seconds, finished)"
        " VALUES ($1, $2, $3, $3, 0, true)",
        viewer.user_id,
        viewer.profile_id,
        watched,
    )
    assert await name_and_lacks(client, headers, mood="cozy") == ("Unseen", set())
    assert await name_and_lacks(client, headers, mood="cozy") == ("Unseen", {"fresh"})


@pytest.mark.parametrize("table", ["ratings", "profile_suppressions"])
async def test_what_is_unwanted_is_never_offered(
    runtime: Runtime, client: AsyncClient, viewer: Viewer, headers: Headers, table: str
) -> None:
    unwanted = await playable(runtime, "Unwanted")
    column, value = (", value", ", -1") if table == "ratings" else ("", "")
    await execute(
        runtime,
        f"INSERT INTO {table} (user_id, profile_id, title_id{column}) VALUES ($1, $2, $3{value})",
        viewer.user_id,
        viewer.profile_id,
        unwanted,
    )
    answer = await client.get(MOOD, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_match")


async def test_only_what_can_be_played_is_offered_where_there_is_any(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    await make_title(runtime, "No file", mood_tags=["cozy"])
    assert await name_and_lacks(client, headers, mood="cozy") == ("No file", {"playable"})
    await playable(runtime, "File", mood_tags=["dark"])
    assert await name_and_lacks(client, headers, mood="cozy") == ("File", {"mood"})


async def test_a_series_comes_with_the_episode_to_play(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    series = await make_series(runtime, mood_tags=["cozy"], runtime_minutes=45)
    episode = await scalar(
        runtime, "SELECT id FROM episodes WHERE title_id = $1 AND number = 1", series
    )
    await make_asset(runtime, series, episode_id=episode)
    answer = await ask(client, headers, mood="cozy", duration_max=60)
    assert answer["episode"]["id"] == str(episode)
    assert answer["relaxed"] == []


@pytest.mark.parametrize(
    ("others", "wish", "expected", "lacks"),
    [
        (
            [("A bit long", {"runtime_minutes": 95}), ("Endless", {"runtime_minutes": 300})],
            {"duration_max": 90},
            {"A bit long", "Endless"},
            {"duration_max"},
        ),
        (
            [("French", {"language": "fr"}), ("Dark", {"mood_tags": ["dark"]})],
            {"language": "en"},
            {"French"},
            {"language"},
        ),
        (
            [("Dark", {"mood_tags": ["dark"]}), ("Dark and long", {"mood_tags": ["dark"]})],
            {"duration_max": 90},
            {"Dark", "Dark and long"},
            {"mood"},
        ),
    ],
)
async def test_where_nothing_suits_the_nearest_is_given_and_says_so(
    runtime: Runtime,
    client: AsyncClient,
    headers: Headers,
    others: list[tuple[str, dict[str, Any]]],
    wish: dict[str, Any],
    expected: set[str],
    lacks: set[str],
) -> None:
    for name, columns in others:
        await playable(runtime, name, **columns)
    name, found = await name_and_lacks(client, headers, mood="cozy", **wish)
    assert name in expected
    assert found == lacks


async def test_only_an_empty_catalogue_has_no_answer(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    await playable(runtime, "Hidden", status="draft")
    wish = {"mood": "cozy", "duration_max": 90, "language": "fr"}
    answer = await client.get(MOOD, params=wish, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_match")


async def test_an_unknown_mood_is_refused_with_those_there_are(
    client: AsyncClient, headers: Headers
) -> None:
    answer = await client.get(MOOD, params={"mood": "hungry"}, headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == (422, "invalid_value", "mood")
    assert error["details"]["allowed"] == sorted(MOODS)


async def test_an_unknown_language_is_refused_with_those_there_are(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    await playable(runtime, "English")
    await playable(runtime, "Hidden", status="draft", language="de")
    answer = await client.get(MOOD, params={"language": "de"}, headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "invalid_value")
    assert error["details"]["allowed"] == ["en"]


@pytest.mark.parametrize("minutes", ["0", "-5", "99999999999999999999", "NaN", "1e3", ""])
async def test_nonsense_minutes_are_refused(
    client: AsyncClient, headers: Headers, minutes: str
) -> None:
    answer = await client.get(MOOD, params={"duration_max": minutes}, headers=headers)
    assert answer.status_code == 422


async def test_a_child_gets_what_a_child_may_see(runtime: Runtime, client: AsyncClient) -> None:
    child = await make_viewer(runtime, kind="kids", max_maturity=9)
    headers = await headers_of(client, child)
    await playable(runtime, "M", maturity_score=18)
    await playable(runtime, "The Kid", mood_tags=["sad"])
    assert await name_and_lacks(client, headers, mood="cozy") == ("The Kid", {"mood"})


async def test_a_visitor_must_sign_in(client: AsyncClient) -> None:
    assert (await client.get(MOOD)).status_code == 401
