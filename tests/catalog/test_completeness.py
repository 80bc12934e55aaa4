"""The report on what titles lack (A-04)."""

import csv
import io
from typing import Any

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import (
    ADMIN,
    Headers,
    make_asset,
    make_episode,
    make_season,
    make_series,
    refusal,
)
from tests.makers import as_staff, execute, insert, make_title

PATH = f"{ADMIN}/titles/completeness"

COMPLETE: dict[str, Any] = {
    "synopsis": "A city of two worlds.",
    "genres": ["drama"],
    "mood_tags": ["epic"],
    "subtitle_languages": ["en"],
    "runtime_minutes": 153,
}


@pytest.fixture
async def editor(runtime: Runtime, client: AsyncClient) -> Headers:
    return await as_staff(runtime, client, "editor")


async def report(client: AsyncClient, editor: Headers, **params: Any) -> dict[str, Any]:
    answer = await client.get(PATH, params=params, headers=editor)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def gaps(client: AsyncClient, editor: Headers) -> dict[str, set[str]]:
    """What each title lacks."""
    page = await report(client, editor, page_size=100)
    return {row["name"]: {gap["field"] for gap in row["gaps"]} for row in page["items"]}


async def make_complete(runtime: Runtime, name: str, **columns: Any) -> Any:
    title_id = await make_title(runtime, name, **(COMPLETE | columns))
    await make_asset(runtime, title_id)
    await insert(
        runtime,
        "title_images",
        title_id=title_id,
        kind="poster",
        url="https://img.example.com/p.webp",
    )
    await execute(
        runtime,
        "INSERT INTO content_embeddings (title_id, model, dims, embedding, content_hash)"
        " VALUES ($1, 'test', 384, array_fill(0.1::real, ARRAY[384])::vector, '\\x00')",
        title_id,
    )
    return title_id


async def test_a_title_with_everything_is_not_in_the_list(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_complete(runtime, "Complete")
    found = await report(client, editor)
    assert (found["items"], found["titles"], found["percent"]) == ([], 1, 100)


async def test_each_missing_field_is_named(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    empty: dict[str, Any] = {
        "synopsis": "", "genres": [], "mood_tags": [], "subtitle_languages": [],
        "runtime_minutes": None, "maturity_score": None,
    }  # fmt: skip
    names = {
        "synopsis": "synopsis", "genres": "genres", "mood_tags": "moods",
        "subtitle_languages": "subtitles", "runtime_minutes": "runtime",
        "maturity_score": "maturity",
    }  # fmt: skip
    for column, value in empty.items():
        await make_complete(runtime, names[column], **{column: value})
    for table, field in (
        ("media_assets", "playable_source"),
        ("title_images", "poster"),
        ("content_embeddings", "embedding"),
    ):
        title_id = await make_complete(runtime, field)
        await execute(runtime, f"DELETE FROM {table} WHERE title_id = $1", title_id)
    found = await gaps(client, editor)
    assert found == {name: {name} for name in found}
    assert len(found) == 9


async def test_a_series_needs_episodes_that_can_be_played(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_complete(runtime, "Without episodes", kind="series")
    silent = await make_complete(runtime, "One cannot be played", kind="series")
    season_id = await make_season(runtime, silent, 1)
    playable = await make_episode(runtime, silent, season_id, 1)
    await make_asset(runtime, silent, episode_id=playable)
    await make_episode(runtime, silent, season_id, 2)
    whole = await make_complete(runtime, "Whole", kind="series")
    season_id = await make_season(runtime, whole, 1)
    playable = await make_episode(runtime, whole, season_id, 1)
    await make_asset(runtime, whole, episode_id=playable)
    await make_episode(runtime, whole, season_id, 2, status="draft")
    assert await gaps(client, editor) == {
        "Without episodes": {"episodes"},
        "One cannot be played": {"playable_episodes"},
    }


async def test_counts_per_field_and_severity(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_complete(runtime, "Complete")
    await make_complete(runtime, "Unrated", maturity_score=None)
    await make_series(runtime, "A series")
    found = await report(client, editor)
    fields = {field["field"]: field for field in found["fields"]}
    assert fields["maturity"] == {
        "field": "maturity", "severity": "blocking", "missing": 1, "required": 3,
    }  # fmt: skip
    assert fields["playable_source"]["required"] == 2
    assert fields["poster"] == {
        "field": "poster", "severity": "warning", "missing": 1, "required": 3,
    }  # fmt: skip
    assert found["titles"] == 3


async def test_a_row_says_how_complete_it_is_and_where_to_go(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_complete(runtime, "Unrated", maturity_score=None)
    row = (await report(client, editor))["items"][0]
    assert row["percent"] == 88
    assert row["fix_url"] == f"/api/v1/admin/titles/{title_id}"
    assert (await client.get(row["fix_url"], headers=editor)).json()["gaps"] == row["gaps"]


async def test_filters(runtime: Runtime, client: AsyncClient, editor: Headers) -> None:
    await make_title(runtime, "Movie", synopsis="…")
    await make_title(runtime, "Draft", status="draft")
    await make_title(runtime, "Taken down", status="takedown")
    await make_series(runtime, "Series")
    lists: list[tuple[dict[str, str], list[str]]] = [
        ({}, ["Series", "Draft", "Movie"]),
        ({"field": "synopsis"}, ["Series", "Draft"]),
        ({"field": "playable_episodes"}, ["Series"]),
        ({"kind": "series"}, ["Series"]),
        ({"status": "draft"}, ["Draft"]),
    ]
    for params, names in lists:
        found = await report(client, editor, **params)
        assert [row["name"] for row in found["items"]] == names, params
    wrong = await client.get(PATH, params={"field": "budget"}, headers=editor)
    assert wrong.json()["error"]["code"] == "invalid_value"
    assert "poster" in wrong.json()["error"]["details"]["allowed"]


async def test_the_list_goes_on_by_cursor(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    for number in range(3):
        await make_title(runtime, f"Film {number}")
    first = await report(client, editor, page_size=2)
    rest = await report(client, editor, page_size=2, cursor=first["next_cursor"])
    assert [row["name"] for row in first["items"]] == ["Film 2", "Film 1"]
    assert [row["name"] for row in rest["items"]] == ["Film 0"]
    assert rest["next_cursor"] is None


async def test_the_whole_list_as_a_file(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    for number in range(3):
        await make_title(runtime, f"Film, {number}")
    answer = await client.get(f"{PATH}.csv", params={"field": "poster"}, headers=editor)
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["name"] for row in rows] == ["Film, 2", "Film, 1", "Film, 0"]
    assert rows[0]["blocking"] == "playable_source"
    assert rows[0]["warning"] == "poster synopsis genres moods subtitles runtime embedding"


async def test_a_name_is_no_formula_in_a_spreadsheet(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_title(runtime, '=HYPERLINK("https://evil.example.com")')
    rows = csv.DictReader(io.StringIO((await client.get(f"{PATH}.csv", headers=editor)).text))
    assert next(rows)["name"].startswith("'=")


async def test_it_is_for_staff(client: AsyncClient) -> None:
    for path in (PATH, f"{PATH}.csv"):
        assert await refusal(client, path) == (401, "not_authenticated")
