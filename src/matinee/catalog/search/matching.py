"""Where in a shown name a question was found, and how: exact, prefix or fuzzy."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from matinee.core.text import fold

NameMatch = Literal["exact", "prefix", "fuzzy"]

LEAST_ALIKE = 0.4

_APOSTROPHES = "'’ʼ"


@dataclass(frozen=True)
class Folded:
    """A folded text in which each letter knows where it stood in the original."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    @classmethod
    def of(cls, original: str) -> "Folded":
        """Fold letter by letter: what `core.text.fold` makes of names, with places."""
        letters: list[tuple[str, int, int]] = []
        for place, char in enumerate(original):
            if char in _APOSTROPHES or _is_dot_of_initials(original, place):
                continue
            for letter in _fold_letter(char):
                if letter != " " or (letters and letters[-1][0] != " "):
                    letters.append((letter, place, place + 1))
        if letters and letters[-1][0] == " ":
            letters.pop()
        text = "".join(letter for letter, _, _ in letters)
        return cls(text, tuple(s for _, s, _ in letters), tuple(e for _, _, e in letters))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Places in the original of the letters from `start` to before `end`."""
        return self.starts[start], self.ends[end - 1]


@lru_cache(maxsize=4096)
def _fold_letter(char: str) -> str:
    """What is left of a letter; a space for what stands between words, nothing for an accent."""
    return fold(char) or ("" if unicodedata.combining(char) else " ")


def _is_dot_of_initials(text: str, place: int) -> bool:
    before = text[max(0, place - 2) : place]
    return (
        text[place] == "."
        and before[-1:].isalnum()
        and not before[:-1].isalnum()
        and text[place + 1 : place + 2].isalnum()
        and not text[place + 2 : place + 3].isalnum()
    )


def match_in(name: str, question: str) -> tuple[NameMatch, tuple[int, int]] | None:
    """How a folded question is found in a name, and from where to where in the name as shown.

    >>> match_in("Mr. Robot", "mr robot"), match_in("The Godfather", "god")
    (('exact', (0, 9)), ('prefix', (4, 7)))
    >>> match_in("Metropolis", "metroplis"), match_in("Cops", "metropolis")
    (('fuzzy', (0, 10)), None)
    """
    folded = Folded.of(name)
    if not folded.text or not question:
        return _literal(name, question)
    if folded.text == question:
        return "exact", folded.span(0, len(folded.text))
    at = 0 if folded.text.startswith(question) else f" {folded.text}".find(f" {question}")
    if at >= 0:
        return "prefix", folded.span(at, at + len(question))
    if (at := folded.text.find(question)) >= 0:
        return "fuzzy", folded.span(at, at + len(question))
    return _fuzzy(folded, question)


def _literal(name: str, question: str) -> tuple[NameMatch, tuple[int, int]] | None:
    """Names and questions that consist of symbols alone."""
    at = name.casefold().find(question) if question else -1
    if at < 0 or len(name.casefold()) != len(name):
        return None
    return ("exact" if name.casefold() == question else "prefix"), (at, at + len(question))


def _fuzzy(folded: Folded, question: str) -> tuple[NameMatch, tuple[int, int]] | None:
    """The words of the name that are most like the question."""
    wanted = _trigrams(question)
    likeness, start, end = max(
        (_likeness(wanted, _trigrams(folded.text[start:end])), start, end)
        for start, end in _windows(folded.text, len(question.split()))
    )
    return ("fuzzy", folded.span(start, end)) if likeness >= LEAST_ALIKE else None


def _windows(text: str, words: int) -> Iterator[tuple[int, int]]:
    """Places of so many words in a row, or of all where there are fewer."""
    places = []
    start = 0
    for word in text.split(" "):
        places.append((start, start + len(word)))
        start += len(word) + 1
    for n in range(max(1, len(places) - words + 1)):
        yield places[n][0], places[min(n + words, len(places)) - 1][1]


def likeness_of(a: str, b: str) -> float:
    """How many trigrams two folded texts share, 0..1, as pg_trgm counts them."""
    return _likeness(_trigrams(a), _trigrams(b))


def _likeness(a: set[str], b: set[str]) -> float:
    return len(a & b) / len(a | b)


def _trigrams(text: str) -> set[str]:
    padded = [f"  {word} " for word in text.split()]
    return {word[n : n + 3] for word in padded for n in range(len(word) - 2)}
