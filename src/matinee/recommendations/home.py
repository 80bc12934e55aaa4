"""The home screen: rails for a profile, composed in a few statements and kept as bytes (X-01)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from matinee.accounts.viewer import Viewer
from matinee.catalog.genres import known_genres
from matinee.catalog.tags import CATALOG
from matinee.core.encoded import Encoded
from matinee.entitlements.tags import FOR_SALE
from matinee.epg.tags import CHANNELS, GUIDE
from matinee.recommendations.dressing import Wardrobe, cards_of, cursor_after, dress
from matinee.recommendations.layout import COLLECTION, LAYOUT, ON_NOW, home_layout
from matinee.recommendations.learning.storing import LEARNED
from matinee.recommendations.live.on_now import SHORTEST, on_now_rail
from matinee.recommendations.picks import Draft
from matinee.recommendations.rails.arranging import arrange, shown_of
from matinee.recommendations.rails.collections import Published, published_collections
from matinee.recommendations.rails.drafting import draft_rails
from matinee.recommendations.rails.facts import Wanted, read_facts
from matinee.recommendations.rails.reading import reading_carefully
from matinee.recommendations.schemas import Home, Rail
from matinee.runtime import FIVE_MINUTES, Runtime

READ = 60
"""Titles that are read for a rail, because some of them stand in another one already."""
CANDIDATES = 120
MOST_COLLECTIONS = 6
PARTIAL_LASTS = timedelta(seconds=10)


async def get_home(runtime: Runtime, viewer: Viewer) -> Encoded:
    """The home screen as bytes, at most five minutes old and never older than the last write."""
    return await runtime.cache.get_or_build(
        "home",
        (viewer.profile, viewer.languages, viewer.sees),
        depends_on=viewer.tags | {CATALOG, CHANNELS, FOR_SALE, GUIDE, LAYOUT, LEARNED},
        ttl=FIVE_MINUTES,
        build=partial(compose_home, runtime, viewer),
        lasts=_lasts,
    )


async def compose_home(runtime: Runtime, viewer: Viewer) -> Home:
    """The home screen as it is now; a part that fails leaves out its rails and nothing else."""
    collections = await published_collections(runtime)
    rails = _expanded(await home_layout(runtime, viewer), collections)
    timeout_ms, weights = runtime.settings.home_part_timeout_ms, runtime.settings.signal_weights
    day = day_of(viewer)
    async with reading_carefully(runtime.database, timeout_ms=timeout_ms) as reader:
        wanted = Wanted(rails, READ, CANDIDATES, collections)
        facts = await read_facts(reader, viewer, wanted, weights, day)
    drafted = draft_rails(facts, viewer, rails, day)
    drafts = arrange(drafted)
    place = _place_of(ON_NOW, drafted, drafts)
    async with runtime.database.read() as tx:
        cards = await cards_of(tx, viewer, map(shown_of, drafts))
        live = await on_now_rail(tx, viewer) if place is not None else None
    wardrobe = Wardrobe(viewer, cards, await known_genres(runtime), collections, facts.news)
    dressed = [_shortened(draft, wardrobe) for draft in drafts]
    if live is not None:
        dressed.insert(place or 0, live)
    return Home.model_construct(rails=dressed, partial=bool(reader.failed))


def _place_of(rail: str, drafted: Sequence[Draft], kept: Sequence[Draft]) -> int | None:
    """Where a rail without titles stands among those that are left; None: it is not wanted."""
    names = [draft.rail for draft in drafted]
    if rail not in names:
        return None
    before = set(names[: names.index(rail)])
    return sum(draft.rail in before for draft in kept)


def _shortened(draft: Draft, wardrobe: Wardrobe) -> Rail:
    shown = shown_of(draft)
    more = len(draft.picks) > len(shown.picks)
    next_cursor = cursor_after(shown.picks, 0) if more else None
    return dress(shown, wardrobe, next_cursor=next_cursor)


def _lasts(home: Home) -> timedelta:
    """Until a title or a programme on it goes off air, or a right or a price on it ends.

    Where a part failed only until it may work again.
    """
    if home.partial:
        return PARTIAL_LASTS
    cards = [item.card for rail in home.rails for item in rail.items]
    ends = [card.available_until for card in cards] + [card.access.changes_at for card in cards]
    now = datetime.now(UTC)
    airings = (item.airing.ends_at for rail in home.rails for item in rail.live)
    ends += [max(end, now + SHORTEST) for end in airings]
    end = min((end for end in ends if end is not None), default=None)
    return end - now if end else FIVE_MINUTES


def day_of(viewer: Viewer) -> date:
    """Today where the viewer is: what is chosen for a day stays until midnight."""
    return datetime.now(ZoneInfo(viewer.time_zone)).date()


def _expanded(layout: Iterable[str], collections: Mapping[str, Published]) -> list[str]:
    """The layout with collections one by one; those with a place of their own not twice."""
    placed = set(layout := list(layout))
    others = [f"{COLLECTION}{slug}" for slug in collections if f"{COLLECTION}{slug}" not in placed]
    rails: list[str] = []
    for rail in layout:
        rails += others[:MOST_COLLECTIONS] if rail == "collections" else [rail]
    return rails
