"""The words of the catalogue: how rare each is, and which one a misspelt word was meant to be."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from matinee.core.database import ReadTx, Row, WriteTx

CANDIDATES = 80
MOST_BEGUN = 500
CORRECTIONS = 3
"""A misspelt word may stand for so many words of names."""

SIMILARITY = 0.18
"""Likeness of words by their trigrams, from which on they are compared letter by letter."""

SHORTEST_CORRECTED, SHORTEST_WITH_TWO_ERRORS = 3, 6
LONGEST_WORD = 100

UNKNOWN_IDF = 8.0
"""A word that no document has counts as a rare one: who has the others does not have all."""

_REFRESH = f"""
    WITH total AS (SELECT count(*)::float4 AS documents FROM search_documents),
    found AS (
        SELECT every.word, every.ndoc AS documents,
               ln(1 + total.documents / every.ndoc)::float4 AS idf,
               named.word IS NOT NULL AS in_names
        FROM total, ts_stat('SELECT words FROM search_documents') AS every
        LEFT JOIN ts_stat('SELECT words FROM search_documents', 'AB') AS named USING (word)
        WHERE length(every.word) <= {LONGEST_WORD}
    ),
    gone AS (
        DELETE FROM search_words w WHERE NOT EXISTS (SELECT FROM found WHERE found.word = w.word)
    )
    INSERT INTO search_words (word, documents, idf, in_names)
    SELECT word, documents, idf, in_names FROM found ORDER BY word
    ON CONFLICT (word) DO UPDATE
    SET documents = excluded.documents, idf = excluded.idf, in_names = excluded.in_names
    WHERE (search_words.documents, search_words.idf, search_words.in_names)
          IS DISTINCT FROM (excluded.documents, excluded.idf, excluded.in_names)
"""
# What was added lately waits in a list that every search goes through, until it is sorted in.
_SORT_IN = """
    SELECT gin_clean_pending_list(c.oid) FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY (:indexes::text[])
      AND pg_has_role(c.relowner, 'MEMBER')
"""
INDEXES = (
    "titles_folded_name",
    "people_name_key_trgm",
    "search_documents_words",
    "search_names_folded",
    "search_words_word",
)

_KNOWN = """
    SELECT asked.word, form, w.documents, w.idf
    FROM unnest(:words::text[]) AS asked (word)
    CROSS JOIN ts_lexize(:dictionary::regdictionary, asked.word) AS stems
    CROSS JOIN unnest(array_remove(stems, asked.word) || asked.word) AS form
    LEFT JOIN search_words w ON w.word = form
    WHERE stems IS DISTINCT FROM '{}'
"""
_BEGUN = """
    SELECT coalesce(sum(documents), 0) AS documents, min(idf) AS idf
    FROM (
        SELECT documents, idf FROM search_words
        WHERE in_names AND word LIKE :word || '%' LIMIT :candidates
    ) AS begun
"""
_ALIKE = """
    SELECT asked.word, alike.word AS form, alike.documents, alike.idf
    FROM unnest(:words::text[]) AS asked (word)
    CROSS JOIN LATERAL (
        SELECT w.word, w.documents, w.idf FROM search_words w
        WHERE w.in_names AND w.word % asked.word
        ORDER BY similarity(w.word, asked.word)
                 - .06 * abs(length(w.word) - length(asked.word)) DESC, w.documents DESC, w.word
        LIMIT :candidates
    ) AS alike
"""


class Form(NamedTuple):
    """A word as documents have it: itself, its stem, what it begins or was meant to be."""

    word: str
    documents: int
    idf: float
    unfinished: bool = False

    @property
    def query(self) -> str:
        """As PostgreSQL's tsquery; folded words need no escape."""
        return f"'{self.word}':*" if self.unfinished else f"'{self.word}'"


Forms = Mapping[str, Sequence[Form]]
"""By the word that was asked for."""


async def refresh_words(tx: WriteTx) -> int:
    """Count the words of all documents anew; returns how many changed. A second per 100 000."""
    return await tx.execute(_REFRESH)


async def sort_in(tx: WriteTx) -> None:
    """Have the indexes of search take in what was added lately; autovacuum would, some time."""
    await tx.all(_SORT_IN, indexes=list(INDEXES))


async def known_forms(tx: ReadTx, words: Iterable[str], dictionary: str) -> Forms:
    """Each word and its stem; small words that say nothing (`the`) are left out."""
    forms: dict[str, list[Form]] = {}
    for row in await tx.all(_KNOWN, words=list(words), dictionary=dictionary):
        forms.setdefault(row["word"], []).append(_form(row))
    return forms


async def begun_form(tx: ReadTx, word: str) -> Form | None:
    """A word that was not typed to its end, where words of names begin so."""
    row = await tx.one(_BEGUN, word=word, candidates=MOST_BEGUN)
    if row is None or row["idf"] is None or len(word) < SHORTEST_CORRECTED:
        return None
    return Form(word, row["documents"], row["idf"], unfinished=True)


async def corrections(tx: ReadTx, words: Iterable[str]) -> Forms:
    """Words of names that differ by a typing error or two, nearest first.

    `pg_trgm.similarity_threshold` should be `SIMILARITY`.
    """
    wanted = [word for word in words if SHORTEST_CORRECTED <= len(word) <= LONGEST_WORD]
    if not wanted:
        return {}
    found: dict[str, list[tuple[int, int, Form]]] = {}
    for row in await tx.all(_ALIKE, words=wanted, candidates=CANDIDATES):
        most = _most_errors(row["word"])
        if abs(len(row["word"]) - len(row["form"])) > most:
            continue
        if (distance := errors_between(row["word"], row["form"])) <= most:
            form = _form(row)
            found.setdefault(row["word"], []).append((distance, -form.documents, form))
    return {
        word: [form for *_, form in sorted(candidates)[:CORRECTIONS]]
        for word, candidates in found.items()
    }


def _most_errors(word: str) -> int:
    return 2 if len(word) >= SHORTEST_WITH_TWO_ERRORS else 1


def _form(row: Row) -> Form:
    return Form(row["form"], row["documents"] or 0, row["idf"] or UNKNOWN_IDF)


def errors_between(a: str, b: str) -> int:
    """How many letters to leave out, put in, replace or swap with the next one.

    The optimal string alignment distance (Damerau 1964).
    """
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        row = [i]
        for j, other in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
