"""Recordings keep what a channel played, as long as they are there."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient, Response

from matinee.admin.rules.playout import RULES
from matinee.playback.grid import sequence_at
from matinee.runtime import Runtime
from tests.epg.makers import make_channel
from tests.makers import as_staff, scalar
from tests.playback.linear.makers import DAY, HOUR, make_linear, plan_at, runs_of


@pytest.fixture
async def headers(runtime: Runtime, client: AsyncClient) -> dict[str, str]:
    return await as_staff(runtime, client, "editor")


@pytest.fixture
async def now(runtime: Runtime) -> int:
    return int(await scalar(runtime, "SELECT extract(epoch FROM clock_timestamp())"))


@pytest.fixture
async def channel_id(runtime: Runtime, now: int) -> UUID:
    """A channel that has played for a day."""
    made = await make_linear(runtime, catch_up_days=1)
    await plan_at(runtime, made, now - DAY)
    await plan_at(runtime, made, now)
    return made


def address(channel_id: UUID) -> str:
    return f"/api/v1/admin/channels/{channel_id}/recordings"


def wish(starts_at: int, hours: float = 2) -> dict[str, Any]:
    begin = datetime.fromtimestamp(starts_at, UTC)
    end = begin + timedelta(hours=hours)
    return {"name": "Gala", "starts_at": begin.isoformat(), "ends_at": end.isoformat()}


async def record(
    client: AsyncClient, headers: dict[str, str], channel_id: UUID, starts_at: int
) -> Response:
    return await client.post(address(channel_id), headers=headers, json=wish(starts_at))


async def check(runtime: Runtime) -> None:
    async with runtime.database.read() as tx:
        for rule in RULES:
            assert await rule.violations(tx, runtime.settings) == [], rule.name


async def test_its_runs_stay_when_others_go_and_go_with_it(
    runtime: Runtime, client: AsyncClient, headers: dict[str, str], channel_id: UUID, now: int
) -> None:
    begin = now - 10 * HOUR
    made = await record(client, headers, channel_id, begin)
    assert made.status_code == 201, made.text
    await plan_at(runtime, channel_id, now + 6 * DAY)
    runs = await runs_of(runtime, channel_id)
    kept = [run for run in runs if run["first_sequence"] < sequence_at(now)]
    first, last = kept[0], kept[-1]
    assert first["first_sequence"] <= sequence_at(begin)
    assert last["first_sequence"] + last["segment_count"] >= sequence_at(begin + 2 * HOUR)
    assert sum(run["segment_count"] for run in kept) <= 3 * 900
    await check(runtime)
    gone = await client.delete(f"{address(channel_id)}/{made.json()['id']}", headers=headers)
    assert gone.status_code == 204
    await plan_at(runtime, channel_id, now + 6 * DAY)
    runs = await runs_of(runtime, channel_id)
    assert runs[0]["first_sequence"] > sequence_at(now)


async def test_they_are_listed_the_newest_first(
    client: AsyncClient, headers: dict[str, str], channel_id: UUID, now: int
) -> None:
    made = [
        (await record(client, headers, channel_id, now - hours * HOUR)).json() for hours in (2, 4)
    ]
    listed = (await client.get(address(channel_id), headers=headers)).json()
    assert listed == {"items": made[::-1], "next_cursor": None, "total": None}


async def test_what_comes_can_be_recorded(
    client: AsyncClient, headers: dict[str, str], channel_id: UUID, now: int
) -> None:
    for begin in (now - HOUR, now + 3 * DAY):
        assert (await record(client, headers, channel_id, begin)).status_code == 201


async def test_what_is_not_kept_any_more_cannot(
    client: AsyncClient, headers: dict[str, str], channel_id: UUID, now: int
) -> None:
    answer = await record(client, headers, channel_id, now - 3 * DAY)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_value")


@pytest.mark.parametrize("hours", [0, -1, 7 * 24 + 1])
async def test_it_lasts_a_while_but_not_for_ever(
    client: AsyncClient, headers: dict[str, str], channel_id: UUID, now: int, hours: float
) -> None:
    body = wish(now, hours)
    answer = await client.post(address(channel_id), headers=headers, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_failed")


async def test_channels_of_others_cannot_be_recorded(
    runtime: Runtime, client: AsyncClient, headers: dict[str, str], now: int
) -> None:
    answer = await record(client, headers, await make_channel(runtime, "Other"), now)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_linear")
    assert (await record(client, headers, uuid4(), now)).status_code == 404


async def test_a_recording_belongs_to_its_channel(
    runtime: Runtime, client: AsyncClient, headers: dict[str, str], channel_id: UUID, now: int
) -> None:
    made = (await record(client, headers, channel_id, now)).json()["id"]
    other = await make_linear(runtime, name="Other")
    answer = await client.delete(f"{address(other)}/{made}", headers=headers)
    assert answer.status_code == 404
