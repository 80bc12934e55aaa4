"""What a subscription lets its household play: one grant, whose end follows from the facts."""

from datetime import datetime, timedelta
from uuid import UUID

from matinee.core.database import WriteTx
from matinee.integrations.payments.protocol import SubscriptionFacts

SLACK = timedelta(hours=6)
"""How long a renewal may be on its way without anybody noticing."""

# One grant per subscription, changed in place. A window that is empty is live at no moment; the
# news may come when it is long over.
_GRANT = """
    INSERT INTO user_entitlements AS g
        (user_id, source_type, source_id, kind, package_id, starts_at, expires_at)
    VALUES (:user_id, 'svod', :subscription_id, 'package', :package_id,
            least(clock_timestamp(), :until::timestamptz), :until)
    ON CONFLICT (user_id, source_type, source_id) WHERE source_id IS NOT NULL DO UPDATE
    SET package_id = excluded.package_id, expires_at = excluded.expires_at,
        starts_at = least(g.starts_at, excluded.expires_at)
"""
_CLOSE = """
    UPDATE user_entitlements SET package_id = :package_id, expires_at = starts_at
    WHERE user_id = :user_id AND source_type = 'svod' AND source_id = :subscription_id
"""


def access_until(facts: SubscriptionFacts, grace: timedelta) -> datetime | None:
    """Until when the household may play what the package carries; None: not at all.

    A pause keeps what is paid: the period goes on to its end, and nothing is owed after it.
    """
    end = facts.period_end or facts.trial_end
    match facts.status:
        case "trialing":
            return facts.trial_end or end
        case "active" if end is not None and not facts.cancel_at_period_end:
            return end + SLACK
        case "past_due":
            return _in_grace(facts, grace)
        case "canceled":
            return min(end, facts.at) if end else None
        case "active" | "paused":
            return end
        case _:
            return None


def _in_grace(facts: SubscriptionFacts, grace: timedelta) -> datetime:
    """A missed payment leaves time to make up for it, and takes nothing of what is paid."""
    extended = (facts.past_due_since or facts.at) + grace
    return max(facts.period_end, extended) if facts.period_end else extended


async def write_grant(
    tx: WriteTx, user_id: UUID, subscription_id: UUID, package_id: UUID, until: datetime | None
) -> None:
    """Let the subscription's one grant be for this package, and end then; None: give nothing."""
    mine = {"user_id": user_id, "subscription_id": subscription_id, "package_id": package_id}
    if until is None:
        await tx.execute(_CLOSE, **mine)
    else:
        await tx.execute(_GRANT, **mine, until=until)
