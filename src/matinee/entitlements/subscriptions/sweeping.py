"""Asking providers about what they owe us an answer to; several workers never ask twice."""

from uuid import UUID

import structlog

from matinee.core.database import WriteTx
from matinee.core.errors import Problem
from matinee.core.jobs import JobRun, job
from matinee.entitlements.subscriptions import trials
from matinee.entitlements.subscriptions.changes import carry_out
from matinee.entitlements.subscriptions.orders import order_of, order_row, reference_of
from matinee.entitlements.subscriptions.settling import apply_subscription
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

EVERY_FIVE_MINUTES = "*/5 * * * *"
BATCH = 50

# Claimed before anybody is asked: a provider that is away is asked again in an hour, not at once.
_CLAIM = """
    -- cross-user
    WITH due AS (
        SELECT user_id, id FROM subscriptions
        WHERE (status = 'incomplete' AND created_at < clock_timestamp() - interval '15 minutes'
               OR status IN ('trialing', 'active', 'past_due')
                  AND current_period_end < clock_timestamp() - interval '1 hour')
          AND coalesce(checked_at < clock_timestamp() - interval '1 hour', true)
        ORDER BY user_id, id LIMIT :batch FOR UPDATE SKIP LOCKED
    )
    UPDATE subscriptions s SET checked_at = clock_timestamp()
    FROM due WHERE s.user_id = due.user_id AND s.id = due.id
    RETURNING s.user_id, s.id
"""
_CLAIM_CHANGES = """
    -- cross-user
    WITH due AS (
        SELECT user_id, id FROM subscription_changes
        WHERE status = 'open' AND created_at < clock_timestamp() - interval '15 minutes'
          AND coalesce(checked_at < clock_timestamp() - interval '1 hour', true)
        ORDER BY user_id, id LIMIT :batch FOR UPDATE SKIP LOCKED
    )
    UPDATE subscription_changes c SET checked_at = clock_timestamp()
    FROM due WHERE c.user_id = due.user_id AND c.id = due.id
    RETURNING c.user_id, c.subscription_id, c.id
"""
_GIVE_UP = """
    UPDATE subscriptions
    SET status = 'canceled', failure_code = 'not_received', canceled_at = clock_timestamp()
    WHERE user_id = :user_id AND id = :subscription_id AND status = 'incomplete'
      AND facts_at = '-infinity'
    RETURNING package_id, trial_days
"""


@job("entitlements.sweep_subscriptions", every=EVERY_FIVE_MINUTES)
async def sweep_subscriptions(runtime: Runtime, _run: JobRun) -> None:
    """Orders without an answer, periods that ended without news, changes under way."""
    while True:
        async with runtime.database.write() as tx:
            claimed = await tx.all(_CLAIM, batch=BATCH)
        for row in claimed:
            await _ask(runtime, row["user_id"], row["id"])
        if len(claimed) < BATCH:
            break
    await _sweep_changes(runtime)


async def _ask(runtime: Runtime, user_id: UUID, subscription_id: UUID) -> None:
    """Ask how one subscription stands, and apply the answer."""
    reference = reference_of(user_id, subscription_id)
    async with runtime.database.read() as tx:
        row = await order_row(tx, user_id, subscription_id)
    try:
        provider = runtime.payments.named(row["provider"])
        order = order_of(row, reference, row["trial_days"] or 0)
        facts = await provider.fetch_subscription(row["provider_ref"], order)
    except Problem as problem:
        log.warning("subscription_not_checked", provider=row["provider"], problem=problem.code)
        return
    async with runtime.database.write() as wtx:
        if facts is not None:
            await apply_subscription(wtx, reference, provider.name, facts)
        elif not await _give_up(wtx, user_id, subscription_id):
            log.error("subscription_lost_by_provider", subscription=str(subscription_id))


async def _give_up(tx: WriteTx, user_id: UUID, subscription_id: UUID) -> bool:
    """End an order that never reached its provider; the household may order again."""
    given_up = await tx.one(_GIVE_UP, user_id=user_id, subscription_id=subscription_id)
    if given_up is not None and given_up["trial_days"]:
        await trials.release(tx, user_id, given_up["package_id"])
    return given_up is not None


async def _sweep_changes(runtime: Runtime) -> None:
    """Have changes carried out whose provider gave no answer; their keys make it once."""
    while True:
        async with runtime.database.write() as tx:
            claimed = await tx.all(_CLAIM_CHANGES, batch=BATCH)
        for row in claimed:
            try:
                await carry_out(runtime, row["user_id"], row["subscription_id"], row["id"])
            except Problem as problem:
                log.warning("change_refused", change=str(row["id"]), problem=problem.code)
        if len(claimed) < BATCH:
            return
