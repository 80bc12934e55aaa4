"""An event is kept and applied together, once, or not at all."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from matinee.integrations.payments.protocol import Reference
from matinee.runtime import Runtime
from tests.entitlements.makers import make_purchase
from tests.entitlements.webhooks.conftest import (
    CAPTURED,
    HEARD,
    NOTHING,
    Provider,
    die_while_applying,
    event,
    later,
    live_again,
    purchase,
    witnesses,
    written,
)
from tests.makers import execute, make_title

ONCE = {"events": 1, "entries": 1, "grants": 1, "paid": 1}


async def test_ten_repeats_change_nothing(
    provider: Provider, runtime: Runtime, order: Reference
) -> None:
    assert await provider.tell(CAPTURED, order) == ("applied", False)
    first, bought = await event(runtime), await purchase(runtime, order)
    for _ in range(10):
        assert await provider.tell(CAPTURED, order) == ("applied", True)
    assert await event(runtime) == first
    assert await purchase(runtime, order) == bought
    assert await witnesses(runtime) == ONCE


async def test_the_same_event_ten_times_at_once_is_applied_once(
    provider: Provider, runtime: Runtime, order: Reference
) -> None:
    told = await asyncio.gather(*[provider.tell(CAPTURED, order) for _ in range(10)])
    assert sorted(told) == [("applied", False), *[("applied", True)] * 9]
    assert await witnesses(runtime) == ONCE


async def test_a_repeat_of_a_parked_event_is_taken_and_does_nothing(
    provider: Provider, runtime: Runtime
) -> None:
    assert await provider.tell(CAPTURED) == ("parked", False)
    before = await event(runtime)
    assert await provider.tell(CAPTURED) == ("parked", True)
    assert await event(runtime) == before


async def test_events_that_say_the_same_under_two_names_count_once(
    provider: Provider, runtime: Runtime, order: Reference
) -> None:
    for event_id in ("evt_1", "evt_2"):
        assert await provider.tell(CAPTURED, order, event_id) == ("applied", False)
    assert await witnesses(runtime) == ONCE | {"events": 2}


async def test_a_part_of_the_amount_opens_nothing(
    provider: Provider, runtime: Runtime, order: Reference
) -> None:
    assert await provider.tell(replace(CAPTURED, captured_cents=1), order) == ("applied", False)
    assert (await purchase(runtime, order))["status"] == "pending"
    assert (await witnesses(runtime))["grants"] == 0
    assert await provider.tell(CAPTURED, order, "evt_2") == ("applied", False)
    assert (await purchase(runtime, order))["status"] == "paid"
    assert (await witnesses(runtime))["grants"] == 1


async def test_a_payment_that_is_said_to_pay_for_two_pays_for_one(
    provider: Provider, runtime: Runtime, household: UUID, order: Reference
) -> None:
    second_id = await make_purchase(runtime, household, await make_title(runtime))
    second = Reference("purchase", household, second_id)
    assert await provider.tell(CAPTURED, order) == ("applied", False)
    before = await witnesses(runtime)
    assert await provider.tell(CAPTURED, second, "evt_2") == ("parked", False)
    assert await witnesses(runtime) == before | {"events": 2}
    assert (await purchase(runtime, second))["status"] == "pending"
    assert "something else" in (await event(runtime, "evt_2"))["last_error"]


async def test_an_event_of_a_kind_that_we_do_not_follow_is_kept_and_ignored(
    provider: Provider, runtime: Runtime
) -> None:
    body = written(CAPTURED, None).replace(b"payment.news", b"weather.rain")
    answer = await provider.post("evt_1", body)
    assert answer.json() == {"state": "ignored", "repeated": False}
    kept = await event(runtime)
    assert (kept["type"], kept["facts"], kept["object_ref"]) == ("weather.rain", None, None)


async def test_an_event_that_does_not_name_us_is_placed_by_the_providers_name(
    provider: Provider, runtime: Runtime, order: Reference
) -> None:
    await provider.tell(HEARD, order)
    assert await provider.tell(CAPTURED, None, "evt_2") == ("applied", False)
    kept = await event(runtime, "evt_2")
    assert (kept["user_id"], kept["subject_id"]) == (order.user_id, order.id)


async def test_a_connection_that_dies_before_the_commit_leaves_no_row(
    provider: Provider, runtime: Runtime, order: Reference
) -> None:
    await die_while_applying(runtime)
    answer = await provider.post("evt_1", written(CAPTURED, order))
    assert answer.status_code == 503
    assert await witnesses(runtime) == NOTHING
    await live_again(runtime)
    assert await provider.tell(CAPTURED, order) == ("applied", False)
    assert await witnesses(runtime) == ONCE


async def test_a_lock_that_is_not_given_leaves_no_row(
    provider: Provider, runtime: Runtime, order: Reference
) -> None:
    async with runtime.database.write() as tx:
        await tx.one("SELECT id FROM purchases WHERE id = :id FOR UPDATE", id=order.id)
        answer = await provider.post("evt_1", written(CAPTURED, order))
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "busy")
    assert await witnesses(runtime) == NOTHING


REFUSE = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'the books are closed' USING DETAIL = 'ana@example.com';
    END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON ledger_entries FOR EACH ROW EXECUTE FUNCTION refuse()
"""


