"""Plain lists for the home screen: My List, new, leaving soon, browsed, collections."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from matinee.accounts.viewer import Viewer
from matinee.recommendations.rails.collections import collection_shelves, published_collections
from matinee.recommendations.rails.shelves import SHELVES, read_shelves, shelf_of
from matinee.runtime import Runtime
from tests.catalog.makers import make_collection, make_rights, make_series
from tests.makers import execute, make_title, scalar
from tests.recommendations.makers import make_trend, make_viewer


@pytest.fixture
async def viewer(runtime: Runtime) -> Viewer:
    return await make_viewer(runtime)


async def shelf(runtime: Runtime, viewer: Viewer, rail: str) -> list[UUID]:
    async with runtime.database.read() as tx:
        listed = await read_shelves(tx, viewer, [shelf_of(viewer, rail)], 20)
    return [one.title_id for one in listed[rail]]


async def add(runtime: Runtime, table: str, viewer: Viewer, title_id: UUID, **columns: Any) -> None:
    """A row of a table that belongs to the viewer's profile."""
    values = {"user_id": viewer.user_id, "profile_id": viewer.profile_id, "title_id": title_id}
    values |= columns
    places = ", ".join(f"${n}" for n in range(1, len(values) + 1))
    sql = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})"
    await execute(runtime, sql, *values.values())


async def finish(runtime: Runtime, viewer: Viewer, title_id: UUID, *episode_ids: UUID) -> None:
    """Watch a movie, or some episodes of a series, to the end."""
    for episode_id in episode_ids or (None,):
        await add(
            runtime,
            "bookmarks",
            viewer,
            title_id,
            item_id=episode_id or title_id,
            episode_id=episode_id,
            position_seconds=0,
            finished=True,
        )


async def episodes_of(runtime: Runtime, title_id: UUID) -> list[UUID]:
    found = await scalar(
        runtime, "SELECT array_agg(id ORDER BY number) FROM episodes WHERE title_id = $1", title_id
    )
    return list(found)


def ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


async def test_my_list_shows_what_was_added_last_first(runtime: Runtime, viewer: Viewer) -> None:
    ids = [await make_title(runtime, f"Film {n}") for n in range(3)]
    for title_id, days in zip(ids, (2, 1, 3), strict=True):
        await add(runtime, "watchlist", viewer, title_id, added_at=ago(days))
    assert await shelf(runtime, viewer, "my-list") == [ids[1], ids[0], ids[2]]


async def test_my_list_hides_what_is_finished(runtime: Runtime, viewer: Viewer) -> None:
    movie = await make_title(runtime)
    series = await make_series(runtime, episodes=2)
    for title_id in (movie, series):
        await add(runtime, "watchlist", viewer, title_id)
    first, second = await episodes_of(runtime, series)
    await finish(runtime, viewer, movie)
    await finish(runtime, viewer, series, first)
    assert await shelf(runtime, viewer, "my-list") == [series]
    await finish(runtime, viewer, series, second)
    assert await shelf(runtime, viewer, "my-list") == []


@pytest.mark.parametrize("rail", sorted(SHELVES))
async def test_no_list_offers_what_is_unwanted_or_hidden(
    runtime: Runtime, viewer: Viewer, rail: str
) -> None:
    columns = {"is_featured": True}
    shown, disliked, suppressed = [
        await make_title(runtime, f"Film {n}", **columns) for n in range(3)
    ]
    hidden = await make_title(runtime, "Hidden", status="draft", **columns)
    other = await make_viewer(runtime, "ben@example.com")
    await execute(
        runtime,
        "INSERT INTO profiles (user_id, name, avatar_id) VALUES ($1, 'Ben', 'usherette')",
        viewer.user_id,
    )
    for title_id in (shown, disliked, suppressed, hidden):
        await make_rights(runtime, title_id, closes=7)
        await make_trend(runtime, title_id, 10)
        await add(runtime, "watchlist", viewer, title_id)
        await add(runtime, "title_views", viewer, title_id)
        await add(runtime, "title_views", other, title_id)
        await execute(
            runtime,
            "INSERT INTO profile_signals SELECT user_id, id, $1, 'liked', clock_timestamp()"
            " FROM profiles WHERE user_id = $2",
            title_id,
            viewer.user_id,
        )
    await add(runtime, "ratings", viewer, disliked, value=-1)
    await add(runtime, "profile_suppressions", viewer, suppressed)
    assert await shelf(runtime, viewer, rail) == [shown]


