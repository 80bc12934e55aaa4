"""How names of titles and people are found, each way by an index, and how much they are alike."""

from dataclasses import dataclass

from matinee.catalog.search.question import Question
from matinee.entitlements.visibility import VISIBLE

LOOKED_AT = 100
"""Names that are compared closely, those first that share most with the question."""

LEAST_LETTERS = 3
"""Shorter questions have no trigrams."""

LONGEST_PREFIX = 64
"""As in the index `titles_name_prefix`."""

AFTER_ALL_LETTERS = "\U0010ffff"

PREFIX = f"substr(t.folded_name, 1, {LONGEST_PREFIX})"

BEGUN = f"{PREFIX} ~>=~ :q AND {PREFIX} ~<~ (:q || '{AFTER_ALL_LETTERS}')"
"""SQL over `titles t`: the name begins with the question, in whatever collation."""

SEEN = f"""
    CROSS JOIN LATERAL (
        SELECT FROM title_people c JOIN titles t ON t.id = c.title_id
        WHERE c.person_id = p.id AND {VISIBLE} LIMIT 1
    ) AS seen
"""
"""SQL after `people p`: who has a title that the viewer may see."""

# Names before words before parts of words before typing errors, whatever trigrams say.
LIKENESS = """
    CASE WHEN {name} = :q THEN 1.0
         WHEN starts_with({name}, :q || ' ') THEN .96
         WHEN starts_with({name}, :q) THEN .94
         WHEN {name} = :meant THEN .93
         WHEN ' ' || {name} || ' ' LIKE '% ' || :pattern || ' %' THEN .92
         ELSE least(.9, greatest(
             similarity({name}, :q), .98 * word_similarity(:q, {name}),
             CASE WHEN :meant <> :q THEN greatest(
                 .95 * similarity({name}, :meant), .93 * word_similarity(:meant, {name})
             ) END,
             CASE WHEN strpos({name}, :q) > 0 THEN .8 ELSE 0 END
         ))
    END
"""
"""SQL: how much a name is like the question, 0..1."""


@dataclass(frozen=True)
class Way:
    """SQL that finds names, as rows of (id, name, folded): of titles and of people."""

    titles: str
    people: str


def _way(condition: str, order: str = "length(folded)") -> Way:
    """Names of titles, other names of theirs, names of people; the best of those that are seen."""
    of_title, other, person = (
        condition.format(name=column) for column in ("t.folded_name", "n.folded_name", "p.name_key")
    )
    best = f"ORDER BY {order}, id LIMIT {LOOKED_AT}" if order else f"LIMIT {LOOKED_AT}"
    return Way(
        f"""
        SELECT id, name, folded
        FROM (
            SELECT t.id, t.name, t.folded_name AS folded FROM titles t
            WHERE {of_title} AND {VISIBLE}
            UNION ALL
            SELECT t.id, n.name, n.folded_name
            FROM search_names n JOIN titles t ON t.id = n.title_id
            WHERE {other} AND {VISIBLE}
        ) AS every {best}
        """,
        f"""
        SELECT p.id, p.name, p.folded
        FROM (
            SELECT p.id, p.name, p.name_key AS folded FROM people p WHERE {person}
            ORDER BY {(order or "length(folded)").replace("folded", "p.name_key")}, p.id
        ) AS p {SEEN} LIMIT {LOOKED_AT}
        """,
    )


_WHOLE_WORD = _way(
    ":lettered AND ({name} = :q OR {name} LIKE :pattern || ' %' OR {name} LIKE '% ' || :pattern"
    " OR {name} LIKE '% ' || :pattern || ' %')",
    order="",
)
_BEGINNING = f"""
    SELECT t.id, t.name, t.folded_name AS folded FROM titles t WHERE {BEGUN} AND {VISIBLE}
    ORDER BY {PREFIX} USING ~<~, t.id LIMIT {LOOKED_AT}
"""

ALIKE = _way(":meant <% {name}", "word_similarity(:meant, folded) DESC, length(folded)")
"""Names that share most trigrams with the question."""

BEGINS = Way(f"({_BEGINNING}) UNION ALL ({_WHOLE_WORD.titles})", _WHOLE_WORD.people)
"""Names that begin so, or have it as a word: one or two letters and small words tell no more."""

HOLDS = _way("{name} LIKE '%' || :pattern || '%'")
"""Names that contain it, where words are not told apart by spaces."""

HOLDS_LITTLE = _way("strpos({name}, :q) > 0")
"""The same of one or two letters, for which no index is of use: all names are looked at."""

WHOLE = _way("{name} = :q")
"""Only names that are the same: what is that long is a plot."""


def way_of(question: Question) -> Way:
    """How names for this question are found."""
    if question.is_unspaced:
        return HOLDS if len(question.folded) >= LEAST_LETTERS else HOLDS_LITTLE
    if not question.is_lettered or len(question.folded) < LEAST_LETTERS:
        return BEGINS
    if not question.may_be_a_name:
        return WHOLE
    return BEGINS if question.has_small_words_only else ALIKE
