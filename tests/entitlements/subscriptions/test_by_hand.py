"""Subscriptions that are paid by hand: staff says what came in, and the grant follows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response

from matinee.core.settings import Settings
from matinee.runtime import Runtime
from tests.entitlements.subscriptions.conftest import Household
from tests.entitlements.subscriptions.test_subscribing import code_of, moment
from tests.makers import as_staff, scalar

NEXT_MONTH = datetime.now(UTC) + timedelta(days=30)
WHY = "Bank transfer of this morning"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"payment_provider": "manual"})


@pytest.fixture
async def staff(runtime: Runtime, client: AsyncClient) -> dict[str, str]:
    return await as_staff(runtime, client, "support")


@pytest.fixture
async def order(household: Household) -> dict[str, Any]:
    answer = await household.order("basic", "invoice")
    assert answer.status_code == 202
    waiting: dict[str, Any] = answer.json()
    return waiting


async def say(
    household: Household, staff: dict[str, str], order: dict[str, Any], verb: str, **body: Any
) -> Response:
    path = f"/api/v1/admin/users/{household.user_id}/subscriptions/{order['id']}/{verb}"
    return await household.client.post(path, json={"reason": WHY, **body}, headers=staff)


async def test_an_order_waits_for_the_payment(
    runtime: Runtime, household: Household, staff: dict[str, str], order: dict[str, Any]
) -> None:
    assert (order["status"], order["access_until"]) == ("incomplete", None)
    answer = await say(household, staff, order, "confirm", paid_until=NEXT_MONTH.isoformat())
    paid = answer.json()
    assert (answer.status_code, paid["status"]) == (200, "active")
    assert moment(paid["access_until"]) == NEXT_MONTH + timedelta(hours=6)
    assert [one["amount_cents"] for one in paid["payments"]] == [999]
    assert await scalar(runtime, "SELECT sum(amount_cents)::int FROM ledger_entries") == 999


async def test_saying_it_twice_is_saying_it_once(
    runtime: Runtime, household: Household, staff: dict[str, str], order: dict[str, Any]
) -> None:
    for _ in range(2):
        await say(household, staff, order, "confirm", paid_until=NEXT_MONTH.isoformat())
    assert await scalar(runtime, "SELECT sum(amount_cents)::int FROM ledger_entries") == 999


async def test_another_payment_extends_the_same_grant(
    runtime: Runtime, household: Household, staff: dict[str, str], order: dict[str, Any]
) -> None:
    for months, cents in ((1, 999), (2, 500)):
        until = NEXT_MONTH + timedelta(days=30) * (months - 1)
        await say(
            household, staff, order, "confirm", paid_until=until.isoformat(), amount_cents=cents
        )
    assert await scalar(runtime, "SELECT count(*) FROM user_entitlements") == 1
    assert await scalar(runtime, "SELECT sum(amount_cents)::int FROM ledger_entries") == 1499


async def test_a_period_does_not_end_before_it_begins(
    household: Household, staff: dict[str, str], order: dict[str, Any]
) -> None:
    answer = await say(household, staff, order, "confirm", paid_until="2020-01-01T00:00:00Z")
    assert code_of(answer) == (422, "rule_violated")


async def test_staff_ends_it_at_once(
    household: Household, staff: dict[str, str], order: dict[str, Any]
) -> None:
    await say(household, staff, order, "confirm", paid_until=NEXT_MONTH.isoformat())
    ended = (await say(household, staff, order, "cancel")).json()
    assert ended["status"] == "canceled"
    assert moment(ended["access_until"]) <= moment(ended["server_time"])
    again = await say(household, staff, order, "confirm", paid_until=NEXT_MONTH.isoformat())
    assert code_of(again) == (409, "conflict")


async def test_the_household_cannot_change_it_by_itself(
    household: Household, staff: dict[str, str], order: dict[str, Any]
) -> None:
    await say(household, staff, order, "confirm", paid_until=NEXT_MONTH.isoformat())
    answer = await household.post(f"/subscriptions/{order['id']}/change", {"package": "premium"})
    assert code_of(answer) == (409, "paid_by_hand")
    now = await household.get(f"/subscriptions/{order['id']}")
    assert (now["package"]["slug"], now["changing_to"]) == ("basic", None)
