"""What is held about a household, table by table: for its export, and for its removal."""

import tempfile
from collections.abc import AsyncIterator
from typing import IO, Any
from uuid import UUID

import orjson
from limits import RateLimitItemPerHour
from sqlalchemy import Column, LargeBinary, Table

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, WriteTx
from matinee.core.ratelimit import Limit
from matinee.models import Base
from matinee.runtime import Runtime

EXPORTS: Limit = RateLimitItemPerHour(10, namespace="export")
MEMORY_BYTES = 1_048_576
CHUNK_BYTES = 65_536

ERASED = (
    "export_credentials",
    "schedule_reminders",
    "reminder_series",
    "channel_views",
    "channel_favourites",
    "play_events",
    "watch_time",
    "viewing_limits",
    "profile_signals",
    "title_views",
    "profile_suppressions",
    "ratings",
    "watchlist",
    "bookmarks",
    "stream_slots",
    "viewing_sessions",
    "mood_answers",
    "rail_impressions",
    "trend_plays",
    "search_history",
    "profile_preferences",
    "profile_allowed_titles",
    "profiles",
    "promo_redemptions",
    "user_entitlements",
    "account_holds",
    "login_identities",
    "auth_sessions",
    "device_codes",
    "password_resets",
    "staff",
)
"""Tables whose rows go with the household, in this order."""

ANONYMISED = {
    # the books must add up for years, so the number of the account stays
    "users": """
        UPDATE users SET email = '', password_hash = NULL, purchase_pin_hash = NULL,
               status = 'deleted', updated_at = clock_timestamp()
        WHERE user_id = :user_id
    """,
    "purchases": """
        UPDATE purchases SET profile_id = NULL, payment_method = '', action_url = NULL
        WHERE user_id = :user_id
    """,
    "subscriptions": """
        UPDATE subscriptions SET payment_method = '', action_url = NULL WHERE user_id = :user_id
    """,
    "payment_events": """
        UPDATE payment_events
        SET payload = '{}', facts = facts #- '{payment,action_url}' #- '{subscription,action_url}'
        WHERE user_id = :user_id
    """,
}
"""Tables whose rows stay, and how they are made to name nobody."""

KEPT = (
    "trial_redemptions",
    "purchase_refunds",
    "subscription_changes",
    "subscription_payments",
    "payment_objects",
    "ledger_entries",
)
"""Tables of amounts, numbers and hashes, whose rows name nobody once the account does not."""

_NOW = "SELECT clock_timestamp()"
_AUDIT = """
    SELECT occurred_at, action, changes, reason FROM admin_audit_log
    WHERE targets @> jsonb_build_object('user', :user_id::uuid) ORDER BY id
"""


def held_tables() -> list[Table]:
    """Every table with rows of households."""
    return [table for table in Base.metadata.sorted_tables if "user_id" in table.columns]


def _shown(table: Table) -> str:
    columns = ", ".join(column.name for column in table.columns if not _is_secret(column))
    order = ", ".join(column.name for column in table.primary_key if not _is_secret(column))
    return f"SELECT {columns} FROM {table.name} WHERE user_id = :user_id ORDER BY {order or 1}"


def _is_secret(column: Column[Any]) -> bool:
    return isinstance(column.type, LargeBinary) or column.name.endswith("_hash")


async def export(runtime: Runtime, viewer: Viewer) -> AsyncIterator[bytes]:
    """Everything held about the household as one JSON object, table by table, in chunks.

    It is written to a file first, so that a slow reader holds no connection and no memory.

    Raises:
        RateLimited: asked too often.
    """
    await runtime.limiter.hit(EXPORTS, viewer.household)
    spool = tempfile.SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115 - closed when it was read
    try:
        async with runtime.database.read() as tx:
            await _write(tx, viewer.household, spool)
    except BaseException:
        spool.close()
        raise
    spool.seek(0)
    return _chunks(spool)


async def _write(tx: ReadTx, user_id: UUID, spool: IO[bytes]) -> None:
    spool.write(b'{"exported_at":' + _json(await tx.scalar(_NOW)))
    statements = {table.name: _shown(table) for table in held_tables()}
    for name, statement in (statements | {"admin_audit_log": _AUDIT}).items():
        spool.write(b"," + _json(name) + b":[")
        separator = b""
        async for row in tx.stream(statement, user_id=user_id):
            spool.write(separator + _json(dict(row)))
            separator = b","
        spool.write(b"]")
    spool.write(b"}")


def _json(value: Any) -> bytes:
    return orjson.dumps(value, default=str)


async def _chunks(spool: IO[bytes]) -> AsyncIterator[bytes]:
    with spool:
        while chunk := spool.read(CHUNK_BYTES):
            yield chunk


async def erase(tx: WriteTx, user_id: UUID) -> None:
    """Remove what belongs to a household; what must stay names nobody any more."""
    for table in ERASED:
        await tx.execute(f"DELETE FROM {table} WHERE user_id = :user_id", user_id=user_id)
    for statement in ANONYMISED.values():
        await tx.execute(statement, user_id=user_id)
