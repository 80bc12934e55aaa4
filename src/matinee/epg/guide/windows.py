"""Which part of the guide is asked for: channels, a time, what is known already; its bounds."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from matinee.core.schema import Input, Integer, Moment
from matinee.profiles.schemas import TimeZone

MOST_CHANNELS = 500
LONGEST = timedelta(days=7)
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]


def _separated(values: Any) -> Any:
    """Ids with and without commas between them, each once."""
    if not isinstance(values, list):
        return values
    parts = [
        part.strip() if isinstance(part, str) else part
        for value in values
        for part in (value.split(",") if isinstance(value, str) else [value])
    ]
    return list(dict.fromkeys(part for part in parts if part != "")) if _hashable(parts) else parts


def _hashable(values: list[Any]) -> bool:
    return not any(isinstance(value, list | dict) for value in values)


class ScheduleWish(Input):
    """Airings of some channels that are on at some time from `from` until before `to`."""

    channel_ids: Annotated[
        list[UUID],
        BeforeValidator(_separated),
        Field(min_length=1, max_length=MOST_CHANNELS),
    ] = Field(description="At most 500; repeated, or with commas between them.")
    from_: Moment = Field(alias="from", description="RFC 3339 with an offset.")
    to: Moment = Field(description="At most seven days later.")
    format: Literal["objects", "compact"] = "objects"
    since_rev: Annotated[Integer, Field(ge=0, lt=2**63)] | None = Field(
        None, description="`rev` of an answer: only days that have changed since."
    )
    view: Annotated[str, Field(max_length=64)] | None = Field(
        None,
        description="`view` of that answer: where the viewer may see something else by now,"
        " everything comes.",
    )

    @classmethod
    def of(cls, channel_ids: list[UUID], from_at: datetime, to_at: datetime) -> Self:
        """A wish that nobody wrote."""
        return cls.model_validate({"channel_ids": channel_ids, "from": from_at, "to": to_at})

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.from_ >= self.to:
            raise PydanticCustomError("window", "`from` must be before `to`")
        if self.to - self.from_ > LONGEST:
            raise PydanticCustomError("window", "`to` must be within seven days of `from`")
        return self


class DayWish(Input):
    """A day of a channel."""

    channel_id: UUID
    date: Day | None = Field(None, description="Today where it is left out.")
    tz: TimeZone | None = Field(None, description="Time zone; the profile's where it is left out.")


def day_of(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When a day begins and ends in a time zone; it may have 23 or 25 hours."""
    begins, ends = (
        datetime.combine(one, time.min, zone).astimezone(UTC)
        for one in (day, day + timedelta(days=1))
    )
    return begins, ends
