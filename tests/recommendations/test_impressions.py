"""What was shown: stored once, forgotten after a while, and a reason to step back."""

from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from matinee.accounts.viewer import Viewer
from matinee.core.jobs import JobRun
from matinee.recommendations.impressions import forget_impressions, shown_often
from matinee.recommendations.variants import variant_of
from matinee.runtime import Runtime
from tests.makers import execute, make_title, scalar
from tests.recommendations.makers import headers_of, make_viewer, make_viewer_of

IMPRESSIONS = "/api/v1/recommendations/impressions"
ROWS = "SELECT count(*) FROM rail_impressions"
AGE = "UPDATE rail_impressions SET shown_at = shown_at - make_interval(days => $1)"

Headers = dict[str, str]


@pytest.fixture
async def viewer(runtime: Runtime) -> Viewer:
    return await make_viewer(runtime)


@pytest.fixture
async def headers(client: AsyncClient, viewer: Viewer) -> Headers:
    return await headers_of(client, viewer)


async def show(
    runtime: Runtime,
    client: AsyncClient,
    headers: Headers,
    *title_ids: UUID,
    recommendation_id: UUID | None = None,
    rail: str = "for-you",
) -> None:
    body = {
        "recommendation_id": str(recommendation_id or uuid4()),
        "rail": rail,
        "title_ids": [str(title_id) for title_id in title_ids],
    }
    answer = await client.post(IMPRESSIONS, json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    await runtime.buffers.flush()


async def often(runtime: Runtime, viewer: Viewer) -> set[UUID]:
    async with runtime.database.read() as tx:
        return await shown_often(tx, viewer)


async def test_an_impression_is_stored_with_its_variant(
    runtime: Runtime, client: AsyncClient, viewer: Viewer, headers: Headers
) -> None:
    title_id, recommendation_id = await make_title(runtime), uuid4()
    await show(runtime, client, headers, title_id, recommendation_id=recommendation_id)
    async with runtime.database.read() as tx:
        row = await tx.one("SELECT * FROM rail_impressions -- cross-user")
    assert row is not None
    assert (row["id"], row["profile_id"], row["rail"], row["variant"], row["title_ids"]) == (
        recommendation_id,
        viewer.profile,
        "for-you",
        variant_of(viewer.profile),
        [title_id],
    )


async def test_the_same_rail_counts_once_with_all_that_was_scrolled_to(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    first, second = await make_title(runtime), await make_title(runtime, "Faust")
    rail = uuid4()
    for shown in ([first], [first, second]):
        await show(runtime, client, headers, *shown, recommendation_id=rail)
    assert await scalar(runtime, "SELECT title_ids FROM rail_impressions") == [first, second]


async def test_another_profile_cannot_change_what_was_shown(
    runtime: Runtime, client: AsyncClient, viewer: Viewer, headers: Headers
) -> None:
    title_id, rail = await make_title(runtime), uuid4()
    await show(runtime, client, headers, title_id, recommendation_id=rail)
    ben = await headers_of(client, await make_viewer_of(runtime, viewer.household))
    await show(runtime, client, ben, uuid4(), recommendation_id=rail)
    assert await scalar(runtime, "SELECT title_ids FROM rail_impressions") == [title_id]


async def test_a_profile_that_is_gone_keeps_nobody_s_impressions_from_being_stored(
    runtime: Runtime, client: AsyncClient, viewer: Viewer, headers: Headers
) -> None:
    ben_s = await make_viewer_of(runtime, viewer.household)
    ben = await headers_of(client, ben_s)
    body = {"recommendation_id": str(uuid4()), "rail": "hero", "title_ids": [str(uuid4())]}
    await client.post(IMPRESSIONS, json=body, headers=ben)
    await execute(runtime, "DELETE FROM profiles WHERE id = $1", ben_s.profile)
    await show(runtime, client, headers, uuid4())
    assert await scalar(runtime, ROWS) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title_ids", []),
        ("title_ids", [str(uuid4())] * 101),
        ("title_ids", ["Metropolis"]),
        ("rail", ""),
        ("rail", "x" * 121),
        ("recommendation_id", "7"),
    ],
)
async def test_odd_impressions_are_refused(
    client: AsyncClient, headers: Headers, field: str, value: Any
) -> None:
    body = {"recommendation_id": str(uuid4()), "rail": "hero", "title_ids": [str(uuid4())]}
    answer = await client.post(IMPRESSIONS, json=body | {field: value}, headers=headers)
    assert answer.status_code == 422


async def test_what_was_shown_five_times_in_vain_was_shown_often(
    runtime: Runtime, client: AsyncClient, viewer: Viewer, headers: Headers
) -> None:
    five, four = await make_title(runtime), await make_title(runtime, "Faust")
    await show(runtime, client, headers, five)
    for _ in range(4):
        await show(runtime, client, headers, five, four)
    assert await often(runtime, viewer) == {five}


async def test_a_play_makes_up_for_all_showing(
    runtime: Runtime, client: AsyncClient, viewer: Viewer, headers: Headers
) -> None:
    title_id = await make_title(runtime)
    for _ in range(5):
        await show(runtime, client, headers, title_id)
    await execute(
        runtime,
        "INSERT INTO viewing_sessions (user_id, profile_id, title_id, device_id, device_name,"
        " territory, lease_until) VALUES ($1, $2, $3, 'd', 'd', 'US', clock_timestamp())",
        viewer.user_id,
        viewer.profile_id,
        title_id,
    )
    assert await often(runtime, viewer) == set()


async def test_what_was_shown_a_week_ago_may_come_back(
    runtime: Runtime, client: AsyncClient, viewer: Viewer, headers: Headers
) -> None:
    title_id = await make_title(runtime)
    for _ in range(5):
        await show(runtime, client, headers, title_id)
    await execute(runtime, AGE, 7)
    assert await often(runtime, viewer) == set()


async def test_impressions_are_forgotten_after_ninety_days(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    await show(runtime, client, headers, uuid4())
    for days, left in ((89, 1), (2, 0)):
        await execute(runtime, AGE, days)
        await forget_impressions(runtime, cast(JobRun, None))
        assert await scalar(runtime, ROWS) == left


def test_each_variant_gets_its_share_of_profiles() -> None:
    shares = [variant_of(UUID(int=number)) for number in range(1000)]
    assert 450 < shares.count("a") < 550
