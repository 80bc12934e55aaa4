"""What the catalogue announces to the layers above it."""

from collections.abc import Iterable
from uuid import UUID

from matinee.core.database import WriteTx
from matinee.core.jobs import announce

TITLES_CHANGED = "catalog.titles_changed"
"""Titles are new, or say something else: names, texts, labels, people. Carries `title_ids`."""

MOST_AT_ONCE = 500


async def titles_changed(tx: WriteTx, title_ids: Iterable[UUID]) -> None:
    """Announce that titles are new or say something else, as part of this transaction."""
    ids = [str(title_id) for title_id in title_ids]
    for start in range(0, len(ids), MOST_AT_ONCE):
        await announce(tx, TITLES_CHANGED, title_ids=ids[start : start + MOST_AT_ONCE])
