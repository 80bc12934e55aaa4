"""What staff does with blackouts: times in which a channel must not be shown somewhere (A9)."""

from datetime import datetime
from uuid import UUID

from matinee.accounts.changes import write_down
from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import InvalidValue, NotFound
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.entitlements.blackout_schemas import (
    BlackoutOut,
    Blackouts,
    BlackoutSearch,
    WriteBlackout,
)
from matinee.entitlements.tags import CHANNELS

_COLUMNS = """
    b.id, b.channel_id, c.name AS channel_name, b.territory, b.starts_at, b.ends_at, b.reason,
    b.created_at
"""
_LIST = f"""
    SELECT {_COLUMNS} FROM blackouts b JOIN channels c ON c.id = b.channel_id
    WHERE (:channel_id::uuid IS NULL OR b.channel_id = :channel_id)
      AND (:past::bool OR b.ends_at > statement_timestamp())
      AND (:after_id::uuid IS NULL OR (b.starts_at, b.id) > (:after_start::timestamptz, :after_id))
    ORDER BY b.starts_at, b.id LIMIT :wanted
"""
_ONE = f"""
    SELECT {_COLUMNS} FROM blackouts b JOIN channels c ON c.id = b.channel_id
    WHERE b.id = :blackout_id
"""
_LOCK = "SELECT true FROM blackouts WHERE id = :blackout_id FOR UPDATE"
_HAVE_CHANNEL = "SELECT true FROM channels WHERE id = :channel_id FOR KEY SHARE"
_ADD = """
    INSERT INTO blackouts (channel_id, territory, starts_at, ends_at, reason)
    VALUES (:channel_id, :territory, :starts_at, :ends_at, :reason) RETURNING id
"""
_PUT = """
    UPDATE blackouts
    SET channel_id = :channel_id, territory = :territory, starts_at = :starts_at,
        ends_at = :ends_at, reason = :reason
    WHERE id = :blackout_id
"""
_DELETE = "DELETE FROM blackouts WHERE id = :blackout_id"


async def list_blackouts(tx: ReadTx, wish: BlackoutSearch) -> Blackouts:
    """Blackouts that are not over, or all of them; the earliest first.

    Raises:
        BadCursor: the cursor is none of ours.
    """
    after = decode_cursor(wish.cursor, (datetime, UUID)) if wish.cursor else (None, None)
    rows = await tx.all(
        _LIST,
        channel_id=wish.channel_id,
        past=wish.past,
        after_start=after[0],
        after_id=after[1],
        wanted=wish.page_size + 1,
    )
    page = rows[: wish.page_size]
    more = len(rows) > len(page)
    cursor = encode_cursor(page[-1]["starts_at"], page[-1]["id"]) if more else None
    return Blackouts(items=[BlackoutOut(**row) for row in page], next_cursor=cursor)


async def create_blackout(tx: WriteTx, staff: Viewer, wish: WriteBlackout) -> BlackoutOut:
    """Add a blackout; whoever watches when it begins is stopped within seconds.

    Raises:
        InvalidValue: there is no such channel.
    """
    await _require_channel(tx, wish.channel_id)
    created = await _one(tx, await tx.scalar(_ADD, **wish.model_dump()))
    await _note(tx, staff, "blackout.create", created.id, after=created)
    return created


async def put_blackout(
    tx: WriteTx, staff: Viewer, blackout_id: UUID, wish: WriteBlackout
) -> BlackoutOut:
    """Replace a blackout.

    Raises:
        NotFound: there is none of that id.
        InvalidValue: there is no such channel.
    """
    before = await _locked(tx, blackout_id)
    await _require_channel(tx, wish.channel_id)
    await tx.execute(_PUT, blackout_id=blackout_id, **wish.model_dump())
    after = await _one(tx, blackout_id)
    await _note(tx, staff, "blackout.put", blackout_id, before=before, after=after)
    return after


async def delete_blackout(tx: WriteTx, staff: Viewer, blackout_id: UUID) -> None:
    """Remove a blackout; the channel can be played at once.

    Raises:
        NotFound: there is none of that id.
    """
    before = await _locked(tx, blackout_id)
    await tx.execute(_DELETE, blackout_id=blackout_id)
    await _note(tx, staff, "blackout.delete", blackout_id, before=before)


async def _locked(tx: WriteTx, blackout_id: UUID) -> BlackoutOut:
    if not await tx.scalar(_LOCK, blackout_id=blackout_id):
        raise NotFound()
    return await _one(tx, blackout_id)


async def _one(tx: ReadTx, blackout_id: UUID) -> BlackoutOut:
    row = await tx.one(_ONE, blackout_id=blackout_id)
    assert row is not None
    return BlackoutOut(**row)


async def _require_channel(tx: WriteTx, channel_id: UUID) -> None:
    if not await tx.scalar(_HAVE_CHANNEL, channel_id=channel_id):
        raise InvalidValue("channel_id")


async def _note(
    tx: WriteTx,
    staff: Viewer,
    action: str,
    blackout_id: UUID,
    *,
    before: BlackoutOut | None = None,
    after: BlackoutOut | None = None,
) -> None:
    await write_down(tx, staff, action, {"blackout": blackout_id}, before=before, after=after)
    tx.invalidate(CHANNELS)
