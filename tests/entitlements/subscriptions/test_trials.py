"""Trials: one per household and package, and one per card, also when all come at once."""

import asyncio

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.entitlements.subscriptions.conftest import Household, make_household
from tests.makers import execute, scalar

USED = "SELECT count(*) FROM trial_redemptions"


async def statuses(*households: Household, method: str) -> list[str]:
    answers = await asyncio.gather(*(one.order("premium", method) for one in households))
    return sorted(answer.json()["status"] for answer in answers)


async def test_a_household_tries_a_package_once(runtime: Runtime, household: Household) -> None:
    first = await household.subscribe("premium", "tok_ok:visa")
    await household.post(f"/subscriptions/{first['id']}/cancel")
    await execute(
        runtime,
        "UPDATE subscriptions SET status = 'canceled', facts_at = now() + interval '1 day'",
    )
    assert (await household.subscribe("premium", "tok_ok:amex"))["status"] == "active"


async def test_a_card_tries_a_package_once(
    runtime: Runtime, client: AsyncClient, household: Household
) -> None:
    other = await make_household(runtime, client, "eve@example.com")
    assert (await household.subscribe("premium", "tok_ok:visa"))["status"] == "trialing"
    assert (await other.subscribe("premium", "tok_ok:visa"))["status"] == "active"


async def test_a_trial_that_was_refused_is_not_used_up_for_the_household(
    runtime: Runtime, client: AsyncClient, household: Household
) -> None:
    other = await make_household(runtime, client, "eve@example.com")
    await household.subscribe("premium", "tok_ok:visa")
    begun = await other.subscribe("premium", "tok_ok:visa")
    assert begun["status"] == "active"
    used = "SELECT count(*) FROM trial_redemptions WHERE user_id = $1"
    assert await scalar(runtime, used, other.user_id) == 0


async def test_a_declined_order_gives_its_trial_back(
    runtime: Runtime, household: Household
) -> None:
    await household.order("premium", "tok_declined:visa")
    assert await scalar(runtime, USED) == 0
    assert (await household.subscribe("premium", "tok_ok:visa"))["status"] == "trialing"


async def test_a_provider_that_knows_no_cards_counts_households(
    runtime: Runtime, household: Household
) -> None:
    await household.subscribe("premium", "tok_ok")
    assert await scalar(runtime, USED) == 1


@pytest.mark.usefixtures("crowded")
async def test_of_households_with_one_card_that_come_at_once_one_has_a_trial(
    runtime: Runtime, client: AsyncClient, household: Household
) -> None:
    emails = [f"h{number}@example.com" for number in range(7)]
    others = [await make_household(runtime, client, email) for email in emails]
    found = await statuses(household, *others, method="tok_ok:visa")
    assert found == ["active"] * 7 + ["trialing"]
    assert await scalar(runtime, USED) == 2


async def test_a_package_without_trials_uses_none_up(
    runtime: Runtime, household: Household
) -> None:
    await household.subscribe("basic", "tok_ok:visa")
    assert await scalar(runtime, USED) == 0
