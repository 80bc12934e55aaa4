"""News of payments come twice, in any order, and connections die while they are applied."""

import asyncio
import random
from datetime import UTC, datetime

import asyncpg
import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from matinee.core.errors import ProviderError
from matinee.entitlements.webhooks.parked import apply_parked
from matinee.integrations.payments.protocol import Charge, Money, PaymentFacts
from matinee.integrations.payments.sandbox.telling import messages
from matinee.integrations.payments.signatures import StandardWebhooks
from matinee.runtime import Runtime
from tests.entitlements.purchases.conftest import run_job, take_over
from tests.faults.money.conftest import WEBHOOK_SECRET
from tests.faults.money.shop import (
    Shop,
    broken_rules,
    in_parallel,
    let_days_pass,
    open_shop,
)
from tests.faults.money.tally import Tally
from tests.faults.test_server_under_attack import KILL_ALL
from tests.makers import execute, scalar

ENDPOINT = "/api/v1/webhooks/payments/sandbox"
EVENTS_EACH = 5
SOME = 40
SIGNER = StandardWebhooks([WEBHOOK_SECRET])

_EVENTS = "SELECT array_agg(ref ORDER BY ref) FROM sandbox_objects WHERE kind = 'event'"
_APPLIED = "SELECT array_agg(event_id) FROM payment_events WHERE state = 'applied'"
_WAITING = "SELECT count(*) FROM payment_events WHERE state = 'parked'"
_NOW = "UPDATE payment_events SET next_attempt_at = now() WHERE state = 'parked'"
_DIFFERENT = """
    SELECT count(*) FROM purchases p JOIN sandbox_objects o
        ON o.kind = 'charge' AND o.state #>> '{facts,ref}' = p.provider_ref
    WHERE (p.captured_cents, p.refunded_cents, p.dispute) IS DISTINCT FROM (
        (o.state #>> '{facts,captured_cents}')::int, (o.state #>> '{facts,refunded_cents}')::int,
        o.state #>> '{facts,dispute}')
"""
_HEARD_OF = "SELECT count(*) FROM purchases WHERE captured_cents > 0"


async def eventful(shop: Shop, purchases: int) -> None:
    """Purchases of which much happened at the provider, and nothing was heard here yet."""
    sandbox = shop.runtime.payments.sandbox

    async def charge(order: Charge) -> PaymentFacts:
        paid = await sandbox.charge(order)
        for cents in (100, 33):
            await sandbox.refund(paid.ref, Money(cents, "USD"), f"{order.key}:{cents}")
        await sandbox.dispute(paid.ref, "open")
        await sandbox.dispute(paid.ref, random.choice(["won", "lost"]))
        raise ProviderError(message="The answer was lost.")

    take_over(shop.runtime, charge=charge)
    await in_parallel([shop.buy(number) for number in range(purchases)], 8)
    take_over(shop.runtime)


async def post(client: AsyncClient, event_id: str, body: bytes) -> None:
    """Post an event until it is taken, as providers do."""
    while True:
        headers = SIGNER.sign(event_id, body, datetime.now(UTC))
        answer = await client.post(ENDPOINT, content=body, headers=headers)
        if answer.status_code == 200:
            return
        assert answer.status_code == 503, answer.text
        await asyncio.sleep(0.05)


async def kill_now_and_then(url: str, times: int) -> None:
    """Have every connection die, wherever it is."""
    killer = await asyncpg.connect(url)
    for _ in range(times):
        await asyncio.sleep(random.uniform(0.1, 1.0))
        await killer.execute(KILL_ALL)
    await killer.close()


@pytest.mark.parametrize("events", [SOME, pytest.param(1000, marks=pytest.mark.faults)])
async def test_each_event_counts_once(
    runtime: Runtime, app: FastAPI, client: AsyncClient, database_url: str, events: int
) -> None:
    purchases = events // EVENTS_EACH
    shop = await open_shop(runtime, client, 4, purchases // 4)
    await eventful(shop, purchases)
    ids = await scalar(runtime, _EVENTS)
    async with runtime.database.read() as tx:
        told = await messages(tx, ids)
    posts = told * 2
    random.shuffle(posts)
    await asyncio.gather(
        kill_now_and_then(database_url, 3 if events == SOME else 30),
        in_parallel([post(client, *one) for one in posts]),
    )
    while await scalar(runtime, _WAITING):
        await execute(runtime, _NOW)
        await run_job(runtime, apply_parked)
    applied = await scalar(runtime, _APPLIED)
    assert await scalar(runtime, _HEARD_OF) == purchases
    Tally(
        "webhooks twice, shuffled, killed",
        len(posts),
        len(ids),
        len(applied),
        len(set(ids) - set(applied)),
        await scalar(runtime, _DIFFERENT),
    ).hold()
    await let_days_pass(runtime, app)
    assert await broken_rules(runtime) == []
