"""Going on with purchases and refunds whose outcome is not known: the provider is asked."""

import structlog

from matinee.core.database import Row
from matinee.core.errors import NotFound, ProviderError
from matinee.core.jobs import EVERY_MINUTE, JobRun, announce, job
from matinee.entitlements.events import PURCHASE_CHANGED
from matinee.entitlements.purchases.orders import charge_of, reference_of
from matinee.entitlements.purchases.refunds import carry_out
from matinee.entitlements.purchases.settling import settle
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

AT_ONCE = 100

# Claimed by being marked: what cannot be settled now does not keep others waiting. What is paid
# by hand waits for staff. A part of the amount that was taken may become all of it.
_CLAIM_PURCHASES = """
    -- cross-user
    UPDATE purchases SET checked_at = clock_timestamp()
    WHERE (user_id, id) IN (
        SELECT user_id, id FROM purchases
        WHERE (status IN ('pending', 'requires_action')
               OR (status IN ('failed', 'canceled') AND captured_cents > 0))
          AND coalesce(checked_at, created_at) < clock_timestamp() - interval '15 minutes'
          AND (provider <> 'manual' OR provider_ref IS NULL)
        ORDER BY created_at LIMIT :at_once FOR UPDATE SKIP LOCKED)
    RETURNING *
"""
_CLAIM_REFUNDS = """
    -- cross-user
    WITH claimed AS (
        UPDATE purchase_refunds SET checked_at = clock_timestamp()
        WHERE (user_id, id) IN (
            SELECT user_id, id FROM purchase_refunds
            WHERE status = 'open'
              AND coalesce(checked_at, created_at) < clock_timestamp() - interval '5 minutes'
            ORDER BY created_at LIMIT :at_once FOR UPDATE SKIP LOCKED)
        RETURNING user_id, purchase_id
    )
    SELECT p.* FROM claimed c JOIN purchases p ON p.user_id = c.user_id AND p.id = c.purchase_id
"""
# Only what the provider never got: nothing that could still be taken is given up.
_GIVE_UP = """
    UPDATE purchases SET status = 'failed', failure_code = 'never_received'
    WHERE user_id = :user_id AND id = :purchase_id AND status = 'pending' AND provider_ref IS NULL
      AND created_at < clock_timestamp() - interval '1 day'
"""


@job("entitlements.sweep_purchases", every=EVERY_MINUTE)
async def sweep_purchases(runtime: Runtime, _run: JobRun) -> None:
    """Ask about purchases that are open for 15 minutes and refunds that are for 5, oldest first."""
    async with runtime.database.write() as tx:
        purchases = await tx.all(_CLAIM_PURCHASES, at_once=AT_ONCE)
        refunds = await tx.all(_CLAIM_REFUNDS, at_once=AT_ONCE)
    for purchase in purchases:
        await _ask_about(runtime, purchase)
    for purchase in refunds:
        await _go_on_refunding(runtime, purchase)


async def _ask_about(runtime: Runtime, purchase: Row) -> bool:
    """Apply how the payment stands; False where the provider gave no answer."""
    try:
        provider = runtime.payments.named(purchase["provider"])
        facts = await provider.fetch_payment(purchase["provider_ref"], charge_of(purchase))
    except (NotFound, ProviderError) as error:
        log.warning("purchase_unanswered", provider=purchase["provider"], error=error.text)
        return False
    if facts is None:
        await _give_up(runtime, purchase)
        return False
    async with runtime.database.write() as tx:
        await settle(tx, reference_of(purchase), purchase["provider"], facts)
    return True


async def _give_up(runtime: Runtime, purchase: Row) -> None:
    whose = {"user_id": purchase["user_id"], "purchase_id": purchase["id"]}
    async with runtime.database.write() as tx:
        if await tx.execute(_GIVE_UP, **whose):
            ids = {name: str(id_) for name, id_ in whose.items()}
            await announce(tx, PURCHASE_CHANGED, **ids, status="failed")


async def _go_on_refunding(runtime: Runtime, purchase: Row) -> None:
    """Ask first: providers forget keys after a day, and would give the money back twice."""
    if await _ask_about(runtime, purchase):
        await carry_out(runtime, purchase["user_id"], purchase["id"])
