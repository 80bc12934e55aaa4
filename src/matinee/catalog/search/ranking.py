"""The ranking of titles and people by one statement: names, people, words and meaning fused.

score = 2.0 name + 1.5 people + 1.2 words + .3 meaning + .15 popularity, each clipped to the range
in which it tells something; `benchmarks/search_quality.py` measures what comes of it.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any, Literal, NamedTuple
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.search.names import ALIKE, BEGINS, LIKENESS, Way, way_of
from matinee.catalog.search.question import LESS_WORD_SIMILARITY, Question, set_word_similarity
from matinee.core.database import ReadTx
from matinee.core.text import like_pattern
from matinee.entitlements.visibility import VISIBLE, visibility_of

CANDIDATES = 60
"""So many titles of each kind of evidence are compared, the best visible ones."""

CERTAIN = 2.0
"""The score of a name that is the same: what is less alike would hardly come before it."""

ALL_WORDS = 1.19
"""What all words of a question as they were typed give to a score; 1.2 but for rounding."""

PEOPLE = 5

LEAST_LIKE, LEAST_LIKE_PERSON = 0.35, 0.45
LEAST_NEAR, NEAR_ENOUGH = 0.15, 0.65
"""Cosines of a question and a text about the same thing seldom leave this range."""

HALVINGS = 12
"""A title watched 2^-12 as much as the most watched one counts as not watched."""

_LIKENESS = LIKENESS.format(name="found.folded")

# OFFSET 0 has visibility asked for one title after the other, from the best one on.
_SHOWN = f"CROSS JOIN LATERAL (SELECT FROM titles t WHERE t.id = best.id AND {VISIBLE} OFFSET 0)"

_COVERED = "(SELECT sum(idf) FROM asked WHERE d.words @@ asked.query)"
"""What the words of the question that `search_documents d` has weigh together."""

_SQL = f"""
WITH people_found AS MATERIALIZED (
    SELECT id, name, likeness, ' ' || folded || ' ' LIKE '% ' || :pattern || ' %' AS whole
    FROM (SELECT found.*, {_LIKENESS} AS likeness FROM (<people>) AS found) AS every
    WHERE likeness > {LEAST_LIKE_PERSON}
    ORDER BY likeness DESC,
             (SELECT count(*) FROM title_people c WHERE c.person_id = every.id) DESC, id
    LIMIT {PEOPLE}
),
starring AS MATERIALIZED (
    SELECT t.id, max(p.likeness) AS likeness,
           (array_agg(p.name ORDER BY p.likeness DESC))[1] AS person
    FROM people_found p
    JOIN title_people c ON c.person_id = p.id JOIN titles t ON t.id = c.title_id
    WHERE {VISIBLE}
    GROUP BY t.id ORDER BY likeness DESC, min(c.position), t.year DESC NULLS LAST, t.id
    LIMIT :candidates
),
asked AS MATERIALIZED (
    SELECT query::tsquery AS query, idf
    FROM unnest(:queries::text[], :idfs::float8[]) AS a (query, idf)
),
worded AS MATERIALIZED (
    (SELECT best.id
     FROM (
         SELECT d.title_id AS id, {_COVERED} AS covered
         FROM search_documents d WHERE :rare AND d.words @@ :documents::text::tsquery
         ORDER BY covered DESC NULLS LAST, d.title_id
     ) AS best {_SHOWN} AS shown
     ORDER BY best.covered DESC NULLS LAST, best.id LIMIT :candidates)
    UNION ALL
    (SELECT best.id
     FROM (
         SELECT d.title_id AS id FROM search_documents d
         WHERE NOT :rare AND d.words @@ :documents::text::tsquery
     ) AS best {_SHOWN} AS shown
     LIMIT :candidates)
),
named AS MATERIALIZED (
    SELECT id, max(likeness) AS likeness, (array_agg(name ORDER BY likeness DESC))[1] AS called
    FROM (SELECT found.*, {_LIKENESS} AS likeness FROM (<titles>) AS found) AS every
    GROUP BY id ORDER BY likeness DESC, id LIMIT :candidates
),
evidence AS (
    SELECT id, max(name) AS name, max(people) AS people, max(called) AS called,
           max(person) AS person
    FROM (
        SELECT id, likeness AS name, 0 AS people, called, NULL AS person FROM named
        UNION ALL SELECT id, 0, likeness, NULL, person FROM starring
        UNION ALL SELECT id, 0, 0, NULL, NULL FROM worded
        UNION ALL SELECT id, 0, 0, NULL, NULL FROM unnest(:near::uuid[]) AS near (id)
    ) AS every GROUP BY id
),
clipped AS (
    SELECT v.id, v.called, v.person,
           greatest(0, (v.name - {LEAST_LIKE}) / (1 - {LEAST_LIKE})) AS name,
           greatest(0, (v.people - {LEAST_LIKE_PERSON}) / (1 - {LEAST_LIKE_PERSON})) AS people,
           coalesce({_COVERED} / :weight::float8, 0) AS words,
           least(1, greatest(0, coalesce(
               (1 - (e.embedding <=> :vector::float4[]::vector) - {LEAST_NEAR})
               / ({NEAR_ENOUGH} - {LEAST_NEAR}), 0
           ))) AS meaning,
           greatest(0, coalesce(1 - (most.prior - trend.prior) / {HALVINGS}, 0)) AS popularity
    FROM evidence v
    LEFT JOIN search_documents d ON d.title_id = v.id
    LEFT JOIN content_embeddings e
        ON e.title_id = v.id AND e.purpose = 'search' AND e.model = :model
    LEFT JOIN title_trends trend
        ON trend.title_id = v.id AND trend.territory = '**' AND trend.audience = :audience
    CROSS JOIN (
        SELECT max(prior) AS prior FROM title_trends WHERE territory = '**' AND audience = :audience
    ) AS most
)
SELECT 'title' AS type, id, called, person,
       2.0 * name + 1.5 * people + 1.2 * words + .3 * meaning + .15 * popularity AS score,
       2.0 * name AS name, 1.5 * people AS people, 1.2 * words AS words, .3 * meaning AS meaning
