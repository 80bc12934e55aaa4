"""What is heard of a payment leads to one end, in any order and however often."""

import asyncio
import random
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from matinee.entitlements.purchases.settling import apply_payment
from matinee.integrations.payments.protocol import PaymentFacts, Reference
from matinee.runtime import Runtime
from tests.entitlements.makers import grant_title, make_purchase
from tests.entitlements.purchases.conftest import Balances, balances, rows
from tests.makers import execute, make_title, make_user, scalar

HEARD = PaymentFacts("pay_1", "USD")
CAPTURED = replace(HEARD, captured_cents=1000, state="captured")
SOME = replace(CAPTURED, captured_cents=400)
PARTLY = replace(CAPTURED, refunded_cents=300)
REFUNDED = replace(CAPTURED, refunded_cents=1000)
DISPUTED = replace(CAPTURED, dispute="open")
WON = replace(CAPTURED, dispute="won")
LOST = replace(PARTLY, dispute="lost")

STORIES = {
    "declined": [replace(HEARD, state="failed", failure_code="card_declined")],
    "captured": [HEARD, CAPTURED],
    "captured in two parts": [HEARD, SOME, CAPTURED],
    "captured in part": [HEARD, SOME],
    "captured in part, then declined": [
        SOME,
        replace(SOME, state="failed", failure_code="card_declined"),
    ],
    "captured in part and given back": [SOME, replace(SOME, refunded_cents=400)],
    "given back before the rest came": [SOME, replace(SOME, refunded_cents=400), PARTLY],
    "captured in part and lost": [SOME, replace(SOME, dispute="lost")],
    "declined first": [replace(HEARD, state="failed", failure_code="card_declined"), CAPTURED],
    "refunded in two parts": [CAPTURED, PARTLY, REFUNDED],
    "refunded in part": [CAPTURED, PARTLY],
    "disputed": [HEARD, CAPTURED, DISPUTED],
    "won": [CAPTURED, DISPUTED, WON],
    "lost": [CAPTURED, PARTLY, DISPUTED, LOST],
}


@pytest.fixture
async def film(runtime: Runtime) -> UUID:
    return await make_title(runtime)


@pytest.fixture
async def order(runtime: Runtime, film: UUID) -> Reference:
    return await make_order(runtime, film)


async def make_order(runtime: Runtime, film: UUID, kind: str = "rent", **columns: Any) -> Reference:
    """An order of a household of its own."""
    user_id = uuid4()
    return Reference(
        "purchase", user_id, await make_purchase(runtime, user_id, film, kind, **columns)
    )


async def hear(runtime: Runtime, order: Reference, *facts: PaymentFacts) -> list[bool]:
    """Apply facts one after another, each in a transaction of its own."""
    applied = []
    for one in facts:
        async with runtime.database.write() as tx:
            applied.append(await apply_payment(tx, order, "sandbox", one))
    return applied


async def end_state(runtime: Runtime, order: Reference) -> tuple[Any, ...]:
    """All that facts can change, without the moments at which they were heard."""
    whose = (order.user_id, order.id)
    [purchase] = await rows(
        runtime,
        "SELECT status, captured_cents, refunded_cents, dispute, provider_ref, action_url,"
        " failure_code, settled_at IS NOT NULL FROM purchases WHERE user_id = $1 AND id = $2",
        *whose,
    )
    grants = await rows(
        runtime,
        "SELECT kind, expires_at - starts_at AS lasts, revoke_reason FROM user_entitlements"
        " WHERE user_id = $1 AND source_id = $2",
        *whose,
    )
    held = await scalar(
        runtime,
        "SELECT count(*) FROM account_holds WHERE user_id = $1 AND source_id = $2"
        " AND lifted_at IS NULL",
        *whose,
    )
    return tuple(purchase), [tuple(grant) for grant in grants], held, await booked(runtime, order)


async def booked(runtime: Runtime, order: Reference) -> Balances:
    found = await rows(
        runtime,
        "SELECT account, sum(cents)::int AS cents FROM ("
        " SELECT debit AS account, amount_cents AS cents, purchase_id FROM ledger_entries"
        " UNION ALL SELECT credit, -amount_cents, purchase_id FROM ledger_entries) moved"
        " WHERE purchase_id = $1 GROUP BY account HAVING sum(cents) <> 0",
        order.id,
    )
    return {row["account"]: row["cents"] for row in found}


@pytest.mark.parametrize("story", STORIES)
async def test_shuffled_and_repeated_facts_end_like_ordered_ones(
    runtime: Runtime, film: UUID, story: str
) -> None:
    ordered = await make_order(runtime, film)
    await hear(runtime, ordered, *STORIES[story])
    chance = random.Random(story)
    for _ in range(5):
        facts = STORIES[story] * 3
        chance.shuffle(facts)
        shuffled = await make_order(runtime, film)
        facts = [replace(one, ref=f"pay_{shuffled.id}") for one in facts]
        await hear(runtime, shuffled, *facts)
        await execute(runtime, "UPDATE purchases SET provider_ref = 'pay_1' WHERE id = $1",
                      shuffled.id)  # fmt: skip
        assert await end_state(runtime, shuffled) == await end_state(runtime, ordered)


