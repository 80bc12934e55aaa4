"""The hero of the home screen (R-11): what the operator features, best for this profile first."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from matinee.accounts.audit import Actor, record
from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import InvalidValue
from matinee.recommendations.layout import LAYOUT
from matinee.recommendations.rails.shelves import Listed
from matinee.recommendations.ranking import draw_lot
from matinee.recommendations.schemas import HeroPins, PutHeroPins

SAMPLED = 3
"""The first place goes to one of so many best ones."""

_PINS = "SELECT title_id FROM hero_pins ORDER BY position"
_CLEAR = "DELETE FROM hero_pins"
_FILL = """
    INSERT INTO hero_pins (title_id, position)
    SELECT title_id, n FROM unnest(:title_ids::uuid[]) WITH ORDINALITY AS new(title_id, n)
"""
_UNKNOWN = """
    SELECT new.id FROM unnest(:title_ids::uuid[]) AS new(id)
    WHERE NOT EXISTS (SELECT FROM titles t WHERE t.id = new.id)
"""


def choose_hero(
    featured: Sequence[Listed], scores: Mapping[UUID, float], profile_id: UUID, day: date
) -> list[UUID]:
    """Featured titles in the order of the hero: the day's choice among the best three, the rest.

    `featured` comes with the pinned ones first, in the operator's order, then by popularity; where
    anything is pinned the choice is among the pinned ones. A profile keeps its choice all day, also
    when others come or go.
    """
    pinned = [one.title_id for one in featured if one.pinned]
    scored = [one.title_id for one in featured if not one.pinned]
    scored.sort(key=lambda title_id: -scores.get(title_id, 0.0))
    best = (pinned or scored)[:SAMPLED]
    if not best:
        return []
    first = max(best, key=lambda title_id: draw_lot(profile_id, day, title_id))
    return [first, *(title_id for title_id in (*pinned, *scored) if title_id != first)]


async def read_pins(tx: ReadTx) -> HeroPins:
    """The titles that the operator pinned, in order."""
    return HeroPins(title_ids=[row["title_id"] for row in await tx.all(_PINS)])


async def put_pins(tx: WriteTx, staff: Viewer, wish: PutHeroPins) -> HeroPins:
    """Replace the pinned titles.

    Raises:
        InvalidValue: some ids are of no title.
    """
    title_ids = list(dict.fromkeys(wish.title_ids))
    if unknown := await tx.all(_UNKNOWN, title_ids=title_ids):
        raise InvalidValue("title_ids", unknown=[str(row["id"]) for row in unknown])
    before = await read_pins(tx)
    await tx.execute(_CLEAR)
    await tx.execute(_FILL, title_ids=title_ids)
    after = await read_pins(tx)
    await record(
        tx,
        Actor.of(staff),
        "hero.pin",
        targets={"rail": "hero"},
        before=before.model_dump(mode="json"),
        after=after.model_dump(mode="json"),
    )
    tx.invalidate(LAYOUT)
    return after
