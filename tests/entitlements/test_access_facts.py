"""The facts of a page of titles: what is read for whom, in one statement."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from matinee.accounts.viewer import Viewer
from matinee.entitlements.access import Decision, Facts
from matinee.entitlements.facts import decision_on, decisions, facts_of
from matinee.runtime import Runtime
from tests.entitlements.makers import (
    carry,
    grant_package,
    grant_title,
    hold,
    make_offer,
    make_package,
    make_rule,
)
from tests.makers import execute, insert, make_title, make_user

MISSING = UUID("00000000-0000-7000-8000-000000000000")


async def make_household(runtime: Runtime, country: str = "US") -> Viewer:
    return Viewer(country, 21, await make_user(runtime, country=country))


async def facts(runtime: Runtime, viewer: Viewer, title_id: UUID, **asked: Any) -> Facts:
    async with runtime.database.read() as tx:
        return (await facts_of(tx, viewer, [title_id], **asked))[1][title_id]


async def decided(runtime: Runtime, viewer: Viewer, title_id: UUID) -> Decision:
    async with runtime.database.read() as tx:
        return await decision_on(tx, viewer, title_id)


async def test_a_page_takes_one_statement(runtime: Runtime) -> None:
    viewer = await make_household(runtime)
    ids = [await make_title(runtime, f"Title {n}") for n in range(5)]
    counted: list[None] = []
    runtime.database.on_statement = lambda: counted.append(None)
    async with runtime.database.read() as tx:
        found = await decisions(tx, viewer, ids)
    assert list(found) == ids
    assert len(counted) == 1


async def test_no_titles_still_tell_who_asks_and_when(runtime: Runtime) -> None:
    viewer = await make_household(runtime, "DE")
    async with runtime.database.read() as tx:
        asking, found = await facts_of(tx, viewer, [])
    assert (asking.territory, found) == ("DE", {})
    assert abs(asking.now - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_title_that_is_missing_is_unavailable(runtime: Runtime) -> None:
    viewer = await make_household(runtime)
    assert (await decided(runtime, viewer, MISSING)).via == "unavailable"


async def test_an_unpublished_title_is_not_shown(runtime: Runtime) -> None:
    viewer = await make_household(runtime)
    title_id = await make_title(runtime, status="draft")
    assert not (await facts(runtime, viewer, title_id)).shown


async def test_a_title_is_not_shown_outside_its_rights(runtime: Runtime) -> None:
    viewer = await make_household(runtime)
    title_id = await make_title(runtime, rights_managed=True)
    await insert_right(runtime, title_id, territory="DE")
    assert not (await facts(runtime, viewer, title_id)).shown
    assert (await facts(runtime, replace(viewer, territory="DE"), title_id)).shown


async def insert_right(runtime: Runtime, title_id: UUID, **columns: Any) -> None:
    defaults = {
        "territory": "**",
        "available_from": datetime(2020, 1, 1, tzinfo=UTC),
        "available_until": datetime(2030, 1, 1, tzinfo=UTC),
    }
    await insert(runtime, "title_rights", title_id=title_id, **(defaults | columns))


async def test_rights_are_looked_at_as_of_the_moment_asked_about(runtime: Runtime) -> None:
    viewer = await make_household(runtime)
    title_id = await make_title(runtime, rights_managed=True)
    await insert_right(runtime, title_id)
    end = datetime(2030, 1, 1, tzinfo=UTC)
    just_before = end - timedelta(microseconds=1)
    assert (await facts(runtime, viewer, title_id, at=just_before)).shown
    assert not (await facts(runtime, viewer, title_id, at=end)).shown


async def test_a_profile_may_not_be_suited(runtime: Runtime) -> None:
    viewer = replace(await make_household(runtime), max_maturity=12)
    title_id = await make_title(runtime, maturity_score=16)
    assert (await decided(runtime, viewer, title_id)).via == "parental"


async def test_a_package_lets_play_what_it_lists(runtime: Runtime) -> None:
    viewer = await make_household(runtime)
    title_id, package_id = await make_title(runtime), await make_package(runtime)
    await carry(runtime, package_id, title_id)
    assert (await decided(runtime, viewer, title_id)).via == "locked"
    await grant_package(runtime, viewer.household, package_id)
    assert (await decided(runtime, viewer, title_id)).via == "svod"


async def test_the_grant_of_another_household_does_not_count(runtime: Runtime) -> None:
    viewer = await make_household(runtime)
    other = await make_user(runtime, "bob@example.com")
    title_id, package_id = await make_title(runtime), await make_package(runtime)
    await carry(runtime, package_id, title_id)
    await grant_package(runtime, other, package_id)
    await grant_title(runtime, other, title_id)
    assert (await decided(runtime, viewer, title_id)).via == "locked"


async def test_nobody_holds_nothing(runtime: Runtime) -> None:
    title_id = await make_title(runtime)
    await grant_title(runtime, await make_user(runtime), title_id)
    assert (await facts(runtime, Viewer("US", 21), title_id)).grants == []


@pytest.mark.parametrize(
    ("rule", "carried"),
    [
        ({}, True),
        ({"kind": "movie"}, True),
        ({"kind": "series"}, False),
        ({"genres": ["drama", "comedy"]}, True),
        ({"genres": ["drama"]}, False),
        ({"tags": ["classic"]}, True),
        ({"tags": ["new"]}, False),
        ({"year_from": 1927}, True),
        ({"year_from": 1928}, False),
        ({"year_to": 1927}, True),
        ({"year_to": 1926}, False),
        ({"genres": ["comedy"], "tags": ["new"]}, False),
        ({"genres": ["comedy"], "tags": ["classic"], "year_from": 1900}, True),
        ({"territory": "US"}, True),
        ({"territory": "DE"}, False),
        ({"available_from": datetime(2100, 1, 1, tzinfo=UTC)}, False),
        ({"available_until": datetime(2020, 1, 1, tzinfo=UTC)}, False),
    ],
)
async def test_a_package_carries_what_fulfils_all_conditions_of_a_rule(
    runtime: Runtime, rule: dict[str, Any], carried: bool
) -> None:
    viewer = await make_household(runtime)
    title_id = await make_title(runtime, year=1927, genres=["comedy"], tags=["classic"])
    await make_rule(runtime, await make_package(runtime), **rule)
    assert bool((await facts(runtime, viewer, title_id)).carriages) is carried


async def test_a_title_without_a_year_fulfils_no_rule_about_years(runtime: Runtime) -> None:
    viewer = await make_household(runtime)
    title_id = await make_title(runtime)
    await make_rule(runtime, await make_package(runtime), year_to=2000)
    assert (await facts(runtime, viewer, title_id)).carriages == []


async def test_windows_without_end_have_none(runtime: Runtime) -> None:
    viewer = await make_household(runtime)
    title_id = await make_title(runtime)
    await make_offer(runtime, title_id)
    window = (await facts(runtime, viewer, title_id)).offers[0].window
    assert (window.available_from, window.available_until) == (None, None)


async def test_an_offer_tells_its_terms(runtime: Runtime) -> None:
    viewer = await make_household(runtime)
    title_id = await make_title(runtime)
    await make_offer(runtime, title_id, "rent", price_cents=499, quality="uhd")
    offer = (await facts(runtime, viewer, title_id)).offers[0]
    assert (offer.type, offer.price_cents, offer.currency) == ("rent", 499, "USD")
    assert (offer.quality, offer.rental_window_hours, offer.start_within_hours) == ("uhd", 48, 720)


async def test_offers_that_were_withdrawn_are_not_read(runtime: Runtime) -> None:
    viewer = await make_household(runtime)
    title_id = await make_title(runtime)
    await make_offer(runtime, title_id, active=False)
    assert (await facts(runtime, viewer, title_id)).offers == []


async def test_grants_of_titles_stay_with_their_title(runtime: Runtime) -> None:
    viewer = await make_household(runtime)
    owned, other = await make_title(runtime, "Owned"), await make_title(runtime, "Other")
    await grant_title(runtime, viewer.household, owned)
    async with runtime.database.read() as tx:
        found = await decisions(tx, viewer, [other, owned])
    assert {title: one.via for title, one in found.items()} == {
        other: "locked",
        owned: "buy",
    }


async def test_a_revoked_grant_is_not_read(runtime: Runtime) -> None:
    viewer = await make_household(runtime)
    title_id = await make_title(runtime)
    await grant_title(runtime, viewer.household, title_id)
    await execute(
        runtime,
        "UPDATE user_entitlements SET revoked_at = clock_timestamp(), revoke_reason = 'refund'"
        " WHERE user_id = $1",
        viewer.household,
    )
    assert (await facts(runtime, viewer, title_id)).grants == []


@pytest.mark.parametrize("after", [-1, 0])
async def test_a_grant_ends_at_its_end(runtime: Runtime, after: int) -> None:
    viewer = await make_household(runtime)
    title_id = await make_title(runtime)
    end = datetime(2030, 1, 1, tzinfo=UTC)
    await grant_title(runtime, viewer.household, title_id, "rent", expires_at=end)
    at = end + timedelta(microseconds=after)
    assert len((await facts(runtime, viewer, title_id, at=at)).grants) == -after


async def test_a_household_on_hold_may_play_nothing(runtime: Runtime) -> None:
    viewer = await make_household(runtime)
    title_id = await make_title(runtime)
    await grant_title(runtime, viewer.household, title_id)
    await hold(runtime, viewer.household)
    assert (await decided(runtime, viewer, title_id)).via == "account_held"


async def test_a_hold_that_was_lifted_or_blocks_purchases_alone_lets_play(runtime: Runtime) -> None:
    viewer = await make_household(runtime)
    title_id = await make_title(runtime)
    await grant_title(runtime, viewer.household, title_id)
    await hold(runtime, viewer.household, blocks_playback=False)
    await hold(runtime, viewer.household, lifted_at=datetime.now(UTC))
    assert (await decided(runtime, viewer, title_id)).via == "buy"


async def test_what_nobody_sells_is_free_where_the_operator_says_so(runtime: Runtime) -> None:
    viewer = replace(await make_household(runtime), unsold_is_free=True)
    title_id = await make_title(runtime)
    assert (await decided(runtime, viewer, title_id)).via == "free"


@pytest.mark.parametrize("how", ["listed", "by rule", "offered", "offered once"])
async def test_what_is_sold_somewhere_is_not_free(runtime: Runtime, how: str) -> None:
    viewer = replace(await make_household(runtime), unsold_is_free=True)
    title_id = await make_title(runtime)
    if how == "listed":
        await carry(runtime, await make_package(runtime), title_id, territory="DE")
    elif how == "by rule":
        await make_rule(runtime, await make_package(runtime, active=False), kind="movie")
    else:
        await make_offer(runtime, title_id, territory="DE", active=how == "offered")
    assert (await decided(runtime, viewer, title_id)).via == "not_in_territory"


async def test_kids_are_told_no_prices(runtime: Runtime) -> None:
    viewer = replace(await make_household(runtime), kind="kids")
    title_id = await make_title(runtime)
    await make_offer(runtime, title_id)
    found = await decided(runtime, viewer, title_id)
    assert (found.via, found.options) == ("locked", ())
