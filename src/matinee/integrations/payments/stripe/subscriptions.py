"""Subscriptions at Stripe: what has to be called, in which order, to make and to change one.

Every call has a key of its own, derived from that of the whole, so that a broken attempt is taken
up where it broke.
"""

from dataclasses import replace
from typing import Any

from matinee.integrations.payments.protocol import (
    Money,
    Plan,
    SubscriptionFacts,
    SubscriptionOrder,
)
from matinee.integrations.payments.stripe import facts
from matinee.integrations.payments.stripe.client import (
    Answer,
    Client,
    Form,
    Object,
    card_refused,
    has_code,
    metadata_is,
    missing,
)

RUNNING = ("trialing", "active", "past_due")


class Subscriptions:
    """Makes, changes and finds subscriptions at one account of Stripe."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._products: set[str] = set()

    async def start(self, order: SubscriptionOrder) -> SubscriptionFacts:
        """Begin one, with a customer of its own; a refused card ends it at once."""
        customer = await self._client.post(
            "/customers",
            {
                "payment_method": order.payment_method,
                "invoice_settings": {"default_payment_method": order.payment_method},
                "metadata": {"matinee_user": order.reference.user_id},
            },
            f"{order.key}:customer",
            accept=card_refused,
        )
        if not customer.is_success:
            return _never_begun(order, customer)
        form = {
            "customer": customer.body["id"],
            "items": [{"price_data": await self._price(order.plan)}],
            "metadata": {
                "matinee": order.reference,
                "order": order.key,
                "plan": order.plan.slug,
            },
            "trial_period_days": order.trial_days or None,
            "payment_behavior": "allow_incomplete",
            "proration_behavior": "none",
            "off_session": False,
        }
        made = await self._client.post("/subscriptions", form, order.key)
        return await self._begun(await self._current(made))

    async def _begun(self, answer: Answer) -> SubscriptionFacts:
        """How the beginning went: done, waiting for whoever pays, or refused and ended."""
        said = facts.subscription_facts(answer.body, answer.at)
        invoice = answer.body.get("latest_invoice")
        if said.status != "incomplete" or not invoice:
            return said
        intent = await self._payment_of(invoice)
        if intent is None:
            return said
        if failure := facts.refusal(intent):
            return replace(await self._end(said.ref), failure_code=failure)
        return replace(said, action_url=facts.action_url(intent))

    async def change_now(
        self, ref: str, plan: Plan, prorated: Money, key: str
    ) -> SubscriptionFacts:
        """Take the prorated money first; only then is it another plan."""
        answer = await self._read(ref)
        subscription = answer.body
        if subscription["metadata"].get("change") == key:
            return _said(answer)
        if subscription["status"] not in RUNNING:
            return replace(_said(answer), failure_code="subscription_not_active")
        if prorated.cents and (failure := await self._bill(subscription, plan, prorated, key)):
            return replace(_said(answer), failure_code=failure)
        await self._release(subscription, key)
        [item] = subscription["items"]["data"]
        form = {
            "items": [{"id": item["id"], "price_data": await self._price(plan)}],
            "metadata": {"plan": plan.slug, "pending_plan": "", "change": key},
            "proration_behavior": "none",
        }
        return await self._write(ref, form, f"{key}:change")

    async def change_later(self, ref: str, plan: Plan, key: str) -> SubscriptionFacts:
        """Have a schedule change the plan with the next period; the present plan undoes that."""
        answer = await self._read(ref)
        subscription = answer.body
        if subscription["metadata"].get("change") == key:
            return _said(answer)
        if subscription["status"] not in RUNNING:
            return replace(_said(answer), failure_code="subscription_not_active")
        is_present = subscription["metadata"].get("plan") == plan.slug
        if is_present:
            await self._release(subscription, key)
        else:
            await self._schedule(subscription, plan, key)
        pending = "" if is_present else plan.slug
        form = {"metadata": {"pending_plan": pending, "change": key}}
        return await self._write(ref, form, f"{key}:change")

    async def set_cancellation(self, ref: str, cancel: bool, key: str) -> SubscriptionFacts:
        """Have it end with its period, or not; a change that was to come is forgotten."""
        answer = await self._read(ref)
        if answer.body["status"] in ("canceled", "incomplete_expired"):
            return _said(answer)
        await self._release(answer.body, key)
        form = {"cancel_at_period_end": cancel, "metadata": {"pending_plan": ""}}
        return await self._write(ref, form, key)

    async def cancel(self, ref: str) -> SubscriptionFacts:
        """End it at once."""
        return await self._end(ref)

    async def pause(self, ref: str, key: str) -> SubscriptionFacts:
        """Let its invoices come to nothing, and remember until when it was paid."""
        answer = await self._read(ref)
        if answer.body.get("pause_collection") or answer.body["status"] == "canceled":
            return _said(answer)
        end = facts.subscription_facts(answer.body, answer.at).period_end
        form = {
            "pause_collection": {"behavior": "void"},
            "metadata": {"paid_until": int(end.timestamp()) if end else ""},
        }
        return await self._write(ref, form, key)

    async def resume(self, ref: str, key: str) -> SubscriptionFacts:
        """Go on; where the paid period has ended meanwhile, with a new one that is paid now."""
        answer = await self._read(ref)
        if not answer.body.get("pause_collection"):
            return _said(answer)
        form: dict[str, Any] = {"pause_collection": "", "metadata": {"paid_until": ""}}
        paid_until = answer.body["metadata"].get("paid_until")
        if paid_until and int(paid_until) <= answer.at.timestamp():
            form |= {
                "billing_cycle_anchor": "now",
                "proration_behavior": "none",
                "payment_behavior": "error_if_incomplete",
            }
        resumed = await self._client.post(f"/subscriptions/{ref}", form, key, accept=card_refused)
        if not resumed.is_success:
            return replace(_said(answer), failure_code=resumed.error_code)
        return _said(await self._current(resumed))

    async def find(self, ref: str | None, order: SubscriptionOrder) -> SubscriptionFacts | None:
        """How one stands, found by the order's key where its name is unknown.

        One that was refused at its beginning is ended, where that is still to be done.
        """
        if ref:
            found = await self._client.get(f"/subscriptions/{ref}", accept=missing)
            return await self._begun(found) if found.is_success else None
        query = {"query": metadata_is("order", order.key), "limit": 1}
        answer = await self._client.get("/subscriptions/search", query)
        for subscription in answer.body["data"]:
            # the search may show how it was a minute ago
            return await self._begun(await self._read(subscription["id"]))
        return None

    async def _bill(self, subscription: Object, plan: Plan, amount: Money, key: str) -> str | None:
        """Take money on top, by an invoice of its own; returns why it was refused, if it was."""
        whose = {"customer": subscription["customer"], "subscription": subscription["id"]}
        item = {
            **whose,
            "amount": facts.amount_of(amount),
            "currency": amount.currency.lower(),
            "description": f"Change to {plan.name}",
        }
        await self._client.post("/invoiceitems", item, f"{key}:item")
        form = {
            **whose,
            "auto_advance": False,
            "pending_invoice_items_behavior": "include",
            "metadata": {"matinee": subscription["metadata"].get("matinee")},
        }
        invoice = await self._client.post("/invoices", form, f"{key}:invoice")
        path = f"/invoices/{invoice.body['id']}"
        await self._client.post(f"{path}/finalize", {"auto_advance": False}, f"{key}:finalize")
        paid = await self._client.post(f"{path}/pay", {}, f"{key}:pay", accept=card_refused)
        if paid.is_success:
            return None
        await self._client.post(f"{path}/void", {}, f"{key}:void")
        return paid.error_code or "card_declined"

    async def _schedule(self, subscription: Object, plan: Plan, key: str) -> None:
        """Let the present plan last until the period's end and the other one follow."""
        schedule = await self._schedule_of(subscription, key)
        [item] = subscription["items"]["data"]
        present = {
            "items": [{"price": item["price"]["id"], "quantity": 1}],
            "start_date": schedule["current_phase"]["start_date"],
            "end_date": schedule["current_phase"]["end_date"],
        }
        following = {
            "items": [{"price_data": await self._price(plan), "quantity": 1}],
            "duration": {"interval": plan.billing_period, "interval_count": 1},
            "metadata": {"plan": plan.slug, "pending_plan": ""},
        }
        form = {
            "end_behavior": "release",
            "proration_behavior": "none",
            "phases": [present, following],
        }
        await self._client.post(f"/subscription_schedules/{schedule['id']}", form, f"{key}:phases")

    async def _schedule_of(self, subscription: Object, key: str) -> Object:
        """The schedule that steers a subscription, made where there is none."""
        if ref := subscription.get("schedule"):
            return (await self._client.get(f"/subscription_schedules/{ref}")).body
        form = {"from_subscription": subscription["id"]}
        return (await self._client.post("/subscription_schedules", form, f"{key}:schedule")).body

    async def _release(self, subscription: Object, key: str) -> None:
        """Let a subscription go on without the schedule that steers it."""
        if ref := subscription.get("schedule"):
            path = f"/subscription_schedules/{ref}/release"
            await self._client.post(path, {}, f"{key}:release")

    async def _end(self, ref: str) -> SubscriptionFacts:
        answer = await self._client.delete(f"/subscriptions/{ref}", accept=missing)
        return _said(answer if answer.is_success else await self._read(ref))

    async def _read(self, ref: str) -> Answer:
        return await self._client.get(f"/subscriptions/{ref}")

    async def _write(self, ref: str, form: Form, key: str) -> SubscriptionFacts:
        return _said(
            await self._current(await self._client.post(f"/subscriptions/{ref}", form, key))
        )

    async def _current(self, answer: Answer) -> Answer:
        """The same, read again where the answer was that of an earlier call."""
        return await self._read(answer.body["id"]) if answer.replayed else answer

    async def _payment_of(self, invoice: Any) -> Object | None:
        """The PaymentIntent by which an invoice is to be paid."""
        ref = invoice if isinstance(invoice, str) else invoice["id"]
        query = {"invoice": ref, "expand": ["data.payment.payment_intent"], "limit": 1}
        for payment in (await self._client.get("/invoice_payments", query)).body["data"]:
            intent: Object | None = payment["payment"].get("payment_intent")
            return intent
        return None

    async def _price(self, plan: Plan) -> Form:
        """What a plan costs; its product is made at the first use."""
        product = f"matinee-{plan.slug}"
        if product not in self._products:
            form = {"id": product, "name": plan.name}
            await self._client.post("/products", form, accept=has_code("resource_already_exists"))
            self._products.add(product)
        return {
            "currency": plan.price.currency.lower(),
            "product": product,
            "unit_amount": facts.amount_of(plan.price),
            "recurring": {"interval": plan.billing_period},
        }


def _said(answer: Answer) -> SubscriptionFacts:
    return facts.subscription_facts(answer.body, answer.at)


def _never_begun(order: SubscriptionOrder, answer: Answer) -> SubscriptionFacts:
    """Facts of a subscription whose card was refused before there was anything at Stripe."""
    return SubscriptionFacts(
        ref=f"refused:{order.reference.id}",
        status="canceled",
        at=answer.at,
        plan=order.plan.slug,
        failure_code=answer.error_code or "card_declined",
    )
