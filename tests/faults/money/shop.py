"""A shop with households that buy until they are answered, and what it has sold in the end."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from matinee.accounts import sessions
from matinee.admin.invariants import check_all
from matinee.core.jobs import Job, JobRun
from matinee.entitlements.purchases.sweeping import sweep_purchases
from matinee.entitlements.webhooks.parked import apply_parked
from matinee.entitlements.webhooks.reconciliation import reconcile_payments
from matinee.runtime import Runtime
from tests.catalog.makers import make_asset
from tests.entitlements.makers import make_offer
from tests.faults.money.tally import Tally
from tests.makers import execute, make_profile, make_title, make_user, scalar

TOKENS = ("tok_ok", "tok_ok", "tok_ok", "tok_lost_webhook", "tok_double_webhook",
          "tok_shuffled_webhook")  # fmt: skip
PRICE = 399

_PAID = """
    -- cross-user
    SELECT p.id FROM purchases p
    JOIN user_entitlements g ON g.user_id = p.user_id AND g.source_id = p.id
    WHERE p.status = 'paid' AND g.revoked_at IS NULL
"""
_DOUBLED = """
    SELECT count(*) FROM (
        SELECT FROM purchases WHERE captured_cents > refunded_cents
        GROUP BY user_id, title_id, kind HAVING count(*) > 1) AS twice
"""
_TAKEN = """
    SELECT coalesce(sum((state #>> '{facts,captured_cents}')::int
                        - (state #>> '{facts,refunded_cents}')::int), 0)::int
    FROM sandbox_objects
    WHERE kind = 'charge' AND state #>> '{facts,dispute}' IS DISTINCT FROM 'lost'
"""
_BOOKED = """
    SELECT coalesce(sum(CASE WHEN debit = 'provider:sandbox' THEN amount_cents
                             WHEN credit = 'provider:sandbox' THEN -amount_cents END), 0)::int
    FROM ledger_entries
"""
# As if two days lay between what was going on and now: whatever is unsettled is asked about.
_DAYS_LATER = """
    UPDATE {table} SET created_at = created_at - interval '2 days', checked_at = NULL
    WHERE {open}
"""
_UNASKED = """
    SELECT (SELECT count(*) FROM purchases
            WHERE status IN ('pending', 'requires_action') AND checked_at IS NULL)
         + (SELECT count(*) FROM purchase_refunds WHERE status = 'open' AND checked_at IS NULL)
"""
_FORGET_WAITING = "UPDATE payment_events SET next_attempt_at = now() WHERE state = 'parked'"


@dataclass
class Household:
    """Somebody who buys."""

    user_id: UUID
    headers: dict[str, str]


@dataclass
class Shop:
    """Films for rent and for sale, and households that are signed in.

    `acknowledged` are the purchases of which somebody was told that they are made.
    """

    runtime: Runtime
    client: httpx.AsyncClient
    films: list[UUID]
    households: list[Household]
    acknowledged: set[UUID] = field(default_factory=set)

    async def order(
        self, household: Household, film: UUID, key: str, kind: str = "rent", token: str = "tok_ok"
    ) -> httpx.Response:
        """Ask for a film once."""
        answer = await self.client.post(
            f"/api/v1/catalog/titles/{film}/purchase",
            json={"offer_type": kind, "payment_method": token},
            headers=household.headers | {"Idempotency-Key": key},
        )
        if answer.status_code == 201:
            self.acknowledged.add(UUID(answer.json()["id"]))
        return answer

    async def buy(self, number: int) -> None:
        """Buy a film that this number stands for, until an answer comes; one in five gives up."""
        film, household = divmod(number, len(self.households))
        gives_up = number % 5 == 0
        while True:
            try:
                answer = await self.order(
                    self.households[household],
                    self.films[film],
                    f"purchase-{number}",
                    token=TOKENS[number % len(TOKENS)],
                )
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code < 500:
                assert answer.status_code in (201, 202), answer.text
                return
            if gives_up:
                return
            await asyncio.sleep(0.1)

    async def tally(self, name: str, attempts: int) -> Tally:
        """What was sold, once everything is settled."""
        async with self.runtime.database.read() as tx:
            present = {row["id"] for row in await tx.all(_PAID)}
        return Tally(
            name,
            attempts,
            len(self.acknowledged),
            len(present),
            len(self.acknowledged - present),
            await scalar(self.runtime, _DOUBLED),
        )


async def open_shop(
    runtime: Runtime, client: httpx.AsyncClient, films: int, households: int
) -> Shop:
    """Films to rent and to buy, and households whose devices are signed in."""
    titles = []
    for number in range(films):
        title_id = await make_title(runtime, f"Film {number}")
        await make_asset(runtime, title_id)
        await make_offer(runtime, title_id, "rent", price_cents=PRICE)
        await make_offer(runtime, title_id, "buy")
        titles.append(title_id)
    people = [await _household(runtime, f"{number}@example.com") for number in range(households)]
    return Shop(runtime, client, titles, people)


async def _household(runtime: Runtime, email: str) -> Household:
    user_id = await make_user(runtime, email)
    profile_id = await make_profile(runtime, user_id)
    async with runtime.database.write() as tx:
        started = await sessions.start(
            tx, runtime.tokens, user_id, kind="app", device_name=None, profile_id=profile_id
        )
    return Household(user_id, {"Authorization": f"Bearer {started.answer.access_token}"})


async def let_days_pass(runtime: Runtime, app: FastAPI) -> None:
    """All that goes on in the background has been done: webhooks, sweeps, reconciliation."""
    runtime.payments.sandbox.transport = httpx.ASGITransport(app)
    await execute(
        runtime,
        _DAYS_LATER.format(table="purchases", open="status IN ('pending', 'requires_action')"),
    )
    await execute(runtime, _DAYS_LATER.format(table="purchase_refunds", open="status = 'open'"))
    await execute(runtime, "UPDATE procrastinate_jobs SET scheduled_at = now() - interval '1 s'")
    await runtime.worker.drain()
    while await scalar(runtime, _UNASKED):
        await _run(runtime, sweep_purchases)
    await _run(runtime, reconcile_payments)
    await execute(runtime, _FORGET_WAITING)
    await _run(runtime, apply_parked)


async def broken_rules(runtime: Runtime) -> list[str]:
    """Rules of the data that do not hold, and whether our books are the provider's."""
    async with runtime.database.read() as tx:
        found = await check_all(tx, runtime.settings)
    broken = [f"{item.name}: {item.examples}" for item in found.items if not item.holds]
    taken, booked = await scalar(runtime, _TAKEN), await scalar(runtime, _BOOKED)
    if taken != booked:
        broken.append(f"the provider has {taken} cents, the books say {booked}")
    return broken


async def _run(runtime: Runtime, job: Job, **args: Any) -> None:
    await job(runtime, JobRun(1, 0, runtime.database), **args)


async def in_parallel(jobs: Sequence[Any], at_once: int = 16) -> None:
    """Run coroutines, so many at a time."""
    room = asyncio.Semaphore(at_once)

    async def run(one: Any) -> None:
        async with room:
            await one

    await asyncio.gather(*(run(one) for one in jobs))
