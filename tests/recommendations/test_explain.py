"""Explaining recommendations: parts and seeds of a score, rules that leave a title out."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from matinee.accounts.viewer import Viewer
from matinee.runtime import Runtime
from tests.makers import as_staff, execute, make_title
from tests.recommendations.learned import make_model, signal, teach
from tests.recommendations.makers import dislike, make_viewer

ADDRESS = "/api/v1/admin/recommendations/explain"


@pytest.fixture
async def support(runtime: Runtime, client: AsyncClient) -> dict[str, str]:
    return await as_staff(runtime, client, "support")


@pytest.fixture
async def ana(runtime: Runtime) -> Viewer:
    return await make_viewer(runtime, max_maturity=12)


async def explain(
    client: AsyncClient, headers: dict[str, str], viewer: Viewer, title_id: UUID
) -> Any:
    params = {"profile_id": str(viewer.profile), "title_id": str(title_id)}
    answer = await client.get(ADDRESS, headers=headers, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_what_speaks_for_a_title_is_told(
    runtime: Runtime, client: AsyncClient, support: dict[str, str], ana: Viewer
) -> None:
    liked, disliked = await make_title(runtime, "Metropolis"), await make_title(runtime, "Dumbo")
    title_id = await make_title(runtime, "Woman in the Moon")
    model = await make_model(runtime)
    await teach(runtime, model, liked, together={title_id: 2})
    await teach(runtime, model, disliked, together={title_id: 1})
    await signal(runtime, ana, liked)
    await signal(runtime, ana, disliked, "disliked")
    told = await explain(client, support, ana, title_id)
    assert (told["name"], told["positives"], told["removed_by"]) == ("Woman in the Moon", 1, [])
    assert told["score"] == pytest.approx(1)
    assert told["parts"]["together"] == pytest.approx(1)
    speaking = [(seed["name"], seed["kind"], seed["together"]) for seed in told["seeds"]]
    assert speaking == [
        ("Metropolis", "liked", pytest.approx(2)),
        ("Dumbo", "disliked", pytest.approx(-0.5)),
    ]


@pytest.mark.parametrize(
    ("columns", "rules"),
    [
        ({"status": "draft"}, ["not_published", "not_visible"]),
        ({"maturity_score": 18}, ["too_mature", "not_visible"]),
        ({"rights_managed": True}, ["no_rights_here", "not_visible"]),
    ],
)
async def test_what_hides_a_title_is_told(
    runtime: Runtime,
    client: AsyncClient,
    support: dict[str, str],
    ana: Viewer,
    columns: dict[str, Any],
    rules: list[str],
) -> None:
    title_id = await make_title(runtime, **columns)
    told = await explain(client, support, ana, title_id)
    assert (told["removed_by"], told["score"], told["parts"]) == (rules, None, None)


async def test_a_thumbs_down_is_told(
    runtime: Runtime, client: AsyncClient, support: dict[str, str], ana: Viewer
) -> None:
    title_id = await make_title(runtime)
    await dislike(runtime, ana, title_id)
    assert (await explain(client, support, ana, title_id))["removed_by"] == ["thumbs_down"]


async def test_what_is_known_already_is_told(
    runtime: Runtime, client: AsyncClient, support: dict[str, str], ana: Viewer
) -> None:
    title_id = await make_title(runtime)
    await signal(runtime, ana, title_id)
    assert (await explain(client, support, ana, title_id))["removed_by"] == ["known"]


async def test_a_title_that_nobody_is_interested_in_is_told(
    runtime: Runtime, client: AsyncClient, support: dict[str, str], ana: Viewer
) -> None:
    title_id = await make_title(runtime)
    sql = "INSERT INTO profile_suppressions (user_id, profile_id, title_id) VALUES ($1, $2, $3)"
    await execute(runtime, sql, ana.household, ana.profile, title_id)
    assert (await explain(client, support, ana, title_id))["removed_by"] == ["not_interested"]


async def test_there_is_nothing_to_explain_about_what_does_not_exist(
    runtime: Runtime, client: AsyncClient, support: dict[str, str], ana: Viewer
) -> None:
    title_id = await make_title(runtime)
    for profile, title in ((uuid4(), title_id), (ana.profile, uuid4())):
        params = {"profile_id": str(profile), "title_id": str(title)}
        answer = await client.get(ADDRESS, headers=support, params=params)
        assert answer.status_code == 404
