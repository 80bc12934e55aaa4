"""Lists as viewers get them: ids from a query, then cards, then a page; figures are remembered."""

from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta
from typing import Literal, TypeVar
from uuid import UUID

from matinee.accounts.viewer import Viewer, profile_tag, user_tag
from matinee.catalog import browse, collections, queries
from matinee.catalog.cards import cards_for
from matinee.catalog.facets import Counts, count_values, facets_of
from matinee.catalog.filters import Browse, Filters, ViewerFilters
from matinee.catalog.genres import known_genres, unknown_genres
from matinee.catalog.schemas import (
    Collections,
    ComingSoon,
    ComingSoonCard,
    Facets,
    GenreOut,
    Genres,
    Labels,
    PersonOut,
    TitlePage,
)
from matinee.catalog.tags import CATALOG
from matinee.core.database import ReadTx
from matinee.core.errors import InvalidValue
from matinee.core.paging import TOTAL_CAP
from matinee.entitlements.tags import FOR_SALE
from matinee.runtime import Runtime

T = TypeVar("T")

REMEMBERED = timedelta(seconds=60)


async def browse_titles(runtime: Runtime, viewer: Viewer, wish: Browse) -> TitlePage:
    """One page of titles, in two statements where its figures are remembered, in four at most.

    Raises:
        InvalidValue: there is no such genre.
        BadCursor: the cursor belongs to another list.
    """
    await require_genres(runtime, viewer, wish)
    async with runtime.database.read(custom_plans=True) as tx:
        ids, next_cursor = await browse.find_ids(tx, viewer, wish)
        cards = await cards_for(tx, viewer, ids)
    facets = None
    if wish.facets:
        counts = await _counts(runtime, viewer, wish)
        facets = facets_of(counts, await known_genres(runtime), viewer.languages)
        total = min(TOTAL_CAP, sum(counts["kind"].values()))
    else:
        total = await _total(runtime, viewer, wish)
    return TitlePage.model_construct(
        items=cards, next_cursor=next_cursor, total=total, facets=facets
    )


async def require_genres(runtime: Runtime, viewer: Viewer, wish: Filters) -> None:
    """Refuse what is no genre, and name those that the viewer knows."""
    if wish.genre and unknown_genres(wish.genre, await known_genres(runtime)):
        genres = await list_genres(runtime, viewer)
        raise InvalidValue("genre", allowed=sorted(genre.slug for genre in genres.items))


async def _total(runtime: Runtime, viewer: Viewer, wish: Browse) -> int:
    async def build() -> int:
        async with runtime.database.read() as tx:
            return (await browse.count_titles(tx, viewer, [wish]))[0]

    also = own_tags(viewer, wish)
    return await _remembered(runtime, viewer, "titles.total", _key(wish), build, also)


async def _counts(runtime: Runtime, viewer: Viewer, wish: Filters) -> Counts:
    async def build() -> Counts:
        async with runtime.database.read() as tx:
            return await count_values(tx, viewer, wish)

    also = own_tags(viewer, wish)
    return await _remembered(runtime, viewer, "titles.facets", _key(wish), build, also)


async def _facets_of_everything(runtime: Runtime, viewer: Viewer) -> Facets:
    counts = await _counts(runtime, viewer, Filters())
    return facets_of(counts, await known_genres(runtime), viewer.languages)


async def list_genres(runtime: Runtime, viewer: Viewer) -> Genres:
    """Genres with visible titles, by name."""
    facets = await _facets_of_everything(runtime, viewer)
    genres = [
        GenreOut(slug=genre.value, name=genre.label, titles=genre.count) for genre in facets.genre
    ]
    return Genres(items=sorted(genres, key=lambda genre: genre.name.casefold()))


async def list_labels(runtime: Runtime, viewer: Viewer, facet: Literal["mood", "theme"]) -> Labels:
    """Moods or themes with visible titles, most frequent first."""
    facets = await _facets_of_everything(runtime, viewer)
    return Labels(items=getattr(facets, facet))


async def list_languages(runtime: Runtime, viewer: Viewer) -> list[str]:
    """Original languages of visible titles, in order of their codes."""
    facets = await _facets_of_everything(runtime, viewer)
    return sorted(language.value for language in facets.language)


async def list_collections(runtime: Runtime, viewer: Viewer) -> Collections:
    """Published collections with enough titles for this viewer, in the operator's order."""

    async def build() -> Collections:
        async with runtime.database.read() as tx:
            return await collections.list_collections(tx, viewer)

    return await _remembered(runtime, viewer, "collections", "", build)


async def coming_soon(
    tx: ReadTx, viewer: Viewer, *, cursor: str | None, page_size: int
) -> ComingSoon:
    """One page of announced titles that have not opened yet, next to open first."""
    opening, next_cursor = await queries.announced(tx, viewer, cursor, page_size)
    cards = await cards_for(tx, viewer, list(opening))
    items = [
        ComingSoonCard.model_construct(**dict(card), available_from=opening[card.id])
        for card in cards
    ]
    return ComingSoon.model_construct(items=items, next_cursor=next_cursor)


async def person(tx: ReadTx, viewer: Viewer, person_id: UUID) -> PersonOut:
    """Somebody with the visible titles he or she took part in."""
    name, roles, ids = await queries.person_with_titles(tx, viewer, person_id)
    titles = await cards_for(tx, viewer, ids)
    return PersonOut(id=person_id, name=name, roles=roles, titles=titles)


async def _remembered(
    runtime: Runtime,
    viewer: Viewer,
    name: str,
    key: str,
    build: Callable[[], Awaitable[T]],
    also: Collection[str] = (),
) -> T:
    """A figure about what is shown, the same for all viewers who see the same titles.

    With tags in `also` it is the household's own.
    """
    tags = {CATALOG, *also}
    if viewer.allow_list_only:
        tags.add(profile_tag(viewer.profile_id))
    seen_by = (viewer.sees, viewer.user_id if also else None)
    return await runtime.cache.get_or_build_object(
        name, (seen_by, key), depends_on=tags, ttl=REMEMBERED, build=build
    )


def own_tags(viewer: Viewer, wish: Filters) -> set[str]:
    """What else an answer depends on where the filter asks what the household may play."""
    if isinstance(wish, ViewerFilters) and wish.entitled is not None:
        return {FOR_SALE, user_tag(viewer.user_id)} - {""}
    return set()


def _key(wish: Filters) -> str:
    return wish.model_dump_json(include=set(ViewerFilters.model_fields), exclude_defaults=True)
