"""What could be meant while somebody types: names that begin so, words that do, names alike."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog import lists
from matinee.catalog.cards import LOCALIZED
from matinee.catalog.search.documents import dictionary_of
from matinee.catalog.search.matching import match_in
from matinee.catalog.search.names import ALIKE, BEGUN, LONGEST_PREFIX, PREFIX, SEEN
from matinee.catalog.search.question import (
    folded_query,
    set_thresholds,
    set_word_similarity,
    understand,
)
from matinee.catalog.search.schemas import Match, Span, Suggest, Suggestion, Suggestions
from matinee.core.database import ReadTx, Row
from matinee.core.text import fold, like_pattern
from matinee.entitlements.visibility import VISIBLE, visibility_of
from matinee.runtime import Runtime

CANDIDATES = 60
TRENDING = 300
"""A single letter begins thousands of names: beside the first ones, the most watched are asked."""

WORD_SIMILARITIES = (0.7, 0.6)
"""Likeness of what was typed and a part of a name, from which on it is suggested."""

LEAST_FOR_WORDS, LEAST_FOR_FUZZY = 2, 4
"""Letters from which on words inside of names are looked at, and names that are only alike."""

_BEGUN = f"""
WITH begun AS MATERIALIZED (
    SELECT t.id FROM titles t WHERE {BEGUN} AND {VISIBLE}
    ORDER BY {PREFIX} USING ~<~, t.id LIMIT {CANDIDATES}
),
trending AS MATERIALIZED (
    SELECT t.id FROM (
        SELECT title_id FROM title_trends
        WHERE territory = '**' AND audience = :audience ORDER BY hot DESC LIMIT {TRENDING}
    ) AS hot JOIN titles t ON t.id = hot.title_id
    WHERE starts_with(t.folded_name, :q) AND {VISIBLE}
),
worded AS MATERIALIZED (
    SELECT t.id FROM titles t
    WHERE :with_words AND t.folded_name LIKE '% ' || :pattern || '%' AND {VISIBLE}
    LIMIT {CANDIDATES}
),
renamed AS MATERIALIZED (
    SELECT t.id FROM search_names n JOIN titles t ON t.id = n.title_id
    WHERE :with_words AND n.folded_name LIKE :pattern || '%' AND {VISIBLE}
    LIMIT {CANDIDATES}
),
people_begun AS MATERIALIZED (
    SELECT p.id, p.name, p.name_key FROM people p {SEEN}
    WHERE :with_words
      AND (p.name_key LIKE :pattern || '%' OR p.name_key LIKE '% ' || :pattern || '%')
    LIMIT {CANDIDATES}
),
every AS (
    SELECT 'title' AS type, t.id, t.name, t.folded_name AS folded,
           coalesce(trend.hot, '-infinity') AS popularity
    FROM (TABLE begun UNION TABLE trending UNION TABLE worded UNION TABLE renamed) AS found
    JOIN titles t USING (id)
    LEFT JOIN title_trends trend
        ON trend.title_id = t.id AND trend.territory = '**' AND trend.audience = :audience
    UNION ALL
    SELECT 'person', id, name, name_key, '-infinity' FROM people_begun
)
SELECT type, id, name FROM every
ORDER BY CASE WHEN folded = :q THEN 0 WHEN starts_with(folded, :q) THEN 1 ELSE 2 END,
         popularity DESC, length(folded), folded, type DESC, id
LIMIT :wanted
"""
_ALIKE = f"""
SELECT type, id, name FROM (
    SELECT 'title' AS type, found.* FROM ({ALIKE.titles}) AS found
    UNION ALL
    SELECT 'person', found.* FROM ({ALIKE.people}) AS found
) AS every
ORDER BY word_similarity(:meant, folded) DESC, similarity(:meant, folded) DESC, folded, id
LIMIT :wanted
"""
_SHOWN_NAMES = f"""
    SELECT t.id, coalesce(local.name, t.name) AS name FROM titles t {LOCALIZED}
    WHERE t.id = ANY (:title_ids::uuid[])
