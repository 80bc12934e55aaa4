"""All that a page of rails is made of, read in a handful of statements whatever it shows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx
from matinee.core.settings import SignalWeights
from matinee.recommendations.impressions import shown_often
from matinee.recommendations.layout import BECAUSE, COLLECTION, FROM_TASTE, GENRE
from matinee.recommendations.new_episodes import NewEpisodes, new_episodes
from matinee.recommendations.rails.because import (
    Alike,
    read_alike,
    seed_named,
    seeds_of_the_day,
)
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
from matinee.recommendations.scoring import Candidate, candidates
from matinee.viewing.progress.continue_watching import continue_watching
from matinee.viewing.taste import Taste, taste_of

CONTINUE = "continue-watching"
NEW_EPISODES = "new-episodes"
ASK_TASTE = FROM_TASTE | {"because"}

_OF_GENRE = "t.genres @> ARRAY[:genre::text]"

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
    candidates: Sequence[Candidate] = ()
    of_genre: Mapping[str, Sequence[Candidate]] = field(default_factory=dict)
    """By slug, for genres that are asked for by name."""
    alike: Mapping[int, Sequence[Alike]] = field(default_factory=dict)
    """By the number of the title that they go with."""
    often: Collection[UUID] = ()
    """What was shown often in vain."""
    shelves: Mapping[str, Sequence[Listed]] = field(default_factory=dict)
    """Also what was begun and is still wanted, as `continue-watching`."""
    news: Mapping[UUID, NewEpisodes] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """Which rails a page may show, how much of each, of how many candidates, which collections."""

    rails: Collection[str]
    limit: int
    candidates: int
    collections: Mapping[str, Published] = field(default_factory=dict)
    strict_language: bool = False
    """Whether candidates are in the profile's preferred language only (P-02)."""

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


async def read_facts(
    reader: Reader, viewer: Viewer, wanted: Wanted, weights: SignalWeights, day: date
) -> Facts:
    """Read what the wanted rails are made of, each part by one or two statements."""
    rails, limit = wanted.rails, wanted.limit
    taste = await _taste(reader, viewer, rails, weights)
    return Facts(
        taste=taste,
        candidates=(
            await _candidates(reader, viewer, taste, wanted) if FROM_TASTE & set(rails) else ()
        ),
        of_genre={
            genre: await _candidates(reader, viewer, taste, wanted, genre)
            for genre in (rail.removeprefix(GENRE) for rail in rails if rail.startswith(GENRE))
        },
        alike=await _alike(reader, viewer, taste, wanted, day),
        often=await _often(reader, viewer) if "for-you" in rails else (),
        shelves=await _shelves(reader, viewer, wanted),
        news=await _news(reader, viewer, limit) if NEW_EPISODES in rails else {},
    )


async def _taste(
    reader: Reader, viewer: Viewer, rails: Collection[str], weights: SignalWeights
) -> Taste:
    if not any(rail in ASK_TASTE or rail.startswith((GENRE, BECAUSE)) for rail in rails):
        return Taste()
    return await reader.read("taste", partial(taste_of, viewer=viewer, weights=weights), Taste())


async def _candidates(
    reader: Reader, viewer: Viewer, taste: Taste, wanted: Wanted, genre: str | None = None
) -> Sequence[Candidate]:
    nothing: Sequence[Candidate] = ()
    work = partial(
        candidates,
        viewer=viewer,
        taste=taste,
        limit=wanted.limit if genre else wanted.candidates,
        strict_language=wanted.strict_language,
    )
    if genre is None:
        return await reader.read("for-you", work, nothing)
    return await reader.read(genre, partial(work, where=_OF_GENRE, genre=genre), nothing)


async def _often(reader: Reader, viewer: Viewer) -> Collection[UUID]:
    nothing: set[UUID] = set()
    return await reader.read("shown often", partial(shown_often, viewer=viewer), nothing)


async def _alike(
    reader: Reader, viewer: Viewer, taste: Taste, wanted: Wanted, day: date
) -> Mapping[int, Sequence[Alike]]:
    """What goes with the day's titles, and with those asked for by name."""
    seeds = seeds_of_the_day(taste, day) if "because" in wanted.rails else []
    for rail in wanted.rails:
        if rail.startswith(BECAUSE) and (seed := seed_named(taste, rail)):
            seeds.append(seed)
    nothing: Mapping[int, Sequence[Alike]] = {}
    numbers = [seed.number for seed in seeds]
    work = partial(read_alike, viewer=viewer, numbers=numbers, limit=wanted.limit)
    return await reader.read("because", work, nothing) if seeds else nothing


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
