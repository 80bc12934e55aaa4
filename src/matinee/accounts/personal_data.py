"""What is held about a household, table by table: for its export, and for its removal.

Each domain declares its tables beside the code that fills them, so that nothing is forgotten.
"""

import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import IO, Any
from uuid import UUID

import orjson
from limits import RateLimitItemPerHour

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, WriteTx
from matinee.runtime import Runtime

EXPORTS = RateLimitItemPerHour(10, namespace="export")
MEMORY_BYTES = 1_048_576
CHUNK_BYTES = 65_536

_NOW = "SELECT clock_timestamp()"


@dataclass(frozen=True)
class Holding:
    """Rows of one table that belong to a household.

    `select` shows them to the household, secrets left out; `erase` removes them at the end of the
    account. Both take `:user_id`. Without `erase` they go with another table's rows, or stay for
    the reason said beside the declaration.
    """

    table: str
    select: str
    erase: str | None = None


HOLDINGS: dict[str, Holding] = {}


def declare(*holdings: Holding) -> None:
    """Add tables; the first declared is the first shown and the first erased."""
    for holding in holdings:
        if holding.table in HOLDINGS:
            raise ValueError(f"{holding.table} is declared twice")
        HOLDINGS[holding.table] = holding


declare(
    Holding(
        "users",  # stays without its personal parts: the books must add up for years
        """SELECT user_id, email, country, status, created_at, updated_at, deletion_requested_at,
                  purchase_pin_hash IS NOT NULL AS has_purchase_pin
           FROM users WHERE user_id = :user_id""",
        """UPDATE users SET email = '', password_hash = NULL, purchase_pin_hash = NULL,
                  status = 'deleted', updated_at = clock_timestamp()
           WHERE user_id = :user_id""",
    ),
    Holding(
        "login_identities",
        "SELECT identity FROM login_identities WHERE user_id = :user_id",
        "DELETE FROM login_identities WHERE user_id = :user_id",
    ),
    Holding(
        "auth_sessions",
        """SELECT id, kind, profile_id, device_name, user_agent, host(last_ip) AS last_ip,
                  created_at, last_seen_at, expires_at, revoked_at, revoke_reason
           FROM auth_sessions WHERE user_id = :user_id ORDER BY id""",
        "DELETE FROM auth_sessions WHERE user_id = :user_id",
    ),
    Holding(
        "device_codes",
        "SELECT client_name, state, expires_at FROM device_codes WHERE user_id = :user_id",
        "DELETE FROM device_codes WHERE user_id = :user_id",
    ),
    Holding(
        "password_resets",
        "SELECT expires_at, used_at FROM password_resets WHERE user_id = :user_id",
        "DELETE FROM password_resets WHERE user_id = :user_id",
    ),
    Holding(
        "staff",
        "SELECT role, created_at FROM staff WHERE user_id = :user_id",
        "DELETE FROM staff WHERE user_id = :user_id",
    ),
    Holding(
        "admin_audit_log",  # append-only: what staff did to an account is kept, by its number
        """SELECT occurred_at, action, changes, reason FROM admin_audit_log
           WHERE targets @> jsonb_build_object('user', :user_id::uuid) ORDER BY id""",
    ),
)


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
    for holding in HOLDINGS.values():
        spool.write(b"," + _json(holding.table) + b":[")
        separator = b""
        async for row in tx.stream(holding.select, user_id=user_id):
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
    for holding in HOLDINGS.values():
        if holding.erase is not None:
            await tx.execute(holding.erase, user_id=user_id)
