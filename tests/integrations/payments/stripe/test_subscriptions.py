"""Subscriptions by Stripe: which calls make and change one, and what its answers say."""

from datetime import UTC, datetime

import pytest

from matinee.integrations.payments.protocol import Money, Plan
from matinee.integrations.payments.stripe.provider import Stripe
from tests.integrations.payments.sandbox.posting import SUBSCRIPTION, subscription_order
from tests.integrations.payments.stripe.account import Account, listed, recorded

REF = "sub_1MowQVLkdIwHu7ixeRlqHVzs"
START = "POST /subscriptions"
READ = f"GET /subscriptions/{REF}"
WRITE = f"POST /subscriptions/{REF}"
END = f"DELETE /subscriptions/{REF}"
SCHEDULE = "/subscription_schedules/sub_sched_1Mr3YdLkdIwHu7ixjop3qtff"
PROPOSAL = "/invoices/in_2Proration"
BEGUN = datetime.fromtimestamp(1679609767, UTC)
ENDS = datetime.fromtimestamp(1682288167, UTC)
ASKED_AT = datetime(2026, 4, 7, 10, 0, tzinfo=UTC)
PREMIUM = Plan("premium", "Premium", Money(1299, "EUR"), "month")
YEARLY = Plan("premium", "Premium", Money(12990, "EUR"), "year")
PENDING = {"status": "incomplete"}


def with_metadata(**metadata: str) -> dict[str, object]:
    """A subscription with some metadata changed."""
    subscription = recorded("subscription")
    subscription["metadata"] |= metadata
    return subscription


@pytest.fixture
def shop(account: Account) -> Account:
    """The account, which knows customers and products."""
    account.will("POST /customers", "customer")
    account.will("POST /products", "product")
    return account


async def test_a_subscription_is_asked_for_in_stripes_words(stripe: Stripe, shop: Account) -> None:
    shop.will(START, "subscription")
    await stripe.start_subscription(subscription_order("pm_1MtwBw", trial_days=14))
    assert shop.form(START) == {
        "customer": "cus_NffrFeUfNV2Hib",
        "items[0][price_data][currency]": "eur",
        "items[0][price_data][product]": "matinee-basic",
        "items[0][price_data][unit_amount]": "799",
        "items[0][price_data][recurring][interval]": "month",
        "metadata[matinee]": str(SUBSCRIPTION),
        "metadata[order]": "sub-1",
        "metadata[plan]": "basic",
        "trial_period_days": "14",
        "payment_behavior": "allow_incomplete",
        "proration_behavior": "none",
        "off_session": "false",
    }
    assert [asked.key for asked in shop.asked] == ["sub-1:customer", None, "sub-1"]


@pytest.mark.parametrize("shape", ["subscription", "subscription.2024-06-20"])
async def test_an_answer_says_how_the_subscription_stands(
    stripe: Stripe, shop: Account, shape: str
) -> None:
    shop.will(START, shape)
    facts = await stripe.start_subscription(subscription_order("pm_1MtwBw"))
    assert (facts.ref, facts.status, facts.plan, facts.at) == (REF, "active", "basic", ASKED_AT)
    assert (facts.period_start, facts.period_end) == (BEGUN, ENDS)


async def test_a_product_that_is_there_is_used(stripe: Stripe, account: Account) -> None:
    account.will("POST /customers", "customer")
    account.will("POST /products", "error.product_exists", 400)
    account.will(START, "subscription")
    for _ in range(2):
        await stripe.start_subscription(subscription_order("pm_1MtwBw"))
    assert account.calls.count("POST /products") == 1


async def test_a_card_that_cannot_be_kept_begins_nothing(stripe: Stripe, account: Account) -> None:
    account.will("POST /customers", "error.card_declined", 402)
    facts = await stripe.start_subscription(subscription_order("pm_1MtwBw"))
    assert (facts.status, facts.failure_code) == ("canceled", "insufficient_funds")


async def test_a_refused_first_payment_ends_it(stripe: Stripe, shop: Account) -> None:
    shop.will(START, recorded("subscription", **PENDING))
    shop.will("GET /invoice_payments", "invoice_payments.refused")
    shop.will(END, recorded("subscription", status="canceled", ended_at=1679609800))
    facts = await stripe.start_subscription(subscription_order("pm_1MtwBw"))
    assert (facts.status, facts.failure_code) == ("canceled", "insufficient_funds")
    assert facts.period_end == datetime.fromtimestamp(1679609800, UTC)


