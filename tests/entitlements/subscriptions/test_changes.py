"""Changing to another package: what it costs, when it happens, and that it happens once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from httpx import Response

from matinee.core.errors import ProviderError
from matinee.entitlements.subscriptions.sweeping import sweep_subscriptions
from matinee.runtime import Runtime
from tests.entitlements.makers import make_package
from tests.entitlements.subscriptions.conftest import Household, run_job
from tests.entitlements.subscriptions.test_subscribing import code_of, moment
from tests.makers import execute, scalar

INVOICES = "SELECT count(*) FROM sandbox_objects WHERE kind = 'invoice'"


async def change(
    household: Household, subscription: dict[str, Any], package: str, key: str = "", **more: Any
) -> Response:
    path = f"/subscriptions/{subscription['id']}/change"
    return await household.post(path, {"package": package, **more}, key)


async def quote(household: Household, subscription: dict[str, Any], package: str) -> Any:
    return await household.get(f"/subscriptions/{subscription['id']}/change?package={package}")


async def charged(runtime: Runtime) -> int:
    """Cents of the newest invoice."""
    cents: int = await scalar(
        runtime,
        "SELECT (state->'facts'->'amount'->>'cents')::int FROM sandbox_objects"
        " WHERE kind = 'invoice' ORDER BY created_at DESC LIMIT 1",
    )
    return cents


async def test_a_dearer_package_begins_at_once(runtime: Runtime, household: Household) -> None:
    begun = await household.subscribe("basic")
    answer = await change(household, begun, "premium")
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert changed["package"]["slug"] == "premium"
    assert changed["current_period_end"] == begun["current_period_end"]
    assert changed["next_charge"]["price_cents"] == 1599
    gives = "SELECT p.slug FROM user_entitlements g JOIN content_packages p ON p.id = g.package_id"
    assert await scalar(runtime, gives) == "premium"
    assert await scalar(runtime, "SELECT count(*) FROM user_entitlements") == 1


async def test_the_rest_of_the_period_is_charged(runtime: Runtime, household: Household) -> None:
    begun = await household.subscribe("basic")
    expected = (await quote(household, begun, "premium"))["prorated_cents"]
    await change(household, begun, "premium")
    assert expected - 1 <= await charged(runtime) <= expected == 599


async def test_half_of_the_period_costs_half_of_the_difference(
    runtime: Runtime, household: Household
) -> None:
    begun = await household.subscribe("basic")
    await execute(
        runtime,
        "UPDATE subscriptions SET current_period_start = now() - interval '15 days',"
        " current_period_end = now() + interval '15 days'",
    )
    asked = await quote(household, begun, "premium")
    assert (asked["effective"], asked["prorated_cents"]) == ("now", 299)


async def test_a_cheaper_package_begins_with_the_next_period(
    runtime: Runtime, household: Household
) -> None:
    await execute(runtime, "UPDATE content_packages SET trial_days = 0")
    begun = await household.subscribe("premium")
    asked = await quote(household, begun, "basic")
    assert (asked["effective"], asked["prorated_cents"]) == ("period_end", 0)
    assert asked["effective_at"] == begun["current_period_end"]
    changed = (await change(household, begun, "basic")).json()
    assert changed["package"]["slug"] == "premium"
    assert changed["pending_package"]["slug"] == "basic"
    assert changed["next_charge"]["price_cents"] == 999
    assert await scalar(runtime, INVOICES) == 1


async def test_naming_the_present_package_takes_back_what_waits(
    runtime: Runtime, household: Household
) -> None:
    await execute(runtime, "UPDATE content_packages SET trial_days = 0")
    begun = await household.subscribe("premium")
    await change(household, begun, "basic")
    kept = (await change(household, begun, "premium")).json()
    assert kept["pending_package"] is None
    assert await scalar(runtime, INVOICES) == 1


async def test_during_a_trial_every_change_waits_for_its_end(
    runtime: Runtime, household: Household
) -> None:
    await make_package(runtime, "gold", rank=3, price_cents=2500)
    begun = await household.subscribe("premium")
    asked = await quote(household, begun, "gold")
    assert (asked["effective"], asked["effective_at"]) == ("period_end", begun["trial_end"])


async def test_another_billing_period_begins_with_the_next_one(
    runtime: Runtime, household: Household
) -> None:
    await make_package(runtime, "yearly", rank=1, price_cents=9900, billing_period="year")
    begun = await household.subscribe("basic")
    assert (await quote(household, begun, "yearly"))["effective"] == "period_end"


async def test_the_package_one_has_is_no_change(runtime: Runtime, household: Household) -> None:
    begun = await household.subscribe("basic")
    assert (await change(household, begun, "basic")).status_code == 200
    assert await scalar(runtime, "SELECT count(*) FROM subscription_changes") == 0


@pytest.mark.usefixtures("crowded")
async def test_twenty_clicks_are_one_change(runtime: Runtime, household: Household) -> None:
    begun = await household.subscribe("basic")
    answers = await asyncio.gather(*(change(household, begun, "premium") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert await scalar(runtime, INVOICES) == 2


async def test_the_same_key_changes_once(runtime: Runtime, household: Household) -> None:
    begun = await household.subscribe("basic")
    for _ in range(2):
        assert (await change(household, begun, "premium", "k1")).status_code == 200
    assert code_of(await change(household, begun, "basic", "k1")) == (422, "idempotency_key_reused")
    assert await scalar(runtime, INVOICES) == 2


async def test_more_than_was_expected_is_not_charged(
    runtime: Runtime, household: Household
) -> None:
    begun = await household.subscribe("basic")
    answer = await change(household, begun, "premium", expected_prorated_cents=100)
    assert code_of(answer) == (409, "price_changed")
    assert answer.json()["error"]["details"] == {"prorated_cents": 599}
    assert await scalar(runtime, INVOICES) == 1


async def test_less_than_was_expected_is_charged(runtime: Runtime, household: Household) -> None:
    begun = await household.subscribe("basic")
    answer = await change(household, begun, "premium", expected_prorated_cents=5_000)
    assert answer.status_code == 200
    assert await charged(runtime) == 599


async def test_a_declined_change_leaves_everything_as_it_was(
    runtime: Runtime, household: Household
) -> None:
    begun = await household.subscribe("basic", "tok_fail_later")
    answer = await change(household, begun, "premium", "k1")
    assert code_of(answer) == (402, "payment_declined")
    assert code_of(await change(household, begun, "premium", "k1")) == (402, "payment_declined")
    now = await household.get(f"/subscriptions/{begun['id']}")
    assert (now["package"]["slug"], now["access_until"]) == ("basic", begun["access_until"])


@pytest.mark.parametrize("package", ["no-such-package", "archived"])
async def test_what_is_not_for_sale_cannot_be_had(
    runtime: Runtime, household: Household, package: str
) -> None:
    await make_package(runtime, "archived", active=False)
    begun = await household.subscribe("basic")
    assert code_of(await change(household, begun, package)) == (404, "not_found")


@pytest.mark.parametrize("package", ["sports", "euro"])
async def test_what_does_not_fit_is_refused(
    runtime: Runtime, household: Household, package: str
) -> None:
    await make_package(runtime, "euro", currency="EUR")
    begun = await household.subscribe("basic")
    assert code_of(await change(household, begun, package)) == (409, "conflict")


async def test_what_ends_has_to_be_resumed_first(household: Household) -> None:
    begun = await household.subscribe("basic")
    await household.post(f"/subscriptions/{begun['id']}/cancel")
    assert code_of(await change(household, begun, "premium")) == (409, "conflict")


async def test_a_change_without_an_answer_is_carried_out_later(
    runtime: Runtime, household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any, **__: Any) -> None:
        raise ProviderError()

    begun = await household.subscribe("basic")
    with monkeypatch.context() as down:
        down.setattr(runtime.payments.default, "change_subscription", away)
        answer = await change(household, begun, "premium")
        assert (answer.status_code, answer.json()["changing_to"]["slug"]) == (202, "premium")
        blocked = await change(household, begun, "gold")
        assert code_of(blocked) == (409, "request_in_progress")
    await execute(
        runtime, "UPDATE subscription_changes SET created_at = created_at - interval '16 minutes'"
    )
    await run_job(runtime, sweep_subscriptions)
    now = await household.get(f"/subscriptions/{begun['id']}")
    assert now["package"]["slug"] == "premium"
    assert moment(now["access_until"]) - moment(now["current_period_end"]) == timedelta(hours=6)


async def test_what_an_add_on_is_going_to_be_cannot_be_ordered_besides(
    runtime: Runtime, household: Household
) -> None:
    await make_package(runtime, "news", kind="addon", price_cents=300)
    await household.subscribe("basic")
    sports = await household.subscribe("sports")
    assert (await change(household, sports, "news")).json()["pending_package"]["slug"] == "news"
    assert code_of(await household.order("news")) == (409, "conflict")
