"""A title with all that belongs to it: texts, credits, seasons, episodes, extras."""

from uuid import uuid4

from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import (
    CATALOG,
    make_asset,
    make_episode,
    make_person,
    make_season,
    make_series,
    refusal,
)
from tests.makers import execute, make_title


async def test_a_title_tells_everything(runtime: Runtime, client: AsyncClient) -> None:
    title_id = await make_title(
        runtime,
        original_name="Metropolis",
        synopsis="A city of two worlds.",
        countries=["DE"],
        external_ids={"imdb": "tt0017136"},
        mood_tags=["epic"],
    )
    fritz = await make_person(runtime, "Fritz Lang", title_id, role="director")
    await make_asset(runtime, title_id)
    detail = (await client.get(f"{CATALOG}/titles/{title_id}")).json()
    told = ("synopsis", "countries", "external_ids", "mood_tags", "playable", "has_trailer")
    assert {name: detail[name] for name in told} == {
        "synopsis": "A city of two worlds.",
        "countries": ["DE"],
        "external_ids": {"imdb": "tt0017136"},
        "mood_tags": ["epic"],
        "playable": True,
        "has_trailer": False,
    }
    assert detail["credits"] == [
        {"person_id": str(fritz), "name": "Fritz Lang", "role": "director", "character": None}
    ]


async def test_a_localised_synopsis_replaces_the_other(
    runtime: Runtime, client: AsyncClient
) -> None:
    title_id = await make_title(runtime, synopsis="A city of two worlds.")
    await execute(
        runtime,
        "INSERT INTO title_localizations (title_id, language, synopsis) VALUES ($1, 'de', $2)",
        title_id,
        "Eine Stadt aus zwei Welten.",
    )
    answer = await client.get(f"{CATALOG}/titles/{title_id}", headers={"Accept-Language": "de"})
    assert answer.json()["synopsis"] == "Eine Stadt aus zwei Welten."
    assert answer.json()["name"] == "Metropolis"


async def test_a_missing_title_is_not_found_and_a_strange_id_is_refused(
    client: AsyncClient,
) -> None:
    for path in ("", "/seasons", "/episodes", "/extras"):
        assert await refusal(client, f"{CATALOG}/titles/{uuid4()}{path}") == (404, "not_found")
        assert await refusal(client, f"{CATALOG}/titles/1{path}") == (422, "validation_failed")


async def test_seasons_come_in_order_with_specials_last(
    runtime: Runtime, client: AsyncClient
) -> None:
    title_id = await make_series(runtime, seasons=2, episodes=3)
    specials = await make_season(runtime, title_id, 0, name="Specials")
    await make_episode(runtime, title_id, specials, 1)
    seasons = (await client.get(f"{CATALOG}/titles/{title_id}/seasons")).json()["items"]
    assert [(season["number"], season["episode_count"]) for season in seasons] == [
        (1, 3),
        (2, 3),
        (0, 1),
    ]
    detail = (await client.get(f"{CATALOG}/titles/{title_id}")).json()
    assert detail["seasons"] == seasons


async def test_a_season_without_published_episodes_is_not_shown(
    runtime: Runtime, client: AsyncClient
) -> None:
    title_id = await make_series(runtime)
    secret = await make_season(runtime, title_id, 2, name="The secret return")
    for number, status in enumerate(("draft", "takedown"), 1):
        await make_episode(runtime, title_id, secret, number, status=status)
    for path in ("", "/seasons", "/episodes"):
        answer = await client.get(f"{CATALOG}/titles/{title_id}{path}")
        assert "secret" not in answer.text
    assert len((await client.get(f"{CATALOG}/titles/{title_id}/seasons")).json()["items"]) == 1


async def test_what_cannot_be_seen_yet_makes_nothing_playable(
    runtime: Runtime, client: AsyncClient
) -> None:
    title_id = await make_series(runtime, episodes=0)
    season_id = (await client.get(f"{CATALOG}/titles/{title_id}")).json()["seasons"]
    assert season_id == []
    hidden = await make_season(runtime, title_id, 2)
    episode_id = await make_episode(runtime, title_id, hidden, 1, status="draft")
    await make_asset(runtime, title_id, episode_id=episode_id)
    await make_asset(runtime, title_id, episode_id=episode_id, kind="trailer", name="Hush")
    detail = (await client.get(f"{CATALOG}/titles/{title_id}")).json()
    assert (detail["playable"], detail["has_trailer"]) == (False, False)
    assert (await client.get(f"{CATALOG}/titles/{title_id}/extras")).json() == {"items": []}


