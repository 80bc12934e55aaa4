"""Providers are asked about orders without an answer and periods that ended without news."""

from typing import Any

import pytest

from matinee.core.errors import ProviderError
from matinee.entitlements.subscriptions.sweeping import sweep_subscriptions
from matinee.runtime import Runtime
from tests.entitlements.subscriptions.conftest import Household, Packages, run_job
from tests.makers import execute, scalar

AGE = "UPDATE subscriptions SET created_at = created_at - interval '16 minutes'"
STATUS = "SELECT status FROM subscriptions"


async def away(*_: Any, **__: Any) -> None:
    raise ProviderError()


async def test_an_order_whose_answer_was_lost_is_found_again(
    runtime: Runtime, household: Household
) -> None:
    begun = await household.subscribe("basic")
    await execute(
        runtime,
        "UPDATE subscriptions SET status = 'incomplete', provider_ref = NULL,"
        " facts_at = '-infinity', created_at = created_at - interval '16 minutes'",
    )
    await run_job(runtime, sweep_subscriptions)
    found = await household.get(f"/subscriptions/{begun['id']}")
    assert (found["status"], found["access_until"]) == ("active", begun["access_until"])


async def test_an_order_that_never_arrived_is_given_up_and_its_trial_given_back(
    runtime: Runtime, household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as down:
        down.setattr(runtime.payments.default, "start_subscription", away)
        await household.order("premium")
    await execute(runtime, AGE)
    await run_job(runtime, sweep_subscriptions)
    assert await scalar(runtime, STATUS) == "canceled"
    assert (await household.subscribe("premium"))["status"] == "trialing"


async def test_a_young_order_is_left_alone(
    runtime: Runtime, household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as down:
        down.setattr(runtime.payments.default, "start_subscription", away)
        await household.order("premium")
    await run_job(runtime, sweep_subscriptions)
    assert await scalar(runtime, STATUS) == "incomplete"


async def test_a_period_that_ended_without_news_is_asked_about(
    runtime: Runtime, household: Household
) -> None:
    begun = await household.subscribe("basic")
    await runtime.payments.sandbox.advance(
        await scalar(runtime, "SELECT provider_ref FROM subscriptions")
    )
    await execute(
        runtime, "UPDATE subscriptions SET current_period_end = now() - interval '61 minutes'"
    )
    await run_job(runtime, sweep_subscriptions)
    now = await household.get(f"/subscriptions/{begun['id']}")
    assert now["current_period_end"] > begun["current_period_end"]
    assert now["access_until"] > begun["access_until"]


async def test_a_provider_that_is_away_is_not_asked_again_at_once(
    runtime: Runtime, household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def count(*_: Any) -> None:
        asked.append(1)
        raise ProviderError()

    await household.order("basic", "tok_needs_action")
    await execute(runtime, AGE)
    monkeypatch.setattr(runtime.payments.default, "fetch_subscription", count)
    for _ in range(3):
        await run_job(runtime, sweep_subscriptions)
    assert len(asked) == 1


async def test_what_waits_for_its_payer_goes_on_waiting(
    runtime: Runtime, household: Household, packages: Packages
) -> None:
    await household.order("basic", "tok_needs_action")
    await execute(runtime, AGE)
    await run_job(runtime, sweep_subscriptions)
    assert await scalar(runtime, STATUS) == "incomplete"


async def test_a_subscription_whose_webhook_was_lost_begins_all_the_same(
    runtime: Runtime, household: Household
) -> None:
    waiting = await household.order("basic", "tok_lost_webhook")
    assert waiting.status_code == 202
    await execute(runtime, AGE)
    await run_job(runtime, sweep_subscriptions)
    begun = await household.get(f"/subscriptions/{waiting.json()['id']}")
    assert begun["status"] == "active"
    assert begun["access_until"] > begun["server_time"]
