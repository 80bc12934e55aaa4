"""Cancelling, pausing, resuming: what is paid stays, and doing it twice is doing it once."""

from typing import Any

import pytest

from matinee.core.errors import ProviderError
from matinee.runtime import Runtime
from tests.entitlements.makers import hold
from tests.entitlements.subscriptions.conftest import Household
from tests.entitlements.subscriptions.test_subscribing import code_of, moment
from tests.makers import execute, scalar

PAST = """
    UPDATE subscriptions SET current_period_start = now() - interval '30 days',
                             current_period_end = now() - interval '1 minute'
"""


async def steer(household: Household, subscription: dict[str, Any], verb: str) -> Any:
    body = {} if verb == "resume" else None
    answer = await household.post(f"/subscriptions/{subscription['id']}/{verb}", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_canceled_subscription_can_be_watched_until_its_period_ends(
    household: Household,
) -> None:
    begun = await household.subscribe()
    ending = await steer(household, begun, "cancel")
    assert ending["status"] == "active"
    assert ending["cancel_at_period_end"]
    assert ending["access_until"] == begun["current_period_end"]
    assert ending["next_charge"] is None


async def test_canceling_twice_is_canceling_once(household: Household) -> None:
    begun = await household.subscribe()
    assert (await steer(household, begun, "cancel"))["cancel_at_period_end"]
    assert (await steer(household, begun, "cancel"))["cancel_at_period_end"]


async def test_a_cancellation_can_be_taken_back_and_made_again(household: Household) -> None:
    begun = await household.subscribe()
    for _ in range(2):
        assert (await steer(household, begun, "cancel"))["cancel_at_period_end"]
        kept = await steer(household, begun, "resume")
        assert not kept["cancel_at_period_end"]
        assert kept["access_until"] == begun["access_until"]


async def test_what_is_not_paid_ends_at_once(runtime: Runtime, household: Household) -> None:
    begun = await household.subscribe("basic", "tok_fail_later")
    await execute(runtime, PAST)
    ended = await steer(household, begun, "cancel")
    assert ended["status"] == "canceled"
    assert moment(ended["access_until"]) <= moment(ended["server_time"])


async def test_a_canceled_trial_ends_with_the_trial(household: Household) -> None:
    begun = await household.subscribe("premium")
    ending = await steer(household, begun, "cancel")
    assert ending["access_until"] == begun["trial_end"]


async def test_a_pause_keeps_what_is_paid_and_owes_nothing(household: Household) -> None:
    begun = await household.subscribe()
    for _ in range(2):
        paused = await steer(household, begun, "pause")
        assert paused["status"] == "paused"
        assert paused["access_until"] == begun["current_period_end"]
        assert paused["next_charge"] is None


async def test_a_short_pause_goes_on_with_the_period(household: Household) -> None:
    begun = await household.subscribe()
    await steer(household, begun, "pause")
    resumed = await steer(household, begun, "resume")
    assert (resumed["status"], resumed["access_until"]) == ("active", begun["access_until"])


async def test_a_trial_cannot_be_paused(household: Household) -> None:
    begun = await household.subscribe("premium")
    answer = await household.post(f"/subscriptions/{begun['id']}/pause")
    assert code_of(answer) == (409, "conflict")


async def test_what_has_ended_cannot_be_resumed(runtime: Runtime, household: Household) -> None:
    begun = await household.subscribe()
    await execute(runtime, PAST)
    await steer(household, begun, "cancel")
    answer = await household.post(f"/subscriptions/{begun['id']}/resume", {})
    assert code_of(answer) == (409, "conflict")


async def test_a_held_household_may_cancel_but_not_resume(
    runtime: Runtime, household: Household
) -> None:
    begun = await household.subscribe()
    await hold(runtime, household.user_id)
    assert (await steer(household, begun, "cancel"))["cancel_at_period_end"]
    answer = await household.post(f"/subscriptions/{begun['id']}/resume", {})
    assert code_of(answer) == (403, "account_held")


@pytest.mark.parametrize("verb", ["cancel", "pause"])
async def test_where_the_provider_is_down_nothing_is_promised(
    runtime: Runtime, household: Household, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    async def away(*_: Any, **__: Any) -> None:
        raise ProviderError()

    begun = await household.subscribe()
    provider = runtime.payments.default
    monkeypatch.setattr(provider, "set_cancellation", away)
    monkeypatch.setattr(provider, "pause_subscription", away)
    answer = await household.post(f"/subscriptions/{begun['id']}/{verb}")
    assert code_of(answer) == (502, "provider_error")
    assert await scalar(runtime, "SELECT NOT cancel_at_period_end FROM subscriptions")


async def test_an_order_the_provider_never_confirmed_cannot_be_canceled_yet(
    runtime: Runtime, household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> None:
        raise ProviderError()

    monkeypatch.setattr(runtime.payments.default, "start_subscription", away)
    waiting = (await household.order()).json()
    answer = await household.post(f"/subscriptions/{waiting['id']}/cancel")
    assert code_of(answer) == (409, "request_in_progress")
