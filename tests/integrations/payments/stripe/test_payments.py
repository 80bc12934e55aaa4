"""Single payments by Stripe: what is asked, and what its answers say."""

from datetime import UTC, datetime

import httpx
import pytest
from structlog.testing import capture_logs

from matinee.core.errors import ProviderError
from matinee.core.settings import Settings
from matinee.integrations.payments.protocol import Charge, Money, PaymentFacts
from matinee.integrations.payments.stripe.client import VERSION
from matinee.integrations.payments.stripe.provider import Stripe
from tests.integrations.payments.sandbox.posting import PURCHASE, order
from tests.integrations.payments.stripe.account import Account, event, listed, recorded

INTENT = "pi_3MtwBwLkdIwHu7ix28a3tqPa"
CHARGE = "POST /payment_intents"
READ = f"GET /payment_intents/{INTENT}"
SEARCH = "GET /payment_intents/search"


async def test_a_payment_is_asked_for_in_stripes_words(stripe: Stripe, account: Account) -> None:
    account.will(CHARGE, "payment_intent.succeeded")
    await stripe.charge(order("pm_1MtwBw"))
    assert account.form(CHARGE) == {
        "amount": "499",
        "currency": "eur",
        "payment_method": "pm_1MtwBw",
        "confirm": "true",
        "off_session": "false",
        "return_url": "http://testserver",
        "description": "Metropolis",
        "metadata[matinee]": str(PURCHASE),
        "metadata[order]": "order-1",
    }
    headers = account.asked[0].headers
    assert headers["idempotency-key"] == "order-1"
    assert headers["stripe-version"] == VERSION
    assert headers["authorization"] == "Bearer sk_test_12345"


@pytest.mark.parametrize(
    ("answer", "facts"),
    [
        ("succeeded", PaymentFacts(INTENT, "EUR", captured_cents=499, state="captured")),
        ("processing", PaymentFacts(INTENT, "EUR", state="pending")),
        (
            "requires_action",
            PaymentFacts(
                INTENT,
                "EUR",
                state="requires_action",
                action_url="https://hooks.stripe.com/3d_secure_2/hosted?merchant=acct_1",
            ),
        ),
    ],
)
async def test_an_answer_says_how_the_payment_stands(
    stripe: Stripe, account: Account, answer: str, facts: PaymentFacts
) -> None:
    account.will(CHARGE, f"payment_intent.{answer}")
    assert await stripe.charge(order("pm_1MtwBw")) == facts


async def test_a_refused_card_is_a_fact(stripe: Stripe, account: Account) -> None:
    account.will(CHARGE, "error.card_declined", 402)
    facts = await stripe.charge(order("pm_1MtwBw"))
    assert facts == PaymentFacts(INTENT, "EUR", state="failed", failure_code="insufficient_funds")


async def test_a_card_that_does_not_exist_is_refused(stripe: Stripe, account: Account) -> None:
    account.will(CHARGE, "error.no_such_payment_method", 400)
    facts = await stripe.charge(order("pm_none"))
    assert (facts.state, facts.failure_code) == ("failed", "resource_missing")


async def test_a_repeated_answer_is_not_believed_to_be_news(
    stripe: Stripe, account: Account
) -> None:
    """Stripe repeats what it said to the first call with a key, however long ago that was."""
    account.will(CHARGE, "payment_intent.processing", idempotent_replayed="true")
    account.will(READ, "payment_intent.succeeded")
    facts = await stripe.charge(order("pm_1MtwBw"))
    assert facts.state == "captured"


async def test_a_lost_answer_is_found_by_the_order(stripe: Stripe, account: Account) -> None:
    account.will(SEARCH, listed(recorded("payment_intent.succeeded")))
    facts = await stripe.fetch_payment(None, order("pm_1MtwBw", key="it's"))
    assert facts is not None
    assert facts.captured_cents == 499
    assert account.form(SEARCH)["query"] == r"metadata['order']:'it\'s'"


async def test_an_order_that_never_arrived_is_not_found(stripe: Stripe, account: Account) -> None:
    account.will(SEARCH, listed())
    assert await stripe.fetch_payment(None, order("pm_1MtwBw")) is None


async def test_a_payment_is_found_with_what_was_given_back(
    stripe: Stripe, account: Account
) -> None:
    account.will(READ, "payment_intent.refunded")
    facts = await stripe.fetch_payment(INTENT, order("pm_1MtwBw"))
    assert facts is not None
    assert (facts.captured_cents, facts.refunded_cents) == (499, 200)


async def test_money_is_given_back(stripe: Stripe, account: Account) -> None:
    account.will("POST /refunds", "refund")
    account.will(READ, "payment_intent.refunded")
    facts = await stripe.refund(INTENT, Money(200, "EUR"), "refund-1")
    assert (facts.ref, facts.refunded_cents) == (INTENT, 200)
    assert account.form("POST /refunds") == {"payment_intent": INTENT, "amount": "200"}
    assert account.asked[0].key == "refund-1"


