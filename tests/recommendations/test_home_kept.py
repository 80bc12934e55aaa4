"""How long a home screen is kept, and how many statements it takes to compose one (X-01)."""

import asyncio
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.accounts.viewer import Viewer
from matinee.core.context import RequestContext, working_for
from matinee.recommendations.home import CANDIDATES, compose_home
from matinee.runtime import Runtime
from tests.catalog.makers import Headers, make_collection, make_genre, make_rights, make_series
from tests.makers import execute
from tests.recommendations.learned import make_model, signal, teach
from tests.recommendations.makers import headers_of, make_trend, make_viewer, make_viewer_of
from tests.recommendations.screens import HOME, everything, home, make_titles

SECOND = 1 / 86_400


@pytest.fixture
async def viewer(runtime: Runtime) -> Viewer:
    return await make_viewer(runtime)


@pytest.fixture
async def headers(client: AsyncClient, viewer: Viewer) -> Headers:
    return await headers_of(client, viewer)


async def test_a_title_leaves_when_its_window_closes(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    ids = await make_titles(runtime, 4)
    await make_rights(runtime, ids[0], closes=2 * SECOND)
    assert "Film 0" in everything(await home(client, headers))
    await asyncio.sleep(2.1)
    assert "Film 0" not in everything(await home(client, headers))


async def test_what_staff_change_in_the_catalogue_shows_at_once(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    await make_titles(runtime, 4)
    await home(client, headers)
    [late] = await make_titles(runtime, 1, "Late")
    assert "Late 0" not in everything(await home(client, headers))
    await runtime.cache.invalidate({"catalog"})
    assert "Late 0" in everything(await home(client, headers))
    assert late


async def test_languages_have_answers_of_their_own(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    ids = await make_titles(runtime, 4)
    await execute(
        runtime,
        "INSERT INTO title_localizations (title_id, language, name) VALUES ($1, 'de', 'Der Film')",
        ids[0],
    )
    german = await home(client, headers | {"Accept-Language": "de"})
    assert "Der Film" in everything(german)
    assert "Der Film" not in everything(await home(client, headers))


async def test_a_lowered_ceiling_holds_at_once(
    runtime: Runtime, client: AsyncClient, viewer: Viewer, headers: Headers
) -> None:
    await make_titles(runtime, 4, "Adult", maturity_score=18)
    assert everything(await home(client, headers))
    path = f"/api/v1/profiles/{viewer.profile_id}"
    answer = await client.patch(path, json={"max_maturity": 12}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert not everything(await home(client, headers))


async def test_a_home_screen_takes_twelve_statements_at_most(
    runtime: Runtime, viewer: Viewer
) -> None:
    ids = await everything_there_is(runtime, viewer)
    await compose_home(runtime, viewer)
    context = RequestContext("test")
    with working_for(context):
        composed = await compose_home(runtime, viewer)
    assert context.statements <= 12
    shown = {rail.code for rail in composed.rails}
    assert {"continue-watching", "my-list", "new-episodes", "for-you", "because"} <= shown
    assert {"trending", "household", "genre", "new", "collection"} <= shown
    assert len(ids) > CANDIDATES


async def everything_there_is(runtime: Runtime, viewer: Viewer) -> list[UUID]:
    """A catalogue and a history from which every rail can be made."""
    for slug in ("western", "crime", "comedy"):
        await make_genre(runtime, slug, slug.title())
    ids = []
    for slug in ("western", "crime", "comedy"):
        ids += await make_titles(runtime, CANDIDATES // 2, slug, genres=[slug])
    model = await make_model(runtime)
    for n, liked in enumerate(ids[:2] + ids[-2:]):
        near = {title_id: 1 - place / 1000 for place, title_id in enumerate(ids[5:-5])}
        await teach(runtime, model, liked, together=near)
        await signal(runtime, viewer, liked, days_ago=n)
    for n, title_id in enumerate(ids[20:100]):
        await make_trend(runtime, title_id, 100 - n)
    series = await make_series(runtime)
    await execute(
        runtime,
        "INSERT INTO title_update_events SELECT id, title_id, 'episode', clock_timestamp()"
        " FROM episodes",
    )
    for title_id in (series, ids[10]):
        await execute(
            runtime,
            "INSERT INTO watchlist (user_id, profile_id, title_id) VALUES ($1, $2, $3)",
            viewer.user_id,
            viewer.profile_id,
            title_id,
        )
    await execute(
        runtime,
        "INSERT INTO bookmarks (user_id, profile_id, item_id, title_id, position_seconds,"
        " duration_seconds) VALUES ($1, $2, $3, $3, 600, 6000)",
        viewer.user_id,
        viewer.profile_id,
        ids[11],
    )
    for name in ("Ben", "Mia"):
        other = await make_viewer_of(runtime, viewer.household, name=name)
        for title_id in ids[12:16]:
            await signal(runtime, other, title_id)
    await make_collection(runtime, "by-hand", *ids[30:36])
    await make_collection(runtime, "smart", filter={"genre": ["crime"]})
    return ids


async def test_the_answer_says_that_it_is_private_and_can_be_asked_again(
    client: AsyncClient, headers: Headers
) -> None:
    answer = await client.get(HOME, headers=headers)
    assert "private" in answer.headers["cache-control"]
    assert answer.headers["etag"]
