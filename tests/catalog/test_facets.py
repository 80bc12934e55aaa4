"""Counted facets, and the lists of genres, moods and themes made from the same counts."""

from typing import Any

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import CATALOG, browse, make_genre
from tests.makers import make_title


@pytest.fixture(autouse=True)
async def shelf(runtime: Runtime) -> None:
    await make_genre(runtime, "comedy", "Comedy", de="Komödie")
    await make_genre(runtime, "western", "Western")
    await make_genre(runtime, "unused", "Unused")
    laughing: dict[str, Any] = {"genres": ["comedy"], "mood_tags": ["funny"]}
    await make_title(runtime, year=1926, language="zxx", **laughing)
    await make_title(runtime, year=1921, language="en", theme_tags=["space"], **laughing)
    await make_title(runtime, kind="series", genres=["western", "comedy"])
    await make_title(runtime, status="draft", year=1999, language="fr", genres=["unused"])


def counts(facets: dict[str, list[dict[str, Any]]]) -> dict[str, dict[str, int]]:
    return {
        name: {entry["value"]: entry["count"] for entry in entries}
        for name, entries in facets.items()
    }


async def test_facets_count_the_whole_list_most_frequent_first(client: AsyncClient) -> None:
    page = await browse(client, facets=True, page_size=1)
    assert counts(page["facets"]) == {
        "kind": {"movie": 2, "series": 1},
        "genre": {"comedy": 3, "western": 1},
        "mood": {"funny": 2},
        "theme": {"space": 1},
        "language": {"en": 1, "zxx": 1},
        "decade": {"1920": 2},
    }
    assert [entry["value"] for entry in page["facets"]["genre"]] == ["comedy", "western"]


async def test_facets_count_what_is_filtered(client: AsyncClient) -> None:
    page = await browse(client, facets=True, theme="space")
    assert counts(page["facets"])["genre"] == {"comedy": 1}


async def test_the_total_agrees_with_and_without_facets(client: AsyncClient) -> None:
    with_facets = await browse(client, facets=True, genre="comedy")
    without = await browse(client, genre="comedy")
    assert (with_facets["total"], without["total"]) == (3, 3)
    assert without["facets"] is None


async def test_labels_speak_the_viewer_s_language(client: AsyncClient) -> None:
    page = await browse(client, {"Accept-Language": "de-AT"}, facets=True)
    assert {entry["label"] for entry in page["facets"]["genre"]} == {"Komödie", "Western"}
    assert page["facets"]["decade"][0]["label"] == "1920s"


async def test_genres_with_titles_are_listed_by_name(client: AsyncClient) -> None:
    answer = await client.get(f"{CATALOG}/genres", headers={"Accept-Language": "de"})
    assert answer.json()["items"] == [
        {"slug": "comedy", "name": "Komödie", "titles": 3},
        {"slug": "western", "name": "Western", "titles": 1},
    ]


async def test_moods_and_themes_with_titles_are_listed(client: AsyncClient) -> None:
    moods = (await client.get(f"{CATALOG}/moods")).json()["items"]
    themes = (await client.get(f"{CATALOG}/themes")).json()["items"]
    assert moods == [{"value": "funny", "label": "funny", "count": 2}]
    assert themes == [{"value": "space", "label": "space", "count": 1}]
