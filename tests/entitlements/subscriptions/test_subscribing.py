"""Subscribing over HTTP: what it leads to, what refuses it, and that two clicks are one."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response

from matinee.core.errors import ProviderError
from matinee.core.ratelimit import PURCHASES
from matinee.runtime import Runtime
from tests.entitlements.makers import hold
from tests.entitlements.subscriptions.conftest import Household, Packages, make_household
from tests.makers import as_viewer, execute, scalar

LATE = "SELECT count(*) FROM sandbox_objects WHERE kind = 'subscription'"
ROWS = "SELECT count(*) FROM subscriptions"


def code_of(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_a_subscription_begins_at_once(household: Household) -> None:
    begun = await household.subscribe("basic")
    assert (begun["status"], begun["price_cents"]) == ("active", 999)
    assert begun["package"]["slug"] == "basic"
    assert begun["next_charge"] == {
        "at": begun["current_period_end"],
        "price_cents": 999,
        "currency": "USD",
    }


async def test_it_can_be_watched_a_little_longer_than_is_paid(household: Household) -> None:
    begun = await household.subscribe("basic")
    slack = moment(begun["access_until"]) - moment(begun["current_period_end"])
    assert slack == timedelta(hours=6)


async def test_a_trial_ends_when_it_ends(household: Household) -> None:
    begun = await household.subscribe("premium")
    assert begun["status"] == "trialing"
    assert begun["access_until"] == begun["trial_end"] == begun["next_charge"]["at"]


async def test_the_household_is_labelled_by_its_package(
    runtime: Runtime, household: Household
) -> None:
    await household.subscribe("basic")
    assert await scalar(runtime, "SELECT subscription_tier FROM users") == "basic"


async def test_own_subscriptions_are_listed(household: Household) -> None:
    begun = await household.subscribe("basic")
    listed = await household.get("/subscriptions")
    assert [one["id"] for one in listed["items"]] == [begun["id"]]
    assert (await household.get(f"/subscriptions/{begun['id']}"))["status"] == "active"


async def test_a_declined_payment_leaves_nothing_behind_that_blocks(
    household: Household,
) -> None:
    answer = await household.order("premium", "tok_declined")
    assert code_of(answer) == (402, "payment_declined")
    assert answer.json()["error"]["details"]["failure_code"] == "card_declined"
    assert (await household.subscribe("premium"))["status"] == "trialing"


async def test_a_payer_who_has_to_confirm_is_sent_there(
    runtime: Runtime, household: Household
) -> None:
    answer = await household.order("basic", "tok_needs_action")
    assert answer.status_code == 202
    assert answer.json()["action_url"]
    assert answer.json()["access_until"] is None


async def test_the_same_key_gives_the_first_outcome(runtime: Runtime, household: Household) -> None:
    first = await household.order("basic", key="k1")
    again = await household.order("basic", key="k1")
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert await scalar(runtime, LATE) == 1


async def test_the_same_key_of_a_declined_order_is_declined_again(household: Household) -> None:
    for _ in range(2):
        answer = await household.order("basic", "tok_declined", key="k1")
        assert code_of(answer) == (402, "payment_declined")


async def test_a_key_is_good_for_one_request(household: Household) -> None:
    await household.order("basic", key="k1")
    other = await household.order("premium", key="k1")
    assert code_of(other) == (422, "idempotency_key_reused")


async def test_a_key_is_needed(household: Household) -> None:
    answer = await household.client.post(
        "/api/v1/subscriptions",
        json={"package": "basic", "payment_method": "tok_ok"},
        headers=household.headers,
    )
    assert code_of(answer) == (400, "idempotency_key_required")


@pytest.mark.usefixtures("crowded")
@pytest.mark.parametrize("same_key", [True, False])
async def test_fifty_clicks_are_one_subscription(
    runtime: Runtime, household: Household, same_key: bool
) -> None:
    keys = ["k" if same_key else f"k{number}" for number in range(50)]
    answers = await asyncio.gather(*(household.order("basic", key=key) for key in keys))
    begun = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    late = [answer for answer in answers if answer.status_code != 201]
    assert len(begun) == 1
    assert not (same_key and late)
    for answer in late:  # it ran already when they came
        assert answer.json()["error"]["details"]["subscription_id"] in begun
    assert await scalar(runtime, LATE) == await scalar(runtime, ROWS) == 1
    assert await scalar(runtime, "SELECT count(*) FROM user_entitlements") == 1


async def test_one_base_subscription_runs_at_a_time(household: Household) -> None:
    begun = await household.subscribe("basic")
    answer = await household.order("premium")
    assert code_of(answer) == (409, "conflict")
    details = answer.json()["error"]["details"]
    assert details == {"subscription_id": begun["id"], "package": "basic"}


async def test_an_open_order_for_another_base_package_is_in_the_way(household: Household) -> None:
    waiting = await household.order("basic", "tok_needs_action")
    answer = await household.order("premium")
    assert code_of(answer) == (409, "conflict")
    await household.post(f"/subscriptions/{waiting.json()['id']}/cancel")
    assert (await household.order("premium")).status_code == 201


async def test_a_second_order_joins_the_one_that_waits_for_its_payer(household: Household) -> None:
    first = await household.order("basic", "tok_needs_action")
    second = await household.order("basic", "tok_ok")
    assert (second.status_code, second.json()["id"]) == (202, first.json()["id"])


async def test_an_add_on_needs_a_base_package(household: Household) -> None:
    assert code_of(await household.order("sports")) == (409, "conflict")
    await household.subscribe("basic")
    assert (await household.subscribe("sports"))["kind"] == "addon"


async def test_the_same_add_on_runs_once(household: Household) -> None:
    await household.subscribe("basic")
    await household.subscribe("sports")
    assert code_of(await household.order("sports")) == (409, "conflict")


async def test_what_is_not_for_sale_cannot_be_ordered(
    runtime: Runtime, household: Household
) -> None:
    await execute(runtime, "UPDATE content_packages SET active = false WHERE slug = 'basic'")
    for slug in ("basic", "no-such-package"):
        assert code_of(await household.order(slug)) == (404, "not_found")


async def test_a_held_household_buys_nothing(runtime: Runtime, household: Household) -> None:
    await hold(runtime, household.user_id)
    assert code_of(await household.order()) == (403, "account_held")
    assert await scalar(runtime, ROWS) == 0


async def test_children_neither_buy_nor_see_prices(
    runtime: Runtime, client: AsyncClient, packages: Packages
) -> None:
    headers = await as_viewer(runtime, client, "kid@example.com", kind="kids", max_maturity=9)
    child = Household(client, await scalar(runtime, "SELECT user_id FROM users"), headers)
    assert code_of(await child.order()) == (403, "purchase_not_allowed")
    listed = await client.get("/api/v1/subscriptions", headers=headers)
    assert code_of(listed) == (403, "purchase_not_allowed")


async def test_a_household_with_a_purchase_pin_must_send_it(
    runtime: Runtime, household: Household
) -> None:
    pin_hash = await runtime.passwords.hash("4711")
    await execute(runtime, "UPDATE users SET purchase_pin_hash = $1", pin_hash)
    assert code_of(await household.order()) == (403, "pin_required")
    assert code_of(await household.order(purchase_pin="0000")) == (403, "pin_required")
    assert (await household.order(purchase_pin="4711")).status_code == 201


async def test_orders_are_limited(household: Household) -> None:
    for _ in range(PURCHASES.amount):
        await household.order("no-such-package")
    assert code_of(await household.order("basic")) == (429, "rate_limited")


async def test_foreign_subscriptions_are_answered_like_missing_ones(
    runtime: Runtime, client: AsyncClient, household: Household
) -> None:
    begun = await household.subscribe("basic")
    stranger = await make_household(runtime, client, "eve@example.com")
    answer = await client.get(f"/api/v1/subscriptions/{begun['id']}", headers=stranger.headers)
    assert code_of(answer) == (404, "not_found")


async def test_a_provider_that_is_down_leaves_an_open_order(
    runtime: Runtime, household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> None:
        raise ProviderError()

    with monkeypatch.context() as down:
        down.setattr(runtime.payments.default, "start_subscription", away)
        waiting = await household.order("premium", key="k1")
        assert (waiting.status_code, waiting.json()["status"]) == (202, "incomplete")
    again = await household.order("premium", key="k1")
    assert (again.status_code, again.json()["id"]) == (201, waiting.json()["id"])
    assert again.json()["status"] == "trialing"
