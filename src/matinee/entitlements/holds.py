"""Holds: households that may not play or buy for now, because of a dispute or by staff."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from matinee.accounts import audit
from matinee.accounts.audit import Actor
from matinee.accounts.households import lock_existing_household, require_household
from matinee.accounts.viewer import Viewer, user_tag
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import NotFound
from matinee.core.schema import Input, Output, Reason
from matinee.entitlements.streams import end_sessions_of

DISPUTE = "dispute"

_PLACE = """
    INSERT INTO account_holds (user_id, blocks_playback, blocks_purchase, reason, source_id)
    VALUES (:user_id, false, true, :reason, :source_id)
    ON CONFLICT (user_id, source_id) WHERE source_id IS NOT NULL DO UPDATE SET lifted_at = NULL
"""
_LIFT_SOURCE = """
    UPDATE account_holds SET lifted_at = clock_timestamp()
    WHERE user_id = :user_id AND source_id = :source_id AND lifted_at IS NULL
"""
_HOLDS = """
    SELECT id, blocks_playback, blocks_purchase, reason, source_id, created_at, lifted_at
    FROM account_holds WHERE user_id = :user_id ORDER BY lifted_at IS NOT NULL, id DESC LIMIT 100
"""
_ADD = """
    INSERT INTO account_holds (user_id, blocks_playback, blocks_purchase, reason)
    VALUES (:user_id, :blocks_playback, :blocks_purchase, :reason)
    RETURNING id, blocks_playback, blocks_purchase, reason, source_id, created_at, lifted_at
"""
_LIFT = """
    UPDATE account_holds SET lifted_at = clock_timestamp()
    WHERE user_id = :user_id AND id = :hold_id AND lifted_at IS NULL
    RETURNING blocks_playback, blocks_purchase
"""
_EXISTS = "SELECT id FROM account_holds WHERE user_id = :user_id AND id = :hold_id"


class PlaceHold(Input):
    """Keep a household from playing, from buying, or from both."""

    blocks_playback: bool
    blocks_purchase: bool = True
    reason: Reason = Field(description="Kept with the hold and in the audit log.")


class Hold(Output):
    """Why a household may not play or buy; live until it is lifted."""

    id: UUID
    blocks_playback: bool
    blocks_purchase: bool
    reason: str = Field(description="`dispute`, or what staff wrote.")
    source_id: UUID | None = Field(description="The disputed purchase, where there is one.")
    created_at: datetime
    lifted_at: datetime | None


class Holds(Output):
    """Holds of a household, live ones first; at most 100."""

    items: list[Hold]


async def hold_for_dispute(tx: WriteTx, user_id: UUID, purchase_id: UUID) -> None:
    """Let the household buy nothing more; what it has it may play."""
    await tx.execute(_PLACE, user_id=user_id, reason=DISPUTE, source_id=purchase_id)
    tx.invalidate(user_tag(user_id))


async def lift_for_dispute(tx: WriteTx, user_id: UUID, purchase_id: UUID) -> None:
    """Take the hold of a dispute away, where there is one."""
    await tx.execute(_LIFT_SOURCE, user_id=user_id, source_id=purchase_id)
    tx.invalidate(user_tag(user_id))


async def list_holds(tx: ReadTx, user_id: UUID) -> Holds:
    """Holds of a household.

    Raises:
        NotFound: there is no such household.
    """
    await require_household(tx, user_id)
    return Holds(items=[Hold(**row) for row in await tx.all(_HOLDS, user_id=user_id)])


async def place_hold(tx: WriteTx, staff: Viewer, user_id: UUID, wish: PlaceHold) -> Hold:
    """Put a household on hold; where it may not play any more, what it plays ends.

    Starts wait for the household's lock, so none slips through.

    Raises:
        NotFound: there is no such household.
        RuleViolated: the hold would block nothing.
    """
    await lock_existing_household(tx, user_id)
    row = await tx.one(_ADD, user_id=user_id, **wish.model_dump())
    assert row is not None
    if wish.blocks_playback:
        await end_sessions_of(tx, user_id)
    after = {"blocks_playback": wish.blocks_playback, "blocks_purchase": wish.blocks_purchase}
    await _record(tx, staff, "hold.place", user_id, row["id"], wish.reason, after=after)
    return Hold(**row)


async def lift_hold(tx: WriteTx, staff: Viewer, user_id: UUID, hold_id: UUID, why: str) -> None:
    """Take a hold away; doing it twice is no error.

    Raises:
        NotFound: the household has no such hold.
    """
    lifted = await tx.one(_LIFT, user_id=user_id, hold_id=hold_id)
    if lifted is not None:
        await _record(tx, staff, "hold.lift", user_id, hold_id, why, before=dict(lifted))
    elif await tx.scalar(_EXISTS, user_id=user_id, hold_id=hold_id) is None:
        raise NotFound()


async def _record(
    tx: WriteTx,
    staff: Viewer,
    action: str,
    user_id: UUID,
    hold_id: UUID,
    reason: str,
    **changes: dict[str, Any],
) -> None:
    await audit.record(
        tx,
        Actor.of(staff),
        action,
        targets={"user": user_id, "hold": hold_id},
        reason=reason,
        **changes,
    )
    tx.invalidate(user_tag(user_id))
