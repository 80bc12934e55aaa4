"""Stripe's webhooks: signed as Stripe signs, and read as facts."""

import hmac
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson
import pytest

from matinee.core.errors import NotFound
from matinee.core.settings import Settings
from matinee.integrations.payments.protocol import (
    BadSignature,
    InvoiceFacts,
    Money,
    PaymentFacts,
    ProviderEvent,
    SubscriptionFacts,
)
from matinee.integrations.payments.stripe.provider import Stripe
from matinee.integrations.payments.stripe.webhooks import FOLLOWED
from tests.integrations.payments.sandbox.posting import PURCHASE, SUBSCRIPTION
from tests.integrations.payments.stripe.account import event, recorded

NOW = datetime(2026, 4, 7, 10, 0, tzinfo=UTC)
INTENT = "pi_3MtwBwLkdIwHu7ix28a3tqPa"
BEGUN = datetime.fromtimestamp(1679609767, UTC)
ENDS = datetime.fromtimestamp(1682288167, UTC)


def signed(body: bytes, secret: str = "whsec_new", at: datetime = NOW) -> dict[str, str]:
    """The header that Stripe sends with a body."""
    timestamp = int(at.timestamp())
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, sha256).hexdigest()
    return {"stripe-signature": f"t={timestamp},v1={digest},v0=00"}


def heard(stripe: Stripe, kind: str, item: Mapping[str, Any]) -> ProviderEvent:
    """What is understood of an event."""
    body = orjson.dumps(event(kind, item))
    return stripe.verify(signed(body), body, NOW)


@pytest.mark.parametrize("secret", ["whsec_new", "whsec_old"])
def test_every_secret_is_believed_while_they_change(stripe: Stripe, secret: str) -> None:
    body = orjson.dumps(event("customer.created", {"id": "cus_1"}))
    told = stripe.verify(signed(body, secret), body, NOW)
    assert (told.id, told.type) == ("evt_customer_created", "customer.created")
    assert (told.facts, told.reference) == (None, None)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_too_old_and_too_new_is_refused(stripe: Stripe, seconds: int) -> None:
    body = orjson.dumps(event("customer.created", {}))
    at = datetime.fromtimestamp(NOW.timestamp() + seconds, UTC)
    with pytest.raises(BadSignature):
        stripe.verify(signed(body, at=at), body, NOW)


@pytest.mark.parametrize("seconds", [-300, 300])
def test_five_minutes_are_tolerated_both_ways(stripe: Stripe, seconds: int) -> None:
    body = orjson.dumps(event("customer.created", {}))
    at = datetime.fromtimestamp(NOW.timestamp() + seconds, UTC)
    assert stripe.verify(signed(body, at=at), body, NOW).type == "customer.created"


def test_another_body_or_secret_is_refused(stripe: Stripe) -> None:
    body = orjson.dumps(event("customer.created", {}))
    for headers, posted in [(signed(body), body + b" "), (signed(body, "whsec_other"), body)]:
        with pytest.raises(BadSignature):
            stripe.verify(headers, posted, NOW)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "v1=00",
        "t=1775556000",
        "t=1775556000,v1=",
        "t=1775556000,v1=zz",
        "t=,v1=00",
        "t=x,v1=00",
        "t=-1,v1=00",
        "t=1775556000,t=1775556000,v1=00",
        "t=99999999999999999999,v1=00",
        "t=1775556000,v1=\xe9",
        "t=²,v1=00",
        ",,,=,=",
    ],
)
def test_a_malformed_header_is_refused(stripe: Stripe, header: str) -> None:
    with pytest.raises(BadSignature):
        stripe.verify({"stripe-signature": header}, b"{}", NOW)


NEVER = b'{"id": "evt_1", "type": "invoice.paid", "created": 1e300, "data": {"object": {}}}'


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b'{"id": 1}', b"\xff", NEVER])
def test_a_signed_body_that_is_no_event_is_refused(stripe: Stripe, body: bytes) -> None:
    with pytest.raises(BadSignature):
        stripe.verify(signed(body), body, NOW)


async def test_without_a_secret_there_is_no_endpoint(settings: Settings) -> None:
    stripe = Stripe(settings)
    with pytest.raises(NotFound):
        stripe.verify(signed(b"{}"), b"{}", NOW)
    await stripe.aclose()


def test_stripes_own_library_signs_alike(stripe: Stripe) -> None:
    library = pytest.importorskip("stripe")
    body = orjson.dumps(event("customer.created", {})).decode()
    timestamp = int(time.time())
    digest = library.WebhookSignature._compute_signature(f"{timestamp}.{body}", "whsec_new")
    header = f"t={timestamp},v1={digest}"
    library.WebhookSignature.verify_header(body, header, "whsec_new", tolerance=300)
    now = datetime.fromtimestamp(timestamp, UTC)
    assert stripe.verify({"stripe-signature": header}, body.encode(), now)


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        (
            "payment_intent.succeeded",
            "payment_intent.succeeded",
            PaymentFacts(INTENT, "EUR", captured_cents=499, state="captured"),
        ),
        (
            "payment_intent.payment_failed",
            "payment_intent.refused",
            PaymentFacts(INTENT, "EUR", state="failed", failure_code="insufficient_funds"),
        ),
        (
            "payment_intent.processing",
            "payment_intent.processing",
            PaymentFacts(INTENT, "EUR"),
        ),
    ],
)
def test_payments_are_read(stripe: Stripe, kind: str, name: str, expected: PaymentFacts) -> None:
    told = heard(stripe, kind, recorded(name))
    assert (told.facts, told.reference) == (expected, PURCHASE)


