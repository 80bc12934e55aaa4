"""Asking providers every hour what they have told, so that a lost webhook is found."""

from datetime import datetime, timedelta

import structlog

from matinee.accounts.audit import Actor, record
from matinee.accounts.viewer import Viewer
from matinee.core.database import WriteTx
from matinee.core.jobs import EVERY_HOUR, JobRun, enqueue, job
from matinee.core.schema import JobAccepted
from matinee.entitlements.webhooks.applying import described
from matinee.entitlements.webhooks.receiving import take
from matinee.integrations.payments.protocol import (
    BadSignature,
    PaymentProvider,
    ProviderEvent,
)
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

OVERLAP = timedelta(hours=1)
"""Events are asked for anew for as long: clocks differ, and lists may be behind."""

AT_FIRST = timedelta(days=1)

_CLOCK = """
    SELECT clock_timestamp() AS now,
           (SELECT reconciled_until FROM payment_reconciliations WHERE provider = :provider)
               AS reconciled_until
"""
_KNOWN = """
    SELECT event_id FROM payment_events WHERE provider = :provider AND event_id = ANY(:event_ids)
"""
_NOTE = """
    INSERT INTO payment_reconciliations AS r (provider, reconciled_until, tried_at, last_error)
    VALUES (:provider, :until, :now, :error)
    ON CONFLICT (provider) DO UPDATE
    SET reconciled_until = coalesce(excluded.reconciled_until, r.reconciled_until),
        tried_at = excluded.tried_at, last_error = excluded.last_error
"""


async def ask_for_reconciliation(tx: WriteTx, viewer: Viewer, reason: str) -> JobAccepted:
    """Have all providers asked by a job; one that waits already is joined."""
    job_id = await enqueue(tx, reconcile_payments)
    await record(tx, Actor.of(viewer), "payments.reconcile", targets={"job": job_id}, reason=reason)
    return JobAccepted(job_id=job_id, status_url=f"/api/v1/admin/jobs/{job_id}")


@job("entitlements.reconcile_payments", every=EVERY_HOUR)
async def reconcile_payments(runtime: Runtime, _run: JobRun) -> None:
    """Ask every provider for its events since the last time; one that fails is asked again."""
    for provider in runtime.payments:
        now, until = await _moments(runtime, provider.name)
        try:
            found = await _catch_up(runtime, provider, (until or now - AT_FIRST) - OVERLAP)
        except Exception as failure:
            log.exception("payments_not_reconciled", provider=provider.name)
            await _note(runtime, provider.name, now, until=None, error=described(failure))
        else:
            log.info("payments_reconciled", provider=provider.name, found=found)
            await _note(runtime, provider.name, now, until=now, error=None)


async def _moments(runtime: Runtime, provider: str) -> tuple[datetime, datetime | None]:
    async with runtime.database.read() as tx:
        row = await tx.one(_CLOCK, provider=provider)
    assert row is not None
    return row["now"], row["reconciled_until"]


async def _catch_up(runtime: Runtime, provider: PaymentProvider, since: datetime) -> int:
    """Take what was told and never arrived, oldest first; returns how much that was."""
    told = await provider.events_since(since)
    missing = await _missing(runtime, provider.name, told)
    for event in missing:
        try:
            await take(runtime, provider.name, event)
        except BadSignature:  # no webhook of that name would be taken; nor may it stop the others
            log.error("payment_event_nameless", provider=provider.name, event_id=event.id[:100])
    return len(missing)


async def _missing(
    runtime: Runtime, provider: str, told: list[ProviderEvent]
) -> list[ProviderEvent]:
    async with runtime.database.read() as tx:
        rows = await tx.all(_KNOWN, provider=provider, event_ids=[event.id for event in told])
    known = {row["event_id"] for row in rows}
    return [event for event in told if event.id not in known]


async def _note(
    runtime: Runtime, provider: str, now: datetime, *, until: datetime | None, error: str | None
) -> None:
    async with runtime.database.write() as tx:
        await tx.execute(_NOTE, provider=provider, now=now, until=until, error=error)
