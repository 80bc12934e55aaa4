"""Browsing: filters, orders, pages that stay whole, totals."""

from typing import Any

import pytest
from httpx import AsyncClient

from matinee.core.paging import encode_cursor
from matinee.runtime import Runtime
from tests.catalog.makers import CATALOG, browse, make_genre, names, refusal
from tests.makers import make_title

TITLES = f"{CATALOG}/titles"


@pytest.fixture
async def shelf(runtime: Runtime) -> None:
    """Three titles that differ in everything that can be filtered by."""
    await make_genre(runtime, "comedy", "Comedy")
    await make_genre(runtime, "science-fiction", "Science Fiction")
    await make_title(
        runtime,
        "The General",
        year=1926,
        genres=["comedy"],
        mood_tags=["funny"],
        theme_tags=["war"],
        language="zxx",
        subtitle_languages=["en"],
    )
    await make_title(
        runtime,
        "Métropolis",
        year=1927,
        genres=["science-fiction"],
        mood_tags=["epic", "dark"],
        theme_tags=["dystopia"],
        language="de",
        audio_languages=["de"],
        is_featured=True,
        maturity_score=12,
    )
    await make_title(runtime, "A Serial", kind="series", year=None, maturity_score=None)


FILTERS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["The General", "Métropolis"]),
    ({"genre": "comedy"}, ["The General"]),
    ({"genre": ["comedy", "science-fiction"]}, ["The General", "Métropolis"]),
    ({"genre": ["comedy", "science-fiction"], "mood": "dark"}, ["Métropolis"]),
    ({"mood": ["funny", "epic"]}, ["The General", "Métropolis"]),
    ({"theme": "dystopia"}, ["Métropolis"]),
    ({"language": "de"}, ["Métropolis"]),
    ({"audio": "de"}, ["Métropolis"]),
    ({"subtitles": "en"}, ["The General"]),
    ({"kind": "series"}, []),
    ({"year_from": 1927}, ["Métropolis"]),
    ({"year_to": 1926}, ["The General"]),
    ({"year_from": 1926, "year_to": 1927}, ["The General", "Métropolis"]),
    ({"maturity_max": 6}, ["The General"]),
    ({"featured": True}, ["Métropolis"]),
    ({"featured": False}, ["The General"]),
    ({"q": "METRO"}, ["Métropolis"]),
    ({"q": "general, the"}, []),
    ({"q": "%"}, []),
    ({"q": "_"}, []),
]


@pytest.mark.usefixtures("shelf")
async def test_values_of_a_parameter_are_alternatives_and_all_parameters_hold(
    client: AsyncClient,
) -> None:
    found = [(filters, await names(client, sort="oldest", **filters)) for filters, _ in FILTERS]
    assert found == FILTERS


WRONG: list[tuple[dict[str, Any], tuple[int, str]]] = [
    ({"genre": "opera"}, (422, "invalid_value")),
    ({"mood": "grumpy"}, (422, "invalid_value")),
    ({"theme": "knitting"}, (422, "invalid_value")),
    ({"kind": "podcast"}, (422, "invalid_value")),
    ({"sort": "worst"}, (422, "invalid_value")),
    ({"language": "Deutsch"}, (422, "validation_failed")),
    ({"year_from": "soon"}, (422, "validation_failed")),
    ({"year_from": 10**30}, (422, "validation_failed")),
    ({"maturity_max": -1}, (422, "validation_failed")),
    ({"q": "nul\0byte"}, (422, "validation_failed")),
    ({"q": "x" * 101}, (422, "validation_failed")),
    ({"page_size": 101}, (422, "validation_failed")),
    ({"page": 0}, (422, "validation_failed")),
    ({"page": 2, "cursor": "abc"}, (422, "validation_failed")),
    ({"genres": "comedy"}, (422, "unknown_field")),
]


@pytest.mark.usefixtures("shelf")
async def test_a_wrong_value_or_parameter_is_refused(client: AsyncClient) -> None:
    refused = [(params, await refusal(client, TITLES, params=params)) for params, _ in WRONG]
    assert refused == WRONG