def test_refunds_are_read(stripe: Stripe) -> None:
    told = heard(stripe, "charge.refunded", recorded("charge", amount_refunded=200))
    expected = PaymentFacts(INTENT, "EUR", 499, 200, state="captured")
    assert (told.facts, told.reference) == (expected, PURCHASE)


@pytest.mark.parametrize(
    ("status", "dispute"),
    [
        ("needs_response", "open"),
        ("under_review", "open"),
        ("won", "won"),
        ("lost", "lost"),
        ("warning_needs_response", None),
        ("warning_closed", None),
        ("prevented", None),
    ],
)
def test_disputes_are_read(stripe: Stripe, status: str, dispute: str | None) -> None:
    told = heard(stripe, "charge.dispute.updated", recorded("dispute", status=status))
    assert isinstance(told.facts, PaymentFacts)
    assert (told.facts.ref, told.facts.dispute, told.facts.captured_cents) == (INTENT, dispute, 0)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"status": "incomplete"}, ("incomplete", ENDS, None)),
        ({"status": "incomplete_expired"}, ("canceled", ENDS, None)),
        ({"status": "trialing"}, ("trialing", ENDS, None)),
        ({"status": "active"}, ("active", ENDS, None)),
        ({"status": "past_due"}, ("past_due", BEGUN, BEGUN)),
        ({"status": "unpaid"}, ("past_due", BEGUN, BEGUN)),
        ({"status": "active", "pause_collection": {"behavior": "void"}}, ("paused", ENDS, None)),
        ({"status": "canceled", "ended_at": 1679609767}, ("canceled", BEGUN, None)),
    ],
)
def test_subscriptions_are_read(
    stripe: Stripe, changes: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    told = heard(stripe, "customer.subscription.updated", recorded("subscription", **changes))
    assert isinstance(told.facts, SubscriptionFacts)
    facts = told.facts
    assert (facts.status, facts.period_end, facts.past_due_since) == expected
    assert (facts.at, told.reference) == (told.at, SUBSCRIPTION)


def test_a_pause_does_not_lengthen_what_was_paid(stripe: Stripe) -> None:
    """Stripe goes on counting periods, whose invoices come to nothing."""
    paused = recorded("subscription", pause_collection={"behavior": "void"})
    paused["metadata"]["paid_until"] = "1679700000"
    facts = heard(stripe, "customer.subscription.updated", paused).facts
    assert isinstance(facts, SubscriptionFacts)
    assert facts.period_end == datetime.fromtimestamp(1679700000, UTC)


def test_of_two_events_of_a_second_the_further_one_is_later(stripe: Stripe) -> None:
    ranks = []
    for status in ("incomplete", "trialing", "active", "past_due", "canceled"):
        item = recorded("subscription", status=status)
        facts = heard(stripe, "customer.subscription.updated", item).facts
        assert isinstance(facts, SubscriptionFacts)
        ranks.append((facts.at, facts.rank))
    assert ranks == sorted(set(ranks))


@pytest.mark.parametrize("shape", ["invoice.paid", "invoice.paid.2024-06-20"])
def test_invoices_are_read_in_both_shapes(stripe: Stripe, shape: str) -> None:
    told = heard(stripe, "invoice.paid", recorded(shape))
    assert told.reference == SUBSCRIPTION
    assert told.facts == InvoiceFacts(
        "in_1MowQWLkdIwHu7ixuzkSPfKd",
        "sub_1MowQVLkdIwHu7ixeRlqHVzs",
        Money(799, "EUR"),
        paid_at=datetime.fromtimestamp(1679609768, UTC),
        period_start=BEGUN,
        period_end=ENDS,
    )


def test_an_invoice_over_nothing_says_nothing(stripe: Stripe) -> None:
    assert heard(stripe, "invoice.paid", recorded("invoice.paid", amount_paid=0)).facts is None


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("payment_intent.succeeded", "payment_intent.succeeded"),
        ("customer.subscription.updated", "subscription"),
        ("invoice.paid", "invoice.paid"),
    ],
)
def test_what_others_sell_by_the_same_account_is_not_ours(
    stripe: Stripe, kind: str, name: str
) -> None:
    told = heard(stripe, kind, recorded(name, metadata={}, parent=None))
    assert (told.facts, told.reference) == (None, None)


def test_what_is_followed_fits_into_one_question() -> None:
    assert len(FOLLOWED) <= 20
