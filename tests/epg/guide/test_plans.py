"""Plans of the guide's statements at a size where they matter: by index, nothing read in vain."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from matinee.accounts.viewer import Viewer
from matinee.core.database import compiled
from matinee.entitlements.channels import channel_visibility_of
from matinee.epg.guide import airings, search
from matinee.epg.guide.bodies import (
    CHANGED_COMPACT,
    CHANGED_OBJECTS,
    COMPACT,
    OBJECTS,
    Asked,
    statement_parameters,
)
from matinee.epg.guide.filters import NowFilter
from matinee.epg.guide.now import NOW, now_parameters
from matinee.epg.guide.revisions import STATE, GuideState
from matinee.epg.guide.seeing import visibility_of
from matinee.epg.guide.windows import ScheduleWish
from matinee.runtime import Runtime
from tests.makers import execute, scalar

CHANNELS, PROGRAMMES, DAYS = 400, 20_000, 3

_CHANNELS = """
    INSERT INTO channels (slug, name, folded_name, number, status)
    SELECT 'channel-' || n, 'Channel ' || n, 'channel ' || n, n, 'published'
    FROM generate_series(1, $1) AS n
"""
_PROGRAMMES = """
    INSERT INTO programmes (content_key, title, folded_title, maturity_score, description)
    SELECT decode(md5(n::text), 'hex'), md5(n::text), md5(n::text), n % 10, repeat('word ', 40)
    FROM generate_series(1, $1) AS n
"""
_AIRINGS = """
    INSERT INTO schedule_entries (channel_id, starts_at, ends_at, programme_id)
    SELECT c.id, begins, begins + interval '1 hour', (c.number - 1) * 50 + 1 + n % 50
    FROM channels c, generate_series(0, $1 * 24 - 1) AS n
    CROSS JOIN LATERAL (
        SELECT date_trunc('day', now(), 'UTC') - interval '1 day' + n * interval '1 hour' AS begins
    ) AS slot
"""
_DAYS = """
    INSERT INTO guide_days SELECT DISTINCT channel_id, (starts_at AT TIME ZONE 'UTC')::date, 1
    FROM schedule_entries
"""

BIG = {"schedule_entries", "programmes"}
VIEWER = Viewer("US", 9, blocked_tags=("gore",))


@pytest.fixture
async def ids(runtime: Runtime) -> list[UUID]:
    await execute(runtime, _CHANNELS, CHANNELS)
    await execute(runtime, _PROGRAMMES, PROGRAMMES)
    await execute(runtime, _AIRINGS, DAYS)
    await execute(runtime, _DAYS)
    await execute(runtime, "ANALYZE")
    found: list[UUID] = await scalar(runtime, "SELECT array_agg(id ORDER BY number) FROM channels")
    return found


async def plan_of(runtime: Runtime, statement: str, **params: Any) -> list[dict[str, Any]]:
    """The nodes of a plan that ran."""
    found = compiled(statement)
    async with runtime.database.read(custom_plans=True) as tx:
        connection = await tx.connection()
        explained = await connection.fetchval(
            f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {found.sql}", *found.arguments(params)
        )
    plan = json.loads(explained) if isinstance(explained, str) else explained
    return list(nodes(plan[0]["Plan"]))


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def scanned_whole(plan: list[dict[str, Any]]) -> list[str]:
    """Big tables that are read from end to end."""
    return [
        node["Relation Name"]
        for node in plan
        if "Seq Scan" in node["Node Type"] and node["Relation Name"] in BIG
    ]


def airings_read(plan: list[dict[str, Any]]) -> int:
    """Rows of airings that were looked at, those in vain too."""
    of_airings = [node for node in plan if node.get("Relation Name") == "schedule_entries"]
    return sum(
        int(node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)))
        for node in of_airings
    )


def asked(ids: list[UUID], hours: float, *, changed: bool = False) -> Asked:
    """A wish from now on, for everything or for today's changes."""
    now = datetime.now(UTC)
    today = {one: [now.date()] for one in ids} if changed else {}
    wish = ScheduleWish.of(ids, now, now + timedelta(hours=hours))
    return Asked(wish, GuideState(ids, 1, 1, today), "view", complete=not changed)


@pytest.mark.parametrize("statement", [OBJECTS, COMPACT], ids=["objects", "compact"])
async def test_a_first_screen_is_read_by_channel_and_time(
    runtime: Runtime, ids: list[UUID], statement: str
) -> None:
    wish = asked(ids[:20], hours=4)
    plan = await plan_of(runtime, statement, **statement_parameters(VIEWER, wish))
    assert not scanned_whole(plan)
    indexes = {node.get("Index Name", "") for node in plan}
    assert {"schedule_entries_channel"} == {
        name for name in indexes if name.startswith("schedule_entries")
    }
    # twice: once for the programmes, once for the airings; back for as long as one may last
    assert airings_read(plan) <= 2 * 20 * (4 + 24 + 1)


@pytest.mark.parametrize(
    "statement", [CHANGED_OBJECTS, CHANGED_COMPACT], ids=["objects", "compact"]
)
async def test_changes_are_read_by_channel_and_day(
    runtime: Runtime, ids: list[UUID], statement: str
) -> None:
    wish = asked(ids[:3], hours=72, changed=True)
    plan = await plan_of(runtime, statement, **statement_parameters(VIEWER, wish))
    assert not scanned_whole(plan)
    assert airings_read(plan) <= 2 * 3 * 24


async def test_the_state_of_the_guide_is_known_without_airings(
    runtime: Runtime, ids: list[UUID]
) -> None:
    wish = asked(ids, hours=7 * 24).wish
    plan = await plan_of(
        runtime,
        STATE,
        ids=ids,
        from_at=wish.from_,
        to_at=wish.to,
        since_rev=0,
        **channel_visibility_of(VIEWER),
    )
    assert not {node.get("Relation Name") for node in plan} & BIG


async def test_what_is_on_looks_at_two_airings_of_each_channel(
    runtime: Runtime, ids: list[UUID]
) -> None:
    plan = await plan_of(runtime, NOW, **now_parameters(VIEWER, NowFilter()))
    assert not scanned_whole(plan)
    assert airings_read(plan) <= 2 * CHANNELS


async def test_programmes_are_found_by_their_trigrams(runtime: Runtime, ids: list[UUID]) -> None:
    title = await scalar(runtime, "SELECT title FROM programmes LIMIT 1")
    common = {"q": title[:12], "wanted": 20, **visibility_of(VIEWER)}
    written = {"begins": f"{title[:12]}%", "contains": True}
    for plan in (
        await plan_of(runtime, search.WRITTEN, **common, **written),
        await plan_of(runtime, search.ALIKE, **common),
    ):
        assert not scanned_whole(plan)
        assert "programmes_folded_title" in {node.get("Index Name") for node in plan}


async def test_what_else_there_is_of_a_programme_is_found_by_index(
    runtime: Runtime, ids: list[UUID]
) -> None:
    airing_id, programme_id = await scalar(
        runtime, "SELECT ROW(id, programme_id) FROM schedule_entries LIMIT 1"
    )
    both = visibility_of(VIEWER)
    plan = await plan_of(
        runtime, airings.ALSO_ON, programme_id=programme_id, airing_id=airing_id, **both
    )
    assert not scanned_whole(plan)
