"""The life of subscriptions with the practice provider, told by its signed webhooks over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport

from matinee.runtime import Runtime
from tests.entitlements.subscriptions.conftest import Household
from tests.entitlements.subscriptions.test_subscribing import moment
from tests.makers import scalar

BOOKED = """
    SELECT coalesce(sum(amount_cents), 0)::int FROM ledger_entries
    WHERE debit = 'provider:sandbox' AND credit = 'revenue:subscription'
"""


@pytest.fixture(autouse=True)
def webhooks(runtime: Runtime, app: FastAPI) -> None:
    """The provider reaches the application without a network."""
    runtime.payments.sandbox.transport = ASGITransport(app)
    runtime.payments.sandbox.delay = 0


class Life:
    """One subscription, and what happens to it at its provider."""

    def __init__(self, runtime: Runtime, household: Household, id_: str) -> None:
        self.runtime = runtime
        self.household = household
        self.id = id_

    async def now(self) -> Any:
        """How it stands once everything was told."""
        for _ in range(3):
            await self.runtime.worker.drain()
        return await self.household.get(f"/subscriptions/{self.id}")

    async def ref(self) -> str:
        ref: str = await scalar(self.runtime, "SELECT provider_ref FROM subscriptions")
        return ref

    async def period_passes(self) -> Any:
        await self.runtime.payments.sandbox.advance(await self.ref())
        return await self.now()

    async def payer_confirms(self) -> Any:
        await self.runtime.payments.sandbox.confirm(await self.ref(), "ok")
        return await self.now()


async def begin(
    runtime: Runtime, household: Household, package: str = "basic", method: str = "tok_ok"
) -> Life:
    answer = await household.order(package, method)
    assert answer.status_code in (201, 202), answer.text
    return Life(runtime, household, answer.json()["id"])


@pytest.mark.parametrize(
    "method", ["tok_ok", "tok_slow", "tok_double_webhook", "tok_shuffled_webhook"]
)
async def test_however_it_is_told_it_begins_once_and_is_booked_once(
    runtime: Runtime, household: Household, method: str
) -> None:
    life = await begin(runtime, household, method=method)
    begun = await life.now()
    assert begun["status"] == "active"
    assert [payment["amount_cents"] for payment in begun["payments"]] == [999]
    assert await scalar(runtime, BOOKED) == 999
    assert await scalar(runtime, "SELECT count(*) FROM user_entitlements") == 1


async def test_it_begins_when_its_payer_has_confirmed(
    runtime: Runtime, household: Household
) -> None:
    life = await begin(runtime, household, method="tok_needs_action")
    assert (await life.now())["status"] == "incomplete"
    begun = await life.payer_confirms()
    assert (begun["status"], begun["action_url"]) == ("active", None)


async def test_a_renewal_extends_the_same_grant(runtime: Runtime, household: Household) -> None:
    life = await begin(runtime, household)
    await life.now()
    renewed = await life.period_passes()
    slack = moment(renewed["access_until"]) - moment(renewed["current_period_end"])
    assert slack == timedelta(hours=6)
    assert len(renewed["payments"]) == 2
    assert await scalar(runtime, BOOKED) == 2 * 999
    assert await scalar(runtime, "SELECT count(*) FROM user_entitlements") == 1


async def test_a_trial_becomes_a_paid_period(runtime: Runtime, household: Household) -> None:
    life = await begin(runtime, household, "premium")
    assert (await life.now())["payments"] == []
    paid = await life.period_passes()
    assert (paid["status"], paid["payments"][0]["amount_cents"]) == ("active", 1599)


async def test_a_missed_payment_leaves_time_to_make_up_for_it(
    runtime: Runtime, household: Household
) -> None:
    life = await begin(runtime, household, method="tok_fail_later")
    await life.now()
    late = await life.period_passes()
    assert late["status"] == "past_due"
    grace = moment(late["access_until"]) - moment(late["current_period_end"])
    assert grace == timedelta(days=3)


async def test_making_up_for_it_goes_on_as_if_nothing_had_happened(
    runtime: Runtime, household: Household
) -> None:
    life = await begin(runtime, household, method="tok_fail_later")
    await life.now()
    await life.period_passes()
    paid = await life.payer_confirms()
    assert (paid["status"], paid["failure_code"]) == ("active", None)


async def test_after_the_last_try_it_is_over(runtime: Runtime, household: Household) -> None:
    life = await begin(runtime, household, method="tok_fail_later")
    await life.now()
    for _ in range(4):
        late = await life.period_passes()
    assert late["status"] == "canceled"
    assert moment(late["access_until"]) <= moment(late["server_time"])
    assert await scalar(runtime, "SELECT subscription_tier FROM users") is None


async def test_what_was_canceled_ends_with_its_period_and_can_be_had_again(
    runtime: Runtime, household: Household
) -> None:
    life = await begin(runtime, household)
    await household.post(f"/subscriptions/{life.id}/cancel")
    assert (await life.period_passes())["status"] == "canceled"
    assert (await household.subscribe("basic"))["id"] != life.id


async def test_a_cheaper_package_comes_with_the_next_period(
    runtime: Runtime, household: Household
) -> None:
    life = await begin(runtime, household, "premium")
    await life.period_passes()
    await household.post(f"/subscriptions/{life.id}/change", {"package": "basic"})
    changed = await life.period_passes()
    assert (changed["package"]["slug"], changed["pending_package"]) == ("basic", None)
    assert changed["payments"][0]["amount_cents"] == 999
    tier = await scalar(runtime, "SELECT subscription_tier FROM users")
    assert tier == "basic"


async def test_a_change_at_once_is_booked(runtime: Runtime, household: Household) -> None:
    life = await begin(runtime, household)
    await household.post(f"/subscriptions/{life.id}/change", {"package": "premium"})
    changed = await life.now()
    assert sorted(payment["amount_cents"] for payment in changed["payments"]) == [599, 999]
    assert await scalar(runtime, BOOKED) == 599 + 999


async def test_a_pause_longer_than_what_is_paid_ends_with_a_payment(
    runtime: Runtime, household: Household
) -> None:
    life = await begin(runtime, household)
    await household.post(f"/subscriptions/{life.id}/pause")
    await life.now()
    await runtime.payments.sandbox.advance(await life.ref())
    paused = await life.now()
    assert paused["status"] == "paused"
    await household.post(f"/subscriptions/{life.id}/resume", {})
    resumed = await life.now()
    assert resumed["status"] == "active"
    assert resumed["access_until"] > resumed["server_time"]
