"""Airings, programmes and channels in SQL: as records, of which models are made, and as JSON.

Records are read in C and take a third of the time of JSON; JSON is for bodies that PostgreSQL makes
as a whole.
"""

import json
from collections.abc import Sequence
from typing import Any

from matinee.core.schema import made
from matinee.epg.guide.schemas import (
    AiringOnChannel,
    AiringOut,
    Flag,
    GuideChannel,
    ProgrammeOut,
)

Record = Sequence[Any]

FLAGS: tuple[Flag, ...] = (
    "new",
    "premiere",
    "repeat",
    "live",
    "last_chance",
    "subtitles",
    "audio_described",
)
"""Names of the bits of `schedule_entries.flags`, lowest first."""

FLAG_SETS = [
    [flag for n, flag in enumerate(FLAGS) if bits >> n & 1] for bits in range(1 << len(FLAGS))
]
"""The names of the flags by their bits."""

LONGEST_AIRING = "interval '24 hours'"
"""No airing is longer, so what is on at a moment has begun less than that before."""

PROGRAMME = tuple(ProgrammeOut.model_fields)
"""Columns of `programmes` that make a `ProgrammeOut`."""

PROGRAMME_FIELDS = ", ".join(f"'{name}', p.{name}" for name in PROGRAMME)
PROGRAMME_JSON = f"json_build_object({PROGRAMME_FIELDS})"
"""SQL over `programmes p`: a `ProgrammeOut` as JSON."""

_FLAG_NAMES = f"('{json.dumps(FLAG_SETS)}'::jsonb -> s.flags::int)"
AIRING_FIELDS = (
    *(f"s.{name}" for name in ("id", "starts_at", "ends_at", "flags", "start_over", "catch_up")),
    *(f"p.{name}" for name in PROGRAMME),
)
"""SQL over `schedule_entries s` and `programmes p`, one by one: for `airing_in`."""

_CHANNEL = "c.id, c.number, c.name, c.slug, c.logo_url, c.genres, c.group_title, c.radio"

PROGRAMME_RECORD = f"ROW({', '.join(f'p.{name}' for name in PROGRAMME)})"
"""SQL over `programmes p`: for `programme_in`."""

AIRING_RECORD = f"ROW({', '.join(AIRING_FIELDS)})"
"""The same as one value."""

AIRING_ON_CHANNEL = f"ROW(s.id, s.starts_at, s.ends_at, s.flags, {_CHANNEL})"
"""SQL over `schedule_entries s` and `channels c`: for `airing_on_channel_in`."""

CHANNEL_FIELDS = _CHANNEL.replace("c.group_title", 'c.group_title AS "group"')
"""Columns over `channels c`: the fields of a `GuideChannel`, in their order."""

BY_NUMBER = "coalesce(c.number, 2147483647), c.name, c.id"
"""The order of channels that nobody has put into another."""


def airing_json(programme: str) -> str:
    """SQL over `schedule_entries s`: an `AiringOut` as JSON, with the SQL of its programme."""
    return f"""json_build_object(
        'id', s.id, 'starts_at', s.starts_at, 'ends_at', s.ends_at, 'flags', {_FLAG_NAMES},
        'start_over', s.start_over, 'catch_up', s.catch_up, 'programme', {programme}
    )"""


def programme_in(record: Record) -> ProgrammeOut:
    """The programme in a `PROGRAMME_RECORD`."""
    return made(ProgrammeOut, **dict(zip(PROGRAMME, record, strict=True)))


def airing_in(record: Record) -> AiringOut:
    """The airing in an `AIRING_RECORD`, or in the values of `AIRING_FIELDS`."""
    airing_id, starts_at, ends_at, flags, start_over, catch_up, *programme = record
    return made(
        AiringOut,
        id=airing_id,
        starts_at=starts_at,
        ends_at=ends_at,
        flags=FLAG_SETS[flags],
        start_over=start_over,
        catch_up=catch_up,
        programme=programme_in(programme),
    )


def channel_in(record: Record) -> GuideChannel:
    """The channel in the values of `CHANNEL_FIELDS`."""
    return made(GuideChannel, **dict(zip(GuideChannel.model_fields, record, strict=True)))


def airing_on_channel_in(record: Record) -> AiringOnChannel:
    """The airing in an `AIRING_ON_CHANNEL`."""
    airing_id, starts_at, ends_at, flags, *channel = record
    return made(
        AiringOnChannel,
        id=airing_id,
        starts_at=starts_at,
        ends_at=ends_at,
        flags=FLAG_SETS[flags],
        channel=channel_in(channel),
    )