async def test_a_first_payment_can_need_an_action(stripe: Stripe, shop: Account) -> None:
    shop.will(START, recorded("subscription", **PENDING))
    shop.will("GET /invoice_payments", "invoice_payments.requires_action")
    facts = await stripe.start_subscription(subscription_order("pm_1MtwBw"))
    assert facts.status == "incomplete"
    assert facts.action_url == "https://hooks.stripe.com/3d_secure_2/hosted?merchant=acct_1"


async def test_a_repeated_answer_is_read_again(stripe: Stripe, shop: Account) -> None:
    shop.will(START, recorded("subscription", **PENDING), idempotent_replayed="true")
    shop.will(READ, "subscription")
    facts = await stripe.start_subscription(subscription_order("pm_1MtwBw"))
    assert facts.status == "active"


async def test_what_the_search_finds_is_read_again(stripe: Stripe, account: Account) -> None:
    account.will("GET /subscriptions/search", listed(recorded("subscription", **PENDING)))
    account.will(READ, "subscription")
    facts = await stripe.fetch_subscription(None, subscription_order("pm_1MtwBw"))
    assert facts is not None
    assert facts.status == "active"


async def test_an_order_that_never_arrived_is_not_found(stripe: Stripe, account: Account) -> None:
    account.will("GET /subscriptions/search", listed())
    account.will("GET /subscriptions/sub_none", "error.missing", 404)
    assert await stripe.fetch_subscription(None, subscription_order("pm_1MtwBw")) is None
    assert await stripe.fetch_subscription("sub_none", subscription_order("pm_1MtwBw")) is None


async def test_a_change_now_is_paid_before_it_is_made(stripe: Stripe, shop: Account) -> None:
    shop.will(READ, "subscription")
    shop.will("POST /invoiceitems", {"id": "ii_1"})
    shop.will("POST /invoices", "invoice.draft")
    shop.will(f"POST {PROPOSAL}/finalize", "invoice.draft")
    shop.will(f"POST {PROPOSAL}/pay", "invoice.paid")
    shop.will(WRITE, with_metadata(plan="premium", change="change-1"))
    facts = await stripe.change_subscription(
        REF, PREMIUM, prorated=Money(333, "EUR"), key="change-1"
    )
    assert facts.plan == "premium"
    assert shop.form("POST /invoiceitems")["amount"] == "333"
    assert shop.form(WRITE)["items[0][id]"] == "si_Na6dzxczY5fwHx"
    assert shop.form(WRITE)["proration_behavior"] == "none"
    assert shop.calls.index(f"POST {PROPOSAL}/pay") < shop.calls.index(WRITE)
    keys = [asked.key for asked in shop.asked if asked.key]
    assert len(keys) == len(set(keys)) == 5


async def test_a_refused_change_leaves_all_as_it_was(stripe: Stripe, shop: Account) -> None:
    shop.will(READ, "subscription")
    shop.will("POST /invoiceitems", {"id": "ii_1"})
    shop.will("POST /invoices", "invoice.draft")
    shop.will(f"POST {PROPOSAL}/finalize", "invoice.draft")
    shop.will(f"POST {PROPOSAL}/pay", "error.card_declined", 402)
    shop.will(f"POST {PROPOSAL}/void", "invoice.draft")
    facts = await stripe.change_subscription(
        REF, PREMIUM, prorated=Money(333, "EUR"), key="change-1"
    )
    assert (facts.plan, facts.failure_code) == ("basic", "insufficient_funds")
    assert shop.calls[-1] == f"POST {PROPOSAL}/void"


@pytest.mark.parametrize("prorated", [Money(333, "EUR"), None])
async def test_a_change_that_was_made_is_not_made_again(
    stripe: Stripe, account: Account, prorated: Money | None
) -> None:
    account.will(READ, with_metadata(plan="premium", change="change-1"))
    facts = await stripe.change_subscription(REF, PREMIUM, prorated=prorated, key="change-1")
    assert (facts.plan, facts.failure_code) == ("premium", None)
    assert account.calls == [READ]