@given(
    facts=st.lists(
        st.builds(
            lambda captured, returned, dispute, state: replace(
                CAPTURED,
                captured_cents=captured,
                refunded_cents=min(captured, returned),
                dispute=dispute,
                state=state,
                failure_code="card_declined" if state == "failed" else None,
            ),
            st.sampled_from((0, 1, 400, 999, 1000)) | st.integers(0, 1100),
            st.integers(0, 1000),
            st.sampled_from((None, "open", "won", "lost")),
            st.sampled_from(("captured", "pending", "requires_action", "failed", "canceled")),
        ),
        min_size=1,
        max_size=4,
    ),
    chance=st.randoms(use_true_random=False),
)
@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_facts_end_alike_in_any_order(
    runtime: Runtime, film: UUID, facts: list[PaymentFacts], chance: random.Random
) -> None:
    ends = []
    for again in (False, True):
        order = await make_order(runtime, film, tax_cents=73)
        heard = [replace(one, ref=f"pay_{order.id}") for one in facts] * (1 + again)
        if again:
            chance.shuffle(heard)
        await hear(runtime, order, *heard)
        await execute(
            runtime, "UPDATE purchases SET provider_ref = 'pay_1' WHERE id = $1", order.id
        )
        ends.append(await end_state(runtime, order))
    assert ends[0] == ends[1]


@pytest.mark.parametrize("cents", [1, 999])
async def test_a_part_of_the_amount_gives_nothing_until_the_rest_came(
    runtime: Runtime, order: Reference, cents: int
) -> None:
    await hear(runtime, order, replace(CAPTURED, captured_cents=cents))
    purchase, grants, _, books = await end_state(runtime, order)
    assert (purchase[0], purchase[1], grants) == ("pending", cents, [])
    assert books == {"provider:sandbox": cents, "revenue:rent": -cents}
    await hear(runtime, order, CAPTURED)
    purchase, grants, _, books = await end_state(runtime, order)
    assert (purchase[0], len(grants)) == ("paid", 1)
    assert books == {"provider:sandbox": 1000, "revenue:rent": -1000}


async def test_a_rental_begins_when_the_rest_came(runtime: Runtime, order: Reference) -> None:
    await hear(runtime, order, SOME)
    await execute(runtime, "UPDATE purchases SET created_at = created_at - interval '3 days'")
    assert await scalar(runtime, "SELECT settled_at FROM purchases") is None
    await hear(runtime, order, CAPTURED)
    started = "SELECT starts_at > now() - interval '1 hour' FROM user_entitlements"
    assert await scalar(runtime, started)


async def test_a_payment_pays_for_one_purchase(runtime: Runtime, film: UUID) -> None:
    first, second = await make_order(runtime, film), await make_order(runtime, film)
    assert await hear(runtime, first, CAPTURED, CAPTURED) == [True, True]
    before = await end_state(runtime, second)
    assert await hear(runtime, second, CAPTURED, REFUNDED) == [False, False]
    assert await end_state(runtime, second) == before
    assert before[0][0] == "pending"
    assert await balances(runtime) == {"provider:sandbox": 1000, "revenue:rent": -1000}
    assert await hear(runtime, second, replace(CAPTURED, ref="pay_2")) == [True]


async def test_of_two_purchases_that_claim_a_payment_at_once_one_gets_it(
    runtime: Runtime, film: UUID
) -> None:
    orders = [await make_order(runtime, film) for _ in range(4)]
    heard = await asyncio.gather(*(hear(runtime, order, CAPTURED) for order in orders))
    assert sorted(heard) == [[False], [False], [False], [True]]
    assert await balances(runtime) == {"provider:sandbox": 1000, "revenue:rent": -1000}


async def test_a_payment_can_have_several_names(runtime: Runtime, order: Reference) -> None:
    other_name = replace(PARTLY, ref="charge_1")
    assert await hear(runtime, order, CAPTURED, other_name, other_name, CAPTURED) == [True] * 4
    assert await balances(runtime) == {"provider:sandbox": 700, "revenue:rent": -700}


async def test_tax_is_booked_by_itself(runtime: Runtime, film: UUID) -> None:
    order = await make_order(runtime, film, tax_cents=160)
    await hear(runtime, order, CAPTURED)
    assert await balances(runtime) == {
        "provider:sandbox": 1000,
        "revenue:rent": -840,
        "tax": -160,
    }
    await hear(runtime, order, PARTLY)
    assert await balances(runtime) == {"provider:sandbox": 700, "revenue:rent": -588, "tax": -112}


