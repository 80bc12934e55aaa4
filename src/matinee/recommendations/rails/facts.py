"""All that a page of rails is made of, read in a handful of statements whatever it shows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx
from matinee.core.settings import Settings
from matinee.recommendations.layout import COLLECTION, FROM_TASTE, GENRE
from matinee.recommendations.new_episodes import NewEpisodes, new_episodes
from matinee.recommendations.rails.collections import Published, collection_shelves
from matinee.recommendations.rails.reading import Reader
from matinee.recommendations.rails.shelves import (
    OFFERED,
    SHELVES,
    Listed,
    Shelf,
    read_shelves,
    shelf_of,
)
from matinee.recommendations.top_rated import top_rated
from matinee.recommendations.trends import trending
from matinee.viewing.progress.continue_watching import continue_watching
from matinee.viewing.taste import Taste, taste_of

CONTINUE = "continue-watching"
NEW_EPISODES = "new-episodes"

# what somebody dislikes stays on the list of what he began, but no rail shows it
_STILL_WANTED = f"""
    SELECT t.id, false AS pinned
    FROM unnest(:begun::uuid[]) WITH ORDINALITY AS begun(id, n) JOIN titles t USING (id)
    WHERE {OFFERED} ORDER BY n LIMIT :limit
"""


@dataclass(frozen=True)
class Facts:
    """What was read; what no rail asked for, or could not be read, is empty."""

    taste: Taste = field(default_factory=Taste)
    shelves: Mapping[str, Sequence[Listed]] = field(default_factory=dict)
    """Also what was begun and is still wanted, as `continue-watching`."""
    news: Mapping[UUID, NewEpisodes] = field(default_factory=dict)
    trending: Sequence[UUID] = ()
    top_rated: Sequence[UUID] = ()


@dataclass(frozen=True)
class Wanted:
    """Which rails a page may show, how much of each, and the collections there are."""

    rails: Collection[str]
    limit: int
    collections: Mapping[str, Published] = field(default_factory=dict)

    def shelves(self, viewer: Viewer, begun: Sequence[UUID]) -> list[Shelf]:
        """The plain lists to read for these rails."""
        shelves = [shelf_of(viewer, rail) for rail in SHELVES if rail in self.rails]
        if begun:
            shelves.append(Shelf(CONTINUE, _STILL_WANTED, {"begun": list(begun)}))
        shown = [
            collection
            for slug, collection in self.collections.items()
            if f"{COLLECTION}{slug}" in self.rails
        ]
        return [*shelves, *collection_shelves(shown, COLLECTION)]


async def read_facts(reader: Reader, viewer: Viewer, wanted: Wanted, settings: Settings) -> Facts:
    """Read what the wanted rails are made of, each part by one or two statements."""
    rails, limit = wanted.rails, wanted.limit
    taste = Taste()
    if any(rail in FROM_TASTE or rail.startswith(GENRE) for rail in rails):
        work = partial(taste_of, viewer=viewer, weights=settings.signal_weights)
        taste = await reader.read("taste", work, taste)
    return Facts(
        taste=taste,
        shelves=await _shelves(reader, viewer, wanted),
        news=await _news(reader, viewer, limit) if NEW_EPISODES in rails else {},
        trending=await _ids(reader, viewer, "trending", limit) if "trending" in rails else (),
        top_rated=await _ids(reader, viewer, "top-rated", limit) if "top-rated" in rails else (),
    )


async def _shelves(
    reader: Reader, viewer: Viewer, wanted: Wanted
) -> Mapping[str, Sequence[Listed]]:
    """The plain lists by one statement; where that fails each by its own, to lose only one."""
    begun: list[UUID] = []
    if CONTINUE in wanted.rails:
        begun = await reader.read(CONTINUE, partial(_begun, viewer, wanted.limit), begun)
    shelves = wanted.shelves(viewer, begun)
    nothing: Mapping[str, Sequence[Listed]] = {}

    async def read(some: Sequence[Shelf]) -> Mapping[str, Sequence[Listed]]:
        name = " ".join(shelf.rail for shelf in some)
        work = partial(read_shelves, viewer=viewer, shelves=some, limit=wanted.limit)
        return await reader.read(name, work, nothing)

    found = await read(shelves)
    if found is not nothing or len(shelves) < 2:
        return found
    return {rail: listed for shelf in shelves for rail, listed in (await read([shelf])).items()}


async def _begun(viewer: Viewer, limit: int, tx: ReadTx) -> list[UUID]:
    return [begun.title_id for begun in await continue_watching(tx, viewer, limit)]


async def _news(reader: Reader, viewer: Viewer, limit: int) -> dict[UUID, NewEpisodes]:
    nothing: list[NewEpisodes] = []
    work = partial(new_episodes, viewer=viewer, limit=limit)
    return {news.title_id: news for news in await reader.read(NEW_EPISODES, work, nothing)}


async def _ids(reader: Reader, viewer: Viewer, rail: str, limit: int) -> list[UUID]:
    read = trending if rail == "trending" else top_rated
    return await reader.read(rail, partial(read, viewer=viewer, limit=limit), [])
