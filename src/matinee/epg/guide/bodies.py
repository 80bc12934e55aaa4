"""The bodies of schedules of several channels: JSON made by PostgreSQL, put together as bytes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx
from matinee.entitlements.channels import AIRING_SUITABLE, airing_visibility_of
from matinee.epg.guide.revisions import GuideState
from matinee.epg.guide.shapes import LONGEST_AIRING, PROGRAMME_JSON, airing_json
from matinee.epg.guide.windows import ScheduleWish

_IN_WINDOW = f"""
    s.starts_at < :to_at::timestamptz AND s.ends_at > :from_at::timestamptz
    AND s.starts_at > :from_at::timestamptz - {LONGEST_AIRING}
"""
_ALL = f"""(
    SELECT s.* FROM schedule_entries s WHERE s.channel_id = ANY (:ids::uuid[]) AND {_IN_WINDOW}
) AS s"""
_CHANGED = f"""(
    SELECT s.* FROM unnest(:ids::uuid[], :days::date[]) AS changed(channel_id, day)
    JOIN schedule_entries s ON s.channel_id = changed.channel_id
        AND s.starts_at >= changed.day::timestamp AT TIME ZONE 'UTC'
        AND s.starts_at < (changed.day + 1)::timestamp AT TIME ZONE 'UTC'
    WHERE {_IN_WINDOW}
) AS s"""

_START, _END = (f"floor(date_part('epoch', s.{end}) / 60)::int" for end in ("starts_at", "ends_at"))
_COMPACT_AIRING = f"""concat_ws(
    ',', s.id, {_START}, {_END} - {_START}, s.programme_id,
    s.flags + CASE WHEN s.start_over THEN 0 ELSE 128 END + CASE WHEN s.catch_up THEN 0 ELSE 256 END
)"""
_COMPACT_PROGRAMME = """concat(
    '"', p.id, '":[', to_json(p.title)::text, ',', coalesce(to_json(p.sub_title)::text, 'null'),
    ',', coalesce(p.season::text, 'null'), ',', coalesce(p.episode::text, 'null'), ']'
)"""


def _programmes(columns: str, airings: str) -> str:
    """SQL: the programmes of some airings, each looked at once, and whether they may be seen.

    The rule is a column because PostgreSQL would think that it lets hardly anything pass, and look
    for the airings of each programme one by one.
    """
    return f"""shown AS MATERIALIZED (
        SELECT p.id, {columns}, ({AIRING_SUITABLE}) IS TRUE AS suitable FROM programmes p
        WHERE p.id IN (SELECT s.programme_id FROM {airings})
    )"""


def _objects(airings: str) -> str:
    """SQL: a row per channel with its airings as JSON."""
    return f"""
        WITH found AS MATERIALIZED (SELECT s.* FROM {airings}),
        {_programmes(f"{PROGRAMME_JSON} AS programme", "found AS s")}
        SELECT s.channel_id, convert_to(
            string_agg({airing_json("shown.programme")}::text, ',' ORDER BY s.starts_at), 'UTF8'
        ) AS json
        FROM found AS s JOIN shown ON shown.id = s.programme_id
        WHERE shown.suitable GROUP BY s.channel_id
    """


def _compact(airings: str) -> str:
    """SQL: a row per channel with its airings, and one without a channel with all programmes."""
    return f"""
        WITH {_programmes("p.title, p.sub_title, p.season, p.episode", airings)}
        SELECT s.channel_id, convert_to(
            '[' || string_agg({_COMPACT_AIRING}, '],[' ORDER BY s.starts_at) || ']', 'UTF8'
        ) AS json
        FROM {airings}
        WHERE s.programme_id NOT IN (SELECT id FROM shown WHERE NOT suitable)
        GROUP BY s.channel_id
        UNION ALL
        SELECT NULL, convert_to(string_agg({_COMPACT_PROGRAMME}, ','), 'UTF8')
        FROM shown p WHERE p.suitable
    """


OBJECTS, CHANGED_OBJECTS = _objects(_ALL), _objects(_CHANGED)
COMPACT, CHANGED_COMPACT = _compact(_ALL), _compact(_CHANGED)


@dataclass(frozen=True, slots=True)
class Asked:
    """A wish, the state of the guide it is answered from, and whether by all or by changes."""

    wish: ScheduleWish
    state: GuideState
    view: str
    complete: bool

    @property
    def head(self) -> bytes:
        """The beginning of the answer: a `ScheduleWindow`."""
        head = {"rev": self.state.current, "view": self.view, "complete": self.complete}
        return orjson.dumps(head).removesuffix(b"}")

    @property
    def channels(self) -> Iterable[UUID]:
        """The channels of the answer in their order."""
        return self.state.channels if self.complete else self.state.changed


async def object_body(tx: ReadTx, viewer: Viewer, asked: Asked) -> bytes:
    """`Schedules` as JSON."""
    airings = await _read(tx, viewer, asked, OBJECTS if asked.complete else CHANGED_OBJECTS)
    days: Mapping[UUID, list[date]] = {} if asked.complete else asked.state.changed
    channels = [
        b'{"channel_id":"%b","days":%b,"airings":[%b]}'
        % (str(one).encode(), orjson.dumps(days.get(one)), airings.get(one, b""))
        for one in asked.channels
    ]
    return b'%b,"channels":[%b]}' % (asked.head, b",".join(channels))


async def compact_body(tx: ReadTx, viewer: Viewer, asked: Asked) -> bytes:
    """`CompactSchedules` as JSON."""
    airings = await _read(tx, viewer, asked, COMPACT if asked.complete else CHANGED_COMPACT)
    days = None if asked.complete else asked.state.changed
    channels = [b'"%b":[%b]' % (str(one).encode(), airings.get(one, b"")) for one in asked.channels]
    return b'%b,"days":%b,"channels":{%b},"programmes":{%b}}' % (
        asked.head,
        orjson.dumps(days, option=orjson.OPT_NON_STR_KEYS),
        b",".join(channels),
        airings.get(None) or b"",
    )


async def day_body(tx: ReadTx, viewer: Viewer, asked: Asked, *, day: date, time_zone: str) -> bytes:
    """`DaySchedule` as JSON."""
    airings = await _read(tx, viewer, asked, OBJECTS)
    head = {
        "channel_id": asked.state.channels[0],
        "date": day,
        "time_zone": time_zone,
        "starts_at": asked.wish.from_,
        "ends_at": asked.wish.to,
        "rev": asked.state.current,
    }
    return b'%b,"airings":[%b]}' % (
        orjson.dumps(head).removesuffix(b"}"),
        b"".join(airings.values()),
    )


async def _read(
    tx: ReadTx, viewer: Viewer, asked: Asked, statement: str
) -> dict[UUID | None, bytes]:
    """The JSON of each channel's airings."""
    rows = await tx.all(statement, **statement_parameters(viewer, asked))
    return {row["channel_id"]: row["json"] for row in rows}


def statement_parameters(viewer: Viewer, asked: Asked) -> dict[str, Any]:
    """The parameters of `OBJECTS` and `COMPACT`, or of their kin for changed days."""
    pairs = [(one, day) for one, days in asked.state.changed.items() for day in days]
    chosen: dict[str, Any] = (
        {"ids": list(asked.state.channels)}
        if asked.complete
        else {"ids": [one for one, _ in pairs], "days": [day for _, day in pairs]}
    )
    window = {"from_at": asked.wish.from_, "to_at": asked.wish.to}
    return chosen | window | airing_visibility_of(viewer)
