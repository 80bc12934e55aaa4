"""Programmes become titles of the catalogue, where it is certain which."""

from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.catalog.events import titles_changed
from matinee.epg.events import guide_changed
from matinee.epg.linking.finding import link_programmes
from matinee.runtime import Runtime
from tests.catalog.makers import make_episode, make_season
from tests.epg.makers import EPG, at, make_airing, make_channel, make_programme
from tests.makers import as_viewer, execute, make_title, scalar

Link = tuple[UUID | None, UUID | None, str | None]


async def air(runtime: Runtime, title: str, minutes: float = 60, **said: Any) -> int:
    """A programme that is still to come."""
    programme_id = await make_programme(runtime, title, **said)
    channel_id = await make_channel(runtime, f"Channel of {title} {programme_id}")
    await make_airing(runtime, channel_id, at(minutes), programme_id=programme_id)
    return programme_id


async def look(runtime: Runtime) -> None:
    """What happens after the guide has changed."""
    async with runtime.database.write() as tx:
        await guide_changed(tx, [UUID(int=1)], 1)
    await runtime.worker.drain()


async def link_of(runtime: Runtime, programme_id: int) -> Link:
    async with runtime.database.read() as tx:
        row = await tx.one(
            "SELECT title_id, episode_id, link_method FROM programmes WHERE id = :id",
            id=programme_id,
        )
    assert row is not None
    return row["title_id"], row["episode_id"], row["link_method"]


async def suggested(runtime: Runtime, programme_id: int) -> set[UUID]:
    found = await scalar(
        runtime,
        "SELECT array_agg(title_id) FROM programme_suggestions"
        " WHERE programme_id = $1 AND state = 'suggested'",
        programme_id,
    )
    return set(found or [])


@pytest.mark.parametrize(
    ("ids", "kind"),
    [
        ({"imdb": "tt0017136"}, "movie"),
        ({"tmdb_movie": "19"}, "movie"),
        ({"tmdb": "19"}, "movie"),
        ({"tvdb_series": "7"}, "series"),
        ({"tmdb_movie": "999", "imdb": "tt0017136"}, "movie"),
    ],
)
async def test_the_same_identifier_is_the_same_title(
    runtime: Runtime, ids: dict[str, str], kind: str
) -> None:
    theirs = {"imdb": "tt0017136", "tmdb": "19", "tvdb": "7"}
    title_id = await make_title(runtime, "Metropolis", kind=kind, external_ids=theirs)
    programme_id = await air(runtime, "A film of Lang", external_ids=ids)
    await look(runtime)
    assert await link_of(runtime, programme_id) == (title_id, None, "external_id")


async def test_numbers_of_films_are_not_those_of_series(runtime: Runtime) -> None:
    await make_title(runtime, "Metropolis", kind="movie", external_ids={"tmdb": "19"})
    programme_id = await air(runtime, "Another", external_ids={"tmdb_series": "19"})
    await look(runtime)
    assert await link_of(runtime, programme_id) == (None, None, None)


async def test_an_identified_series_leads_to_its_episode(runtime: Runtime) -> None:
    title_id = await make_title(runtime, "Fantomas", kind="series", external_ids={"imdb": "tt7"})
    episode_id = await make_episode(runtime, title_id, await make_season(runtime, title_id, 2), 5)
    programme_id = await air(runtime, "F.", external_ids={"imdb": "tt7"}, season=2, episode=5)
    await look(runtime)
    assert await link_of(runtime, programme_id) == (title_id, episode_id, "external_id")


async def test_a_film_of_the_same_name_and_year_is_the_same(runtime: Runtime) -> None:
    title_id = await make_title(runtime, "Métropolis", year=1927)
    await make_title(runtime, "Metropolis", year=2001)
    programme_id = await air(runtime, "METROPOLIS", year=1927)
    await look(runtime)
    assert await link_of(runtime, programme_id) == (title_id, None, "title_year")


async def test_an_episode_is_found_by_series_season_and_number(runtime: Runtime) -> None:
    title_id = await make_title(runtime, "Fantomas", kind="series")
    episode_id = await make_episode(runtime, title_id, await make_season(runtime, title_id, 2), 5)
    programme_id = await air(runtime, "Fantômas", season=2, episode=5)
    await look(runtime)
    assert await link_of(runtime, programme_id) == (title_id, episode_id, "episode")


@pytest.mark.parametrize(
    "said",
    [
        {"genres": ["Film"]},
        {"year": 1928},
        {"year": 1927, "season": 1, "episode": 1},
        {"title": "Metropoliss", "year": 1927},
    ],
)
async def test_what_is_less_certain_is_not_linked(runtime: Runtime, said: dict[str, Any]) -> None:
    await make_title(runtime, "Metropolis", year=1927)
    programme_id = await air(runtime, **({"title": "Metropolis"} | said))
    await look(runtime)
    assert await link_of(runtime, programme_id) == (None, None, None)


