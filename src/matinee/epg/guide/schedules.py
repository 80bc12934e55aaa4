"""Schedules (L-02): bytes made by PostgreSQL, kept by the state of the guide they show (X-02).

Which state that is says a small table; airings are looked at only where neither the client nor the
cache has them.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from matinee.accounts.viewer import Viewer
from matinee.core.caching import matches
from matinee.core.database import ReadTx
from matinee.core.encoded import Encoded
from matinee.core.errors import NotFound
from matinee.epg.guide.bodies import Asked, compact_body, day_body, object_body
from matinee.epg.guide.revisions import digest, state_of
from matinee.epg.guide.seeing import view_of
from matinee.epg.guide.windows import DayWish, ScheduleWish, day_of
from matinee.runtime import Runtime

KEPT = timedelta(minutes=5)

SLOWEST_MS = 10_000
"""All channels for a week may take that long; the cache has them then."""


async def get_schedules(
    runtime: Runtime, viewer: Viewer, wish: ScheduleWish, if_none_match: str | None = None
) -> Encoded:
    """Airings of those channels that the viewer may see; no body where the client has them."""
    asked = await _look(runtime, viewer, wish)
    state, since = asked.state, None if asked.complete else wish.since_rev
    version = digest(state.rev, asked.view, state.channels, wish.from_, wish.to, wish.format, since)
    make = compact_body if wish.format == "compact" else object_body
    return await _kept(runtime, version, partial(make, viewer=viewer, asked=asked), if_none_match)


async def get_day(
    runtime: Runtime, viewer: Viewer, wish: DayWish, if_none_match: str | None = None
) -> Encoded:
    """What a channel sends on a day of a time zone, the profile's own where none is named.

    Raises:
        NotFound: there is no such channel, or the viewer may not see it.
    """
    zone = ZoneInfo(wish.tz or viewer.time_zone)
    day: date = wish.date or datetime.now(zone).date()
    begins, ends = day_of(day, zone)
    asked = await _look(runtime, viewer, ScheduleWish.of([wish.channel_id], begins, ends))
    if not asked.state.channels:
        raise NotFound()
    version = digest(asked.state.rev, asked.view, wish.channel_id, day, zone.key)
    make = partial(day_body, viewer=viewer, asked=asked, day=day, time_zone=zone.key)
    return await _kept(runtime, version, make, if_none_match)


async def _look(runtime: Runtime, viewer: Viewer, wish: ScheduleWish) -> Asked:
    """The state of the guide for a wish, in one statement."""
    async with runtime.database.read() as tx:
        state = await state_of(tx, viewer, wish.channel_ids, wish.from_, wish.to, wish.since_rev)
    view = digest(await view_of(runtime, viewer), sorted(state.channels))
    complete = (
        wish.since_rev is None or wish.since_rev > state.current or wish.view not in (None, view)
    )
    return Asked(wish, state, view, complete)


async def _kept(
    runtime: Runtime,
    version: str,
    make: Callable[[ReadTx], Awaitable[bytes]],
    if_none_match: str | None,
) -> Encoded:
    """The body of this version, made where nobody has it; empty where the client has it."""
    etag = f'W/"{version}"'
    if matches(if_none_match, etag):
        return Encoded(b"", etag)

    async def build() -> bytes:
        database = runtime.database
        async with database.read(statement_timeout_ms=SLOWEST_MS, custom_plans=True) as tx:
            return await make(tx)

    body = await runtime.cache.get_or_build(
        "guide.schedule", version, depends_on=(), ttl=KEPT, build=build
    )
    return replace(body, etag=etag)