FROM clipped WHERE 'title' = ANY (:types::text[])
UNION ALL
SELECT 'person', id, name, NULL,
       2.2 * (likeness - {LEAST_LIKE_PERSON}) / (1 - {LEAST_LIKE_PERSON})
       + CASE WHEN :tells AND (whole OR :q LIKE '% %') THEN 1.2 ELSE 0 END, 1, 0, 0, 0
FROM people_found WHERE 'person' = ANY (:types::text[])
ORDER BY score DESC, name DESC, id LIMIT :wanted
"""

# Names whose words are all known are worth a look even where an index search would leave them out.
_NAMES_OF_WORDED = f"""
    SELECT t.id, t.name, t.folded_name AS folded FROM worded JOIN titles t USING (id)
    WHERE word_similarity(:meant, t.folded_name) >= {LESS_WORD_SIMILARITY}
"""


@cache
def _statement(way: Way) -> str:
    titles = f"({way.titles}) UNION ALL {_NAMES_OF_WORDED}" if way is ALIKE else way.titles
    return _SQL.replace("<titles>", titles).replace("<people>", way.people)


class Meaning(NamedTuple):
    """The vector of a question, the model that made it, and the titles nearest to it."""

    vector: list[float]
    model: str
    near: Sequence[UUID]


class Found(NamedTuple):
    """A title or person with its score and what each kind of evidence gave to it."""

    type: Literal["title", "person"]
    id: UUID
    called: str | None
    """The name by which it was found."""
    person: str | None
    """The person by whom a title was found."""
    score: float
    name: float
    people: float
    words: float
    meaning: float


async def rank(
    tx: ReadTx,
    viewer: Viewer,
    question: Question,
    limit: int,
    *,
    meaning: Meaning | None = None,
    types: Collection[str] = ("title", "person"),
) -> list[Found]:
    """Titles and people that this viewer may see, best first.

    Names much like the question are looked at, in one statement; where nothing found is certain, it
    runs again and looks at names that are less alike as well.
    """
    way = way_of(question)
    params: dict[str, Any] = visibility_of(viewer)
    if way is BEGINS:
        params |= {"lettered": question.is_lettered}
    params |= {
        "q": question.folded,
        "meant": question.meant,
        "pattern": like_pattern(question.folded),
        "tells": bool(question.terms),
        "queries": [term.query for term in question.terms],
        "idfs": [term.idf * term.trust for term in question.terms],
        "weight": question.weight or 1.0,
        "rare": bool(question.rare_terms),
        "documents": question.documents,
        "near": list(meaning.near) if meaning else [],
        "vector": meaning.vector if meaning else None,
        "model": meaning.model if meaning else "",
        "audience": "kids" if viewer.is_kids else "standard",
        "candidates": CANDIDATES,
        "types": list(types),
        "wanted": limit,
    }
    found = await _found(tx, way, params)
    if way is ALIKE and not any(map(_is_certain, found)):
        await set_word_similarity(tx, LESS_WORD_SIMILARITY)
        found = await _found(tx, way, params)
    return found


async def _found(tx: ReadTx, way: Way, params: Mapping[str, Any]) -> list[Found]:
    return [Found(*row) for row in await tx.all(_statement(way), **params)]


def _is_certain(hit: Found) -> bool:
    return hit.score >= CERTAIN or hit.words >= ALL_WORDS