async def test_what_cannot_be_applied_for_our_own_fault_is_kept_and_undone_alone(
    provider: Provider, runtime: Runtime, order: Reference
) -> None:
    await execute(runtime, REFUSE)
    assert await provider.tell(CAPTURED, order) == ("parked", False)
    assert await witnesses(runtime) == NOTHING | {"events": 1}
    assert (await event(runtime))["last_error"] == "RaiseError: the books are closed"
    await execute(runtime, "DROP FUNCTION refuse CASCADE")
    await later(runtime)
    kept = await event(runtime)
    assert (kept["state"], kept["last_error"], kept["attempts"]) == ("applied", None, 2)
    assert await witnesses(runtime) == ONCE


async def test_an_amount_beyond_all_columns_is_our_fault_not_a_passing_one(
    provider: Provider, runtime: Runtime, order: Reference
) -> None:
    beyond = replace(CAPTURED, captured_cents=2**40)
    assert await provider.tell(beyond, order) == ("parked", False)
    assert (await event(runtime))["last_error"].startswith("DataError")
    assert (await purchase(runtime, order))["captured_cents"] == 0


async def test_text_that_cannot_be_stored_does_not_keep_an_event_out(
    provider: Provider, runtime: Runtime, order: Reference
) -> None:
    failed = replace(HEARD, state="failed", failure_code="card\0declined")
    assert await provider.tell(failed, order) == ("applied", False)
    assert (await purchase(runtime, order))["failure_code"] == "card�declined"


async def test_what_names_people_and_cards_is_not_kept(
    provider: Provider, runtime: Runtime, order: Reference
) -> None:
    private = b'"data":{"billing_details":{"email":"ana@example.com"},"card":{"last4":"4242"},'
    body = written(CAPTURED, order).replace(b'"data":{', private)
    assert (await provider.post("evt_1", body)).status_code == 200
    data = (await event(runtime))["payload"]["data"]
    assert (data["billing_details"], data["card"]) == ("***", "***")
    assert data["object"]["captured_cents"] == 1000


@pytest.mark.parametrize("outcome", ["applied", "repeated"])
async def test_what_became_of_it_is_counted(
    provider: Provider, runtime: Runtime, order: Reference, outcome: str
) -> None:
    await provider.tell(CAPTURED, order)
    await provider.tell(CAPTURED, order)
    labels = {"provider": "sandbox", "outcome": outcome}
    assert runtime.metrics.registry.get_sample_value("matinee_payment_events_total", labels) == 1
