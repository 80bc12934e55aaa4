"""Packages that staff gives: besides what is paid, until their own end, always with a reason."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response

from matinee.runtime import Runtime
from tests.entitlements.subscriptions.conftest import Household
from tests.entitlements.subscriptions.test_subscribing import code_of, moment
from tests.makers import as_staff, scalar

WHY = "Because of the outage"
TIER = "SELECT subscription_tier FROM users WHERE user_id = $1"


@pytest.fixture
async def staff(runtime: Runtime, client: AsyncClient) -> dict[str, str]:
    return await as_staff(runtime, client, "support")


class Desk:
    """A member of staff with one household on the telephone."""

    def __init__(self, client: AsyncClient, headers: dict[str, str], household: Household) -> None:
        self.client = client
        self.headers = headers
        self.path = f"/api/v1/admin/users/{household.user_id}/subscription"

    async def give(self, package: str = "premium", **more: Any) -> Response:
        body = {"package": package, "reason": WHY, **more}
        return await self.client.patch(self.path, json=body, headers=self.headers)

    async def withdraw(self) -> Response:
        return await self.client.delete(f"{self.path}?reason={WHY}", headers=self.headers)

    async def look(self) -> Any:
        return (await self.client.get(f"{self.path}s", headers=self.headers)).json()


@pytest.fixture
def desk(client: AsyncClient, staff: dict[str, str], household: Household) -> Desk:
    return Desk(client, staff, household)


async def test_staff_gives_a_package_at_once(
    runtime: Runtime, desk: Desk, household: Household
) -> None:
    until = datetime.now(UTC) + timedelta(days=30)
    answer = await desk.give(until=until.isoformat())
    [grant] = answer.json()["staff_grants"]
    assert (answer.status_code, grant["package"]["slug"]) == (200, "premium")
    assert moment(grant["expires_at"]) == until
    assert await scalar(runtime, TIER, household.user_id) == "premium"


async def test_without_an_end_it_lasts_until_it_is_withdrawn(
    runtime: Runtime, desk: Desk, household: Household
) -> None:
    assert (await desk.give()).json()["staff_grants"][0]["expires_at"] is None
    assert (await desk.withdraw()).json()["staff_grants"] == []
    assert await scalar(runtime, TIER, household.user_id) is None


async def test_withdrawing_twice_is_withdrawing_once(runtime: Runtime, desk: Desk) -> None:
    await desk.give()
    for _ in range(2):
        assert (await desk.withdraw()).json()["staff_grants"] == []
    withdrawn = "SELECT count(*) FROM admin_audit_log WHERE action = 'subscription.withdraw'"
    assert await scalar(runtime, withdrawn) == 1


async def test_a_grant_can_be_given_again_after_it_was_withdrawn(desk: Desk) -> None:
    await desk.give()
    await desk.withdraw()
    assert len((await desk.give("basic")).json()["staff_grants"]) == 1


async def test_there_is_one_base_package_of_staff_and_any_add_ons(desk: Desk) -> None:
    for package in ("basic", "premium", "sports"):
        await desk.give(package)
    slugs = {grant["package"]["slug"] for grant in (await desk.look())["staff_grants"]}
    assert slugs == {"premium", "sports"}


async def test_whoever_pays_a_provider_is_not_given_a_package_by_mistake(
    runtime: Runtime, desk: Desk, household: Household
) -> None:
    begun = await household.subscribe("basic")
    answer = await desk.give()
    assert code_of(answer) == (409, "conflict")
    assert answer.json()["error"]["details"] == {"subscription_id": begun["id"]}
    assert (await desk.give(override=True)).status_code == 200


async def test_the_provider_does_not_touch_what_staff_gave(
    runtime: Runtime, desk: Desk, household: Household
) -> None:
    begun = await household.subscribe("premium")
    await desk.give("basic", override=True)
    assert await scalar(runtime, TIER, household.user_id) == "basic"
    await household.post(f"/subscriptions/{begun['id']}/cancel")
    assert await scalar(runtime, TIER, household.user_id) == "basic"
    [grant] = (await desk.look())["staff_grants"]
    assert grant["expires_at"] is None


async def test_it_can_begin_when_what_is_paid_ends(desk: Desk, household: Household) -> None:
    begun = await household.subscribe("basic")
    answer = await desk.give(mode="period_end", override=True)
    [grant] = answer.json()["staff_grants"]
    assert grant["starts_at"] == begun["current_period_end"]


async def test_it_must_not_end_before_it_begins(desk: Desk, household: Household) -> None:
    await household.subscribe("basic")
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    answer = await desk.give(mode="period_end", until=soon, override=True)
    assert code_of(answer) == (422, "rule_violated")
    past = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    assert code_of(await desk.give(until=past, override=True)) == (422, "rule_violated")


async def test_what_was_and_what_is_stands_in_the_audit_log(
    runtime: Runtime, desk: Desk, household: Household
) -> None:
    await desk.give("basic")
    await desk.give("premium")
    changes = await scalar(runtime, "SELECT changes FROM admin_audit_log ORDER BY id DESC LIMIT 1")
    before, after = changes[str(household.user_id)]
    assert (before[0], after[0]) == ("basic", "premium")
    assert await scalar(runtime, "SELECT count(*) FROM admin_audit_log WHERE reason = $1", WHY) == 2


async def test_a_reason_is_needed(desk: Desk) -> None:
    assert code_of(await desk.give(reason="")) == (422, "validation_failed")


async def test_unknown_households_and_packages_are_not_found(
    client: AsyncClient, staff: dict[str, str], desk: Desk
) -> None:
    assert code_of(await desk.give("no-such-package")) == (404, "not_found")
    body = {"package": "basic", "reason": WHY}
    path = f"/api/v1/admin/users/{uuid4()}/subscription"
    assert code_of(await client.patch(path, json=body, headers=staff)) == (404, "not_found")


async def test_staff_sees_what_a_household_subscribes_to(desk: Desk, household: Household) -> None:
    begun = await household.subscribe("basic")
    seen = await desk.look()
    assert [one["id"] for one in seen["items"]] == [begun["id"]]
    assert seen["subscription_tier"] == "basic"