@pytest.mark.usefixtures("shelf")
async def test_an_unknown_value_is_answered_with_the_allowed_ones(client: AsyncClient) -> None:
    wrong = ({"genre": "opera"}, {"kind": "podcast"}, {"sort": "worst"})
    answers = [await client.get(TITLES, params=params) for params in wrong]
    assert [sorted(answer.json()["error"]["details"]["allowed"]) for answer in answers] == [
        ["comedy", "science-fiction"],
        ["movie", "series"],
        ["name", "newest", "oldest", "year"],
    ]


async def test_an_unknown_mood_is_answered_with_the_vocabulary(client: AsyncClient) -> None:
    error = (await client.get(TITLES, params={"mood": ["funny", "grumpy"]})).json()["error"]
    assert error["field"] == "mood.1"
    assert {"funny", "dark", "cozy"} <= set(error["details"]["allowed"])


async def test_orders(runtime: Runtime, client: AsyncClient) -> None:
    for name, year in (("Caligari", 1920), ("An Old Film", 1901), ("Faust", 1926)):
        await make_title(runtime, name, year=year)
    await make_title(runtime, "The Unknown", year=None)
    orders = {sort: await names(client, sort=sort) for sort in ("newest", "name", "year", "oldest")}
    assert orders == {
        "newest": ["The Unknown", "Faust", "An Old Film", "Caligari"],
        "name": ["Caligari", "Faust", "An Old Film", "The Unknown"],
        "year": ["Faust", "Caligari", "An Old Film", "The Unknown"],
        "oldest": ["An Old Film", "Caligari", "Faust", "The Unknown"],
    }


async def test_following_the_cursor_shows_every_title_once(
    runtime: Runtime, client: AsyncClient
) -> None:
    for number in range(7):
        await make_title(runtime, f"Same {number % 2}", year=1920 if number % 3 else None)
    for sort in ("newest", "name", "year", "oldest"):
        seen = [card["id"] for page in await all_pages(client, sort=sort) for card in page]
        assert len(seen) == len(set(seen)) == 7, sort


async def all_pages(client: AsyncClient, **params: Any) -> list[list[dict[str, Any]]]:
    """Two titles at a time, as long as there is a next page."""
    page = await browse(client, page_size=2, **params)
    pages = [page["items"]]
    while page["next_cursor"]:
        page = await browse(client, page_size=2, cursor=page["next_cursor"], **params)
        pages.append(page["items"])
    return pages


async def test_what_is_added_meanwhile_does_not_shift_the_next_page(
    runtime: Runtime, client: AsyncClient
) -> None:
    for number in range(4):
        await make_title(runtime, f"Film {number}")
    first = await browse(client, page_size=2)
    await make_title(runtime, "Added meanwhile")
    second = await names(client, page_size=2, cursor=first["next_cursor"])
    assert second == ["Film 1", "Film 0"]


async def test_pages_can_be_numbered(runtime: Runtime, client: AsyncClient) -> None:
    for number in range(5):
        await make_title(runtime, f"Film {number}")
    assert await names(client, sort="name", page=2, page_size=2) == ["Film 2", "Film 3"]
    assert await names(client, sort="name", page=9, page_size=2) == []


async def test_the_total_counts_the_whole_list(runtime: Runtime, client: AsyncClient) -> None:
    for year in (1920, 1921, 1922):
        await make_title(runtime, year=year)
    page = await browse(client, year_from=1921, page_size=1)
    assert (len(page["items"]), page["total"]) == (1, 2)


async def test_a_cursor_of_another_list_is_refused(client: AsyncClient) -> None:
    wrong = ["x", "%00", "bm9uc2Vuc2U", encode_cursor(1), encode_cursor("a", "b"), "W3t9LFtdXQ"]
    refused = {await refusal(client, TITLES, params={"cursor": cursor}) for cursor in wrong}
    assert refused == {(400, "bad_cursor")}


async def test_a_cursor_out_of_range_ends_the_list(runtime: Runtime, client: AsyncClient) -> None:
    title_id = await make_title(runtime, year=1920)
    cursor = encode_cursor(2**62, title_id)
    assert await names(client, sort="oldest", cursor=cursor) == []