async def test_episodes_of_one_season(runtime: Runtime, client: AsyncClient) -> None:
    title_id = await make_series(runtime, seasons=2, episodes=2)
    answer = await client.get(f"{CATALOG}/titles/{title_id}/episodes", params={"season": 2})
    assert [(e["season_number"], e["number"]) for e in answer.json()["items"]] == [(2, 1), (2, 2)]


async def test_an_episode_tells_its_segments_and_whether_it_can_be_played(
    runtime: Runtime, client: AsyncClient
) -> None:
    title_id = await make_series(runtime, episodes=0)
    season_id = await make_season(runtime, title_id, 5)
    intro = {"kind": "intro", "from_seconds": 3, "to_seconds": 40}
    episode_id = await make_episode(runtime, title_id, season_id, 1, segments=[intro])
    await make_asset(runtime, title_id, episode_id=episode_id)
    episode = (await client.get(f"{CATALOG}/titles/{title_id}/episodes")).json()["items"][0]
    assert (episode["segments"], episode["playable"]) == ([intro], True)


async def test_a_film_tells_its_segments(runtime: Runtime, client: AsyncClient) -> None:
    credits = {"kind": "credits", "from_seconds": 5400, "to_seconds": 5700}
    title_id = await make_title(runtime, segments=[credits])
    assert (await client.get(f"{CATALOG}/titles/{title_id}")).json()["segments"] == [credits]


async def test_following_the_cursor_shows_every_episode_once_specials_last(
    runtime: Runtime, client: AsyncClient
) -> None:
    title_id = await make_series(runtime, seasons=2, episodes=3)
    specials = await make_season(runtime, title_id, 0)
    for number in (1, 2):
        await make_episode(runtime, title_id, specials, number)
    seen: list[tuple[int, int]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await client.get(
            f"{CATALOG}/titles/{title_id}/episodes", params={"page_size": 2, **cursor}
        )
        page = answer.json()
        seen += [(episode["season_number"], episode["number"]) for episode in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3), (0, 1), (0, 2)]


async def test_trailers_come_before_extras(runtime: Runtime, client: AsyncClient) -> None:
    title_id = await make_title(runtime)
    await make_asset(runtime, title_id, kind="extra", name="Making of")
    await make_asset(runtime, title_id, kind="trailer", name="Trailer")
    await make_asset(runtime, title_id)
    extras = (await client.get(f"{CATALOG}/titles/{title_id}/extras")).json()["items"]
    assert [extra["name"] for extra in extras] == ["Trailer", "Making of"]


async def test_a_person_has_the_titles_the_viewer_may_see(
    runtime: Runtime, client: AsyncClient
) -> None:
    early = await make_title(runtime, "Der müde Tod", year=1921)
    late = await make_title(runtime, "Metropolis", year=1927)
    hidden = await make_title(runtime, "M", year=1931, maturity_score=16)
    fritz = await make_person(runtime, "Fritz Lang", early, late, role="director")
    await execute(
        runtime,
        "INSERT INTO title_people VALUES ($1, 1, $2, 'writer', NULL)",
        hidden,
        fritz,
    )
    person = (await client.get(f"{CATALOG}/people/{fritz}")).json()
    assert [card["name"] for card in person["titles"]] == ["Metropolis", "Der müde Tod"]
    assert (person["name"], person["roles"]) == ("Fritz Lang", ["director"])


async def test_a_person_without_visible_titles_is_not_found(
    runtime: Runtime, client: AsyncClient
) -> None:
    hidden = await make_title(runtime, "M", maturity_score=16)
    peter = await make_person(runtime, "Peter Lorre", hidden)
    for person_id in (peter, uuid4()):
        assert await refusal(client, f"{CATALOG}/people/{person_id}") == (404, "not_found")


async def test_rating_systems_are_public_and_ordered_by_age(client: AsyncClient) -> None:
    systems = (await client.get(f"{CATALOG}/ratings")).json()["items"]
    american = next(system for system in systems if system["system"] == "US-MPAA")
    scores = [rating["score"] for rating in american["ratings"]]
    assert american["country"] == "US"
    assert scores == sorted(scores)
