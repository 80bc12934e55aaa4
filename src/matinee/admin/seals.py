"""The audit log's hash chain: seals over what is there, and the proof that nothing changed since.

A seal covers the rows of all transactions below a horizon, the oldest one that was still running:
nothing can be added behind it any more, and no writer ever waits for the chain. Each seal contains
the one before it, so whoever alters a sealed row would have to make all later seals anew. The
process's log tells the head of the chain each time; compared with that, even this is found out, and
so is cutting off the end.
"""

import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

import orjson
import structlog

from matinee.admin.schemas import AuditVerification, BrokenSeal
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.jobs import EVERY_MINUTE, JobRun, job
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

GENESIS = hashlib.sha256(b"matinee audit log").digest()
BEGINNING_OF_TIME = datetime.min.replace(tzinfo=UTC)
END_OF_TIME = datetime.max.replace(tzinfo=UTC)

_ONE_SEALER = "LOCK TABLE audit_seals IN SHARE ROW EXCLUSIVE MODE"
_SEALS = """
    SELECT n, upto_xid::text AS upto, rows, previous, seal, sealed_at FROM audit_seals ORDER BY n
"""
_HORIZON = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text"
# Ordered by the columns, not by their texts: 1000 comes after 999.
_ROWS = """
    SELECT id::text, xid::text, occurred_at, actor_type, actor_id, actor_label, role, action,
           targets::text, changes::text, reason, request_id, ip::text
    FROM admin_audit_log a
    WHERE xid >= :since::text::xid8 AND xid < :upto::text::xid8
      AND occurred_at > :after AND occurred_at <= :until
    ORDER BY a.xid, a.id
"""
_NEWEST_LEFT = "SELECT max(xid)::text FROM admin_audit_log WHERE xid >= :since::text::xid8"
_ADD = """
    INSERT INTO audit_seals (upto_xid, rows, previous, seal, sealed_at)
    VALUES (:upto::text::xid8, :rows, :previous, :seal,
            CASE WHEN :at_latest THEN :latest ELSE greatest(:latest, clock_timestamp()) END)
    RETURNING n, sealed_at
"""
_TOTAL = "SELECT count(*) FROM admin_audit_log"
_OLDEST_UNSEALED = """
    SELECT min(occurred_at) FROM admin_audit_log
    WHERE xid >= :since::text::xid8 AND occurred_at > :after
"""


@dataclass(frozen=True)
class Head:
    """The end of the chain, and where the rows begin that it does not cover yet."""

    seal: bytes = GENESIS
    n: int = 0
    horizon: int = 0
    after: datetime = BEGINNING_OF_TIME
    sealed_at: datetime = BEGINNING_OF_TIME

    def __str__(self) -> str:
        return f"{self.n}:{self.seal.hex()}"


@dataclass(frozen=True)
class Epoch:
    """Seals whose horizons rise, and the time in which their rows were written.

    Horizons fall where the database was restored from a dump: the new server counts its
    transactions from the beginning.
    """

    seals: Sequence[Row]
    after: datetime = BEGINNING_OF_TIME
    until: datetime = END_OF_TIME


class Seal:
    """A seal in the making, or made again to be compared."""

    def __init__(self, previous: bytes, upto: int) -> None:
        self.rows = 0
        self.latest = BEGINNING_OF_TIME
        self._hash = hashlib.sha256(previous + upto.to_bytes(8))

    def add(self, row: Row) -> None:
        """Cover one more row."""
        content = orjson.dumps([None if value is None else str(value) for value in row])
        self._hash.update(hashlib.sha256(content).digest())
        self.rows += 1
        self.latest = max(self.latest, row["occurred_at"])

    @property
    def digest(self) -> bytes:
        """The seal itself."""
        return self._hash.digest()


@job("admin.seal_audit_log", every=EVERY_MINUTE, attempts=1)
async def seal_audit_log(runtime: Runtime, _run: JobRun) -> None:
    """Seal what was written since the last time."""
    async with runtime.database.write() as tx:
        rows, head = await seal_rows(tx)
    if rows:
        log.info("audit_sealed", rows=rows, head=str(head))


async def seal_rows(tx: WriteTx) -> tuple[int, Head]:
    """Seal what can be sealed now; returns how many rows, and the head of the chain."""
    await tx.execute(_ONE_SEALER)
    return await seal_up_to(tx, int(await tx.scalar(_HORIZON)))


