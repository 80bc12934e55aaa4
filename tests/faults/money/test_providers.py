"""Bad days of the provider: it is away, loses its answers, takes its time, or talks nonsense."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from matinee.core.errors import ProviderError
from matinee.integrations.payments.protocol import Charge, PaymentFacts
from matinee.runtime import Runtime
from tests.entitlements.purchases.conftest import take_over
from tests.faults.money.shop import (
    Shop,
    broken_rules,
    in_parallel,
    let_days_pass,
    open_shop,
)
from tests.makers import scalar

PURCHASES = [12, pytest.param(200, marks=pytest.mark.faults)]
EACH = 4
WAITING_INSIDE = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND state LIKE 'idle in transaction%'
      AND state_change < clock_timestamp() - interval '100 ms'
"""

Answer = Callable[[Charge], Awaitable[PaymentFacts]]


def away(shop: Shop) -> Answer:
    async def charge(_order: Charge) -> PaymentFacts:
        raise ProviderError(message="Nobody is there.")

    return charge


def mute(shop: Shop) -> Answer:
    sandbox = shop.runtime.payments.sandbox

    async def charge(order: Charge) -> PaymentFacts:
        await sandbox.charge(order)
        raise ProviderError(message="The answer was lost.")

    return charge


def slow(shop: Shop) -> Answer:
    sandbox = shop.runtime.payments.sandbox

    async def charge(order: Charge) -> PaymentFacts:
        await asyncio.sleep(0.3)
        assert await scalar(shop.runtime, WAITING_INSIDE) == 0
        return await sandbox.charge(order)

    return charge


def confused(shop: Shop) -> Answer:
    """It speaks of another currency."""
    sandbox = shop.runtime.payments.sandbox

    async def charge(order: Charge) -> PaymentFacts:
        return replace(await sandbox.charge(order), currency="XAU")

    return charge


def greedy(shop: Shop) -> Answer:
    """It answers, and is asked for the same once more."""
    sandbox = shop.runtime.payments.sandbox

    async def charge(order: Charge) -> PaymentFacts:
        await asyncio.gather(*(sandbox.charge(order) for _ in range(3)))
        return await sandbox.charge(order)

    return charge


@pytest.mark.parametrize("purchases", PURCHASES)
@pytest.mark.parametrize("bad", [away, mute, slow, confused, greedy])
async def test_whatever_the_provider_does_the_books_are_right(
    runtime: Runtime,
    app: FastAPI,
    client: AsyncClient,
    bad: Callable[[Shop], Answer],
    purchases: int,
) -> None:
    shop = await open_shop(runtime, client, EACH, purchases // EACH)
    take_over(runtime, charge=bad(shop))
    await in_parallel([shop.buy(number) for number in range(purchases)])
    take_over(runtime)
    await let_days_pass(runtime, app)
    tally = await shop.tally(f"provider {bad.__name__}", purchases)
    tally.hold()
    assert tally.present == (0 if bad is away else purchases)
    assert await scalar(runtime, "SELECT count(*) FROM purchases WHERE status = 'pending'") == 0
    assert await broken_rules(runtime) == []
