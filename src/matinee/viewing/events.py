"""What viewing announces to the layers above it."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from matinee.core.database import WriteTx
from matinee.core.jobs import announce

PLAYED = "viewing.played"
"""Titles were watched for two minutes, each once per session; incognito ones are left out.

Carries `plays`, a list of objects with the fields of `Play`; ids are text.
"""

MOST_AT_ONCE = 500


class Play(NamedTuple):
    """A session that has become a play."""

    user_id: UUID
    profile_id: UUID
    session_id: UUID
    title_id: UUID
    territory: str


async def played(tx: WriteTx, plays: Iterable[Play]) -> None:
    """Announce plays, as part of this transaction."""
    found = [{name: str(value) for name, value in play._asdict().items()} for play in plays]
    for start in range(0, len(found), MOST_AT_ONCE):
        await announce(tx, PLAYED, plays=found[start : start + MOST_AT_ONCE])
