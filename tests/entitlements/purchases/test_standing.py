"""How a purchase stands does not depend on the order in which it was heard, nor how often."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.entitlements.purchases.standing import UNPAID, Standing, tax_part
from matinee.integrations.payments.protocol import PaymentFacts

FACTS = st.builds(
    PaymentFacts,
    ref=st.just("pay_1"),
    currency=st.just("USD"),
    captured_cents=st.integers(0, 1000),
    refunded_cents=st.integers(0, 1000),
    dispute=st.sampled_from((None, "open", "won", "lost")),
    state=st.sampled_from(("pending", "requires_action", "captured", "failed", "canceled")),
)


def after(*facts: PaymentFacts) -> Standing:
    standing = Standing(1000)
    for one in facts:
        standing = standing.with_facts(one)
    return standing


@given(st.lists(FACTS, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_any_order_leads_to_the_same(facts: list[PaymentFacts], random: object) -> None:
    shuffled = [*facts, *facts]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert after(*facts) == after(*shuffled)


@given(st.lists(FACTS, min_size=1, max_size=6))
def test_a_part_of_the_amount_is_no_payment(facts: list[PaymentFacts]) -> None:
    standing = after(*facts)
    assert standing.is_paid == (standing.captured_cents == 1000)
    assert standing.is_paid or standing.status not in ("paid", "disputed")


@given(FACTS, FACTS)
def test_nothing_that_was_confirmed_is_taken_back(first: PaymentFacts, then: PaymentFacts) -> None:
    before, later = after(first), after(first, then)
    assert later.captured_cents >= before.captured_cents
    assert later.returned_cents >= before.returned_cents or not before.is_possible


STATUSES = {
    (0, 0, None): "pending",
    (1000, 0, None): "paid",
    (1000, 300, None): "paid",
    (1000, 1000, None): "refunded",
    (1000, 0, "open"): "disputed",
    (1000, 0, "won"): "paid",
    (1000, 300, "lost"): "charged_back",
    (1000, 1000, "open"): "refunded",
    (1000, 1000, "lost"): "charged_back",
    (1001, 0, None): "paid",
    (999, 0, None): "pending",
    (999, 0, "open"): "pending",
    (999, 1, None): "canceled",
    (999, 999, None): "refunded",
    (999, 0, "lost"): "charged_back",
}


@pytest.mark.parametrize(("heard", "status"), STATUSES.items())
def test_the_status_follows(heard: tuple[int, int, object], status: str) -> None:
    captured, refunded, dispute = heard
    assert Standing(1000, captured, refunded, dispute).status == status  # type: ignore[arg-type]


@pytest.mark.parametrize("state", UNPAID)
def test_all_the_money_counts_more_than_what_was_said_before(state: str) -> None:
    assert Standing(1000, 0, 0, None, state).status == state
    assert Standing(1000, 1, 0, None, state).status == state
    assert Standing(1000, 1000, 0, None, state).status == "paid"


def test_what_costs_nothing_is_not_paid_before_anything_is_heard() -> None:
    assert not Standing(0).is_paid


def test_a_lost_dispute_takes_what_was_left() -> None:
    assert Standing(1000, 1000, 300, "lost").returned_cents == 1000


@given(st.integers(0, 1000), st.integers(0, 500))
def test_the_tax_of_parts_adds_up(cents: int, tax_cents: int) -> None:
    shares = {"tax_cents": tax_cents, "amount_cents": 1000}
    assert 0 <= tax_part(cents, **shares) <= cents
    assert tax_part(1000, **shares) == tax_cents