@pytest.mark.parametrize(
    "said", [{"genres": ["Film"]}, {"year": 1928}, {"title": "Metropoliss", "year": 1927}]
)
async def test_what_is_alike_is_suggested(runtime: Runtime, said: dict[str, Any]) -> None:
    title_id = await make_title(runtime, "Metropolis", year=1927)
    programme_id = await air(runtime, **({"title": "Metropolis"} | said))
    await look(runtime)
    assert await suggested(runtime, programme_id) == {title_id}


@pytest.mark.parametrize("said", [{}, {"year": 1950}])
async def test_news_of_the_name_of_a_film_are_not_suggested(
    runtime: Runtime, said: dict[str, Any]
) -> None:
    await make_title(runtime, "Metropolis", year=1927)
    programme_id = await air(runtime, "Metropolis", **said)
    await look(runtime)
    assert await suggested(runtime, programme_id) == set()


async def test_several_that_it_could_be_are_suggested(runtime: Runtime) -> None:
    titles = set()
    for year in (2001, 2005):
        title_id = await make_title(runtime, "The Office", kind="series", year=year)
        await make_episode(runtime, title_id, await make_season(runtime, title_id, 1), 1)
        titles.add(title_id)
    programme_id = await air(runtime, "The Office", season=1, episode=1)
    await look(runtime)
    assert await link_of(runtime, programme_id) == (None, None, None)
    assert await suggested(runtime, programme_id) == titles


async def test_what_is_over_is_not_looked_at(runtime: Runtime) -> None:
    await make_title(runtime, "Metropolis", year=1927)
    programme_id = await air(runtime, "Metropolis", minutes=-120, year=1927)
    await look(runtime)
    assert await link_of(runtime, programme_id) == (None, None, None)


async def test_a_new_title_finds_programmes_that_were_looked_at_before(runtime: Runtime) -> None:
    by_name = await air(runtime, "Metropolis", year=1927)
    by_id = await air(runtime, "Metropole", external_ids={"imdb": "tt0017136"})
    await look(runtime)
    ids = {"imdb": "tt0017136"}
    title_id = await make_title(runtime, "Metropolis", year=1927, external_ids=ids)
    async with runtime.database.write() as tx:
        await titles_changed(tx, [title_id])
    await runtime.worker.drain()
    links = [await link_of(runtime, each) for each in (by_name, by_id)]
    assert [(title, method) for title, _, method in links] == [
        (title_id, "title_year"), (title_id, "external_id"),
    ]  # fmt: skip


async def test_looking_again_writes_nothing(runtime: Runtime) -> None:
    await make_title(runtime, "Metropolis", year=1927)
    await air(runtime, "Metropolis", year=1927)
    await air(runtime, "Other")
    await look(runtime)
    versions = "SELECT array_agg(xmin::text ORDER BY id) FROM programmes"
    before = await scalar(runtime, versions)
    await look(runtime)
    assert await scalar(runtime, versions) == before


async def test_the_days_of_a_linked_programme_have_changed(runtime: Runtime) -> None:
    await make_title(runtime, "Metropolis", year=1927)
    await air(runtime, "Metropolis", year=1927)
    before = await scalar(runtime, "SELECT max(rev) FROM guide_days")
    await look(runtime)
    assert await scalar(runtime, "SELECT max(rev) FROM guide_days") == before + 1


async def test_what_the_title_says_hides_the_airing_from_a_child(
    runtime: Runtime, client: AsyncClient
) -> None:
    child = await as_viewer(runtime, client, max_maturity=9)
    await make_title(runtime, "Metropolis", year=1927, maturity_score=16)
    programme_id = await air(runtime, "Metropolis", minutes=-5, year=1927)
    before = (await client.get(f"{EPG}/now", headers=child)).json()["items"][0]["now"]
    await look(runtime)
    after = (await client.get(f"{EPG}/now", headers=child)).json()["items"][0]["now"]
    assert (before["programme"]["id"], after) == (programme_id, None)


async def test_a_linked_title_can_be_deleted(runtime: Runtime) -> None:
    title_id = await make_title(runtime, "Metropolis", year=1927)
    programme_id = await air(runtime, "Metropolis", year=1927)
    await look(runtime)
    await execute(runtime, "DELETE FROM titles WHERE id = $1", title_id)
    assert (await link_of(runtime, programme_id))[0] is None


async def test_any_number_of_programmes_takes_the_same_statements(runtime: Runtime) -> None:
    await make_title(runtime, "Metropolis", year=1927)
    counts = []
    for copies in (1, 20):
        ids = [
            await air(runtime, "Metropolis", year=1927, description=f"{number} of {copies}")
            for number in range(copies)
        ]
        statements: list[int] = []
        runtime.database.on_statement = lambda said=statements: said.append(1)
        async with runtime.database.write() as tx:
            assert await link_programmes(tx, ids) == ids
        runtime.database.on_statement = lambda: None
        counts.append(len(statements))
    assert counts[0] == counts[1]
