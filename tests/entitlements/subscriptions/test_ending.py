"""Nobody pays on for what is not wanted: leaving households, duplicates, add-ons left alone."""

from typing import Any

import pytest
from httpx import AsyncClient

from matinee.accounts.deletion import delete_due_households
from matinee.core.errors import ProviderError
from matinee.entitlements.subscriptions.ending import end_addons, end_subscriptions_of_leaving
from matinee.runtime import Runtime
from tests.entitlements.subscriptions.conftest import Household, run_job
from tests.entitlements.subscriptions.test_subscribing import code_of, moment
from tests.makers import PASSWORD, as_staff, execute, scalar

REMEMBERED = "SELECT state->'facts'->>'{}' FROM sandbox_objects WHERE kind = 'subscription'"
WHY = {"reason": "Asked for by telephone"}


async def at_provider(runtime: Runtime, fact: str) -> Any:
    return await scalar(runtime, REMEMBERED.format(fact))


async def leave(household: Household) -> None:
    answer = await household.client.request(
        "DELETE", "/api/v1/me", json={"password": PASSWORD}, headers=household.headers
    )
    assert answer.status_code == 202, answer.text


async def test_a_household_that_asks_to_be_deleted_is_not_renewed(
    runtime: Runtime, household: Household
) -> None:
    await household.subscribe()
    await leave(household)
    await runtime.worker.drain()
    assert await at_provider(runtime, "cancel_at_period_end") == "true"
    assert await scalar(runtime, "SELECT cancel_at_period_end FROM subscriptions")


async def test_what_a_deleted_household_had_ends_at_once(
    runtime: Runtime, household: Household
) -> None:
    await household.subscribe()
    await leave(household)
    await execute(runtime, "UPDATE users SET deletion_requested_at = now() - interval '30 days'")
    await run_job(runtime, delete_due_households)
    await runtime.worker.drain()
    assert await at_provider(runtime, "status") == "canceled"
    assert await scalar(runtime, "SELECT status FROM subscriptions") == "canceled"
    assert await scalar(runtime, "SELECT count(*) FROM user_entitlements") == 0


async def test_what_could_not_be_ended_is_ended_later(
    runtime: Runtime, household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any, **__: Any) -> None:
        raise ProviderError()

    await household.subscribe()
    with monkeypatch.context() as down:
        down.setattr(runtime.payments.default, "set_cancellation", away)
        await leave(household)
        await runtime.worker.drain()
    assert not await scalar(runtime, "SELECT cancel_at_period_end FROM subscriptions")
    await run_job(runtime, end_subscriptions_of_leaving)
    assert await scalar(runtime, "SELECT cancel_at_period_end FROM subscriptions")


async def test_add_ons_end_with_their_period_once_the_base_is_gone(
    runtime: Runtime, client: AsyncClient, household: Household
) -> None:
    base = await household.subscribe("basic")
    addon = await household.subscribe("sports")
    staff = await as_staff(runtime, client, "support")
    path = f"/api/v1/admin/users/{household.user_id}/subscriptions/{base['id']}/cancel"
    await client.post(path, json=WHY, headers=staff)
    await runtime.worker.drain()
    left = await household.get(f"/subscriptions/{addon['id']}")
    assert left["cancel_at_period_end"]
    assert left["access_until"] == addon["current_period_end"]


async def test_add_ons_of_a_household_with_a_base_package_go_on(
    runtime: Runtime, household: Household
) -> None:
    await household.subscribe("basic")
    addon = await household.subscribe("sports")
    await run_job(runtime, end_addons, user_id=str(household.user_id))
    assert not (await household.get(f"/subscriptions/{addon['id']}"))["cancel_at_period_end"]


async def test_staff_ends_a_subscription_at_once_and_says_why(
    runtime: Runtime, client: AsyncClient, household: Household
) -> None:
    begun = await household.subscribe()
    staff = await as_staff(runtime, client, "support")
    path = f"/api/v1/admin/users/{household.user_id}/subscriptions/{begun['id']}/cancel"
    answer = await client.post(path, json=WHY, headers=staff)
    ended = answer.json()
    assert (answer.status_code, ended["status"]) == (200, "canceled")
    assert moment(ended["access_until"]) <= moment(ended["server_time"])
    reason = "SELECT reason FROM admin_audit_log WHERE action = 'subscription.cancel'"
    assert await scalar(runtime, reason) == WHY["reason"]


async def test_staff_must_say_why(
    runtime: Runtime, client: AsyncClient, household: Household
) -> None:
    begun = await household.subscribe()
    staff = await as_staff(runtime, client, "support")
    path = f"/api/v1/admin/users/{household.user_id}/subscriptions/{begun['id']}/cancel"
    assert code_of(await client.post(path, json={}, headers=staff)) == (422, "validation_failed")