async def test_a_change_later_is_left_to_a_schedule(stripe: Stripe, shop: Account) -> None:
    shop.will(READ, "subscription")
    shop.will("POST /subscription_schedules", "subscription_schedule")
    shop.will(f"POST {SCHEDULE}", "subscription_schedule")
    shop.will(WRITE, with_metadata(pending_plan="premium", change="change-1"))
    facts = await stripe.change_subscription(REF, YEARLY, prorated=None, key="change-1")
    assert (facts.plan, facts.pending_plan) == ("basic", "premium")
    phases = shop.form(f"POST {SCHEDULE}")
    assert phases["phases[0][items][0][price]"] == "price_1MowQULkdIwHu7ixraBm864M"
    assert phases["phases[0][end_date]"] == "1682288167"
    assert phases["phases[1][items][0][price_data][recurring][interval]"] == "year"
    assert phases["phases[1][metadata][plan]"] == "premium"
    assert phases["end_behavior"] == "release"


async def test_keeping_the_plan_undoes_a_change_that_was_to_come(
    stripe: Stripe, account: Account
) -> None:
    steered = with_metadata(pending_plan="premium") | {"schedule": SCHEDULE.rpartition("/")[2]}
    account.will(READ, steered)
    account.will(f"POST {SCHEDULE}/release", "subscription_schedule")
    account.will(WRITE, "subscription")
    basic = Plan("basic", "Basic", Money(799, "EUR"), "month")
    facts = await stripe.change_subscription(REF, basic, prorated=None, key="change-2")
    assert (facts.plan, facts.pending_plan) == ("basic", None)
    assert account.calls == [READ, f"POST {SCHEDULE}/release", WRITE]


@pytest.mark.parametrize("prorated", [Money(333, "EUR"), None])
async def test_what_has_ended_is_not_changed(
    stripe: Stripe, account: Account, prorated: Money | None
) -> None:
    account.will(READ, recorded("subscription", status="canceled", ended_at=1679609800))
    facts = await stripe.change_subscription(REF, PREMIUM, prorated=prorated, key="change-1")
    assert (facts.status, facts.failure_code) == ("canceled", "subscription_not_active")


async def test_it_can_be_made_to_end_with_its_period(stripe: Stripe, account: Account) -> None:
    account.will(READ, "subscription")
    account.will(WRITE, recorded("subscription", cancel_at_period_end=True))
    facts = await stripe.set_cancellation(REF, cancel=True, key="cancel-1")
    assert (facts.status, facts.cancel_at_period_end) == ("active", True)
    assert account.form(WRITE)["cancel_at_period_end"] == "true"


async def test_what_has_ended_can_be_ended_again(stripe: Stripe, account: Account) -> None:
    account.will(END, "error.missing", 404)
    account.will(READ, recorded("subscription", status="canceled", ended_at=1679609800))
    assert (await stripe.cancel_subscription(REF, "end-1")).status == "canceled"


async def test_a_pause_remembers_until_when_it_was_paid(stripe: Stripe, account: Account) -> None:
    account.will(READ, "subscription")
    account.will(WRITE, recorded("subscription", pause_collection={"behavior": "void"}))
    facts = await stripe.pause_subscription(REF, "pause-1")
    assert facts.status == "paused"
    assert account.form(WRITE)["metadata[paid_until]"] == "1682288167"


@pytest.mark.parametrize(("paid_until", "anew"), [(1682288167, True), (1999999999, False)])
async def test_a_resumed_one_begins_anew_when_its_period_is_over(
    stripe: Stripe, account: Account, paid_until: int, anew: bool
) -> None:
    paused = with_metadata(paid_until=str(paid_until))
    account.will(READ, paused | {"pause_collection": {"behavior": "void"}})
    account.will(WRITE, "subscription")
    assert (await stripe.resume_subscription(REF, "resume-1")).status == "active"
    assert ("billing_cycle_anchor" in account.form(WRITE)) is anew


async def test_a_resumption_can_be_refused(stripe: Stripe, account: Account) -> None:
    paused = with_metadata(paid_until="1682288167")
    account.will(READ, paused | {"pause_collection": {"behavior": "void"}})
    account.will(WRITE, "error.card_declined", 402)
    facts = await stripe.resume_subscription(REF, "resume-1")
    assert (facts.status, facts.failure_code) == ("paused", "insufficient_funds")