async def test_new_is_what_came_within_sixty_days(runtime: Runtime, viewer: Viewer) -> None:
    ids = [await make_title(runtime, f"Film {n}", added_at=ago(n * 25)) for n in range(4)]
    assert await shelf(runtime, viewer, "new") == ids[:3]


async def test_leaving_soon_is_what_closes_here_within_thirty_days(
    runtime: Runtime, viewer: Viewer
) -> None:
    names = ("in a week", "tomorrow", "next year", "elsewhere", "already", "renewed")
    ids = {name: await make_title(runtime, name) for name in names}
    await make_rights(runtime, ids["in a week"], closes=7)
    await make_rights(runtime, ids["tomorrow"], "US", closes=1)
    await make_rights(runtime, ids["next year"], closes=365)
    await make_rights(runtime, ids["elsewhere"], "FR", closes=7)
    await make_rights(runtime, ids["elsewhere"], "US")
    await make_rights(runtime, ids["already"], closes=-1)
    await make_rights(runtime, ids["renewed"], "US", closes=7)
    await make_rights(runtime, ids["renewed"], "**", opens=6)
    await make_title(runtime, "unbounded")
    found = await shelf(runtime, viewer, "leaving-soon")
    assert found == [ids["tomorrow"], ids["in a week"]]


async def test_recently_browsed_is_what_was_opened_last(runtime: Runtime, viewer: Viewer) -> None:
    ids = [await make_title(runtime, f"Film {n}") for n in range(3)]
    for title_id, days in zip(ids, (5, 1, 91), strict=True):
        await add(runtime, "title_views", viewer, title_id, viewed_at=ago(days))
    assert await shelf(runtime, viewer, "recently-browsed") == [ids[1], ids[0]]


async def test_many_lists_take_one_statement(runtime: Runtime, viewer: Viewer) -> None:
    ids = [await make_title(runtime, f"Film {n}", year=1920 + n) for n in range(4)]
    await make_collection(runtime, "by-hand", *reversed(ids))
    await make_collection(runtime, "early", filter={"year_to": 1921})
    await make_collection(runtime, "late", filter={"year_from": 1923})
    found = await published_collections(runtime)
    shelves = [
        *(shelf_of(viewer, rail) for rail in SHELVES),
        *collection_shelves(found.values(), "collection:"),
    ]
    async with runtime.database.read() as tx:
        listed = await read_shelves(tx, viewer, shelves, 20)
    assert [one.title_id for one in listed["collection:by-hand"]] == ids[::-1]
    assert {one.title_id for one in listed["collection:early"]} == set(ids[:2])
    assert [one.title_id for one in listed["collection:late"]] == [ids[3]]
    assert [one.title_id for one in listed["new"]] == ids[::-1]


@pytest.mark.parametrize("filter", [None, {"year_from": 1900}])
async def test_a_collection_opens_and_closes(
    runtime: Runtime, viewer: Viewer, filter: dict[str, Any] | None
) -> None:
    title_id = await make_title(runtime, year=1927)
    options = {"filter": filter} if filter else {}
    items = () if filter else (title_id,)
    await make_collection(runtime, "open", *items, published_until=ago(-1), **options)
    await make_collection(runtime, "soon", *items, published_from=ago(-1), **options)
    await make_collection(runtime, "draft", *items, status="draft", **options)
    found = await published_collections(runtime)
    async with runtime.database.read() as tx:
        shelves = collection_shelves(found.values(), "")
        listed = await read_shelves(tx, viewer, shelves, 20)
    assert {slug: len(titles) for slug, titles in listed.items()} == {"open": 1, "soon": 0}
