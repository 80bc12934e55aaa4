"""Licence windows: where and when something is carried or sold, and when two of them clash."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from matinee.core.database import Row
from matinee.core.errors import Conflict
from matinee.core.schema import Input, Moment, Output, Territory

MOST_NAMED = 20
"""How many windows that clash an error names."""

OVERLAPS = """
    tstzrange({0}.available_from, {0}.available_until) && tstzrange(
        coalesce(:available_from::timestamptz, '-infinity'),
        coalesce(:available_until::timestamptz, 'infinity'))
"""
"""SQL over a row with a window (its alias): it has a moment in common with the one asked for."""

OPENS = "coalesce(:available_from::timestamptz, '-infinity')"
CLOSES = "coalesce(:available_until::timestamptz, 'infinity')"
"""SQL of the bounds as they are stored; null is without end."""

SHOWN_WINDOW = """
    {0}.territory, nullif({0}.available_from, '-infinity') AS available_from,
    nullif({0}.available_until, 'infinity') AS available_until
"""
"""Columns of a row's window (its alias) as people see it."""


class WindowOverlap(Conflict):
    """There is a window for the same thing and territory already at that time."""


class Window(Input):
    """Where and when; null is without end on that side, and the end is exclusive."""

    territory: Territory = Field("**", description="A country, or `**` for everywhere.")
    available_from: Moment | None = None
    available_until: Moment | None = Field(None, description="Exclusive.")

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if not opens_before_it_closes(self.available_from, self.available_until):
            raise PydanticCustomError("window", "The window must open before it closes")
        return self


class WindowOut(Output):
    """Where and when; null is without end on that side, and the end is exclusive."""

    territory: str = Field(examples=["**"])
    available_from: datetime | None
    available_until: datetime | None


def opens_before_it_closes(start: datetime | None, end: datetime | None) -> bool:
    """Whether there is any moment in the window."""
    return start is None or end is None or start < end


def first_overlap(windows: Sequence[Window]) -> int | None:
    """The place of the first window that clashes with one before it."""
    for place, window in enumerate(windows):
        if any(_overlap(window, earlier) for earlier in windows[:place]):
            return place
    return None


def _overlap(one: Window, other: Window) -> bool:
    return (
        one.territory == other.territory
        and opens_before_it_closes(one.available_from, other.available_until)
        and opens_before_it_closes(other.available_from, one.available_until)
    )


def overlap_of(field: str, rows: Sequence[Row]) -> WindowOverlap:
    """The refusal that names the windows in the way: rows of `SHOWN_WINDOW` with their ids."""
    return WindowOverlap(field, overlaps=[_named(row) for row in rows[:MOST_NAMED]])


def _named(row: Row) -> dict[str, str | int | None]:
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: str | int | UUID | datetime | None) -> str | int | None:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