async def seal_up_to(tx: WriteTx, horizon: int) -> tuple[int, Head]:
    """Seal the rows of the transactions below a horizon."""
    head = _head(await tx.all(_SEALS))
    left = 0
    if horizon < head.horizon:  # restored from a dump of another server
        newest = await tx.scalar(_NEWEST_LEFT, since=str(head.horizon))
        if newest is not None:
            left, head = await _seal(tx, head, int(newest) + 1, at_latest=True)
        head = replace(head, horizon=0, after=head.sealed_at)
    rows, head = await _seal(tx, head, horizon)
    return left + rows, head


async def _seal(tx: WriteTx, head: Head, upto: int, *, at_latest: bool = False) -> tuple[int, Head]:
    """Add the next seal; `at_latest` dates it by its last row instead of now."""
    seal = Seal(head.seal, upto)
    async for row in _rows(tx, head.horizon, upto, head.after, END_OF_TIME):
        seal.add(row)
    if not seal.rows:
        return 0, head
    added = await tx.one(
        _ADD,
        upto=str(upto),
        rows=seal.rows,
        previous=head.seal,
        seal=seal.digest,
        latest=max(seal.latest, head.sealed_at),
        at_latest=at_latest,
    )
    assert added is not None
    return seal.rows, Head(seal.digest, added["n"], upto, head.after, added["sealed_at"])


def _head(seals: Sequence[Row]) -> Head:
    if not seals:
        return Head()
    last = seals[-1]
    *_, epoch = _epochs(seals)
    return Head(last["seal"], last["n"], int(last["upto"]), epoch.after, last["sealed_at"])


def _epochs(seals: Sequence[Row]) -> Iterator[Epoch]:
    """The seals in runs of rising horizons; the last run is open to what comes."""
    first, after = 0, BEGINNING_OF_TIME
    for n in range(1, len(seals)):
        if int(seals[n]["upto"]) < int(seals[n - 1]["upto"]):
            until = seals[n - 1]["sealed_at"]
            yield Epoch(seals[first:n], after, until)
            first, after = n, until
    yield Epoch(seals[first:], after)


def _rows(
    tx: ReadTx, since: int, upto: int, after: datetime, until: datetime
) -> AsyncIterator[Row]:
    """The rows of transactions from `since` up to, but without, `upto`, in sealing order."""
    return tx.stream(_ROWS, since=str(since), upto=str(upto), after=after, until=until)


async def verify(tx: ReadTx, noted_head: str | None = None) -> AuditVerification:
    """Make every seal again and compare.

    `noted_head` is a head of the chain from an earlier verification or from the log; when the chain
    no longer contains it, its end was cut off or made anew.
    """
    seals = await tx.all(_SEALS)
    head = _head(seals)
    rows = 0
    broken: list[BrokenSeal] = []
    previous = GENESIS
    for epoch in _epochs(seals):
        upto = int(epoch.seals[-1]["upto"]) if epoch.seals else 0
        covered = _rows(tx, 0, upto, epoch.after, epoch.until)
        async for stored, seal in _made_again(epoch.seals, covered):
            rows += seal.rows
            if stored["previous"] != previous:
                broken.append(_broken(stored, "chain_broken"))
            elif seal.digest != stored["seal"] or seal.rows != stored["rows"]:
                broken.append(_broken(stored, "rows_changed"))
            previous = stored["seal"]
    if noted_head and noted_head not in map(_name, seals):
        broken.append(BrokenSeal(n=None, sealed_at=None, reason="head_missing"))
    return AuditVerification(
        intact=not broken,
        seals=len(seals),
        sealed_rows=rows,
        broken_seals=len(broken),
        first_broken=broken[0] if broken else None,
        unsealed_rows=await tx.scalar(_TOTAL) - rows,
        oldest_unsealed_at=await tx.scalar(
            _OLDEST_UNSEALED, since=str(head.horizon), after=head.after
        ),
        head=_name(seals[-1]) if seals else None,
    )


async def _made_again(
    seals: Sequence[Row], rows: AsyncIterator[Row]
) -> AsyncIterator[tuple[Row, Seal]]:
    """Each stored seal with the one that its rows make now."""
    waiting = await anext(rows, None)
    for stored in seals:
        upto = int(stored["upto"])
        seal = Seal(stored["previous"], upto)
        while waiting is not None and int(waiting["xid"]) < upto:
            seal.add(waiting)
            waiting = await anext(rows, None)
        yield stored, seal


def _name(stored: Row) -> str:
    """A seal as it is noted: `17:0b1e8d…`."""
    return f"{stored['n']}:{stored['seal'].hex()}"


def _broken(stored: Row, reason: Literal["rows_changed", "chain_broken"]) -> BrokenSeal:
    return BrokenSeal(n=stored["n"], sealed_at=stored["sealed_at"], reason=reason)
