"""What could be meant while somebody types: names that begin so, words that do, names alike."""

from collections.abc import Sequence
from typing import Any

from matinee.accounts.viewer import Viewer
from matinee.catalog import lists
from matinee.catalog.cards import LOCALIZED
from matinee.catalog.search.matching import match_in
from matinee.catalog.search.question import folded_query, set_thresholds
from matinee.catalog.search.schemas import Match, Span, Suggest, Suggestion, Suggestions
from matinee.catalog.visibility import VISIBLE, visibility_of
from matinee.core.database import ReadTx, Row
from matinee.core.text import like_pattern
from matinee.runtime import Runtime

CANDIDATES = 60
TRENDING = 300
"""A single letter begins thousands of names: beside the first ones, the most watched are asked."""

LEAST_FOR_WORDS, LEAST_FOR_FUZZY = 2, 4
"""Letters from which on words inside of names are looked at, and names that are only alike."""

LONGEST_PREFIX = 64
"""As in the index `titles_name_prefix`."""

_AFTER_ALL_LETTERS = "\U0010ffff"

_BEGUN = f"""
WITH begun AS MATERIALIZED (
    SELECT t.id FROM titles t
    WHERE left(t.folded_name, {LONGEST_PREFIX}) COLLATE "C" >= :q
      AND left(t.folded_name, {LONGEST_PREFIX}) COLLATE "C" < :end AND {VISIBLE}
    ORDER BY left(t.folded_name, {LONGEST_PREFIX}) COLLATE "C", t.id LIMIT {CANDIDATES}
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
    WHERE n.folded_name LIKE :pattern || '%' AND {VISIBLE}
    LIMIT {CANDIDATES}
),
people_begun AS MATERIALIZED (
    SELECT p.id, p.name, p.name_key FROM people p
    CROSS JOIN LATERAL (
        SELECT FROM title_people c JOIN titles t ON t.id = c.title_id
        WHERE c.person_id = p.id AND {VISIBLE} LIMIT 1
    ) AS shown
    WHERE :with_words
      AND (p.name_key LIKE :pattern || '%' OR p.name_key LIKE '% ' || :pattern || '%')
    LIMIT {CANDIDATES}
)
SELECT 'title' AS type, t.id, coalesce(local.name, t.name) AS text,
       CASE WHEN t.folded_name = :q THEN 0 WHEN starts_with(t.folded_name, :q) THEN 1 ELSE 2 END
           AS rank,
       coalesce(trend.hot, '-infinity') AS popularity, t.folded_name AS folded
FROM (TABLE begun UNION TABLE trending UNION TABLE worded UNION TABLE renamed) AS found
JOIN titles t USING (id) {LOCALIZED}
LEFT JOIN title_trends trend
    ON trend.title_id = t.id AND trend.territory = '**' AND trend.audience = :audience
UNION ALL
SELECT 'person', id, name,
       CASE WHEN name_key = :q THEN 0 WHEN starts_with(name_key, :q) THEN 1 ELSE 2 END,
       '-infinity', name_key
FROM people_begun
ORDER BY rank, popularity DESC, length(folded), folded, type, id LIMIT :wanted
"""

_ALIKE = f"""
WITH alike AS MATERIALIZED (
    SELECT best.id, best.likeness FROM (
        SELECT t.id, word_similarity(:q, t.folded_name) AS likeness
        FROM titles t WHERE :q <% t.folded_name AND {VISIBLE}
        UNION ALL
        SELECT t.id, word_similarity(:q, n.folded_name)
        FROM search_names n JOIN titles t ON t.id = n.title_id
        WHERE :q <% n.folded_name AND {VISIBLE}
    ) AS best ORDER BY likeness DESC, id LIMIT {CANDIDATES}
),
people_alike AS MATERIALIZED (
    SELECT p.id, p.name, word_similarity(:q, p.name_key) AS likeness FROM people p
    CROSS JOIN LATERAL (
        SELECT FROM title_people c JOIN titles t ON t.id = c.title_id
        WHERE c.person_id = p.id AND {VISIBLE} LIMIT 1
    ) AS shown
    WHERE :q <% p.name_key ORDER BY likeness DESC, p.id LIMIT {CANDIDATES}
)
SELECT 'title' AS type, t.id, coalesce(local.name, t.name) AS text, max(alike.likeness) AS likeness
FROM alike JOIN titles t USING (id) {LOCALIZED}
GROUP BY t.id, text
UNION ALL
SELECT 'person', id, name, likeness FROM people_alike
ORDER BY likeness DESC, text, id LIMIT :wanted
"""


async def suggest(runtime: Runtime, viewer: Viewer, wish: Suggest) -> Suggestions:
    """Names for what was typed so far: whole ones, beginnings, words in them, then alike ones."""
    q = folded_query(wish.q)[:LONGEST_PREFIX]
    items = await _collections(runtime, viewer, q)
    async with runtime.database.read() as tx:
        begun = await _begun(tx, viewer, q, wish.page_size)
        items = _in_order([*items, *(_suggestion(row, q) for row in begun)])
        if len(items) < wish.page_size and len(q) >= LEAST_FOR_FUZZY:
            alike = await _alike(tx, viewer, q, wish.page_size)
            known = {item.id for item in items}
            items += [_suggestion(row, q) for row in alike if row["id"] not in known]
    return Suggestions(items=items[: wish.page_size])


async def _begun(tx: ReadTx, viewer: Viewer, q: str, wanted: int) -> list[Row]:
    return await tx.all(
        _BEGUN,
        q=q,
        end=q + _AFTER_ALL_LETTERS,
        pattern=like_pattern(q),
        with_words=len(q) >= LEAST_FOR_WORDS,
        audience="kids" if viewer.is_kids else "standard",
        languages=list(viewer.languages),
        wanted=wanted,
        **visibility_of(viewer),
    )


async def _alike(tx: ReadTx, viewer: Viewer, q: str, wanted: int) -> list[Row]:
    await set_thresholds(tx)
    params: dict[str, Any] = visibility_of(viewer)
    return await tx.all(_ALIKE, q=q, wanted=wanted, languages=list(viewer.languages), **params)


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


def _suggestion(row: Row, q: str) -> Suggestion:
    found = match_in(row["text"], q)
    match: Match = found[0] if found else "fuzzy"
    span = Span(start=found[1][0], end=found[1][1]) if found else None
    return Suggestion(
        type=row["type"], id=row["id"], slug=None, text=row["text"], match=match, span=span
    )


def _in_order(items: Sequence[Suggestion]) -> list[Suggestion]:
    """Whole names first, then beginnings of names, then of words; else as they come."""

    def rank(item: Suggestion) -> int:
        if item.match == "exact":
            return 0
        return 1 if item.match == "prefix" and item.span and item.span.start == 0 else 2

    return sorted(items, key=rank)
