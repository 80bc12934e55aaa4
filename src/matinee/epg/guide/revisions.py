"""Of which state the guide of some channels is, known without looking at any airing."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx
from matinee.entitlements.channels import CHANNEL_VISIBLE, channel_visibility_of
from matinee.epg.guide.shapes import LONGEST_AIRING

# Days as in `guide_days`: what is on at the beginning of a window may have begun the day before.
STATE = f"""
    SELECT c.id, g.rev AS current, max(d.rev) AS rev,
           array_agg(d.day ORDER BY d.day) FILTER (WHERE d.rev > :since_rev::bigint) AS changed
    FROM guide_revision g
    LEFT JOIN channels c ON c.id = ANY (:ids::uuid[]) AND {CHANNEL_VISIBLE}
    LEFT JOIN guide_days d ON d.channel_id = c.id AND d.day BETWEEN
        ((:from_at::timestamptz - {LONGEST_AIRING}) AT TIME ZONE 'UTC')::date
        AND (:to_at::timestamptz AT TIME ZONE 'UTC')::date
    GROUP BY c.id, g.rev
"""


@dataclass(frozen=True, slots=True)
class GuideState:
    """The channels that the viewer may see, as asked for, and what changed on them.

    `current` counts all changes of the guide; `rev` is the last one of these channels and days.
    """

    channels: Sequence[UUID]
    current: int
    rev: int
    changed: dict[UUID, list[date]]


async def state_of(
    tx: ReadTx,
    viewer: Viewer,
    channel_ids: Sequence[UUID],
    from_at: datetime,
    to_at: datetime,
    since_rev: int | None = None,
) -> GuideState:
    """The state of some channels between two moments; `changed` is empty without a `since_rev`."""
    rows = await tx.all(
        STATE,
        ids=list(channel_ids),
        from_at=from_at,
        to_at=to_at,
        since_rev=since_rev,
        **channel_visibility_of(viewer),
    )
    seen = {row["id"]: row for row in rows if row["id"] is not None}
    channels = [channel_id for channel_id in channel_ids if channel_id in seen]
    return GuideState(
        channels=channels,
        current=rows[0]["current"],
        rev=max((row["rev"] or 0 for row in seen.values()), default=0),
        changed={one: seen[one]["changed"] for one in channels if seen[one]["changed"]},
    )


def digest(*parts: object) -> str:
    """A short name for something made of these parts."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=9).hexdigest()
