"""Setting at which hours, and for how long a day, a profile may watch; seeing what is left."""

from datetime import datetime
from typing import Annotated, Literal, Self, get_args
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from matinee.accounts.viewer import Viewer, profile_tag
from matinee.core.database import ReadTx, WriteTx
from matinee.core.schema import Input, Integer, Output, Stamped
from matinee.profiles.proof import require_household_proof
from matinee.profiles.service import hold, load
from matinee.runtime import Runtime
from matinee.viewing.sessions.limits import MINUTES_OF_DAY, UNLIMITED, allowances

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)

WallClock = Annotated[
    str,
    StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"),
    Field(examples=["19:30"]),
]
"""Hours and minutes in the time zone of the profile; 24:00 is the end of the day."""

_LIMITS = """
    SELECT weekday, minutes, from_minute, until_minute FROM viewing_limits
    WHERE user_id = :user_id AND profile_id = :profile_id ORDER BY weekday
"""
_NOW = "SELECT clock_timestamp()"
_CLEAR = "DELETE FROM viewing_limits WHERE user_id = :user_id AND profile_id = :profile_id"
_SET = """
    INSERT INTO viewing_limits (user_id, profile_id, weekday, minutes, from_minute, until_minute)
    SELECT :user_id, :profile_id, day.*
    FROM unnest(:weekdays::int[], :minutes::int[], :from_minutes::int[], :until_minutes::int[])
        AS day(weekday, minutes, from_minute, until_minute)
"""


class DayLimit(Input):
    """The limits of one weekday."""

    weekday: Weekday
    minutes: Annotated[Integer, Field(ge=0, le=MINUTES_OF_DAY)] | None = Field(
        None, description="At most so long; without it as long as the hours allow."
    )
    from_time: WallClock = "00:00"
    until_time: WallClock = "24:00"

    @model_validator(mode="after")
    def _refuse_nights(self) -> Self:
        if minute_of(self.from_time) >= minute_of(self.until_time):
            raise PydanticCustomError("hours", "The hours must end after they begin, the same day")
        return self


class SetViewingLimits(Input):
    """The limits of all weekdays; one that is left out is free."""

    days: Annotated[list[DayLimit], Field(max_length=len(WEEKDAYS))]

    @model_validator(mode="after")
    def _refuse_repeats(self) -> Self:
        if len({day.weekday for day in self.days}) < len(self.days):
            raise PydanticCustomError("repeated_weekday", "Each weekday at most once")
        return self


class DayLimitOut(Output):
    """The limits of one weekday."""

    weekday: Weekday
    minutes: int | None = Field(examples=[90])
    from_time: WallClock
    until_time: WallClock


class ViewingLimits(Stamped):
    """The limits of a profile, and what they leave of today."""

    days: list[DayLimitOut]
    used_seconds: int = Field(description="Watched today, where there are limits.")
    seconds_left: int | None = Field(description="From now on; null where nothing limits.")
    resets_at: datetime | None = Field(description="When watching is allowed again.")


async def get_viewing_limits(tx: ReadTx, viewer: Viewer, profile_id: UUID) -> ViewingLimits:
    """The limits of a profile of the viewer's own household.

    Raises:
        NotFound: there is no such profile there.
    """
    await load(tx, viewer, profile_id)
    rows = await tx.all(_LIMITS, user_id=viewer.household, profile_id=profile_id)
    key = viewer.household, profile_id
    today = (await allowances(tx, [key])).get(key, UNLIMITED)
    return ViewingLimits(
        days=[
            DayLimitOut(
                weekday=WEEKDAYS[row["weekday"]],
                minutes=row["minutes"],
                from_time=wall_clock(row["from_minute"]),
                until_time=wall_clock(row["until_minute"]),
            )
            for row in rows
        ],
        used_seconds=today.used_seconds,
        seconds_left=None if today.seconds_left is None else int(today.seconds_left),
        resets_at=today.resets_at,
        server_time=await tx.scalar(_NOW),
    )


async def put_viewing_limits(
    runtime: Runtime, viewer: Viewer, profile_id: UUID, wish: SetViewingLimits, proof: str | None
) -> ViewingLimits:
    """Replace the limits of a profile; they hold from the next heartbeat on.

    Raises:
        NotFound: the household has no such profile.
        PinRequired: the proof is missing or wrong.
    """
    await require_household_proof(runtime, viewer, proof)
    async with runtime.database.write() as tx:
        await hold(tx, viewer, profile_id)
        await _replace(tx, viewer.household, profile_id, wish.days)
        tx.invalidate(profile_tag(profile_id))
        return await get_viewing_limits(tx, viewer, profile_id)


async def _replace(tx: WriteTx, user_id: UUID, profile_id: UUID, days: list[DayLimit]) -> None:
    await tx.execute(_CLEAR, user_id=user_id, profile_id=profile_id)
    await tx.execute(
        _SET,
        user_id=user_id,
        profile_id=profile_id,
        weekdays=[WEEKDAYS.index(day.weekday) for day in days],
        minutes=[day.minutes for day in days],
        from_minutes=[minute_of(day.from_time) for day in days],
        until_minutes=[minute_of(day.until_time) for day in days],
    )


def minute_of(clock: str) -> int:
    """Minutes since midnight of a time such as 19:30."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def wall_clock(minute: int) -> str:
    """A time such as 19:30 of minutes since midnight."""
    return f"{minute // 60:02}:{minute % 60:02}"
