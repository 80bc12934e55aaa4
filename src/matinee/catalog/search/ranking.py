"""The ranking of titles and people, in one statement: names, people, words and meaning fused.

score = 2.0 name + 1.5 people + 1.2 words + .3 meaning + .15 popularity, each clipped to the range
in which it tells something; `benchmarks/search_quality.py` measures what comes of it.
"""

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.search.question import Question
from matinee.catalog.visibility import VISIBLE, visibility_of
from matinee.core.database import ReadTx
from matinee.core.text import like_pattern

CANDIDATES = 60
"""So many titles of each kind of evidence are compared, the best visible ones."""

PEOPLE = 5

LEAST_LIKE, LEAST_LIKE_PERSON = 0.35, 0.45
LEAST_NEAR, NEAR_ENOUGH = 0.15, 0.65
"""Cosines of a question and a text about the same thing seldom leave this range."""

HALVINGS = 12
"""A title watched 2^-12 as much as the most watched one counts as not watched."""

# Names before words before parts of words before typing errors, whatever trigrams say.
_LIKENESS = """
    CASE WHEN {name} = :q THEN 1.0
         WHEN starts_with({name}, :q || ' ') THEN .96
         WHEN starts_with({name}, :q) THEN .94
         WHEN {name} = :meant THEN .93
         WHEN ' ' || {name} || ' ' LIKE '% ' || :pattern || ' %' THEN .92
         ELSE least(.9, greatest(
             similarity({name}, :q), .98 * word_similarity(:q, {name}),
             .95 * similarity({name}, :meant), .93 * word_similarity(:meant, {name})
         ))
    END
"""
_NAME_LIKENESS = _LIKENESS.format(name="n.folded_name")
_PERSON_LIKENESS = _LIKENESS.format(name="p.name_key")

# OFFSET 0 has visibility asked for one title after the other, from the best one on.
_SHOWN = f"CROSS JOIN LATERAL (SELECT FROM titles t WHERE t.id = best.id AND {VISIBLE} OFFSET 0)"

Way = Literal["alike", "literal", "prefix", "whole"]

_WAYS: dict[Way, str] = {
    "alike": ":meant <% {name}",
    "literal": "{name} LIKE '%' || :pattern || '%'",
    "prefix": "({name} LIKE :pattern || '%' OR {name} LIKE '% ' || :pattern || '%')",
    "whole": "{name} = :q",
}
"""How names are found, each by the trigram index."""

_SQL = f"""
WITH named AS MATERIALIZED (
    SELECT best.id, best.likeness, best.called
    FROM (
        SELECT found.id, max(found.likeness) AS likeness,
               (array_agg(found.name ORDER BY found.likeness DESC))[1] AS called
        FROM (
            SELECT n.id, n.name, {_NAME_LIKENESS} AS likeness FROM titles n WHERE <names>
            UNION ALL
            SELECT n.title_id, n.name, .98 * {_NAME_LIKENESS} FROM search_names n WHERE <names>
        ) AS found
        GROUP BY found.id ORDER BY likeness DESC, found.id
    ) AS best {_SHOWN} AS shown
    ORDER BY best.likeness DESC, best.id LIMIT :candidates
),
people_found AS MATERIALIZED (
    SELECT best.id, best.name, best.likeness
    FROM (
        SELECT p.id, p.name, {_PERSON_LIKENESS} AS likeness,
               (SELECT count(*) FROM title_people c WHERE c.person_id = p.id) AS credits
        FROM people p WHERE <people>
        ORDER BY likeness DESC, credits DESC, p.id
    ) AS best
    CROSS JOIN LATERAL (
        SELECT FROM title_people c JOIN titles t ON t.id = c.title_id
        WHERE c.person_id = best.id AND {VISIBLE} LIMIT 1
    ) AS shown
    WHERE best.likeness > {LEAST_LIKE_PERSON}
    ORDER BY best.likeness DESC, best.credits DESC, best.id LIMIT {PEOPLE}
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
    SELECT best.id, best.coverage
    FROM (
        SELECT d.title_id AS id,
               (SELECT sum(idf) FROM asked WHERE d.words @@ asked.query) / :weight::float8
                   AS coverage
        FROM search_documents d WHERE d.words @@ :documents::text::tsquery
        ORDER BY coverage DESC NULLS LAST, d.title_id
    ) AS best {_SHOWN} AS shown
    ORDER BY best.coverage DESC NULLS LAST, best.id LIMIT :candidates
),
evidence AS (
    SELECT id, max(name) AS name, max(people) AS people, max(words) AS words,
           max(called) AS called, max(person) AS person
    FROM (
        SELECT id, likeness AS name, 0 AS people, 0 AS words, called, NULL AS person FROM named
        UNION ALL SELECT id, 0, likeness, 0, NULL, person FROM starring
        UNION ALL SELECT id, 0, 0, coverage, NULL, NULL FROM worded
        UNION ALL SELECT id, 0, 0, 0, NULL, NULL FROM unnest(:near::uuid[]) AS near (id)
    ) AS every GROUP BY id
),
clipped AS (
    SELECT v.id, v.called, v.person,
           greatest(0, (v.name - {LEAST_LIKE}) / (1 - {LEAST_LIKE})) AS name,
           greatest(0, (v.people - {LEAST_LIKE_PERSON}) / (1 - {LEAST_LIKE_PERSON})) AS people,
           v.words,
           least(1, greatest(0, coalesce(
               (1 - (e.embedding <=> :vector::float4[]::vector) - {LEAST_NEAR})
               / ({NEAR_ENOUGH} - {LEAST_NEAR}), 0
           ))) AS meaning,
           greatest(0, coalesce(1 - (most.prior - trend.prior) / {HALVINGS}, 0)) AS popularity
    FROM evidence v
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
       3.0 * (likeness - {LEAST_LIKE_PERSON}) / (1 - {LEAST_LIKE_PERSON}), 1, 0, 0, 0
FROM people_found WHERE 'person' = ANY (:types::text[])
ORDER BY score DESC, name DESC, id LIMIT :wanted
"""


def _statement(way: Way) -> str:
    names, people = (_WAYS[way].format(name=column) for column in ("n.folded_name", "p.name_key"))
    return _SQL.replace("<names>", names).replace("<people>", people)


_STATEMENTS: dict[Way, str] = {way: _statement(way) for way in _WAYS}


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
    """Titles and people that this viewer may see, best first, in one statement."""
    rows = await tx.all(
        _STATEMENTS[_way(question)],
        q=question.folded,
        meant=question.meant,
        pattern=like_pattern(question.folded),
        queries=[term.query for term in question.terms],
        idfs=[term.idf for term in question.terms],
        weight=question.weight or 1.0,
        documents=question.candidates,
        near=list(meaning.near) if meaning else [],
        vector=meaning.vector if meaning else None,
        model=meaning.model if meaning else "",
        audience="kids" if viewer.is_kids else "standard",
        candidates=CANDIDATES,
        types=list(types),
        wanted=limit,
        **visibility_of(viewer),
    )
    return [Found(*row) for row in rows]


def _way(question: Question) -> Way:
    if question.is_literal:
        return "prefix" if len(question.folded) < 3 else "literal"
    return "alike" if question.may_be_a_name else "whole"
