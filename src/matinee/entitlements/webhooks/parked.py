"""Parked events: tried again, ever more rarely, until they can be applied or are dead."""

from datetime import datetime
from uuid import UUID

import structlog

from matinee.core.jobs import EVERY_MINUTE, JobRun, enqueue, job
from matinee.entitlements.events import PURCHASE_CHANGED
from matinee.entitlements.webhooks.applying import attempt, described, note
from matinee.entitlements.webhooks.events import KeptEvent
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

_CLOCK = "SELECT clock_timestamp()"
_DUE = """
    SELECT provider, event_id, facts, user_id, subject, subject_id FROM payment_events
    WHERE state = 'parked' AND next_attempt_at <= :moment
    ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_NEXT = """
    SELECT extract(epoch FROM min(next_attempt_at) - clock_timestamp())::float8
    FROM payment_events
    WHERE state = 'parked' AND next_attempt_at < clock_timestamp() + interval '1 minute'
"""
_NAME_OF_PURCHASE = """
    SELECT provider, provider_ref FROM purchases WHERE user_id = :user_id AND id = :purchase_id
"""
_WAKE = """
    UPDATE payment_events SET next_attempt_at = clock_timestamp()
    WHERE provider = :provider AND object_ref = :provider_ref AND state = 'parked'
"""


@job("entitlements.apply_parked_events", every=EVERY_MINUTE)
async def apply_parked(runtime: Runtime, _run: JobRun) -> None:
    """Try again what is due; what is due within a minute is not left to the next one."""
    await apply_due(runtime)
    async with runtime.database.write() as tx:
        seconds = await tx.scalar(_NEXT)
        if seconds is not None:
            await enqueue(tx, apply_parked, delay=max(0.0, seconds))


@job("entitlements.wake_parked_events", follows=PURCHASE_CHANGED)
async def wake_parked(
    runtime: Runtime, _run: JobRun, user_id: str, purchase_id: str, status: str
) -> None:
    """Try at once what waited for news of a purchase, such as a refund for its payment."""
    async with runtime.database.write() as tx:
        name = await tx.one(_NAME_OF_PURCHASE, user_id=UUID(user_id), purchase_id=UUID(purchase_id))
        if name is None or not await tx.execute(_WAKE, **name):
            return
    await apply_due(runtime)


async def apply_due(runtime: Runtime) -> None:
    """Try each event that is due by now once, in a transaction of its own.

    Several may do so at the same time: nobody waits for an event that somebody else has.
    """
    async with runtime.database.read() as tx:
        moment = await tx.scalar(_CLOCK)
    while state := await _try_next(runtime, moment):
        log.info("payment_event_tried", state=state)


async def _try_next(runtime: Runtime, moment: datetime) -> str | None:
    """What became of the event that has been due longest; None where there is none."""
    event = None
    try:
        async with runtime.database.write() as tx:
            row = await tx.one(_DUE, moment=moment)
            if row is None:
                return None
            event = KeptEvent.of(row)
            state = await attempt(tx, event)
    except Exception as failure:
        if event is None:
            raise
        # its lock or the like was not to be had: the others must not wait for it
        async with runtime.database.write() as tx:
            state = await note(tx, event, event.reference, described(failure))
    runtime.metrics.payment_events.labels(event.provider, state).inc()
    return state
