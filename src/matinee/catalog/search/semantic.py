"""Search by meaning among titles that pass a filter (S-01, S-02), page by page as first found."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import orjson

from matinee.accounts.viewer import Viewer
from matinee.catalog import lists, vectors
from matinee.catalog.cards import cards_for
from matinee.catalog.filters import ViewerFilters, condition_for
from matinee.catalog.search.documents import dictionary_of
from matinee.catalog.search.meaning import vector_of
from matinee.catalog.search.question import understand
from matinee.catalog.search.schemas import SemanticPage, SemanticSearch
from matinee.catalog.search.service import limit
from matinee.core.database import ReadTx, Row
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.core.ratelimit import SEMANTIC_SEARCHES
from matinee.core.schema import Output
from matinee.entitlements.visibility import VISIBLE, visibility_of
from matinee.runtime import Runtime

DEPTH = 200
FROZEN = timedelta(minutes=15)
"""Pages of a search stay as they are for so long; then they are found anew."""

_BY_WORDS = """
    SELECT d.title_id,
           (SELECT sum(idf) FROM unnest(:queries::text[], :idfs::float8[]) AS a (query, idf)
            WHERE d.words @@ a.query::tsquery) AS coverage
    FROM search_documents d JOIN titles t ON t.id = d.title_id
    WHERE d.words @@ :documents::text::tsquery AND {condition}
    ORDER BY coverage DESC NULLS LAST, d.title_id LIMIT :wanted
"""
_STILL_SHOWN = """
    SELECT t.id, found.n, count(*) OVER () AS total
    FROM unnest(:ids::uuid[]) WITH ORDINALITY AS found (id, n) JOIN titles t USING (id)
    WHERE {condition} ORDER BY found.n
"""


class FrozenList(Output):
    """What a search found, in order, however the catalogue changes meanwhile."""

    ids: list[UUID]
    by_meaning: bool


class _Place(NamedTuple):
    """Which list, and after how many of its titles the page begins."""

    list: str
    after: int


async def semantic_search(runtime: Runtime, viewer: Viewer, wish: SemanticSearch) -> SemanticPage:
    """One page of at most 200 titles, nearest in meaning first.

    What has been hidden since the first page, or may no longer be played where that was asked for,
    is left out. Without an embedding model the titles
    with the words of the query are given instead.

    Raises:
        RateLimited: too many searches in a minute.
        InvalidValue: there is no such genre.
        BadCursor: the cursor belongs to another list.
    """
    await limit(runtime, viewer, SEMANTIC_SEARCHES)
    await lists.require_genres(runtime, viewer, wish)
    place = _place(wish)
    frozen = await _frozen(runtime, viewer, wish, place.list)
    async with runtime.database.read() as tx:
        shown = await _still_shown(tx, viewer, wish, frozen)
        if wish.page is not None:
            rest = shown[(wish.page - 1) * wish.page_size :]
        else:
            rest = [row for row in shown if row["n"] > place.after]
        page = rest[: wish.page_size]
        cards = await cards_for(tx, viewer, [row["id"] for row in page])
    more = len(rest) > len(page)
    return SemanticPage.model_construct(
        items=cards,
        next_cursor=encode_cursor(place.list, page[-1]["n"]) if more else None,
        total=len(shown),
        by_meaning=frozen.by_meaning,
    )


def _place(wish: SemanticSearch) -> _Place:
    """A first page begins a list of its own; numbered pages share one."""
    if wish.cursor is not None:
        name, after = decode_cursor(wish.cursor, (str, int))
        return _Place(name or "", after or 0)
    return _Place("" if wish.page is not None else secrets.token_urlsafe(6), 0)


async def _frozen(runtime: Runtime, viewer: Viewer, wish: SemanticSearch, name: str) -> FrozenList:
    """The list of that name; found anew where it is too old."""

    async def build() -> FrozenList:
        return await _find(runtime, viewer, wish)

    asked = wish.model_dump_json(exclude={"cursor", "page", "page_size"}, exclude_defaults=True)
    own_tags = lists.own_tags(viewer, wish)
    household = viewer.user_id if own_tags else None
    key = (viewer.sees, household, asked, runtime.embedder.model, name)
    encoded = await runtime.cache.get_or_build(
        "search.semantic", key, depends_on=own_tags, ttl=FROZEN, build=build
    )
    return FrozenList.model_validate(orjson.loads(encoded.body))


async def _still_shown(
    tx: ReadTx, viewer: Viewer, wish: SemanticSearch, frozen: FrozenList
) -> list[Row]:
    condition, params = condition_for(viewer, ViewerFilters(entitled=wish.entitled))
    sql = _STILL_SHOWN.replace("{condition}", f"{VISIBLE} AND {condition}")
    return await tx.all(sql, ids=frozen.ids, **params, **visibility_of(viewer))


async def _find(runtime: Runtime, viewer: Viewer, wish: SemanticSearch) -> FrozenList:
    wanted = wish.model_dump(include=set(ViewerFilters.model_fields) - {"q"})
    condition, params = condition_for(viewer, ViewerFilters.model_validate(wanted))
    condition = f"{VISIBLE} AND {condition}"
    params |= visibility_of(viewer)
    vector = await vector_of(runtime, wish.q)
    timeout = runtime.settings.slow_statement_timeout_ms
    async with runtime.database.read(custom_plans=True, statement_timeout_ms=timeout) as tx:
        if vector is not None:
            model = runtime.embedder.model
            near = await vectors.nearest(tx, vector, condition, DEPTH, model=model, **params)
            return FrozenList(ids=[title.title_id for title in near], by_meaning=True)
        dictionary = dictionary_of(runtime.settings.catalog_language)
        return FrozenList(
            ids=await _by_words(tx, wish.q, dictionary, condition, params), by_meaning=False
        )


async def _by_words(
    tx: ReadTx, query: str, dictionary: str, condition: str, params: dict[str, object]
) -> Sequence[UUID]:
    question = await understand(tx, query, dictionary)
    rows = await tx.all(
        _BY_WORDS.replace("{condition}", condition),
        queries=[term.query for term in question.terms],
        idfs=[term.idf * term.trust for term in question.terms],
        documents=question.documents,
        wanted=DEPTH,
        **params,
    )
    return [row["title_id"] for row in rows]
