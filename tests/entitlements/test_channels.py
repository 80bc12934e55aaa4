"""Which channels and airings a profile may see, and which channels a household may play (A9)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from matinee.accounts.viewer import Viewer
from matinee.entitlements.access import Decision
from matinee.entitlements.channels import (
    AIRING_SUITABLE,
    CHANNEL_ENTITLED,
    CHANNEL_VISIBLE,
    airing_visibility_of,
    channel_decision_on,
    channel_decisions,
    channel_entitlement_of,
    channel_visibility_of,
    for_profile,
)
from matinee.runtime import Runtime
from tests.entitlements.makers import LONG_AGO, grant_package, hold, make_package
from tests.epg.makers import at, black_out, carry_channel, make_channel, make_programme
from tests.makers import execute, make_profile, make_title, make_user
from tests.viewing.makers import counted

ADULT = Viewer("US", 21)
CHILD = Viewer("US", 12, block_unrated=True, blocked_tags=("Horror",), kind="kids")


async def sees_channel(runtime: Runtime, viewer: Viewer, channel_id: UUID) -> bool:
    sql = f"SELECT {CHANNEL_VISIBLE} FROM channels c WHERE c.id = :id"
    async with runtime.database.read() as tx:
        return bool(await tx.scalar(sql, id=channel_id, **channel_visibility_of(viewer)))


async def sees_programme(runtime: Runtime, viewer: Viewer, programme_id: int) -> bool:
    sql = f"SELECT {AIRING_SUITABLE} FROM programmes p WHERE p.id = :id"
    async with runtime.database.read() as tx:
        return bool(await tx.scalar(sql, id=programme_id, **airing_visibility_of(viewer)))


CHANNELS: dict[str, tuple[dict[str, Any], bool, bool]] = {
    "for everybody": ({}, True, True),
    "a draft": ({"status": "draft"}, False, False),
    "hidden": ({"status": "hidden"}, False, False),
    "up to the ceiling": ({"maturity_score": 12}, True, True),
    "above the ceiling": ({"maturity_score": 13}, True, False),
    "unrated": ({"maturity_score": None}, True, True),
    "of a blocked genre": ({"genres": ["movies", "horror"]}, True, False),
    "with a blocked tag": ({"tags": ["HORROR"]}, True, False),
    "of another genre": ({"genres": ["horror comedy"]}, True, True),
}


@pytest.mark.parametrize("case", CHANNELS)
async def test_the_settings_of_a_profile_hide_channels(runtime: Runtime, case: str) -> None:
    columns, *expected = CHANNELS[case]
    channel_id = await make_channel(runtime, **columns)
    assert [await sees_channel(runtime, who, channel_id) for who in (ADULT, CHILD)] == expected


async def test_who_sees_a_list_of_titles_alone_sees_no_channels(runtime: Runtime) -> None:
    listed = replace(ADULT, allow_list_only=True)
    assert not await sees_channel(runtime, listed, await make_channel(runtime))


PROGRAMMES: dict[str, tuple[dict[str, Any], bool, bool]] = {
    "for everybody": ({}, True, True),
    "up to the ceiling": ({"maturity_score": 12}, True, True),
    "above the ceiling": ({"maturity_score": 13}, True, False),
    "unrated": ({"maturity_score": None}, True, False),
    "of a blocked category": ({"categories": ["Film", "horror"]}, True, False),
    "of a blocked genre": ({"genres": ["horror"]}, True, False),
}


@pytest.mark.parametrize("case", PROGRAMMES)
async def test_the_settings_of_a_profile_hide_airings(runtime: Runtime, case: str) -> None:
    columns, *expected = PROGRAMMES[case]
    programme_id = await make_programme(runtime, **columns)
    assert [await sees_programme(runtime, who, programme_id) for who in (ADULT, CHILD)] == expected


TITLES: dict[str, tuple[dict[str, Any], bool]] = {
    "suitable": ({}, True),
    "above the ceiling": ({"maturity_score": 16}, False),
    "blocked by its mood": ({"mood_tags": ["horror"]}, False),
    "not published": ({"status": "draft"}, True),
}


@pytest.mark.parametrize("case", TITLES)
async def test_what_the_catalogue_knows_of_a_programme_hides_it(
    runtime: Runtime, case: str
) -> None:
    columns, expected = TITLES[case]
    title_id = await make_title(runtime, **columns)
    programme_id = await make_programme(runtime, title_id=title_id, link_method="title_year")
    assert await sees_programme(runtime, CHILD, programme_id) is expected


async def test_the_rules_are_the_same_for_many_profiles_at_once(runtime: Runtime) -> None:
    user_id = await make_user(runtime)
    settings = {"max_maturity": 12, "block_unrated": True, "blocked_tags": ["Horror"]}
    await make_profile(runtime, user_id, "Child", kind="kids", **settings)
    await make_profile(runtime, user_id, "Listed", allow_list_only=True)
    await make_profile(runtime, user_id, "Ana")
    await make_channel(runtime, genres=["horror"])
    await make_programme(runtime, maturity_score=None)
    channel, airing = (for_profile(rule, "who") for rule in (CHANNEL_VISIBLE, AIRING_SUITABLE))
    sql = f"""
        SELECT who.name, {channel} AS channel, {airing} AS airing
        FROM profiles who, channels c, programmes p ORDER BY who.name
    """
    async with runtime.database.read() as tx:
        rows = [tuple(row) for row in await tx.all(sql)]
    assert rows == [("Ana", True, True), ("Child", False, False), ("Listed", False, True)]


async def decision(runtime: Runtime, viewer: Viewer, channel_id: UUID) -> Decision:
    """What is decided on a channel; the filter in SQL must say the same."""
    sql = f"SELECT {CHANNEL_ENTITLED} FROM channels c WHERE c.id = :id"
    async with runtime.database.read() as tx:
        decided = await channel_decision_on(tx, viewer, channel_id)
        if decided.via not in ("unavailable", "parental"):
            filtered = await tx.scalar(sql, id=channel_id, **channel_entitlement_of(viewer))
            assert filtered is decided.playable
    return decided


@pytest.fixture
async def household(runtime: Runtime) -> Viewer:
    return replace(ADULT, user_id=await make_user(runtime))


async def test_a_package_plays_its_channels_as_long_as_both_last(
    runtime: Runtime, household: Viewer
) -> None:
    package_id, channel_id = await make_package(runtime), await make_channel(runtime)
    ends = at(60)
    await carry_channel(runtime, package_id, channel_id, available_until=ends)
    grant_id = await grant_package(runtime, household.household, package_id)
    found = await decision(runtime, household, channel_id)
    assert (found.playable, found.via, found.until) == (True, "svod", ends)
    assert (found.grant_id, found.changes_at) == (grant_id, ends)


async def test_a_channel_of_a_package_is_locked_with_the_way_to_it(
    runtime: Runtime, household: Viewer
) -> None:
    package_id, channel_id = await make_package(runtime), await make_channel(runtime)
    await carry_channel(runtime, package_id, channel_id)
    found = await decision(runtime, household, channel_id)
    assert (found.playable, found.via) == (False, "locked")
    assert [option.package.id for option in found.options if option.package] == [package_id]


SHUT: dict[str, dict[str, Any]] = {
    "another territory": {"territory": "DE"},
    "a window that is over": {"available_from": LONG_AGO, "available_until": at(-1)},
    "a window to come": {"available_from": at(60)},
}


@pytest.mark.parametrize("case", SHUT)
async def test_a_window_that_is_shut_carries_nothing(
    runtime: Runtime, household: Viewer, case: str
) -> None:
    package_id, channel_id = await make_package(runtime), await make_channel(runtime)
    await carry_channel(runtime, package_id, channel_id, **SHUT[case])
    await grant_package(runtime, household.household, package_id)
    found = await decision(runtime, household, channel_id)
    assert (found.playable, found.via, found.options) == (False, "not_in_territory", ())


@pytest.mark.parametrize("free", [True, False])
async def test_a_channel_in_no_package_is_as_the_operator_says(
    runtime: Runtime, household: Viewer, free: bool
) -> None:
    viewer = replace(household, unsold_is_free=free)
    found = await decision(runtime, viewer, await make_channel(runtime))
    assert (found.playable, found.via) == (free, "free" if free else "locked")


async def test_a_household_on_hold_plays_no_channel(runtime: Runtime, household: Viewer) -> None:
    await hold(runtime, household.household)
    viewer = replace(household, unsold_is_free=True)
    found = await decision(runtime, viewer, await make_channel(runtime))
    assert (found.playable, found.via) == (False, "account_held")


FREE = replace(ADULT, unsold_is_free=True)
BLACKOUTS: dict[str, tuple[dict[str, Any], bool]] = {
    "running": ({}, True),
    "here": ({"territory": "US"}, True),
    "elsewhere": ({"territory": "DE"}, False),
    "over": ({"starts": -60, "ends": -1}, False),
    "to come": ({"starts": 1}, False),
}


@pytest.mark.parametrize("case", BLACKOUTS)
async def test_a_blackout_stops_whoever_has_a_right(runtime: Runtime, case: str) -> None:
    columns, expected = BLACKOUTS[case]
    channel_id = await make_channel(runtime)
    await black_out(runtime, channel_id, **columns)
    found = await decision(runtime, FREE, channel_id)
    assert (found.playable, found.via) == (not expected, "blackout" if expected else "free")


async def test_a_decision_lasts_until_the_next_blackout_begins_or_ends(runtime: Runtime) -> None:
    channel_id = await make_channel(runtime)
    await black_out(runtime, channel_id, 30, 60)
    to_come = await decision(runtime, FREE, channel_id)
    assert to_come.changes_at == pytest.approx(at(30), abs=timedelta(seconds=30))
    await execute(runtime, "UPDATE blackouts SET starts_at = starts_at - interval '1 hour'")
    running = await decision(runtime, FREE, channel_id)
    assert running.until == running.changes_at == pytest.approx(at(60), abs=timedelta(seconds=30))


async def test_without_a_right_the_way_to_it_is_told_though_there_is_a_blackout(
    runtime: Runtime, household: Viewer
) -> None:
    package_id, channel_id = await make_package(runtime), await make_channel(runtime)
    await carry_channel(runtime, package_id, channel_id)
    await black_out(runtime, channel_id)
    assert (await decision(runtime, household, channel_id)).via == "locked"


async def test_what_is_hidden_or_missing_is_told_apart_only_for_us(runtime: Runtime) -> None:
    draft = await make_channel(runtime, "Draft", status="draft")
    grown_up = await make_channel(runtime, "Grown up", maturity_score=18)
    vias = [(await decision(runtime, CHILD, one)).via for one in (draft, grown_up, uuid4())]
    assert vias == ["unavailable", "parental", "unavailable"]


async def test_many_channels_are_decided_in_one_statement(
    runtime: Runtime, household: Viewer
) -> None:
    package_id = await make_package(runtime)
    await grant_package(runtime, household.household, package_id)
    ids = [await make_channel(runtime, f"Channel {n}") for n in range(30)]
    for channel_id in ids[::2]:
        await carry_channel(runtime, package_id, channel_id)
    async with runtime.database.read() as tx:
        with counted(runtime) as statements:
            found = await channel_decisions(tx, household, ids)
    assert [found[one].playable for one in ids] == [True, False] * 15
    assert len(statements) == 1
