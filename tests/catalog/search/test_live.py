"""Channels and programmes among the hits of a search."""

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.search.conftest import Index, ask, hits, part
from tests.epg.makers import at, make_airing, make_channel
from tests.makers import as_viewer, make_title


@pytest.mark.parametrize("query", ["classics", "Matinee Clasics", "matinee classics"])
async def test_a_channel_is_found_by_its_name(
    runtime: Runtime, client: AsyncClient, index: Index, query: str
) -> None:
    await make_channel(runtime, "Matinee Classics", number=7)
    await index()
    [hit] = (await ask(client, query))["items"]
    assert (hit["type"], hit["channel"]["number"]) == ("channel", 7)


async def test_a_programme_is_one_hit_with_its_next_airing(
    runtime: Runtime, client: AsyncClient, index: Index
) -> None:
    channel = await make_channel(runtime, "One", number=1)
    await make_airing(runtime, channel, at(-300), 60, "Harbour Lights", sub_title="Gone")
    await make_airing(runtime, channel, at(200), 60, "Harbour Lights", sub_title="Later")
    soon = await make_airing(runtime, channel, at(60), 60, "Harbour Lights", sub_title="Next")
    await index()
    [hit] = (await ask(client, "harbor lights"))["items"]
    assert hit["type"] == "programme"
    assert (hit["airing"]["id"], hit["airing"]["sub_title"]) == (soon, "Next")
    assert hit["airing"]["channel"]["name"] == "One"


async def test_what_is_on_now_is_found(runtime: Runtime, client: AsyncClient, index: Index) -> None:
    channel = await make_channel(runtime)
    on = await make_airing(runtime, channel, at(-30), 60, "Harbour Lights")
    await index()
    [hit] = (await ask(client, "harbour"))["items"]
    assert (hit["match"], hit["airing"]["id"]) == ("prefix", on)
    assert hit["span"] == {"start": 0, "end": 7}


async def test_a_title_comes_before_a_programme_of_the_same_name(
    runtime: Runtime, client: AsyncClient, index: Index
) -> None:
    await make_airing(runtime, await make_channel(runtime), at(60), 60, "Metropolis")
    await make_title(runtime, "Metropolis")
    await index()
    found = (await ask(client, "metropolis"))["items"]
    assert [hit["type"] for hit in found] == ["title", "programme"]


async def test_only_hits_of_the_wanted_types(
    runtime: Runtime, client: AsyncClient, index: Index
) -> None:
    await make_airing(runtime, await make_channel(runtime, "Metropolis"), at(60), 60, "Metropolis")
    await make_title(runtime, "Metropolis")
    await index()
    for kind in ("title", "channel", "programme"):
        found = (await ask(client, "metropolis", type=kind))["items"]
        assert [hit["type"] for hit in found] == [kind]


async def test_nothing_is_found_of_what_a_child_may_not_see(
    runtime: Runtime, client: AsyncClient, index: Index
) -> None:
    shown = await make_channel(runtime, "Secret Garden")
    await make_airing(runtime, shown, at(60), 60, "Secret Nights", maturity_score=18)
    hidden = await make_channel(runtime, "Secret Channel", maturity_score=18)
    await make_airing(runtime, hidden, at(60), 60, "Secret Show")
    await index()
    child = await as_viewer(runtime, client, kind="kids", max_maturity=7)
    found = (await ask(client, "secret", child))["items"]
    assert [part(hit) for hit in found if hit["type"] == "channel"] == ["Secret"]
    assert len(found) == 1


@pytest.mark.parametrize("query", ["m", "o", "%", "_", "🎬", "' OR 1=1"])
async def test_short_and_odd_questions_are_answered(
    runtime: Runtime, client: AsyncClient, index: Index, query: str
) -> None:
    await make_airing(runtime, await make_channel(runtime, "One"), at(60), 60, "Metropolis")
    await index()
    assert await hits(client, query, type="programme") == []
