"""Which episodes are news of their series."""

from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.importers.files import import_rows, title
from tests.catalog.makers import ADMIN, Headers, make_episode, make_season
from tests.makers import as_staff, execute, make_title, scalar

SHOWN = {"name": "Juve", "status": "published"}
NEWS = """
    SELECT coalesce(array_agg(v.kind || ' ' || s.number || '.' || e.number
                              ORDER BY s.number, e.number), '{}')
    FROM title_update_events v JOIN episodes e ON e.id = v.episode_id
    JOIN seasons s ON s.id = e.season_id
"""


async def news(runtime: Runtime) -> list[str]:
    found: list[str] = await scalar(runtime, NEWS)
    return found


def series(*counts: int, **fields: Any) -> dict[str, Any]:
    """A row of a series whose seasons, from the first on, have so many episodes."""
    seasons = [
        {
            "number": number,
            "episodes": [{"number": n, "name": f"Part {n}"} for n in range(1, c + 1)],
        }
        for number, c in enumerate(counts, 1)
    ]
    return title(1, kind="series", seasons=seasons, **fields)


async def test_a_series_that_comes_as_a_whole_is_no_news_of_itself(runtime: Runtime) -> None:
    await import_rows(runtime, [series(2, 2)])
    assert await news(runtime) == []


async def test_an_import_with_more_episodes_is_news(runtime: Runtime) -> None:
    await import_rows(runtime, [series(2)])
    await import_rows(runtime, [series(3)])
    assert await news(runtime) == ["episode 1.3"]


async def test_the_first_episode_of_a_season_announces_the_season(runtime: Runtime) -> None:
    await import_rows(runtime, [series(2)])
    await import_rows(runtime, [series(2, 2)])
    assert await news(runtime) == ["season 2.1", "episode 2.2"]


async def test_importing_the_same_again_is_no_news(runtime: Runtime) -> None:
    await import_rows(runtime, [series(2)])
    await import_rows(runtime, [series(3)])
    await import_rows(runtime, [series(3, name="Other Name")])
    assert await news(runtime) == ["episode 1.3"]


async def test_an_episode_that_was_withdrawn_and_comes_back_is_news_once(
    runtime: Runtime,
) -> None:
    for counts in (2, 3, 2, 3):
        await import_rows(runtime, [series(counts)])
    assert await news(runtime) == ["episode 1.3"]


async def test_what_is_not_published_is_no_news(runtime: Runtime) -> None:
    await import_rows(runtime, [series(2, status="draft")])
    await import_rows(runtime, [series(3, status="draft")])
    assert await news(runtime) == []


@pytest.fixture
async def editor(runtime: Runtime, client: AsyncClient) -> Headers:
    return await as_staff(runtime, client, "editor")


async def make_running_series(runtime: Runtime) -> tuple[UUID, UUID]:
    """A published series with one episode; returns its id and the season's."""
    title_id = await make_title(runtime, "Fantomas", kind="series")
    season_id = await make_season(runtime, title_id, 1)
    await make_episode(runtime, title_id, season_id, 1)
    return title_id, season_id


async def test_an_episode_that_an_editor_adds_is_news(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id, season_id = await make_running_series(runtime)
    path = f"{ADMIN}/titles/{title_id}/seasons/{season_id}/episodes"
    answer = await client.post(path, json=SHOWN | {"number": 2}, headers=editor)
    assert answer.status_code == 201
    assert await news(runtime) == ["episode 1.2"]


async def test_a_draft_is_news_when_it_is_published(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id, season_id = await make_running_series(runtime)
    draft = await make_episode(runtime, title_id, season_id, 2, status="draft")
    path = f"{ADMIN}/titles/{title_id}/episodes/{draft}"
    for change in ({"name": "Juve"}, {"status": "published"}, {"name": "Juve contre Fantomas"}):
        answer = await client.patch(path, json=change, headers=editor)
        assert answer.status_code == 200, answer.text
    assert await news(runtime) == ["episode 1.2"]


async def test_a_special_comes_as_an_episode(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id, _ = await make_running_series(runtime)
    season_id = await make_season(runtime, title_id, 0)
    path = f"{ADMIN}/titles/{title_id}/seasons/{season_id}/episodes"
    await client.post(path, json=SHOWN | {"number": 1}, headers=editor)
    assert await news(runtime) == ["episode 0.1"]


async def test_news_go_with_their_episode(runtime: Runtime) -> None:
    await import_rows(runtime, [series(2)])
    await import_rows(runtime, [series(3)])
    await execute(runtime, "DELETE FROM episodes")
    assert await news(runtime) == []