async def test_what_was_given_back_already_is_no_failure(stripe: Stripe, account: Account) -> None:
    account.will("POST /refunds", "error.already_refunded", 400)
    account.will(READ, "payment_intent.refunded")
    facts = await stripe.refund(INTENT, Money(200, "EUR"), "refund-1")
    assert facts.refunded_cents == 200


async def test_what_is_not_given_back_for_good_is_a_fact(stripe: Stripe, account: Account) -> None:
    account.will("POST /refunds", "error.charge_disputed", 400)
    account.will(READ, "payment_intent.succeeded")
    facts = await stripe.refund(INTENT, Money(200, "EUR"), "refund-1")
    assert (facts.refunded_cents, facts.failure_code) == (0, "charge_disputed")


async def test_an_invoice_is_given_back_by_its_payment(stripe: Stripe, account: Account) -> None:
    account.will("GET /invoice_payments", "invoice_payments.paid")
    account.will("POST /refunds", "refund")
    account.will(READ, "payment_intent.refunded")
    facts = await stripe.refund("in_1", Money(200, "EUR"), "refund-1")
    assert facts.ref == "in_1"
    assert account.form("POST /refunds")["payment_intent"] == INTENT


@pytest.mark.parametrize(
    ("money", "amount"),
    [(Money(500, "JPY"), "500"), (Money(5, "ISK"), "500"), (Money(1999, "USD"), "1999")],
)
async def test_amounts_are_counted_as_stripe_counts_them(
    stripe: Stripe, account: Account, money: Money, amount: str
) -> None:
    intent = recorded(
        "payment_intent.succeeded", currency=money.currency.lower(), amount_received=int(amount)
    )
    account.will(CHARGE, intent)
    facts = await stripe.charge(Charge("order-1", money, "pm_1MtwBw", "Metropolis", PURCHASE))
    assert account.form(CHARGE)["amount"] == amount
    assert (facts.captured_cents, facts.currency) == (money.cents, money.currency)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500, 503])
async def test_what_cannot_be_understood_is_to_be_asked_again(
    stripe: Stripe, account: Account, status: int
) -> None:
    account.will(CHARGE, {"error": {"type": "api_error"}}, status)
    with pytest.raises(ProviderError):
        await stripe.charge(order("pm_1MtwBw"))


async def test_a_wrong_key_is_logged_without_it(stripe: Stripe, account: Account) -> None:
    account.will(CHARGE, "error.invalid_key", 401)
    with capture_logs() as logs, pytest.raises(ProviderError):
        await stripe.charge(order("pm_1MtwBw"))
    assert [line["status"] for line in logs] == [401]
    assert "sk_test" not in str(logs)


@pytest.mark.parametrize("status", [200, 502])
@pytest.mark.parametrize("answer", ["not json", "[1]"])
async def test_an_answer_of_another_form_is_a_failure_of_the_provider(
    settings: Settings, answer: str, status: int
) -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(status, text=answer))
    with pytest.raises(ProviderError):
        await Stripe(settings, transport).charge(order("pm_1MtwBw"))


async def test_no_answer_is_a_failure_of_the_provider(settings: Settings) -> None:
    def hang_up(_request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("nobody answers")

    stripe = Stripe(settings, httpx.MockTransport(hang_up))
    with pytest.raises(ProviderError):
        await stripe.charge(order("pm_1MtwBw"))


async def test_a_card_is_known_by_its_fingerprint(stripe: Stripe, account: Account) -> None:
    account.will("GET /payment_methods/pm_1MtwBw", "payment_method")
    assert await stripe.fingerprint("pm_1MtwBw") == "mToisGZ01V71BCos"


async def test_a_payment_method_cannot_lead_to_another_address(
    stripe: Stripe, account: Account
) -> None:
    account.will("GET /payment_methods/..%2Fcustomers", "error.missing", 404)
    assert await stripe.fingerprint("../customers") is None


async def test_events_are_read_page_by_page_and_told_oldest_first(
    stripe: Stripe, account: Account
) -> None:
    intent = recorded("payment_intent.succeeded")
    charge = recorded("charge", amount_refunded=499)
    account.will("GET /events", listed(event("charge.refunded", charge, 2000), has_more=True))
    account.will("GET /events", listed(event("payment_intent.succeeded", intent, 1000)))
    events = await stripe.events_since(datetime(1970, 1, 1, 0, 10, tzinfo=UTC))
    assert [told.type for told in events] == ["payment_intent.succeeded", "charge.refunded"]
    assert account.asked[0].form["created[gte]"] == "600"
    assert account.asked[1].form["starting_after"] == "evt_charge_refunded"
