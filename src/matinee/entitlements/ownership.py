"""Whether households have a title, or have ordered it: then it cannot be deleted."""

from uuid import UUID

from matinee.core.database import WriteTx
from matinee.core.errors import Conflict

SLOW_LOOK = "SET LOCAL statement_timeout = '30s'"
"""Who has something is not indexed by it: it is asked before a deletion, and hardly ever else."""

_USES = """
    -- cross-user
    SELECT
        EXISTS (SELECT FROM user_entitlements
                WHERE title_id = :title_id
                  AND (:season_id::uuid IS NULL OR season_id = :season_id)
                  AND revoked_at IS NULL
                  AND (expires_at IS NULL OR clock_timestamp() < expires_at)) AS grants,
        EXISTS (SELECT FROM purchases
                WHERE title_id = :title_id
                  AND (:season_id::uuid IS NULL OR season_id = :season_id)) AS purchases,
        EXISTS (SELECT FROM promo_codes
                WHERE title_id = :title_id AND :season_id::uuid IS NULL
                  AND redeemed < max_redemptions
                  AND (valid_until IS NULL OR clock_timestamp() < valid_until)) AS codes
"""


class TitleInUse(Conflict):
    """Households have bought, rented or ordered this; take it down instead of deleting it."""


async def refuse_in_use(tx: WriteTx, title_id: UUID, season_id: UUID | None = None) -> None:
    """Let only titles be deleted, or seasons, that no household has or has ordered.

    The caller has locked the title or season. Orders are kept for the books whatever became of
    them, and they need what they name.

    Raises:
        TitleInUse: `details.by` says what keeps it: grants, purchases, codes.
    """
    await tx.execute(SLOW_LOOK)
    uses = await tx.one(_USES, title_id=title_id, season_id=season_id)
    assert uses is not None
    if by := [name for name, is_used in uses.items() if is_used]:
        raise TitleInUse(by=by)
