"""What is on all channels now and next (L-03), kept until the first of it changes."""

from datetime import datetime, timedelta
from typing import Any

from matinee.accounts.viewer import Viewer, user_tag
from matinee.core.database import Row
from matinee.core.encoded import Encoded
from matinee.core.schema import made
from matinee.entitlements.tags import FOR_SALE
from matinee.epg.guide.channels import filter_parameters, require_filter
from matinee.epg.guide.filters import PASSES, NowFilter
from matinee.epg.guide.on_air import ON_NOW, ON_NOW_COLUMNS, next_in, now_in
from matinee.epg.guide.schemas import GuideChannel, NowGuide, NowOn
from matinee.epg.guide.seeing import view_of, visibility_of
from matinee.epg.guide.shapes import BY_NUMBER, CHANNEL_FIELDS, channel_in
from matinee.epg.tags import CHANNELS, GUIDE
from matinee.runtime import Runtime

AT_MOST = timedelta(seconds=30)

_WIDTH = len(GuideChannel.model_fields)

NOW = f"""
    SELECT {CHANNEL_FIELDS}, statement_timestamp() AS at, {ON_NOW_COLUMNS}
    FROM channels c {ON_NOW}
    WHERE {PASSES} AND (
        :programme_genres::text[] = '{{}}'
        OR now.suitable AND EXISTS (
            SELECT FROM unnest(now.genres) AS genre
            WHERE lower(genre) = ANY (:programme_genres::text[])
        )
    )
    ORDER BY {BY_NUMBER}
"""
_CLOCK = "SELECT statement_timestamp()"


async def get_now(runtime: Runtime, viewer: Viewer, wish: NowFilter) -> Encoded:
    """What is on every channel that passes a filter, as bytes, at most 30 seconds old.

    Raises:
        InvalidValue: no channel that the viewer may see bears such a label.
        NotFound: no such profile.
        Forbidden: another profile was chosen.
    """
    if wish.genre or wish.group or wish.profile_id:
        async with runtime.database.read() as tx:
            await require_filter(tx, viewer, wish)
    hides_locked = wish.locked == "hide"
    built_of = (viewer.user_id, viewer.territory) if hides_locked else None
    tags = {user_tag(viewer.user_id) or CHANNELS, FOR_SALE} if hides_locked else set()

    async def build() -> NowGuide:
        return await now_guide(runtime, viewer, wish)

    return await runtime.cache.get_or_build(
        "guide.now",
        (await view_of(runtime, viewer), repr(wish), built_of),
        depends_on=tags | {CHANNELS, GUIDE},
        ttl=AT_MOST,
        build=build,
        lasts=_lasts,
    )


async def now_guide(runtime: Runtime, viewer: Viewer, wish: NowFilter) -> NowGuide:
    """The same as it is now, in one statement for any number of channels."""
    async with runtime.database.read() as tx:
        rows = await tx.all(NOW, **now_parameters(viewer, wish))
        at: datetime = rows[0]["at"] if rows else await tx.scalar(_CLOCK)
    changes = [row["changes_at"] for row in rows if row["changes_at"] is not None]
    return NowGuide(
        as_of=at, changes_at=min(changes, default=None), items=[_item(row) for row in rows]
    )


def now_parameters(viewer: Viewer, wish: NowFilter) -> dict[str, Any]:
    """The parameters of `NOW`."""
    programme_genres = [genre.lower() for genre in wish.programme_genre]
    return {
        **filter_parameters(viewer, wish),
        **visibility_of(viewer),
        "programme_genres": programme_genres,
    }


def _item(row: Row) -> NowOn:
    return made(
        NowOn,
        channel=channel_in(row[:_WIDTH]),
        now=now_in(row),
        next=next_in(row),
        blocked=row["blocked"],
    )


def _lasts(guide: NowGuide) -> timedelta:
    """Until the first airing ends or begins."""
    return guide.changes_at - guide.as_of if guide.changes_at else AT_MOST
