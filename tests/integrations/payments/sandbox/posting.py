"""Somebody who listens to the practice provider, and what is ordered from it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import httpx

from matinee.integrations.payments.protocol import (
    Charge,
    Money,
    Plan,
    ProviderEvent,
    Reference,
    SubscriptionOrder,
)
from matinee.integrations.payments.sandbox.provider import Sandbox

HOUSEHOLD = UUID(int=1)
PURCHASE = Reference("purchase", HOUSEHOLD, UUID(int=2))
SUBSCRIPTION = Reference("subscription", HOUSEHOLD, UUID(int=3))
MONTHLY = Plan("basic", "Basic", Money(799, "EUR"), "month")


def order(payment_method: str, key: str = "order-1", cents: int = 499) -> Charge:
    """A purchase that is to be paid."""
    return Charge(key, Money(cents, "EUR"), payment_method, "Metropolis", PURCHASE)


def subscription_order(
    payment_method: str, key: str = "sub-1", plan: Plan = MONTHLY, trial_days: int = 0
) -> SubscriptionOrder:
    """A subscription that is to begin."""
    return SubscriptionOrder(key, plan, trial_days, payment_method, SUBSCRIPTION)


@dataclass
class Listener(httpx.AsyncBaseTransport):
    """Takes webhooks as our endpoint does: verifies each; `answers` come first, then 200."""

    sandbox: Sandbox
    answers: list[int] = field(default_factory=list)
    heard: list[ProviderEvent] = field(default_factory=list)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one webhook."""
        body = await request.aread()
        if self.answers and (status := self.answers.pop(0)) >= 300:
            return httpx.Response(status)
        self.heard.append(self.sandbox.verify(request.headers, body, self.clock()))
        return httpx.Response(204)

    @property
    def types(self) -> list[str]:
        """What was heard, in order."""
        return [event.type for event in self.heard]
