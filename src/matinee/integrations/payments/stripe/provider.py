"""Stripe as a payment provider."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

import httpx

from matinee.core.settings import Settings
from matinee.integrations.payments.protocol import (
    Charge,
    Money,
    PaymentFacts,
    Plan,
    ProviderEvent,
    SubscriptionFacts,
    SubscriptionOrder,
)
from matinee.integrations.payments.signatures import StripeSignatures
from matinee.integrations.payments.stripe import facts, webhooks
from matinee.integrations.payments.stripe.client import (
    Answer,
    Client,
    Object,
    card_refused,
    metadata_is,
    missing,
    refused_for_good,
)
from matinee.integrations.payments.stripe.subscriptions import Subscriptions

INVOICE = "in_"
WITH_CHARGE = {"expand": ["latest_charge"]}


class Stripe:
    """Takes money by Stripe.

    Stripe remembers keys for a day. Whoever wants to know later whether an order went through has
    to look it up by `fetch_…`; its search finds new ones after a minute.
    """

    name = "stripe"

    def __init__(
        self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        secret = settings.stripe_secret_key
        self._client = Client(secret.get_secret_value() if secret else "", transport)
        self._signatures = StripeSignatures(settings.stripe_webhook_secrets)
        self._subscriptions = Subscriptions(self._client)
        self._return_url = settings.public_url

    async def charge(self, order: Charge) -> PaymentFacts:
        """Take money once, by a PaymentIntent that is confirmed as it is made."""
        form = {
            "amount": facts.amount_of(order.amount),
            "currency": order.amount.currency.lower(),
            "payment_method": order.payment_method,
            "confirm": True,
            "off_session": False,
            "return_url": self._return_url,
            "description": order.description,
            "metadata": {"matinee": order.reference, "order": order.key},
        }
        answer = await self._client.post("/payment_intents", form, order.key, accept=card_refused)
        if not answer.is_success:
            return _refused(order, answer)
        intent = answer.body
        if answer.replayed:
            intent = await self._intent(intent["id"])
        return facts.payment_facts(intent)

    async def refund(self, ref: str, amount: Money, key: str) -> PaymentFacts:
        """Give money of a payment, or of an invoice, back."""
        intent_ref = await self._intent_ref_of(ref)
        form = {"payment_intent": intent_ref, "amount": facts.amount_of(amount)}
        answer = await self._client.post("/refunds", form, key, accept=refused_for_good)
        known = replace(facts.payment_facts(await self._intent(intent_ref)), ref=ref)
        if answer.is_success or answer.error_code == "charge_already_refunded":
            return known
        return replace(known, failure_code=answer.error_code)

    async def fetch_payment(self, ref: str | None, order: Charge) -> PaymentFacts | None:
        """How a payment stands; found by the order's key where its name is unknown."""
        if ref:
            found = await self._client.get(f"/payment_intents/{ref}", WITH_CHARGE, accept=missing)
            return facts.payment_facts(found.body) if found.is_success else None
        query = {
            "query": metadata_is("order", order.key),
            "expand": ["data.latest_charge"],
            "limit": 1,
        }
        answer = await self._client.get("/payment_intents/search", query)
        for intent in answer.body["data"]:
            return facts.payment_facts(intent)
        return None

    async def start_subscription(self, order: SubscriptionOrder) -> SubscriptionFacts:
        """Begin to take money regularly."""
        return await self._subscriptions.start(order)

    async def change_subscription(
        self, ref: str, plan: Plan, *, prorated: Money | None, key: str
    ) -> SubscriptionFacts:
        """Change to another plan, now or at the period's end."""
        if prorated is None:
            return await self._subscriptions.change_later(ref, plan, key)
        return await self._subscriptions.change_now(ref, plan, prorated, key)

    async def set_cancellation(self, ref: str, *, cancel: bool, key: str) -> SubscriptionFacts:
        """Have it end with the period that is paid, or not."""
        return await self._subscriptions.set_cancellation(ref, cancel, key)

    async def cancel_subscription(self, ref: str, key: str) -> SubscriptionFacts:
        """End it at once; Stripe needs no key to do so once."""
        return await self._subscriptions.cancel(ref)

    async def pause_subscription(self, ref: str, key: str) -> SubscriptionFacts:
        """Take no money until it is resumed."""
        return await self._subscriptions.pause(ref, key)

    async def resume_subscription(self, ref: str, key: str) -> SubscriptionFacts:
        """Go on after a pause."""
        return await self._subscriptions.resume(ref, key)

    async def fetch_subscription(
        self, ref: str | None, order: SubscriptionOrder
    ) -> SubscriptionFacts | None:
        """How a subscription stands."""
        return await self._subscriptions.find(ref, order)

    async def events_since(self, moment: datetime) -> list[ProviderEvent]:
        """What Stripe has told since a moment, of the thirty days that it remembers."""
        query = {"created": {"gte": int(moment.timestamp())}, "types": webhooks.FOLLOWED}
        events = [webhooks.event_of(event) async for event in self._client.pages("/events", query)]
        return events[::-1]

    async def fingerprint(self, payment_method: str) -> str | None:
        """Stripe's own fingerprint of the card."""
        path = f"/payment_methods/{quote(payment_method, safe='')}"
        answer = await self._client.get(path, accept=missing)
        card = answer.body.get("card") or {}
        return card.get("fingerprint") if answer.is_success else None

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
        """The event in a webhook's body.

        Raises:
            NotFound: no secret is set.
            BadSignature: it is not from Stripe, too old, from the future, or malformed.
        """
        self._signatures.verify(headers, body, now)
        return webhooks.parsed(body)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _intent(self, ref: str) -> Object:
        return (await self._client.get(f"/payment_intents/{ref}", WITH_CHARGE)).body

    async def _intent_ref_of(self, ref: str) -> str:
        """The PaymentIntent behind the name of a payment or an invoice."""
        if not ref.startswith(INVOICE):
            return ref
        answer = await self._client.get("/invoice_payments", {"invoice": ref, "status": "paid"})
        [payment] = answer.body["data"]
        return str(payment["payment"]["payment_intent"])


def _refused(order: Charge, answer: Answer) -> PaymentFacts:
    """Facts of a payment whose card was refused, perhaps before there was anything at Stripe."""
    intent = answer.body["error"].get("payment_intent") or {}
    return PaymentFacts(
        ref=intent.get("id") or f"refused:{order.reference.id}",
        currency=order.amount.currency,
        state="failed",
        failure_code=answer.error_code or "card_declined",
    )
