"""Viewing limits: at which hours, and for how long a day, a profile may watch."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import inf
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from matinee.core.database import ReadTx, Row
from matinee.core.errors import Forbidden

MINUTES_OF_DAY = 1440
DAYS_AHEAD = 7

Key = tuple[UUID, UUID]
"""A household and one of its profiles."""

_RULES = """
    -- cross-user
    SELECT p.user_id, p.id AS profile_id, p.time_zone, clock_timestamp() AS now,
           l.weekday, l.minutes, l.from_minute, l.until_minute
    FROM unnest(:user_ids::uuid[], :profile_ids::uuid[]) AS asked(user_id, profile_id)
    JOIN profiles p ON p.user_id = asked.user_id AND p.id = asked.profile_id
    JOIN viewing_limits l ON l.user_id = p.user_id AND l.profile_id = p.id
"""
# Time is kept by half hours: one that a day begins within (+05:45) counts for the day before.
_USED = """
    -- cross-user
    SELECT asked.user_id, asked.profile_id, coalesce(sum(w.seconds), 0)::int AS seconds
    FROM unnest(:user_ids::uuid[], :profile_ids::uuid[], :since::timestamptz[])
        AS asked(user_id, profile_id, since)
    LEFT JOIN watch_time w ON w.user_id = asked.user_id AND w.profile_id = asked.profile_id
        AND w.half_hour >= asked.since
    GROUP BY asked.user_id, asked.profile_id
"""


class ViewingLimit(Forbidden):
    """The time for watching is over."""

    def __init__(self, resets_at: datetime | None) -> None:
        super().__init__(resets_at=resets_at.isoformat() if resets_at else None)


class Rule(NamedTuple):
    """The limits of one weekday, in minutes since midnight by the wall clock."""

    minutes: int | None = None
    from_minute: int = 0
    until_minute: int = MINUTES_OF_DAY


Week = Mapping[int, Rule]
"""Rules by weekday (0 = Monday); a day without one is free."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a profile may still watch: so many seconds from now, or nothing until a moment.

    `seconds_left` is None where nothing limits; `resets_at` None where no end is in sight.
    """

    seconds_left: float | None = None
    used_seconds: int = 0
    resets_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether the profile has to stop."""
        return self.seconds_left is not None and self.seconds_left <= 0


UNLIMITED = Allowance()


def allowance(week: Week, zone: ZoneInfo, now: datetime, used_seconds: int) -> Allowance:
    """What the rules of a week leave at a moment, when so much was watched that day already."""
    today = now.astimezone(zone).date()
    rule = week.get(today.weekday())
    if rule is None:
        return Allowance(used_seconds=used_seconds)
    opens, closes = window(today, rule, zone)
    quota = inf if rule.minutes is None else rule.minutes * 60 - used_seconds
    left = min(quota, (closes - now).total_seconds())
    if left > 0 and opens <= now:
        return Allowance(left, used_seconds)
    if left > 0:
        return Allowance(0, used_seconds, opens)
    return Allowance(0, used_seconds, next_opening(week, zone, today))


def next_opening(week: Week, zone: ZoneInfo, after: date) -> datetime | None:
    """When watching is allowed again on a later day; None where that is not within a week."""
    for days in range(1, DAYS_AHEAD + 1):
        day = after + timedelta(days=days)
        rule = week.get(day.weekday(), Rule())
        if rule.minutes != 0:
            return window(day, rule, zone)[0]
    return None


def window(day: date, rule: Rule, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The hours of a day as moments, the wider reading where clocks are changed within them."""
    return min(_readings(day, rule.from_minute, zone)), max(_readings(day, rule.until_minute, zone))


def _readings(day: date, minute: int, zone: ZoneInfo) -> list[datetime]:
    """The moments at which a wall clock shows this time: two when clocks are set back."""
    midnight = datetime.combine(day, time.min)
    shown = midnight + timedelta(minutes=minute)
    return [shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name; UTC where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


async def allowances(tx: ReadTx, profiles: Collection[Key]) -> dict[Key, Allowance]:
    """What these profiles may still watch, in two statements; those without limits are left out."""
    asked = sorted(profiles)
    rows = await tx.all(
        _RULES,
        user_ids=[user_id for user_id, _ in asked],
        profile_ids=[profile_id for _, profile_id in asked],
    )
    if not rows:
        return {}
    now = max(row["now"] for row in rows)
    weeks: dict[Key, dict[int, Rule]] = {}
    zones: dict[Key, ZoneInfo] = {}
    for row in rows:
        key = _key(row)
        zones[key] = zone_of(row["time_zone"])
        rule = Rule(row["minutes"], row["from_minute"], row["until_minute"])
        weeks.setdefault(key, {})[row["weekday"]] = rule
    used = await _used(tx, zones, now)
    return {key: allowance(week, zones[key], now, used[key]) for key, week in weeks.items()}


async def _used(tx: ReadTx, zones: Mapping[Key, ZoneInfo], now: datetime) -> dict[Key, int]:
    """Seconds watched since each profile's midnight."""
    rows = await tx.all(
        _USED,
        user_ids=[user_id for user_id, _ in zones],
        profile_ids=[profile_id for _, profile_id in zones],
        since=[window(now.astimezone(zone).date(), Rule(), zone)[0] for zone in zones.values()],
    )
    return {_key(row): row["seconds"] for row in rows}


def _key(row: Row) -> Key:
    return row["user_id"], row["profile_id"]