"""


async def suggest(runtime: Runtime, viewer: Viewer, wish: Suggest) -> Suggestions:
    """Names for what was typed so far: whole ones, beginnings, words in them, then alike ones."""
    q = folded_query(wish.q)[:LONGEST_PREFIX]
    collections = await _collections(runtime, viewer, q)
    async with runtime.database.read() as tx:
        await set_thresholds(tx)
        rows = await begun(tx, viewer, q, wish.page_size)
        meant = q
        if len(rows) + len(collections) < wish.page_size and len(q) >= LEAST_FOR_FUZZY:
            dictionary = dictionary_of(runtime.settings.catalog_language)
            question = await understand(tx, q, dictionary)
            meant = question.meant
            rows += await _alike(tx, viewer, meant, wish.page_size)
        names = await _shown_names(tx, viewer, rows)
    each = {row["id"]: row for row in reversed(rows)}  # what begins so may be alike as well
    suggestions = [_suggestion(row, names, q, meant) for row in reversed(each.values())]
    items = sorted([*suggestions, *collections], key=_rank)
    return Suggestions(items=items[: wish.page_size])


async def begun(tx: ReadTx, viewer: Viewer, q: str, wanted: int) -> list[Row]:
    """Titles and people with a name or a word of it that begins so, best first."""
    return await tx.all(
        _BEGUN,
        q=q,
        pattern=like_pattern(q),
        with_words=len(q) >= LEAST_FOR_WORDS and bool(fold(q)),
        audience="kids" if viewer.is_kids else "standard",
        wanted=wanted,
        **visibility_of(viewer),
    )


async def _alike(tx: ReadTx, viewer: Viewer, meant: str, wanted: int) -> list[Row]:
    """Titles and people with names much like it, or where there are none, somewhat like it."""
    params: dict[str, Any] = visibility_of(viewer)
    for similarity in WORD_SIMILARITIES:
        await set_word_similarity(tx, similarity)
        if rows := await tx.all(_ALIKE, meant=meant, wanted=wanted, **params):
            return rows
    return []


async def _shown_names(tx: ReadTx, viewer: Viewer, rows: Sequence[Row]) -> dict[UUID, str]:
    """Names of titles in the viewer's language."""
    title_ids = [row["id"] for row in rows if row["type"] == "title"]
    if not title_ids:
        return {}
    named = await tx.all(_SHOWN_NAMES, title_ids=title_ids, languages=list(viewer.languages))
    return {row["id"]: row["name"] for row in named}


async def _collections(runtime: Runtime, viewer: Viewer, q: str) -> list[Suggestion]:
    """Collections with a word that begins so; those that are shown are few and remembered."""
    cards = (await lists.list_collections(runtime, viewer)).items
    matches = [(card, match_in(card.name, q)) for card in cards]
    return [
        Suggestion(
            type="collection",
            id=None,
            slug=card.slug,
            text=card.name,
            match=found[0],
            span=Span(start=found[1][0], end=found[1][1]),
        )
        for card, found in matches
        if found is not None and found[0] != "fuzzy"
    ]


def _suggestion(row: Row, names: Mapping[UUID, str], q: str, meant: str) -> Suggestion:
    name = names.get(row["id"], row["name"])
    found = match_in(name, q)
    place = found or match_in(name, meant)
    match: Match = found[0] if found else "fuzzy"
    span = Span(start=place[1][0], end=place[1][1]) if place else None
    return Suggestion(type=row["type"], id=row["id"], slug=None, text=name, match=match, span=span)


def _rank(item: Suggestion) -> int:
    """Whole names first, then beginnings of names, of words, the rest; else as they come."""
    if item.match == "prefix" and item.span and item.span.start > 0:
        return 2
    return {"exact": 0, "prefix": 1}.get(item.match, 3)
