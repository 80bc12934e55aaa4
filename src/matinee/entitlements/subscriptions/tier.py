"""The label that tells people which package a household has; nothing is decided by it (E-03)."""

from uuid import UUID

import structlog

from matinee.accounts.viewer import user_tag
from matinee.core.database import WriteTx
from matinee.core.jobs import EVERY_HOUR, JobRun, job
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

BATCH = 500

# What staff has granted comes first while it lasts.
_TIER_OF = """
    SELECT p.tier FROM user_entitlements g JOIN content_packages p ON p.id = g.package_id
    WHERE g.user_id = {user} AND p.kind = 'base' AND g.revoked_at IS NULL
      AND g.starts_at <= clock_timestamp()
      AND (g.expires_at IS NULL OR clock_timestamp() < g.expires_at)
    ORDER BY g.source_type = 'admin' DESC, p.rank DESC, p.price_cents DESC, p.id LIMIT 1
"""
_LABEL = f"""
    UPDATE users SET subscription_tier = ({_TIER_OF.format(user=":user_id")})
    WHERE user_id = :user_id
      AND subscription_tier IS DISTINCT FROM ({_TIER_OF.format(user=":user_id")})
"""
_WRONG = f"""
    -- cross-user
    SELECT u.user_id FROM users u
    WHERE (u.subscription_tier IS NOT NULL
           OR EXISTS (SELECT FROM user_entitlements e
                      WHERE e.user_id = u.user_id AND e.package_id IS NOT NULL))
      AND u.user_id > :after
      AND u.subscription_tier IS DISTINCT FROM ({_TIER_OF.format(user="u.user_id")})
    ORDER BY u.user_id LIMIT :batch
"""


async def refresh_tier(tx: WriteTx, user_id: UUID) -> bool:
    """Make the label say what the household has now; whether it said something else."""
    changed = bool(await tx.execute(_LABEL, user_id=user_id))
    tx.invalidate(user_tag(user_id))
    return changed


@job("entitlements.refresh_tiers", every=EVERY_HOUR)
async def refresh_tiers(runtime: Runtime, _run: JobRun) -> None:
    """Labels of households whose grants have begun or ended by themselves."""
    timeout = runtime.settings.job_statement_timeout_ms
    after, changed = UUID(int=0), 0
    while True:
        async with runtime.database.read(statement_timeout_ms=timeout) as tx:
            wrong = [row["user_id"] for row in await tx.all(_WRONG, after=after, batch=BATCH)]
        for user_id in wrong:
            async with runtime.database.write() as wtx:
                changed += await refresh_tier(wtx, user_id)
        if len(wrong) < BATCH:
            break
        after = wrong[-1]
    log.info("tiers_refreshed", changed=changed)
