"""Reading the audit log: filtered pages, and the export of everything that matches."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import Field

from matinee.admin.schemas import AuditEntries, AuditEntry
from matinee.core.database import ReadTx, Row
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.core.schema import Input, Line, Moment
from matinee.runtime import Runtime

COLUMNS = tuple(AuditEntry.model_fields)
KEY = (datetime, UUID)
TARGET = r"^[a-z_]+:[^\x00-\x1f]+$"

_MATCHING = """
    SELECT id, occurred_at, actor_type, actor_id, actor_label, role, action, targets, changes,
           reason, request_id, host(ip) AS ip
    FROM admin_audit_log
    WHERE (:actor::text IS NULL OR actor_id = :actor)
      AND (:action::text IS NULL OR action = :action)
      AND (:targets::jsonb IS NULL OR targets @> :targets)
      AND (:since::timestamptz IS NULL OR occurred_at >= :since)
      AND (:until::timestamptz IS NULL OR occurred_at < :until)
      AND (:request_id::text IS NULL OR request_id = :request_id)
      AND (:before_id::uuid IS NULL OR (occurred_at, id) < (:before::timestamptz, :before_id))
    ORDER BY occurred_at DESC, id DESC
"""
_PAGE = f"{_MATCHING} LIMIT :wanted"


class AuditFilter(Input):
    """Which entries; several conditions must all hold."""

    actor: Line | None = Field(None, description="Identifier of who did it.")
    action: Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z_]+$", max_length=100)] | None = Field(
        None, examples=["title.update"]
    )
    target: Annotated[str, Field(pattern=TARGET, max_length=300)] | None = Field(
        None,
        description="What was touched: its kind and identifier.",
        examples=["title:0199f3a4-1b2c-7d3e-8f40-5a6b7c8d9e0f"],
    )
    since: Moment | None = Field(None, alias="from", description="From this moment.")
    until: Moment | None = Field(None, alias="to", description="Up to, but without, this moment.")
    request_id: Line | None = None

    @property
    def params(self) -> dict[str, Any]:
        """What the statements take."""
        kind, _, identity = (self.target or "").partition(":")
        return {
            "actor": self.actor,
            "action": self.action,
            "targets": {kind: identity} if self.target else None,
            "since": self.since,
            "until": self.until,
            "request_id": self.request_id,
        }


class AuditExport(AuditFilter):
    """Everything that matches, as a file."""

    format: Literal["ndjson", "csv"] = "ndjson"

    @property
    def media_type(self) -> str:
        """What the file is."""
        return "text/csv" if self.format == "csv" else "application/x-ndjson"


class AuditQuery(AuditFilter):
    """A page of matching entries."""

    cursor: Annotated[str, Field(max_length=500)] | None = None
    page_size: Annotated[int, Field(ge=1, le=100)] = 50


async def list_entries(tx: ReadTx, wish: AuditQuery) -> AuditEntries:
    """Matching entries, newest first.

    Raises:
        BadCursor: it is not one of ours.
    """
    before, before_id = decode_cursor(wish.cursor, KEY) if wish.cursor else (None, None)
    rows = await tx.all(
        _PAGE, **wish.params, before=before, before_id=before_id, wanted=wish.page_size + 1
    )
    page = rows[: wish.page_size]
    more = len(rows) > len(page)
    return AuditEntries(
        items=[_entry(row) for row in page],
        next_cursor=encode_cursor(page[-1]["occurred_at"], page[-1]["id"]) if more else None,
    )


def _entry(row: Row) -> AuditEntry:
    return AuditEntry.model_validate(dict(row))


async def export(runtime: Runtime, wish: AuditExport) -> AsyncIterator[bytes]:
    """Every matching entry, newest first, in bounded memory."""
    line = _as_csv if wish.format == "csv" else _as_json
    if wish.format == "csv":
        yield _csv_line(COLUMNS)
    async with runtime.database.read() as tx:
        async for row in tx.stream(_MATCHING, **wish.params, before=None, before_id=None):
            yield line(_entry(row))


def _as_json(entry: AuditEntry) -> bytes:
    return entry.model_dump_json().encode() + b"\n"


def _as_csv(entry: AuditEntry) -> bytes:
    plain = entry.model_dump(mode="json")
    return _csv_line([_cell(plain[name]) for name in COLUMNS])


def _cell(value: Any) -> Any:
    """A value as one cell, and not as a formula that a spreadsheet would run."""
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value


def _csv_line(cells: Sequence[Any]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()
