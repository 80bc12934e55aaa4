"""Which rails the home screen has and in which order: the operator's layout, else ours."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from matinee.accounts.audit import Actor, record
from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import InvalidValue
from matinee.recommendations.schemas import Audience, Layout, LayoutRail, Layouts, PutLayout
from matinee.runtime import Runtime

LAYOUT = "home-layout"
"""The cache tag of the layout: every home screen depends on it."""
REMEMBERED = timedelta(minutes=5)

HEADINGS = {
    "hero": "Featured",
    "continue-watching": "Continue watching",
    "my-list": "My List",
    "on-now": "On now",
    "new-episodes": "New episodes",
    "for-you": "For you",
    "because": "Because you watched …",
    "trending": "Trending now",
    "top-rated": "Top rated",
    "household": "Popular in your household",
    "genres": "Your genres",
    "new": "New here",
    "leaving-soon": "Leaving soon",
    "recently-browsed": "Recently browsed",
    "collections": "Collections",
}
"""What a layout can name, in the order of a layout that nobody changed.

`because`, `genres` and `collections` stand for as many rails as there are. Single ones are placed
as `genre:<slug>` and `collection:<slug>`.
"""
FROM_TASTE = frozenset({"hero", "for-you", "genres"})
"""Rails of what suits the profile."""
SEVERAL = frozenset({"because", "genres", "collections"})
"""Names that stand for several rails."""
NOT_FOR_KIDS = frozenset({"household", "leaving-soon"})

ON_NOW = "on-now"
"""What is on television: airings in place of titles."""

GENRE = "genre:"
COLLECTION = "collection:"
BECAUSE = "because:"

_LAYOUT = """
    SELECT rail, enabled FROM home_rails WHERE audience = :audience ORDER BY position
"""
_CLEAR = "DELETE FROM home_rails WHERE audience = :audience"
_FILL = """
    INSERT INTO home_rails (audience, rail, enabled, position)
    SELECT :audience, rail, enabled, n
    FROM unnest(:rails::text[], :enabled::bool[]) WITH ORDINALITY AS new(rail, enabled, n)
"""
_KNOWN = """
    SELECT :genre::text || slug AS rail FROM genres UNION ALL
    SELECT :collection::text || slug FROM collections
"""


def default_layout(audience: Audience) -> list[LayoutRail]:
    """Ours, where the operator has none for this audience."""
    left_out = NOT_FOR_KIDS if audience == "kids" else frozenset()
    return [LayoutRail(rail=rail) for rail in HEADINGS if rail not in left_out]


async def home_layout(runtime: Runtime, viewer: Viewer) -> tuple[str, ...]:
    """The rails of a viewer's home in order, remembered by the process."""
    audience: Audience = "kids" if viewer.is_kids else "standard"

    async def build() -> tuple[str, ...]:
        async with runtime.database.read() as tx:
            layout = await read_layout(tx, audience)
        return tuple(place.rail for place in layout.rails if place.enabled)

    return await runtime.cache.get_or_build_object(
        "home-layout", audience, depends_on={LAYOUT}, ttl=REMEMBERED, build=build
    )


async def list_layouts(tx: ReadTx) -> Layouts:
    """The layouts of both audiences."""
    return Layouts(items=[await read_layout(tx, "standard"), await read_layout(tx, "kids")])


async def read_layout(tx: ReadTx, audience: Audience) -> Layout:
    """The layout of an audience, also the rails that are switched off."""
    rows = await tx.all(_LAYOUT, audience=audience)
    rails = [LayoutRail(rail=row["rail"], enabled=row["enabled"]) for row in rows]
    return Layout(audience=audience, is_default=not rails, rails=rails or default_layout(audience))


async def put_layout(tx: WriteTx, staff: Viewer, wish: PutLayout) -> Layout:
    """Replace the layout of an audience; without rails it is ours again.

    Raises:
        InvalidValue: there is no such rail, genre or collection, or one stands there twice.
    """
    names = [place.rail for place in wish.rails]
    await _refuse_unknown(tx, names)
    before = await read_layout(tx, wish.audience)
    await tx.execute(_CLEAR, audience=wish.audience)
    await tx.execute(
        _FILL,
        audience=wish.audience,
        rails=names,
        enabled=[place.enabled for place in wish.rails],
    )
    after = await read_layout(tx, wish.audience)
    await record(
        tx,
        Actor.of(staff),
        "home_layout.update",
        targets={"audience": wish.audience},
        before=before.model_dump(mode="json"),
        after=after.model_dump(mode="json"),
    )
    tx.invalidate(LAYOUT)
    return after


async def _refuse_unknown(tx: ReadTx, names: Sequence[str]) -> None:
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidValue("rails", message="A rail stands there twice.", repeated=repeated)
    if any(name not in HEADINGS for name in names):
        rows = await tx.all(_KNOWN, genre=GENRE, collection=COLLECTION)
        known = {*HEADINGS, *(row["rail"] for row in rows)}
        if unknown := _missing(names, known):
            raise InvalidValue("rails", unknown=unknown, allowed=sorted(known)[:500])


def _missing(names: Iterable[str], known: set[str]) -> list[str]:
    return [name for name in names if name not in known]
