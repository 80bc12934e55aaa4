"""Every hour providers are asked what they told, so that nothing depends on a webhook alone."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport

from matinee.core.errors import ProviderError
from matinee.entitlements.webhooks.reconciliation import reconcile_payments
from matinee.integrations.payments.protocol import Charge, Money, ProviderEvent, Reference
from matinee.runtime import Runtime
from tests.entitlements.makers import LONG_AGO
from tests.entitlements.purchases.conftest import run_job, take_over
from tests.entitlements.webhooks.conftest import purchase, witnesses
from tests.makers import execute, scalar

_UNTIL = "SELECT reconciled_until FROM payment_reconciliations WHERE provider = 'sandbox'"


async def pay(runtime: Runtime, order: Reference, method: str = "tok_lost_webhook") -> None:
    """Pay at the provider, who cannot reach us; nor did its direct answer."""
    await runtime.payments.sandbox.charge(
        Charge("order-1", Money(1000, "USD"), method, "Metropolis", order)
    )


async def reconcile(runtime: Runtime) -> None:
    await run_job(runtime, reconcile_payments)


async def test_a_webhook_that_got_lost_is_found(runtime: Runtime, order: Reference) -> None:
    await pay(runtime, order)
    await reconcile(runtime)
    assert (await purchase(runtime, order))["status"] == "paid"


async def test_finding_it_twice_changes_nothing(runtime: Runtime, order: Reference) -> None:
    await pay(runtime, order)
    await reconcile(runtime)
    before = await witnesses(runtime)
    await reconcile(runtime)
    assert await witnesses(runtime) == before


async def test_a_webhook_that_comes_after_all_changes_nothing(
    app: FastAPI, runtime: Runtime, order: Reference
) -> None:
    await pay(runtime, order)
    told = await runtime.payments.sandbox.events_since(LONG_AGO)
    await reconcile(runtime)
    before = await witnesses(runtime)
    runtime.payments.sandbox.transport = ASGITransport(app)
    await runtime.payments.sandbox.post([event.id for event in told])
    assert await witnesses(runtime) == before
    assert before["events"] == len(told) > 0


async def asked_since(runtime: Runtime) -> datetime:
    """Reconcile; returns since when the provider was asked."""
    asked: list[datetime] = []

    async def events_since(moment: datetime) -> list[ProviderEvent]:
        asked.append(moment)
        return []

    take_over(runtime, events_since=events_since)
    await reconcile(runtime)
    return asked[0]


async def test_it_goes_on_where_it_was_less_an_hour(runtime: Runtime) -> None:
    await reconcile(runtime)
    until = await scalar(runtime, _UNTIL)
    assert await asked_since(runtime) == until - timedelta(hours=1)


async def test_after_an_outage_it_asks_for_all_of_it(runtime: Runtime) -> None:
    await reconcile(runtime)
    long_ago = "UPDATE payment_reconciliations SET reconciled_until = '2026-01-01Z'"
    await execute(runtime, long_ago)
    assert await asked_since(runtime) == datetime.fromisoformat("2025-12-31T23:00Z")


@pytest.mark.parametrize("failure", [ProviderError(), KeyError("shape of tomorrow")])
async def test_a_provider_that_fails_is_asked_for_the_same_again(
    runtime: Runtime, failure: Exception
) -> None:
    await reconcile(runtime)
    until = await scalar(runtime, _UNTIL)

    async def fail(_moment: datetime) -> Any:
        raise failure

    take_over(runtime, events_since=fail)
    await reconcile(runtime)
    assert await scalar(runtime, _UNTIL) == until
    error = await scalar(
        runtime, "SELECT last_error FROM payment_reconciliations WHERE provider = 'sandbox'"
    )
    assert error.startswith(type(failure).__name__)


async def test_one_provider_that_fails_does_not_keep_the_others_waiting(runtime: Runtime) -> None:
    async def fail(_moment: datetime) -> Any:
        raise ProviderError

    take_over(runtime, events_since=fail)
    await reconcile(runtime)
    manual = "SELECT reconciled_until FROM payment_reconciliations WHERE provider = 'manual'"
    assert await scalar(runtime, manual) is not None
    assert await scalar(runtime, _UNTIL) is None


async def test_what_is_found_but_cannot_be_applied_is_parked(
    runtime: Runtime, order: Reference
) -> None:
    await pay(runtime, Reference("purchase", order.user_id, order.user_id))
    await reconcile(runtime)
    assert await scalar(runtime, "SELECT state FROM payment_events") == "parked"
    assert await scalar(runtime, _UNTIL) is not None


async def test_an_event_without_a_usable_name_does_not_stop_the_others(
    runtime: Runtime, order: Reference
) -> None:
    await pay(runtime, order)
    *_, paid = await runtime.payments.sandbox.events_since(LONG_AGO)

    async def events_since(_moment: datetime) -> list[ProviderEvent]:
        return [replace(paid, id="evt/1"), paid]

    take_over(runtime, events_since=events_since)
    await reconcile(runtime)
    assert (await witnesses(runtime))["events"] == 1
    assert (await purchase(runtime, order))["status"] == "paid"
