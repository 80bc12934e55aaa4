"""What is on now on a profile's channels: a rail of the home screen."""

from datetime import timedelta
from uuid import uuid4

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx
from matinee.core.schema import made
from matinee.entitlements.channels import (
    CHANNEL_ENTITLED,
    CHANNEL_VISIBLE,
    channel_entitlement_of,
)
from matinee.entitlements.on_air import ON_AIR
from matinee.epg.guide.order import PERSONAL_ORDER
from matinee.epg.guide.schemas import GuideChannel
from matinee.epg.guide.seeing import visibility_of
from matinee.epg.guide.shapes import AIRING_RECORD, CHANNEL_FIELDS, airing_in
from matinee.recommendations.layout import HEADINGS, ON_NOW
from matinee.recommendations.schemas import LiveItem, Rail
from matinee.recommendations.variants import variant_of

SHOWN = 20
LOOKED_AT = 60
"""Channels of which some may have a gap, or something on that the profile may not see."""

SHORTEST = timedelta(seconds=30)
"""So long the home screen is kept at least, whatever ends on it."""

_ON_NOW = f"""
    WITH nearest AS MATERIALIZED (
        SELECT id, playable, row_number() OVER () AS place
        FROM (
            SELECT c.id, {CHANNEL_ENTITLED} AS playable FROM channels c
            WHERE {CHANNEL_VISIBLE} AND NOT c.radio
            ORDER BY playable DESC, {PERSONAL_ORDER} LIMIT {LOOKED_AT}
        ) AS ordered
    )
    SELECT {CHANNEL_FIELDS}, nearest.playable, {AIRING_RECORD} AS airing
    FROM nearest JOIN channels c USING (id)
    CROSS JOIN LATERAL {ON_AIR} AS air
    JOIN schedule_entries s ON s.id = air.id
    JOIN programmes p ON p.id = s.programme_id
    WHERE air.suitable
    ORDER BY nearest.place LIMIT {SHOWN}
"""


async def on_now_rail(tx: ReadTx, viewer: Viewer) -> Rail | None:
    """What is on, on channels that may be played first; in one statement, None where nothing is."""
    rows = await tx.all(
        _ON_NOW,
        **visibility_of(viewer),
        **channel_entitlement_of(viewer),
        profile_id=viewer.profile_id,
    )
    if not rows:
        return None
    items = [
        made(
            LiveItem,
            channel=GuideChannel(**{name: row[name] for name in GuideChannel.model_fields}),
            airing=airing_in(row["airing"]),
            playable=row["playable"],
        )
        for row in rows
    ]
    return _rail(viewer, items)


def empty_rail(viewer: Viewer) -> Rail:
    """The same where nothing is on."""
    return _rail(viewer, [])


def _rail(viewer: Viewer, items: list[LiveItem]) -> Rail:
    return Rail.model_construct(
        id=ON_NOW,
        code=ON_NOW,
        heading=HEADINGS[ON_NOW],
        title_id=None,
        recommendation_id=uuid4(),
        variant=variant_of(viewer.profile),
        items=[],
        live=items,
        next_cursor=None,
    )
