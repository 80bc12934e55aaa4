"""What the practice provider remembers: rows of `sandbox_objects`, locked while they change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from matinee.core.database import ReadTx, Row, WriteTx

Kind = Literal["charge", "subscription", "invoice", "event"]

_ADD = """
    INSERT INTO sandbox_objects (ref, key, kind, state) VALUES (:ref, :key, :kind, :state)
    ON CONFLICT (key) DO NOTHING
"""
_BY_KEY = """
    SELECT ref, kind, state, version FROM sandbox_objects WHERE key = :key AND kind = :kind
"""
_BY_REF = """
    SELECT ref, kind, state, version FROM sandbox_objects WHERE ref = :ref AND kind = :kind
"""
_KEEP = """
    UPDATE sandbox_objects
    SET state = :state, version = version + 1, updated_at = clock_timestamp() WHERE ref = :ref
"""
_SINCE = """
    SELECT ref, kind, state, version FROM sandbox_objects
    WHERE kind = :kind AND created_at >= :moment ORDER BY created_at, ref
"""


@dataclass(frozen=True, slots=True)
class Remembered:
    """An object as it was stored; `version` counts its changes."""

    ref: str
    kind: Kind
    state: dict[str, Any]
    version: int


async def add(tx: WriteTx, kind: Kind, ref: str, key: str | None, state: dict[str, Any]) -> bool:
    """Remember something new; False where something has this key already."""
    return bool(await tx.execute(_ADD, ref=ref, key=key, kind=kind, state=state))


async def by_key(tx: ReadTx, kind: Kind, key: str) -> Remembered | None:
    """The object that was made with this key."""
    return _object(await tx.one(_BY_KEY, kind=kind, key=key))


async def by_ref(tx: ReadTx, kind: Kind, ref: str) -> Remembered | None:
    """The object of that name."""
    return _object(await tx.one(_BY_REF, kind=kind, ref=ref))


async def locked(tx: WriteTx, kind: Kind, ref: str) -> Remembered | None:
    """The object of that name, which nobody else can change now."""
    return _object(await tx.one(f"{_BY_REF} FOR UPDATE", kind=kind, ref=ref))


async def keep(tx: WriteTx, ref: str, state: dict[str, Any]) -> None:
    """Remember how a locked object is now."""
    await tx.execute(_KEEP, ref=ref, state=state)


async def since(tx: ReadTx, kind: Kind, moment: datetime) -> list[Remembered]:
    """What was made since a moment, oldest first."""
    return [_remembered(row) for row in await tx.all(_SINCE, kind=kind, moment=moment)]


async def clock(tx: ReadTx) -> datetime:
    """What time it is."""
    moment: datetime = await tx.scalar("SELECT clock_timestamp()")
    return moment


def _object(row: Row | None) -> Remembered | None:
    return _remembered(row) if row else None


def _remembered(row: Row) -> Remembered:
    return Remembered(row["ref"], row["kind"], row["state"], row["version"])
