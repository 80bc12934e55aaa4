"""The operator sees how good recommendations are."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from matinee.accounts.viewer import Viewer
from matinee.runtime import Runtime
from tests.makers import as_staff, execute, make_title
from tests.recommendations.makers import make_viewer

QUALITY = "/api/v1/admin/recommendations/quality"


async def quality(client: AsyncClient, runtime: Runtime) -> Any:
    headers = await as_staff(runtime, client, "analyst")
    answer = await client.get(QUALITY, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def make_model(runtime: Runtime, state: str, **report: float) -> None:
    sql = "INSERT INTO recommendation_models (state, source, report) VALUES ($1, 'own', $2)"
    await execute(runtime, sql, state, report)


async def make_impression(
    runtime: Runtime, viewer: Viewer, rail: str, variant: str = "a", days_ago: int = 0
) -> UUID:
    recommendation_id = uuid4()
    await execute(
        runtime,
        "INSERT INTO rail_impressions (user_id, id, profile_id, rail, variant, title_ids, shown_at)"
        " VALUES ($1, $2, $3, $4, $5, '{}', clock_timestamp() - make_interval(days => $6))",
        viewer.user_id,
        recommendation_id,
        viewer.profile_id,
        rail,
        variant,
        days_ago,
    )
    return recommendation_id


async def play(runtime: Runtime, viewer: Viewer, recommendation_id: UUID, **columns: Any) -> None:
    names = "".join(f", {name}" for name in columns)
    places = "".join(f", ${n}" for n in range(5, 5 + len(columns)))
    await execute(
        runtime,
        "INSERT INTO viewing_sessions (user_id, profile_id, title_id, recommendation_id, device_id,"
        f" device_name, territory, lease_until{names})"
        f" VALUES ($1, $2, $3, $4, 'd', 'd', 'US', clock_timestamp(){places})",
        viewer.user_id,
        viewer.profile_id,
        await make_title(runtime),
        recommendation_id,
        *columns.values(),
    )


@pytest.fixture
async def viewer(runtime: Runtime) -> Viewer:
    return await make_viewer(runtime)


async def test_before_anything_was_learned_there_is_nothing_to_tell(
    runtime: Runtime, client: AsyncClient
) -> None:
    found = await quality(client, runtime)
    assert (found["current"], found["last"], found["click_through"]) == (None, None, [])


async def test_the_model_in_use_tells_its_measures(runtime: Runtime, client: AsyncClient) -> None:
    await make_model(runtime, "current", ndcg=0.2, ndcg_popularity=0.1, coverage=0.9)
    await make_model(runtime, "rejected", ndcg=0.01)
    found = await quality(client, runtime)
    assert (found["ndcg"], found["ndcg_popularity"], found["coverage"]) == (0.2, 0.1, 0.9)
    assert (found["last"]["state"], found["last"]["report"]) == ("rejected", {"ndcg": 0.01})


async def test_click_through_is_told_by_kind_of_rail_and_variant(
    runtime: Runtime, client: AsyncClient, viewer: Viewer
) -> None:
    played = await make_impression(runtime, viewer, "genre:western")
    await make_impression(runtime, viewer, "genre:drama")
    await make_impression(runtime, viewer, "genre:drama", "b")
    await play(runtime, viewer, played)
    await play(runtime, viewer, played)
    assert (await quality(client, runtime))["click_through"] == [
        {"rail": "genre", "variant": "a", "shown": 2, "played": 1, "rate": 0.5},
        {"rail": "genre", "variant": "b", "shown": 1, "played": 0, "rate": 0},
    ]


async def test_what_is_watched_incognito_is_not_looked_at(
    runtime: Runtime, client: AsyncClient, viewer: Viewer
) -> None:
    shown = await make_impression(runtime, viewer, "hero")
    await play(runtime, viewer, shown, incognito=True)
    assert [row["played"] for row in (await quality(client, runtime))["click_through"]] == [0]


async def test_only_the_last_thirty_days_count(
    runtime: Runtime, client: AsyncClient, viewer: Viewer
) -> None:
    await make_impression(runtime, viewer, "hero", days_ago=31)
    assert (await quality(client, runtime))["click_through"] == []
