"""Lists of titles as viewers get them: ids from a query, then cards, then a page."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog import browse, queries
from matinee.catalog.browse import Browse, Filters
from matinee.catalog.cards import cards_for
from matinee.catalog.schemas import (
    Facets,
    Genres,
    Labels,
    PersonOut,
    TitlePage,
)
from matinee.catalog.tags import CATALOG
from matinee.core.database import ReadTx
from matinee.runtime import Runtime

T = TypeVar("T")

REMEMBERED = timedelta(seconds=60)


async def browse_titles(runtime: Runtime, viewer: Viewer, wish: Browse) -> TitlePage:
    """One page of titles; two statements when its total is remembered."""
    async with runtime.database.read() as tx:
        ids, next_cursor = await browse.find_ids(tx, viewer, wish)
        cards = await cards_for(tx, viewer, ids)
    total = await _total(runtime, viewer, wish)
    facets = await _facets(runtime, viewer, wish) if wish.facets else None
    return TitlePage.model_construct(
        items=cards, next_cursor=next_cursor, total=total, facets=facets
    )


async def _total(runtime: Runtime, viewer: Viewer, wish: Browse) -> int:
    async def build() -> int:
        async with runtime.database.read() as tx:
            return await browse.count_titles(tx, viewer, wish)

    return await _remembered(runtime, "titles.total", _key(viewer, wish), build)


async def _facets(runtime: Runtime, viewer: Viewer, wish: Browse) -> Facets:
    async def build() -> Facets:
        async with runtime.database.read() as tx:
            return await browse.count_facets(tx, viewer, wish)

    key = f"{viewer.languages[0]}:{_key(viewer, wish)}"
    return await _remembered(runtime, "titles.facets", key, build)


async def list_genres(runtime: Runtime, viewer: Viewer) -> Genres:
    """Genres with visible titles."""

    async def build() -> Genres:
        async with runtime.database.read() as tx:
            return Genres(items=await queries.genres_for(tx, viewer))

    return await _remembered(runtime, "genres", f"{viewer.languages[0]}:{viewer.sees}", build)


async def list_labels(runtime: Runtime, viewer: Viewer, facet: str) -> Labels:
    """Moods or themes with visible titles."""

    async def build() -> Labels:
        async with runtime.database.read() as tx:
            return Labels(items=await queries.labels_for(tx, viewer, facet))

    return await _remembered(runtime, f"labels.{facet}", repr(viewer.sees), build)


async def person(tx: ReadTx, viewer: Viewer, person_id: UUID) -> PersonOut:
    """Somebody with the visible titles he or she took part in."""
    name, roles, ids = await queries.person_with_titles(tx, viewer, person_id)
    titles = await cards_for(tx, viewer, ids)
    return PersonOut(id=person_id, name=name, roles=roles, titles=titles)


async def _remembered(
    runtime: Runtime, name: str, key: str, build: Callable[[], Awaitable[T]]
) -> T:
    """A figure about what is shown, the same for all viewers who see the same titles."""
    return await runtime.cache.get_or_build_object(
        name, key, depends_on={CATALOG}, ttl=REMEMBERED, build=build
    )


def _key(viewer: Viewer, wish: Filters) -> str:
    filters = wish.model_dump_json(exclude={"sort", "cursor", "page", "page_size", "facets"})
    return f"{viewer.sees}:{filters}"
