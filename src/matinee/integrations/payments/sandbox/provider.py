"""The practice provider: behaves like one on the Internet, with its memory in our database."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

import httpx
import structlog

from matinee.core.database import Database, WriteTx
from matinee.core.errors import ProviderError
from matinee.core.jobs import enqueue
from matinee.core.settings import Settings
from matinee.integrations.payments.protocol import (
    Charge,
    Money,
    PaymentFacts,
    ProviderEvent,
)
from matinee.integrations.payments.sandbox import jobs, payments, telling
from matinee.integrations.payments.sandbox.tokens import fingerprint_of
from matinee.integrations.payments.signatures import StandardWebhooks

log = structlog.get_logger(__name__)

API = "/api/v1"
TIMEOUT = httpx.Timeout(10.0)
A_MOMENT = 5.0
"""Seconds after which slow payments are captured and disputes are opened."""


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
        self._url = (
            settings.sandbox_webhook_url or f"{settings.public_url}{API}/webhooks/payments/sandbox"
        )
        self._page = f"{settings.public_url}{API}/sandbox/payments/"

    async def charge(self, order: Charge) -> PaymentFacts:
        """Take money once, as the token's story goes."""
        async with self._database.write() as tx:
            step = await payments.charge(tx, order, self._page)
            await self._tell(tx, step)
            if step.news and step.payment.story.slow:
                await enqueue(tx, jobs.capture, delay=self.delay, ref=step.answer.ref)
        return step.answer

    async def refund(self, ref: str, amount: Money, key: str) -> PaymentFacts:
        """Give money back."""
        async with self._database.write() as tx:
            step = await payments.refund(tx, ref, amount, key)
            await self._tell(tx, step)
        return step.answer

    async def confirm(self, ref: str, outcome: Literal["ok", "declined"]) -> PaymentFacts:
        """End an open payment as whoever pays wants it.

        Raises:
            NotFound: there is no such payment.
        """
        async with self._database.write() as tx:
            step = await payments.confirm(tx, ref, outcome)
            await self._tell(tx, step)
        return step.answer

    async def dispute(self, ref: str, outcome: Literal["open", "won", "lost"]) -> PaymentFacts:
        """Open a dispute, or decide it.

        Raises:
            NotFound: there is no such payment.
        """
        async with self._database.write() as tx:
            step = await payments.dispute(tx, ref, outcome)
            await self._tell(tx, step)
        return step.answer

    async def fetch_payment(self, ref: str | None, order: Charge) -> PaymentFacts | None:
        """How a payment stands."""
        async with self._database.read() as tx:
            return await payments.find(tx, ref, order.key)

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

    async def post(self, events: Sequence[str]) -> None:
        """Post events one after another.

        Raises:
            ProviderError: one was not taken; the rest was not posted.
        """
        async with httpx.AsyncClient(transport=self.transport, timeout=TIMEOUT) as client:
            for event_id in events:
                async with self._database.read() as tx:
                    body = await telling.body_of(tx, event_id)
                if body is not None:
                    await self._post(client, event_id, body)

    async def _post(self, client: httpx.AsyncClient, event_id: str, body: bytes) -> None:
        headers = self._webhooks.sign(event_id, body, datetime.now(UTC))
        headers["content-type"] = "application/json"
        try:
            answer = await client.post(self._url, content=body, headers=headers)
        except httpx.TransportError as error:
            raise ProviderError(message=f"The webhook was not taken: {error!r}.") from None
        if not answer.is_success:
            raise ProviderError(message=f"The webhook was answered with {answer.status_code}.")

    async def aclose(self) -> None:
        """There is nothing to close."""

    async def _tell(self, tx: WriteTx, step: payments.Step) -> None:
        """Keep what happened, and post it once this is committed."""
        ids = await telling.remember(tx, step.news)
        posts = telling.in_order_of(step.payment.story.delivery, ids)
        if posts and self._signs:
            await enqueue(tx, jobs.deliver, events=posts)
        if step.payment.story.disputed and any(n.type == "payment.captured" for n in step.news):
            await enqueue(tx, jobs.open_dispute, delay=self.delay, ref=step.answer.ref)
