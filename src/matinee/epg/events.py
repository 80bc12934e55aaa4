"""What the guide announces to whoever follows it: links, reminders, embeddings."""

from collections.abc import Collection
from uuid import UUID

from matinee.core.database import WriteTx
from matinee.core.jobs import announce

GUIDE_CHANGED = "epg.guide_changed"
"""Airings of these channels are new, moved or gone. Carries `channel_ids` and `rev`, the revision
that their days got."""

MOST_AT_ONCE = 500


async def guide_changed(tx: WriteTx, channel_ids: Collection[UUID], rev: int) -> None:
    """Announce that the guide of channels changed, as part of this transaction."""
    ids = sorted(map(str, channel_ids))
    for start in range(0, len(ids), MOST_AT_ONCE):
        await announce(tx, GUIDE_CHANGED, channel_ids=ids[start : start + MOST_AT_ONCE], rev=rev)
