"""What cannot be applied yet is tried again, ever more rarely, and given up after a week."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from matinee.entitlements.webhooks.parked import apply_due, apply_parked
from matinee.integrations.payments.protocol import Reference
from matinee.runtime import Runtime
from tests.entitlements.makers import make_payment_event
from tests.entitlements.purchases.conftest import run_job
from tests.entitlements.webhooks.conftest import (
    CAPTURED,
    HEARD,
    REFUNDED,
    Provider,
    event,
    later,
    purchase,
    witnesses,
)
from tests.makers import execute, scalar

_WAITING = """
    SELECT extract(epoch FROM scheduled_at - clock_timestamp())::float8 FROM procrastinate_jobs
    WHERE task_name = 'entitlements.apply_parked_events' AND status = 'todo'
"""


async def test_an_event_about_nothing_we_know_is_kept_and_says_so(
    provider: Provider, runtime: Runtime
) -> None:
    assert await provider.tell(CAPTURED) == ("parked", False)
    kept = await event(runtime)
    assert (kept["user_id"], kept["attempts"], kept["object_ref"]) == (None, 1, "pay_1")
    assert kept["last_error"] == "Nothing here is known by the provider's name for it."


async def test_it_is_applied_once_we_know_what_it_is_about(
    provider: Provider, runtime: Runtime, order: Reference
) -> None:
    await provider.tell(CAPTURED, None, "evt_2")
    await provider.tell(HEARD, order)
    await later(runtime)
    kept = await event(runtime, "evt_2")
    assert (kept["state"], kept["attempts"], kept["subject_id"]) == ("applied", 2, order.id)
    assert (await purchase(runtime, order))["status"] == "paid"


async def test_a_refund_before_its_payment_is_applied_as_soon_as_that_is_heard(
    provider: Provider, runtime: Runtime, order: Reference
) -> None:
    assert await provider.tell(REFUNDED, order, "evt_2") == ("parked", False)
    assert await provider.tell(CAPTURED, order, "evt_1") == ("applied", False)
    await runtime.worker.drain()
    assert (await event(runtime, "evt_2"))["state"] == "applied"
    assert (await purchase(runtime, order))["refunded_cents"] == 400


async def test_the_first_try_after_parking_comes_a_second_later(
    provider: Provider, runtime: Runtime
) -> None:
    await provider.tell(CAPTURED)
    assert 0 < await scalar(runtime, _WAITING) <= 1


async def test_waits_grow_to_six_hours(provider: Provider, runtime: Runtime) -> None:
    await provider.tell(CAPTURED)
    waits = []
    for _ in range(9):
        await later(runtime)
        kept = await event(runtime)
        now = await scalar(runtime, "SELECT clock_timestamp()")
        waits.append(round((kept["next_attempt_at"] - now) / timedelta(seconds=1), -1))
    assert waits[1:] == [30, 120, 600, 1800, 3600, 21_600, 21_600, 21_600]


async def test_what_is_not_due_is_not_tried(provider: Provider, runtime: Runtime) -> None:
    await provider.tell(CAPTURED)
    await run_job(runtime, apply_parked)
    assert (await event(runtime))["attempts"] == 1


async def test_what_is_due_within_the_minute_is_not_left_to_the_next_one(
    provider: Provider, runtime: Runtime
) -> None:
    await provider.tell(CAPTURED)
    await execute(runtime, "DELETE FROM procrastinate_jobs")
    await later(runtime)
    assert 0 < await scalar(runtime, _WAITING) <= 5


async def test_a_week_after_it_came_it_is_dead(provider: Provider, runtime: Runtime) -> None:
    await provider.tell(CAPTURED)
    await later(runtime, "167 hours")
    assert (await event(runtime))["state"] == "parked"
    await later(runtime, "2 hours")
    dead = await event(runtime)
    assert (dead["state"], dead["attempts"]) == ("dead", 3)
    await later(runtime, "1 day")
    assert await event(runtime) | {"next_attempt_at": 0, "received_at": 0} == dead | {
        "next_attempt_at": 0,
        "received_at": 0,
    }


async def test_a_repeat_does_not_wake_the_dead(
    provider: Provider, runtime: Runtime, order: Reference
) -> None:
    await provider.tell(CAPTURED)
    await later(runtime, "8 days")
    await provider.tell(HEARD, order, "evt_2")
    assert await provider.tell(CAPTURED) == ("dead", True)
    assert (await purchase(runtime, order))["captured_cents"] == 0


UNREADABLE: dict[str, dict[str, Any]] = {
    "a kind of later versions": {"gift": {}},
    "fields of later versions": {"payment": {"ref": 1}},
    "nothing": {},
}


@pytest.mark.parametrize("facts", UNREADABLE)
async def test_an_event_that_we_cannot_read_any_more_stands_in_nobodys_way(
    provider: Provider, runtime: Runtime, order: Reference, facts: str
) -> None:
    await make_payment_event(runtime)
    await execute(
        runtime,
        "UPDATE payment_events SET facts = $1, next_attempt_at = '2020-01-01'",
        UNREADABLE[facts],
    )
    await provider.tell(REFUNDED, order, "evt_2")
    await provider.tell(CAPTURED, order)
    await later(runtime)
    broken = await event(runtime, "evt_lost")
    assert (broken["state"], broken["attempts"]) == ("parked", 1)
    assert broken["last_error"]
    assert (await event(runtime, "evt_2"))["state"] == "applied"


async def test_what_is_locked_is_tried_later_and_holds_up_nothing_else(
    provider: Provider, runtime: Runtime, order: Reference
) -> None:
    await provider.tell(REFUNDED, order, "evt_2")
    await make_payment_event(runtime)
    async with runtime.database.write() as tx:
        await tx.one("SELECT id FROM purchases WHERE id = :id FOR UPDATE", id=order.id)
        await later(runtime)
    kept = await event(runtime, "evt_2")
    assert (kept["state"], kept["attempts"]) == ("parked", 2)
    assert kept["last_error"].startswith("LockNotAvailableError")
    assert (await event(runtime, "evt_lost"))["attempts"] == 1


async def test_several_workers_try_each_event_once(provider: Provider, runtime: Runtime) -> None:
    for number in range(30):
        await make_payment_event(runtime, f"evt_{number}")
    await asyncio.gather(*[apply_due(runtime) for _ in range(5)])
    tried = "SELECT count(*) FROM payment_events WHERE attempts = 1"
    assert await scalar(runtime, tried) == 30


async def test_trying_again_what_was_applied_under_another_name_changes_nothing(
    provider: Provider, runtime: Runtime, order: Reference
) -> None:
    await provider.tell(CAPTURED, None, "evt_2")
    await provider.tell(CAPTURED, order)
    before = await witnesses(runtime)
    await later(runtime)
    assert (await event(runtime, "evt_2"))["state"] == "applied"
    assert await witnesses(runtime) == before