async def test_a_clock_that_runs_is_never_moved(runtime: Runtime, order: Reference) -> None:
    await hear(runtime, order, CAPTURED)
    begun = datetime.fromisoformat("2026-01-02T03:04:05+00:00")
    await execute(
        runtime,
        "UPDATE user_entitlements SET starts_at = $1, first_played_at = $1,"
        " expires_at = $1::timestamptz + interval '48 hours'",
        begun,
    )
    clock = "SELECT first_played_at, expires_at FROM user_entitlements"
    before = await rows(runtime, clock)
    await hear(runtime, order, HEARD, CAPTURED, DISPUTED, WON, PARTLY)
    assert await rows(runtime, clock) == before


@pytest.mark.parametrize(
    ("facts", "reason"),
    [(PARTLY, None), (REFUNDED, "refunded"), (DISPUTED, None), (LOST, "charged_back")],
)
async def test_the_grant_is_revoked_when_the_money_is_gone(
    runtime: Runtime, order: Reference, facts: PaymentFacts, reason: str | None
) -> None:
    await hear(runtime, order, CAPTURED, facts)
    assert await scalar(runtime, "SELECT revoke_reason FROM user_entitlements") == reason


async def test_a_dispute_holds_the_household_until_it_is_won(
    runtime: Runtime, order: Reference
) -> None:
    await hear(runtime, order, DISPUTED)
    live = "SELECT count(*) FROM account_holds WHERE lifted_at IS NULL AND blocks_purchase"
    assert await scalar(runtime, live) == 1
    assert not await scalar(runtime, "SELECT blocks_playback FROM account_holds")
    await hear(runtime, order, WON)
    assert await scalar(runtime, live) == 0


async def test_a_lost_dispute_keeps_the_hold_until_staff_lifts_it(
    runtime: Runtime, order: Reference
) -> None:
    await hear(runtime, order, DISPUTED, LOST)
    live = "SELECT count(*) FROM account_holds WHERE lifted_at IS NULL"
    assert await scalar(runtime, live) == 1
    await execute(runtime, "UPDATE account_holds SET lifted_at = now()")
    await hear(runtime, order, LOST, DISPUTED)
    assert await scalar(runtime, live) == 0


async def test_what_is_not_known_is_parked(runtime: Runtime, order: Reference) -> None:
    stranger = Reference("purchase", order.user_id, uuid4())
    assert await hear(runtime, stranger, CAPTURED) == [False]
    subscription = Reference("subscription", order.user_id, order.id)
    assert await hear(runtime, subscription, CAPTURED) == [False]
    async with runtime.database.write() as tx:
        assert not await apply_payment(tx, order, "stripe", CAPTURED)
    assert await balances(runtime) == {}


async def test_a_refund_without_its_capture_is_parked(runtime: Runtime, order: Reference) -> None:
    early = replace(HEARD, refunded_cents=300)
    assert await hear(runtime, order, early, CAPTURED, early) == [False, True, True]
    assert await balances(runtime) == {"provider:sandbox": 700, "revenue:rent": -700}


async def test_money_of_another_currency_is_parked(runtime: Runtime, order: Reference) -> None:
    assert await hear(runtime, order, replace(CAPTURED, currency="EUR")) == [False]


@pytest.mark.parametrize("kind", ["rent", "buy"])
async def test_money_for_what_is_held_already_goes_back(
    runtime: Runtime, film: UUID, kind: str
) -> None:
    order = await make_order(runtime, film, kind)
    held = await grant_title(runtime, order.user_id, film, kind)
    async with runtime.database.write() as tx:
        assert await apply_payment(tx, order, "sandbox", CAPTURED)
    reasons = await rows(runtime, "SELECT id = $1, revoke_reason FROM user_entitlements", held)
    assert sorted(tuple(row) for row in reasons) == [(False, "duplicate"), (True, None)]
    [refund] = await rows(runtime, "SELECT amount_cents, requested_by FROM purchase_refunds")
    assert tuple(refund) == (1000, "system")
    queued = await scalar(
        runtime, "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'entitlements.refund'"
    )
    assert queued == 1


async def test_money_for_a_deleted_account_goes_back(runtime: Runtime, film: UUID) -> None:
    user_id = await make_user(runtime)
    orders = [
        Reference("purchase", user_id, await make_purchase(runtime, user_id, film, kind))
        for kind in ("rent", "buy")
    ]
    await hear(runtime, orders[0], CAPTURED)
    await execute(runtime, "DELETE FROM user_entitlements")
    await execute(runtime, "UPDATE users SET status = 'deleted'")
    await hear(runtime, orders[0], PARTLY)
    await hear(runtime, orders[1], replace(CAPTURED, ref="pay_2"))
    assert await rows(runtime, "SELECT FROM user_entitlements") == []
    [refund] = await rows(runtime, "SELECT purchase_id, amount_cents FROM purchase_refunds")
    assert tuple(refund) == (orders[1].id, 1000)
