"""The report on what titles lack (A-04): counts per field, a list to work through, a CSV file."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from matinee.catalog.filters import one_of
from matinee.catalog.requirements import BY_FIELD, MISSING, REQUIREMENTS, Gap, gaps_of
from matinee.catalog.schemas import TitleKind
from matinee.catalog.tags import CATALOG
from matinee.core.database import ReadTx, Row
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.core.schema import Input, Output, Page
from matinee.runtime import Runtime

REMEMBERED = timedelta(seconds=60)

_REPORTED = """
    t.status <> 'takedown' AND (:status::text IS NULL OR t.status = :status)
    AND (:kind::text IS NULL OR t.kind = :kind)
"""
_TALLIES = ", ".join(
    f"count(*) FILTER (WHERE {requirement.sql}) AS {requirement.field}"
    for requirement in REQUIREMENTS
)
_COUNTS = f"""
    SELECT t.kind, count(*) AS titles, {_TALLIES} FROM titles t WHERE {_REPORTED} GROUP BY t.kind
"""
_LACKING_SOMETHING = " OR ".join(requirement.sql for requirement in REQUIREMENTS)


class FieldCount(Gap):
    """How many titles lack a field."""

    missing: int = Field(examples=[12])
    required: int = Field(description="Titles of the kinds that should have it.", examples=[240])


class IncompleteTitle(Output):
    """A title that lacks something."""

    id: UUID
    kind: TitleKind
    name: str = Field(examples=["Metropolis"])
    year: int | None
    status: str = Field(examples=["draft"])
    percent: int = Field(description="Share of its required fields that it has.", examples=[80])
    gaps: list[Gap]
    fix_url: str = Field(description="Where to PATCH what is missing.")


class Completeness(Page[IncompleteTitle]):
    """How complete the catalogue is, and one page of titles that lack something, newest first."""

    titles: int = Field(description="All titles looked at.")
    percent: int = Field(description="Share of all required fields that are there.")
    fields: list[FieldCount]


class CompletenessSearch(Input):
    """Which titles to report on; those taken down are left out."""

    field: Annotated[str, one_of(BY_FIELD)] | None = Field(
        None, description="Only titles that lack this field."
    )
    kind: TitleKind | None = None
    status: Literal["draft", "published"] | None = None


class CompletenessPage(CompletenessSearch):
    """The same, a page at a time."""

    cursor: Annotated[str, Field(max_length=500)] | None = None
    page_size: Annotated[int, Field(ge=1, le=100)] = 24


async def report(runtime: Runtime, wish: CompletenessPage) -> Completeness:
    """Counts over everything (remembered for a minute), and one page of titles."""
    counts = await _counts(runtime, wish)
    timeout = runtime.settings.slow_statement_timeout_ms
    async with runtime.database.read(statement_timeout_ms=timeout) as tx:
        items, next_cursor = await _page(tx, wish)
    fields = _field_counts(counts)
    required = sum(field.required for field in fields)
    missing = sum(field.missing for field in fields)
    return Completeness(
        items=items,
        next_cursor=next_cursor,
        titles=sum(row["titles"] for row in counts),
        percent=_percent(required - missing, required),
        fields=fields,
    )


async def _counts(runtime: Runtime, wish: CompletenessSearch) -> list[Row]:
    async def build() -> list[Row]:
        timeout = runtime.settings.slow_statement_timeout_ms
        async with runtime.database.read(statement_timeout_ms=timeout) as tx:
            return await tx.all(_COUNTS, status=wish.status, kind=wish.kind)

    key = (wish.status, wish.kind)
    return await runtime.cache.get_or_build_object(
        "completeness", key, depends_on={CATALOG}, ttl=REMEMBERED, build=build
    )


def _field_counts(counts: list[Row]) -> list[FieldCount]:
    return [
        FieldCount(
            field=requirement.field,
            severity=requirement.severity,
            missing=sum(row[requirement.field] for row in counts),
            required=sum(row["titles"] for row in counts if row["kind"] in requirement.kinds),
        )
        for requirement in REQUIREMENTS
    ]


async def _page(tx: ReadTx, wish: CompletenessPage) -> tuple[list[IncompleteTitle], str | None]:
    (after,) = decode_cursor(wish.cursor, (UUID,)) if wish.cursor else (None,)
    rows = await tx.all(_list(wish.field), **_params(wish, after, wish.page_size + 1))
    page = rows[: wish.page_size]
    more = len(rows) > len(page)
    return [_incomplete(row) for row in page], encode_cursor(page[-1]["id"]) if more else None


def _list(field: str | None) -> str:
    lacking = BY_FIELD[field].sql if field else _LACKING_SOMETHING
    return f"""
        SELECT t.id, t.kind, t.name, t.year, t.status, {MISSING} AS missing
        FROM titles t
        WHERE {_REPORTED} AND ({lacking}) AND (:after::uuid IS NULL OR t.id < :after::uuid)
        ORDER BY t.id DESC LIMIT :wanted
    """


def _params(
    wish: CompletenessSearch, after: UUID | None = None, wanted: int | None = None
) -> dict[str, Any]:
    return {"status": wish.status, "kind": wish.kind, "after": after, "wanted": wanted}


def _incomplete(row: Row) -> IncompleteTitle:
    required = sum(row["kind"] in requirement.kinds for requirement in REQUIREMENTS)
    return IncompleteTitle(
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        year=row["year"],
        status=row["status"],
        percent=_percent(required - len(row["missing"]), required),
        gaps=gaps_of(row["missing"]),
        fix_url=f"/api/v1/admin/titles/{row['id']}",
    )


def _percent(part: int, whole: int) -> int:
    """Rounded down, so that 100 means all."""
    return part * 100 // whole if whole else 100


CSV_HEADERS = {"Content-Disposition": 'attachment; filename="completeness.csv"'}
CSV_COLUMNS = ("id", "kind", "name", "year", "status", "percent", "blocking", "warning", "fix_url")


async def as_csv(runtime: Runtime, wish: CompletenessSearch) -> AsyncIterator[str]:
    """The whole list as the lines of a CSV file, in bounded memory."""
    yield _line(CSV_COLUMNS)
    timeout = runtime.settings.job_statement_timeout_ms
    async with runtime.database.read(statement_timeout_ms=timeout) as tx:
        async for row in tx.stream(_list(wish.field), **_params(wish)):
            title = _incomplete(row)
            by_severity = {
                severity: " ".join(gap.field for gap in title.gaps if gap.severity == severity)
                for severity in ("blocking", "warning")
            }
            values = title.model_dump() | by_severity
            yield _line([values[column] for column in CSV_COLUMNS])


def _line(values: Any) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([_harmless(value) for value in values])
    return line.getvalue()


def _harmless(value: Any) -> Any:
    """Text that a spreadsheet does not take for a formula."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
