"""What time does at the practice provider: renewals, refused ones, ends, forgotten payments."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.integrations.payments.protocol import InvoiceFacts, Money, Plan, SubscriptionFacts
from matinee.integrations.payments.sandbox.months import months_after
from matinee.integrations.payments.sandbox.provider import Sandbox
from matinee.runtime import Runtime
from tests.integrations.payments.sandbox.posting import order, subscription_order

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
YEARLY = Plan("basic", "Basic", Money(7990, "EUR"), "year")

moments = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


async def started(sandbox: Sandbox, token: str = "tok_ok", trial_days: int = 0) -> str:
    """The name of a subscription that has begun."""
    facts = await sandbox.start_subscription(subscription_order(token, trial_days=trial_days))
    return facts.ref


async def so_long_ago(runtime: Runtime, ref: str, days: int) -> None:
    """Move what is remembered of a subscription or payment into the past."""
    by = f"interval '{days} days'"
    moved = ", ".join(
        f"'{name}', to_jsonb((state #>> '{{facts,{name}}}')::timestamptz - {by})"
        for name in ("period_start", "period_end")
    )
    async with runtime.database.write() as tx:
        await tx.execute(
            f"""
            UPDATE sandbox_objects SET created_at = created_at - {by}, state = state
                || jsonb_build_object('facts', state -> 'facts' || jsonb_build_object({moved}))
                || jsonb_build_object('anchor',
                                      to_jsonb((state ->> 'anchor')::timestamptz - {by}))
                || jsonb_build_object('next_attempt',
                                      to_jsonb((state ->> 'next_attempt')::timestamptz - {by}))
            WHERE ref = :ref
            """,
            ref=ref,
        )


@pytest.mark.parametrize(
    ("anchor", "months", "expected"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2026-01-31", 2, "2026-03-31"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
    ],
)
def test_months_end_on_the_same_day_or_the_last(anchor: str, months: int, expected: str) -> None:
    day = datetime.fromisoformat(f"{anchor}T10:30:00+00:00")
    assert months_after(day, months).isoformat() == f"{expected}T10:30:00+00:00"


@given(anchor=moments, months=st.integers(0, 600))
def test_each_month_ends_later_than_the_one_before(anchor: datetime, months: int) -> None:
    gap = months_after(anchor, months + 1) - months_after(anchor, months)
    assert timedelta(days=28) <= gap <= timedelta(days=31)


async def test_a_period_that_ends_now_is_followed_by_a_paid_one(sandbox: Sandbox) -> None:
    facts = await sandbox.advance(await started(sandbox))
    assert (facts.status, facts.period_start) == ("active", facts.at)
    assert facts.period_end == months_after(facts.at, 1)


async def test_a_trial_is_followed_by_a_paid_period(sandbox: Sandbox) -> None:
    facts = await sandbox.advance(await started(sandbox, trial_days=7))
    assert (facts.status, facts.period_start, facts.trial_end) == ("active", facts.at, facts.at)
    told = await sandbox.events_since(LONG_AGO)
    assert len([event for event in told if isinstance(event.facts, InvoiceFacts)]) == 1


async def test_renewals_follow_one_another_without_gaps(sandbox: Sandbox, runtime: Runtime) -> None:
    ref = await started(sandbox)
    await so_long_ago(runtime, ref, days=70)
    for _ in range(4):
        await sandbox.let_time_pass()
    told = [event.facts for event in await sandbox.events_since(LONG_AGO)]
    paid = [facts for facts in told if isinstance(facts, InvoiceFacts)][1:]
    assert len(paid) == 2
    assert paid[0].period_end == paid[1].period_start
    last = max((f for f in told if isinstance(f, SubscriptionFacts)), key=lambda f: f.rank)
    assert (last.period_end, last.status) == (paid[1].period_end, "active")


async def test_a_year_is_paid_at_once(sandbox: Sandbox) -> None:
    facts = await sandbox.start_subscription(subscription_order("tok_ok", plan=YEARLY))
    assert facts.period_start is not None
    assert facts.period_end == months_after(facts.period_start, 12)


async def test_a_canceled_one_ends_with_its_period(sandbox: Sandbox) -> None:
    ref = await started(sandbox)
    await sandbox.set_cancellation(ref, cancel=True, key="cancel-1")
    facts = await sandbox.advance(ref)
    assert (facts.status, facts.period_end) == ("canceled", facts.at)


async def test_a_paused_one_that_was_canceled_ends_too(sandbox: Sandbox) -> None:
    ref = await started(sandbox)
    await sandbox.set_cancellation(ref, cancel=True, key="cancel-1")
    await sandbox.pause_subscription(ref, "pause-1")
    assert (await sandbox.advance(ref)).status == "canceled"


async def test_a_refused_renewal_is_tried_again_and_given_up(sandbox: Sandbox) -> None:
    ref = await started(sandbox, "tok_fail_later")
    steps = [await sandbox.advance(ref) for _ in range(5)]
    assert [facts.status for facts in steps] == ["past_due"] * 3 + ["canceled"] * 2
    assert {facts.past_due_since for facts in steps[:3]} == {steps[0].period_end}
    assert steps[3].failure_code == "card_declined"


async def test_retries_wait_a_day(sandbox: Sandbox, runtime: Runtime) -> None:
    ref = await started(sandbox, "tok_fail_later")
    facts = await sandbox.advance(ref)
    await sandbox.let_time_pass()
    assert await sandbox.fetch_subscription(ref, subscription_order("tok_ok")) == facts
    await so_long_ago(runtime, ref, days=1)
    await sandbox.let_time_pass()
    later = await sandbox.fetch_subscription(ref, subscription_order("tok_ok"))
    assert later is not None
    assert (later.status, later.rank) == ("past_due", facts.rank + 1)


async def test_what_is_past_due_can_be_paid(sandbox: Sandbox) -> None:
    ref = await started(sandbox, "tok_fail_later")
    await sandbox.advance(ref)
    facts = await sandbox.confirm(ref, "ok")
    assert isinstance(facts, SubscriptionFacts)
    assert (facts.status, facts.past_due_since, facts.failure_code) == ("active", None, None)


async def test_the_hourly_job_leaves_what_is_not_due(sandbox: Sandbox) -> None:
    facts = await sandbox.start_subscription(subscription_order("tok_ok"))
    await sandbox.let_time_pass()
    assert await sandbox.fetch_subscription(facts.ref, subscription_order("tok_ok")) == facts


async def test_a_beginning_that_nobody_confirms_is_given_up(
    sandbox: Sandbox, runtime: Runtime
) -> None:
    ref = await started(sandbox, "tok_needs_action")
    await so_long_ago(runtime, ref, days=1)
    await sandbox.let_time_pass()
    facts = await sandbox.fetch_subscription(ref, subscription_order("tok_ok"))
    assert facts is not None
    assert (facts.status, facts.failure_code) == ("canceled", "expired")


async def test_a_payment_that_nobody_confirms_is_given_up(
    sandbox: Sandbox, runtime: Runtime
) -> None:
    facts = await sandbox.charge(order("tok_needs_action"))
    await so_long_ago(runtime, facts.ref, days=1)
    await sandbox.let_time_pass()
    after = await sandbox.fetch_payment(facts.ref, order("tok_needs_action"))
    assert after is not None
    assert (after.state, after.failure_code) == ("canceled", "expired")


async def test_what_was_told_is_forgotten_after_a_month(sandbox: Sandbox, runtime: Runtime) -> None:
    await sandbox.charge(order("tok_ok"))
    age = "UPDATE sandbox_objects SET created_at = created_at - interval '30 days'"
    async with runtime.database.write() as tx:
        await tx.execute(f"{age} WHERE kind = 'event'")
    await sandbox.charge(order("tok_ok", key="order-2"))
    await sandbox.let_time_pass()
    assert len(await sandbox.events_since(LONG_AGO)) == 1
