"""Until when a subscription lets play: every state, at its edges."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.entitlements.subscriptions.grants import SLACK, access_until
from matinee.entitlements.subscriptions.orders import reference_of
from matinee.entitlements.subscriptions.settling import apply_subscription
from matinee.integrations.payments.protocol import SubscriptionFacts
from matinee.runtime import Runtime
from tests.entitlements.makers import make_subscription
from tests.entitlements.subscriptions.conftest import Packages
from tests.makers import make_user, scalar

MONTH = timedelta(days=30)
GRACE = timedelta(days=3)
MOMENT = timedelta(microseconds=1)
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
END = NOW + MONTH

ACTIVE = SubscriptionFacts("sub_1", "active", NOW, period_start=NOW, period_end=END)
TRIALING = replace(ACTIVE, status="trialing", trial_end=NOW + timedelta(days=14))
PAST_DUE = replace(ACTIVE, status="past_due", past_due_since=END, at=END)
CANCELED = replace(ACTIVE, status="canceled")

CASES = {
    "trialing": (TRIALING, NOW + timedelta(days=14)),
    "trialing without a word of its end": (replace(TRIALING, trial_end=None), END),
    "trialing, canceled": (replace(TRIALING, cancel_at_period_end=True), TRIALING.trial_end),
    "active": (ACTIVE, END + SLACK),
    "active without an end": (replace(ACTIVE, period_end=None), None),
    "active, canceled": (replace(ACTIVE, cancel_at_period_end=True), END),
    "past due": (PAST_DUE, END + GRACE),
    "past due within what is paid": (replace(PAST_DUE, past_due_since=NOW), END),
    "past due since nobody knows when": (replace(PAST_DUE, past_due_since=None), END + GRACE),
    "paused": (replace(ACTIVE, status="paused"), END),
    "canceled before the end": (replace(CANCELED, at=NOW + GRACE), NOW + GRACE),
    "canceled after the end": (replace(CANCELED, at=END + GRACE), END),
    "canceled before it began": (replace(CANCELED, period_end=None), None),
    "incomplete": (SubscriptionFacts("sub_1", "incomplete", NOW), None),
}


@pytest.mark.parametrize("case", CASES)
def test_the_end_follows_from_the_facts(case: str) -> None:
    facts, until = CASES[case]
    assert access_until(facts, GRACE) == until


@pytest.fixture
async def user_id(runtime: Runtime) -> UUID:
    return await make_user(runtime)


@pytest.fixture
async def subscription_id(runtime: Runtime, packages: Packages, user_id: UUID) -> UUID:
    return await make_subscription(runtime, user_id, packages.basic)


async def tell(
    runtime: Runtime, user_id: UUID, subscription_id: UUID, facts: SubscriptionFacts
) -> None:
    async with runtime.database.write() as tx:
        reference = reference_of(user_id, subscription_id)
        assert await apply_subscription(tx, reference, "sandbox", facts)


async def is_live(runtime: Runtime, user_id: UUID, at: datetime) -> bool:
    live: bool = await scalar(
        runtime,
        "SELECT EXISTS (SELECT FROM user_entitlements WHERE user_id = $1 AND revoked_at IS NULL"
        " AND starts_at <= $2 AND (expires_at IS NULL OR $2 < expires_at))",
        user_id,
        at,
    )
    return live


@pytest.mark.parametrize("case", sorted(name for name, (_, until) in CASES.items() if until))
async def test_it_can_be_played_until_a_moment_before_the_end(
    runtime: Runtime, user_id: UUID, subscription_id: UUID, case: str
) -> None:
    facts, until = CASES[case]
    await tell(runtime, user_id, subscription_id, facts)
    assert await is_live(runtime, user_id, until - MOMENT)
    assert not await is_live(runtime, user_id, until)
    assert not await is_live(runtime, user_id, until + MOMENT)


@pytest.mark.parametrize("case", sorted(name for name, (_, until) in CASES.items() if not until))
async def test_what_gives_nothing_cannot_be_played_at_any_moment(
    runtime: Runtime, user_id: UUID, subscription_id: UUID, case: str
) -> None:
    facts, _ = CASES[case]
    await tell(runtime, user_id, subscription_id, replace(ACTIVE, at=NOW - MOMENT))
    await tell(runtime, user_id, subscription_id, facts)
    for at in (datetime.now(UTC), NOW, END - MOMENT, END):
        assert not await is_live(runtime, user_id, at)


async def test_there_is_one_grant_however_often_it_is_extended(
    runtime: Runtime, user_id: UUID, subscription_id: UUID, packages: Packages
) -> None:
    await tell(runtime, user_id, subscription_id, ACTIVE)
    first = await scalar(runtime, "SELECT id FROM user_entitlements")
    await tell(
        runtime,
        user_id,
        subscription_id,
        replace(ACTIVE, at=END, period_end=END + MONTH, plan="premium"),
    )
    assert await scalar(runtime, "SELECT count(*) FROM user_entitlements") == 1
    assert await scalar(runtime, "SELECT id FROM user_entitlements") == first
    assert await scalar(runtime, "SELECT package_id FROM user_entitlements") == packages.premium


async def test_what_began_later_than_it_ends_was_never_there(
    runtime: Runtime, user_id: UUID, subscription_id: UUID
) -> None:
    """A provider corrects itself: the period that we believed in had ended long before."""
    await tell(runtime, user_id, subscription_id, ACTIVE)
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    corrected = replace(CANCELED, at=NOW + MOMENT, period_start=long_ago, period_end=long_ago)
    await tell(runtime, user_id, subscription_id, corrected)
    assert not await is_live(runtime, user_id, datetime.now(UTC))


async def test_news_of_a_subscription_long_over_give_nothing(
    runtime: Runtime, client: AsyncClient, user_id: UUID, subscription_id: UUID
) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    old = replace(ACTIVE, at=long_ago, period_start=long_ago, period_end=long_ago + MONTH)
    await tell(runtime, user_id, subscription_id, old)
    assert not await is_live(runtime, user_id, datetime.now(UTC))
