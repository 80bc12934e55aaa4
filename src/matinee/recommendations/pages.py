"""One rail by itself, page by page, further than the home screen shows it."""

from collections.abc import Container
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.collections import LEAST
from matinee.catalog.genres import known_genres
from matinee.core.errors import NotFound
from matinee.core.paging import decode_cursor
from matinee.recommendations.dressing import Wardrobe, cards_of, cursor_after, dress
from matinee.recommendations.home import day_of
from matinee.recommendations.layout import BECAUSE, COLLECTION, GENRE, HEADINGS, ON_NOW, SEVERAL
from matinee.recommendations.live.on_now import empty_rail, on_now_rail
from matinee.recommendations.picks import Draft
from matinee.recommendations.rails.collections import published_collections
from matinee.recommendations.rails.drafting import draft_rails
from matinee.recommendations.rails.facts import Wanted, read_facts
from matinee.recommendations.rails.reading import PlainReader
from matinee.recommendations.schemas import Rail
from matinee.runtime import Runtime

DEPTH = 200
"""A rail goes no further."""


async def rail_page(
    runtime: Runtime,
    viewer: Viewer,
    rail: str,
    *,
    cursor: str | None,
    page_size: int,
    strict_language: bool = False,
) -> Rail:
    """One page of a rail; `strict_language` leaves out other languages where it comes from taste.

    Raises:
        NotFound: there is no such rail for this viewer.
        BadCursor: the cursor is none of ours.
    """
    if rail == ON_NOW:
        return await _live_page(runtime, viewer)
    collections = await published_collections(runtime)
    genres = await known_genres(runtime)
    _require_known(rail, genres, collections)
    async with runtime.database.read() as tx:
        wanted = Wanted([rail], DEPTH, DEPTH, collections, strict_language)
        weights, day = runtime.settings.signal_weights, day_of(viewer)
        facts = await read_facts(PlainReader(tx), viewer, wanted, weights, day)
        drafts = draft_rails(facts, viewer, [rail], day)
        draft = drafts[0] if drafts else Draft(rail)
        _require_shown(draft)
        page, next_cursor = page_of(draft, cursor, page_size)
        cards = await cards_of(tx, viewer, [page])
    wardrobe = Wardrobe(viewer, cards, genres, collections, facts.news)
    return dress(page, wardrobe, next_cursor=next_cursor)


async def _live_page(runtime: Runtime, viewer: Viewer) -> Rail:
    """All of what is on; it has one page."""
    async with runtime.database.read() as tx:
        return await on_now_rail(tx, viewer) or empty_rail(viewer)


def _require_known(rail: str, genres: Container[str], collections: Container[str]) -> None:
    known = (
        (rail in HEADINGS and rail not in SEVERAL)
        or (rail.startswith(GENRE) and rail.removeprefix(GENRE) in genres)
        or (rail.startswith(COLLECTION) and rail.removeprefix(COLLECTION) in collections)
        or rail.startswith(BECAUSE)
    )
    if not known:
        raise NotFound()


def _require_shown(draft: Draft) -> None:
    """What stands for a genre, a collection or a title is not named where it shows nothing (C1)."""
    least = LEAST if draft.rail.startswith(COLLECTION) else 1
    if ":" in draft.rail and len(draft.picks) < least:
        raise NotFound()


def page_of(draft: Draft, cursor: str | None, page_size: int) -> tuple[Draft, str | None]:
    """The picks behind the cursor, and the cursor behind them.

    What was shown last is looked for where it stands now; the list may have changed since.
    """
    start = 0
    if cursor:
        start, last_id = decode_cursor(cursor, (int, UUID))
        ids = draft.title_ids
        start = ids.index(last_id) + 1 if last_id in ids else min(max(start or 0, 0), len(ids))
    picks = draft.picks[start : start + page_size]
    more = len(draft.picks) > start + len(picks)
    return draft.with_picks(picks), cursor_after(picks, start) if more and picks else None
