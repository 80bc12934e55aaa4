"""What somebody asks for: the words typed, what they may have meant, how rare they are."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from matinee.catalog.search import words
from matinee.catalog.search.words import Form
from matinee.core.database import ReadTx
from matinee.core.text import fold, searchable

LONGEST_FOLDED = 200
"""Letters of a query; folding can make it many times as long as it was."""

MOST_WORDS = 12
"""Of a longer question the rarest words count."""

MOST_WORDS_OF_A_NAME = 9
"""A longer question is not looked for among names."""

COMMON_IDF, FEW_DOCUMENTS = 1.8, 100
"""Words of more than a fifth of all documents say nothing, unless these are few."""

TRUST_IN_CORRECTIONS = 0.6

MOST_DOCUMENTS = 800
"""Documents that are looked at for the words of a question."""

WORD_SIMILARITY, LESS_WORD_SIMILARITY = 0.75, 0.6
"""Likeness of a question and a part of a name by their trigrams, from which on it is looked at.

Questions put right are much like the names that they mean. The many that are less like them take
longer to look at, and are worth it only where nothing certain was found.
"""

# Chinese, Japanese, Korean and Thai are written without spaces between words
_WITHOUT_SPACES = re.compile(r"[\u0e00-\u0e7f\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff"
                             r"\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")  # fmt: skip

_THRESHOLDS = f"""
    SELECT set_config('pg_trgm.similarity_threshold', '{words.SIMILARITY}', true),
           set_config('pg_trgm.word_similarity_threshold', '{WORD_SIMILARITY}', true),
           set_config('plan_cache_mode', 'force_generic_plan', true)
"""
"""Every plan goes by the same indexes whatever is asked, so planning anew would only take time."""

_LEAST_ALIKE = "SELECT set_config('pg_trgm.word_similarity_threshold', :least::text, true)"


@dataclass(frozen=True)
class Term:
    """A word of the question with the forms in which documents may have it."""

    word: str
    forms: tuple[Form, ...]
    idf: float
    trust: float = 1.0
    """How much is left of its weight where it was put right."""

    @property
    def documents(self) -> int:
        """How many may have it."""
        return sum(form.documents for form in self.forms)

    @property
    def query(self) -> str:
        """As PostgreSQL's tsquery."""
        return "|".join(form.query for form in self.forms)


@dataclass(frozen=True)
class Question:
    """A question, understood."""

    text: str
    terms: tuple[Term, ...] = ()
    """The words that tell something, rarest first."""

    corrected: Mapping[str, str] | None = None
    """What unknown words were probably meant to be."""

    has_small_words_only: bool = False
    """Whether all of its words are as frequent as `the`."""

    @cached_property
    def folded(self) -> str:
        """Without case, accents and punctuation."""
        return folded_query(self.text)

    @cached_property
    def meant(self) -> str:
        """The same with unknown words put right."""
        corrected = self.corrected or {}
        return " ".join(corrected.get(word, word) for word in self.folded.split())

    @property
    def is_lettered(self) -> bool:
        """Whether there is a letter or digit in it at all."""
        return bool(fold(self.folded))

    @property
    def is_unspaced(self) -> bool:
        """Whether it is in a script that puts no spaces between words."""
        return _WITHOUT_SPACES.search(self.folded) is not None

    @property
    def may_be_a_name(self) -> bool:
        """Whether it is short enough."""
        return len(self.folded.split()) <= MOST_WORDS_OF_A_NAME

    @property
    def weight(self) -> float:
        """What a document with all the words is worth."""
        return sum(term.idf for term in self.terms)

    @property
    def rare_terms(self) -> list[Term]:
        """The rarest words that few documents have: any of them is worth a look."""
        chosen: list[Term] = []
        for term in self.terms:
            if sum(other.documents for other in chosen) + term.documents <= MOST_DOCUMENTS:
                chosen.append(term)
        return chosen

    @property
    def documents(self) -> str:
        """The tsquery of documents to look at: with a rare word, else with all words at once."""
        together = "|" if self.rare_terms else "&"
        return together.join(f"({term.query})" for term in self.rare_terms or self.terms)


def folded_query(text: str) -> str:
    """The query as it is compared and kept: the same however somebody writes it."""
    return searchable(text)[:LONGEST_FOLDED]


async def set_thresholds(tx: ReadTx) -> None:
    """How much alike names must be in the rest of this transaction."""
    await tx.one(_THRESHOLDS)


async def set_word_similarity(tx: ReadTx, least: float) -> None:
    """How much alike a question and a part of a name must be in the rest of this transaction."""
    await tx.one(_LEAST_ALIKE, least=str(least))


async def understand(tx: ReadTx, text: str, dictionary: str) -> Question:
    """Look the words up, in two to four statements; sets the thresholds of likeness as well."""
    await set_thresholds(tx)
    asked = list(dict.fromkeys(fold(text).split()))
    if not asked:
        return Question(text)
    own = dict(await words.known_forms(tx, asked, dictionary))
    unknown = [word for word, forms in own.items() if not any(form.documents for form in forms)]
    if asked[-1] in unknown and (begun := await words.begun_form(tx, asked[-1])):
        own[asked[-1]] = [begun]
        unknown.remove(asked[-1])
    meant = await words.corrections(tx, unknown) if len(unknown) <= MOST_WORDS else {}
    terms = [_term(word, forms, meant.get(word, ())) for word, forms in own.items()]
    telling = [term for term in terms if term.idf > COMMON_IDF or term.documents <= FEW_DOCUMENTS]
    counted = sorted(telling or terms, key=lambda term: -term.idf)
    corrected = {word: forms[0].word for word, forms in meant.items()}
    return Question(text, tuple(counted[:MOST_WORDS]), corrected, not own)


def _term(word: str, own: Sequence[Form], meant: Sequence[Form]) -> Term:
    idf = min(form.idf for form in meant or own)
    return Term(word, (*own, *meant), idf, TRUST_IN_CORRECTIONS if meant else 1.0)
