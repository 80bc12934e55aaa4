"""The practice provider: behaves like one on the Internet, with its memory in our database."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Concatenate, Literal, ParamSpec

import httpx

from matinee.core.database import Database, WriteTx
from matinee.core.jobs import enqueue
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
from matinee.integrations.payments.sandbox import (
    invoices,
    jobs,
    payments,
    posting,
    renewals,
    subscriptions,
    telling,
)
from matinee.integrations.payments.sandbox.telling import Answer, Step
from matinee.integrations.payments.sandbox.tokens import fingerprint_of
from matinee.integrations.payments.signatures import StandardWebhooks

Args = ParamSpec("Args")

ENDPOINT = "/api/v1/webhooks/payments/sandbox"
A_MOMENT = 5.0


class Sandbox:
    """Takes no money. Every call is a short transaction of its own, as if it were elsewhere.

    `transport` is how webhooks are posted (None: over the network); `delay` is how many seconds
    slow payments and disputes take.
    """

    name = "sandbox"

    def __init__(self, settings: Settings, database: Database) -> None:
        self.transport: httpx.AsyncBaseTransport | None = None
        self.delay = A_MOMENT
        self._database = database
        self._webhooks = StandardWebhooks(settings.sandbox_webhook_secrets)
        self._signs = bool(settings.sandbox_webhook_secrets)
        self._url = settings.sandbox_webhook_url or f"{settings.public_url}{ENDPOINT}"
        self._page = f"{settings.public_url}/sandbox/payments/"

    async def charge(self, order: Charge) -> PaymentFacts:
        """Take money once, as the token's story goes."""
        return await self._take(payments.charge, order, self._page)

    async def refund(self, ref: str, amount: Money, key: str) -> PaymentFacts:
        """Give money of a payment or of an invoice back."""
        refund = invoices.refund if ref.startswith(invoices.PREFIX) else payments.refund
        return await self._take(refund, ref, amount, key)

    async def fetch_payment(self, ref: str | None, order: Charge) -> PaymentFacts | None:
        """How a payment stands."""
        async with self._database.read() as tx:
            return await payments.find(tx, ref, order.key)

    async def start_subscription(self, order: SubscriptionOrder) -> SubscriptionFacts:
        """Begin to take money regularly."""
        return await self._take(subscriptions.start, order, self._page)

    async def change_subscription(
        self, ref: str, plan: Plan, *, prorated: Money | None, key: str
    ) -> SubscriptionFacts:
        """Change to another plan, now or at the period's end; the period stays as it is."""
        return await self._take(subscriptions.change, ref, plan, prorated, key)

    async def set_cancellation(self, ref: str, *, cancel: bool, key: str) -> SubscriptionFacts:
        """Have it end with the period that is paid, or not."""
        return await self._take(subscriptions.set_cancellation, ref, cancel, key)

    async def cancel_subscription(self, ref: str, key: str) -> SubscriptionFacts:
        """End it at once."""
        return await self._take(subscriptions.cancel, ref, key)

    async def pause_subscription(self, ref: str, key: str) -> SubscriptionFacts:
        """Take no money until it is resumed."""
        return await self._take(subscriptions.pause, ref, key)

    async def resume_subscription(self, ref: str, key: str) -> SubscriptionFacts:
        """Go on after a pause."""
        return await self._take(subscriptions.resume, ref, key)

    async def fetch_subscription(
        self, ref: str | None, order: SubscriptionOrder
    ) -> SubscriptionFacts | None:
        """How a subscription stands."""
        async with self._database.read() as tx:
            return await subscriptions.find(tx, ref, order.key)

    async def events_since(self, moment: datetime) -> list[ProviderEvent]:
        """What it has told since a moment, also what never arrived."""
        async with self._database.read() as tx:
            return await telling.events_since(tx, moment)

    async def fingerprint(self, payment_method: str) -> str | None:
        """The card that the token names after a colon."""
        return fingerprint_of(payment_method)

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
        """The event in a webhook's body.

        Raises:
            NotFound: no secret is set.
            BadSignature: it is not ours, too old, from the future, or malformed.
        """
        return telling.parsed(self._webhooks.verify(headers, body, now), body)

    async def confirm(
        self, ref: str, outcome: Literal["ok", "declined"]
    ) -> PaymentFacts | SubscriptionFacts:
        """End an open payment, or the first or overdue one of a subscription, as its payer wants.

        Raises:
            NotFound: there is none of that name.
        """
        if ref.startswith(subscriptions.PREFIX):
            return await self._take(subscriptions.confirm, ref, outcome)
        return await self._take(payments.confirm, ref, outcome)

    async def dispute(self, ref: str, outcome: Literal["open", "won", "lost"]) -> PaymentFacts:
        """Open a dispute, or decide it.

        Raises:
            NotFound: there is no such payment.
        """
        return await self._take(payments.dispute, ref, outcome)

    async def advance(self, ref: str) -> SubscriptionFacts:
        """Let a subscription's period have ended just now, or its next retry be due.

        Raises:
            NotFound: there is no such subscription.
        """
        return await self._take(renewals.advance, ref)

    async def let_time_pass(self) -> None:
        """Renew what is due, give up what nobody confirmed, forget what was told long ago."""
        async with self._database.read() as tx:
            due = await renewals.due(tx)
            forgotten = await payments.forgotten(tx)
        for ref in due:
            await self._take(renewals.renew, ref)
        for ref in forgotten:
            await self._take(payments.expire, ref)
        async with self._database.write() as wtx:
            await telling.forget(wtx)

    async def post(self, events: list[str]) -> None:
        """Post events one after another.

        Raises:
            ProviderError: one was not taken; those after it were not posted.
        """
        async with self._database.read() as tx:
            messages = await telling.messages(tx, events)
        await posting.post(self._url, messages, self._webhooks, self.transport)

    async def aclose(self) -> None:
        """There is nothing to close."""

    async def _take(
        self,
        step: Callable[Concatenate[WriteTx, Args], Awaitable[Step[Answer]]],
        *args: Args.args,
        **kwargs: Args.kwargs,
    ) -> Answer:
        """Take a step in a transaction, and tell what came of it once that is committed."""
        async with self._database.write() as tx:
            taken = await step(tx, *args, **kwargs)
            await self._tell(tx, taken)
        return taken.answer

    async def _tell(self, tx: WriteTx, taken: Step[Answer]) -> None:
        types = [news.type for news in taken.news]
        ids = await telling.remember(tx, taken.news)
        posts = telling.in_order_of(taken.story.delivery, ids)
        if posts and self._signs:
            await enqueue(tx, jobs.deliver, events=posts)
        if taken.story.slow and types in (["payment.pending"], ["subscription.created"]):
            await enqueue(tx, jobs.capture, delay=self.delay, ref=taken.answer.ref)
        if taken.story.disputed and "payment.captured" in types:
            await enqueue(tx, jobs.open_dispute, delay=self.delay, ref=taken.answer.ref)
