"""Live television of the demo: channels that play, a lively guide, and starts after a sleep."""

import time
from collections.abc import AsyncIterator
from datetime import date, timedelta

import asyncpg
import pytest
from httpx import AsyncClient

from matinee.admin.invariants import check_all
from matinee.demo.guide import guide_text
from matinee.demo.live import go_on_air, sell_channels
from matinee.demo.media import give_media
from matinee.demo.people import HOUSEHOLD, PASSWORD
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.playback.grid import sequence_at
from matinee.playback.linear.scheduling import DAY, schedule_channel
from matinee.runtime import Runtime
from tests.conftest import cloned
from tests.makers import choose_profile, scalar, sign_in

LINEAR = "SELECT count(*) FROM channels WHERE kind = 'linear' AND status = 'published'"


@pytest.fixture
async def database_url(
    postgres: EmbeddedPostgres, admin_connection: asyncpg.Connection, demo_url: str
) -> AsyncIterator[str]:
    async with cloned(postgres, admin_connection, "demo") as url:
        yield url


@pytest.fixture
async def live(runtime: Runtime) -> Runtime:
    """The demo after its first start."""
    await give_media(runtime)
    await go_on_air(runtime)
    await sell_channels(runtime)
    return runtime


async def counts(runtime: Runtime) -> list[int]:
    tables = ("channels", "linear_slots", "playout_runs", "schedule_entries", "package_channels")
    return [await scalar(runtime, f"SELECT count(*) FROM {table}") for table in tables]


async def test_at_least_a_dozen_channels_play_now_and_since_yesterday(live: Runtime) -> None:
    assert await scalar(live, LINEAR) >= 12
    now = sequence_at(time.time())
    sql = """
        SELECT count(DISTINCT channel_id) FROM playout_runs
        WHERE first_sequence <= $1 AND first_sequence + segment_count > $1
    """
    for moment in (now, now - DAY // 4 + 900, now + 900):
        assert await scalar(live, sql, moment) == await scalar(live, LINEAR)


async def test_all_kinds_of_plans_are_shown(live: Runtime) -> None:
    assert await scalar(live, "SELECT count(DISTINCT kind) FROM linear_plans") == 4


async def test_no_channel_is_filler_for_more_than_a_quarter_of_its_time(live: Runtime) -> None:
    sql = """
        SELECT array_agg(c.slug) FROM channels c JOIN LATERAL (
            SELECT sum(content_segments) * 4 AS content,
                   sum(extract(epoch FROM ends_at - starts_at)) AS total
            FROM linear_slots WHERE channel_id = c.id) AS s ON content < total * 0.75
    """
    assert await scalar(live, sql) is None


async def test_every_channel_has_a_guide_of_a_week(live: Runtime) -> None:
    sql = """
        SELECT array_agg(slug) FROM channels c WHERE (
            SELECT count(DISTINCT (starts_at AT TIME ZONE 'UTC')::date) FROM schedule_entries
            WHERE channel_id = c.id AND starts_at > now()) < 7
    """
    assert await scalar(live, sql) is None
    assert await scalar(live, "SELECT count(*) FROM channels WHERE kind = 'external'") >= 20
    assert await scalar(live, "SELECT count(*) FROM programmes") > 300


async def test_the_rules_of_the_data_hold(live: Runtime) -> None:
    async with live.database.read() as tx:
        found = await check_all(tx, live.settings)
    assert [item for item in found.items if not item.holds] == []


async def test_a_second_start_changes_nothing(live: Runtime) -> None:
    before = await counts(live)
    await give_media(live)
    await go_on_air(live)
    await sell_channels(live)
    assert await counts(live) == before


async def test_a_start_after_a_sleep_of_days_goes_on(live: Runtime) -> None:
    later = int(time.time()) + 5 * DAY
    channels = await scalar(live, "SELECT array_agg(channel_id) FROM linear_plans")
    for channel_id in channels:
        async with live.database.write() as tx:
            await schedule_channel(tx, channel_id, later)
    sql = """
        SELECT count(*) FROM (
            SELECT DISTINCT channel_id FROM playout_runs
            WHERE first_sequence + segment_count > $1) AS on_air
    """
    assert await scalar(live, sql, sequence_at(later + 3600)) == len(channels)


async def test_every_channel_is_in_a_package(live: Runtime) -> None:
    sql = """
        SELECT count(*) FROM channels c
        WHERE NOT EXISTS (SELECT FROM package_channels p WHERE p.channel_id = c.id)
    """
    assert await scalar(live, sql) == 0


async def test_children_find_their_channels_and_not_the_late_ones(
    live: Runtime, client: AsyncClient
) -> None:
    mia = await scalar(live, "SELECT id FROM profiles WHERE name = 'Mia'")
    headers = await choose_profile(client, await sign_in(client, HOUSEHOLD.email, PASSWORD), mia)
    answer = await client.get("/api/v1/epg/now", headers=headers)
    assert answer.status_code == 200, answer.text
    shown = {item["channel"]["slug"]: item for item in answer.json()["items"]}
    assert shown["little-lantern"]["now"]["programme"]["title"]
    assert "TV-MA" not in answer.text


def test_the_guide_is_the_same_for_a_day_on_every_start() -> None:
    day = date(2027, 3, 10)
    tomorrow = "".join(guide_text(day + timedelta(days=1)))
    lines = [line for line in "".join(guide_text(day)).splitlines() if 'start="20270312' in line]
    assert lines
    assert all(line in tomorrow for line in lines)


async def test_the_guide_is_imported_without_complaints(live: Runtime) -> None:
    sql = "SELECT state || ' ' || report::text FROM epg_imports"
    said = await scalar(live, sql)
    assert said.startswith("done "), said
