"""Queries made from a catalogue, and the catalogue in a database: for the benchmarks of search."""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from matinee.catalog.importers.files import import_file
from matinee.catalog.importers.service import Wish
from matinee.catalog.search.documents import read_titles, store_documents
from matinee.catalog.search.words import refresh_words, sort_in
from matinee.core.database import ReadTx, Row
from matinee.core.text import fold
from matinee.runtime import Runtime

QUERIES = 150
"""Per set, or as many as the catalogue is good for."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SMALL = frozenset(
    "a about after also an and are as at be by for from has have he her him his in into is it its"
    " not of on one or she that the their them they this to two was were when which while who with"
    " film movie films american directed starring stars written released produced based".split()
)
_SENTENCE = re.compile(r"(?<=[a-z]{2}[.!?])\s+(?=[A-Z])")

TITLES_OF_CATALOGUE = """
    SELECT t.id, t.name, t.folded_name, coalesce(t.synopsis, '') AS synopsis,
           ARRAY(SELECT p.name FROM title_people c JOIN people p ON p.id = c.person_id
                 WHERE c.title_id = t.id ORDER BY c.position LIMIT 5) AS people
    FROM titles t ORDER BY t.external_id
"""
_WITH_PERSON = """
    SELECT c.title_id FROM title_people c JOIN people p ON p.id = c.person_id
    WHERE p.name_key = :key
"""


@dataclass(frozen=True)
class Query:
    """What somebody types, and the titles that answer it."""

    text: str
    answers: frozenset[UUID]


Sets = dict[str, list[Query]]


def misspelt(random_: random.Random, text: str, errors: int = 1) -> str:
    """The text with letters left out, put in, replaced or swapped; first letters stay."""
    for _ in range(errors):
        places = [n for n in range(1, len(text) - 1) if text[n].isalpha() and text[n - 1].isalpha()]
        n = random_.choice(places)
        letter = random_.choice(LETTERS)
        text = random_.choice(
            [
                text[:n] + text[n + 1 :],
                text[:n] + letter + text[n:],
                text[:n] + letter + text[n + 1 :],
                text[:n] + text[n + 1] + text[n] + text[n + 2 :],
            ]
        )
    return text


class Maker:
    """Makes the sets of queries from the titles of a catalogue, the same ones every time."""

    def __init__(self, titles: Sequence[Row]) -> None:
        self._random = random.Random(7)
        self._titles = list(titles)
        self._random.shuffle(self._titles)
        names = [title["folded_name"] for title in titles]
        self._all_names = "\n".join(names)
        self._repeated = {name for name, count in Counter(names).items() if count > 1}

    def about_names(self, least_words: int, least_letters: int = 5) -> Iterator[Row]:
        """Titles whose name is theirs alone, and long enough."""
        for title in self._titles:
            name = title["folded_name"]
            if (
                name not in self._repeated
                and len(name.split()) >= least_words
                and least_letters <= len(name) <= 60
                and name.isascii()
            ):
                yield title

    def partial(self, title: Row) -> str | None:
        """A name without one of its words, unless another name holds the rest."""
        words = title["name"].split()
        del words[self._random.randrange(len(words))]
        text = " ".join(words)
        return text if self._all_names.count(fold(text)) <= 1 else None

    def shuffled(self, title: Row) -> str | None:
        """A name in another order."""
        words = title["name"].split()
        mixed = self._random.sample(words, len(words))
        return " ".join(mixed) if mixed != words else None

    def sentence(self, title: Row) -> str | None:
        """A sentence about the plot that does not give the name away."""
        sentences = [
            sentence
            for sentence in _SENTENCE.split(title["synopsis"].replace("\n", " "))[1:]
            if len(sentence.split()) >= 8 and len(sentence) <= 200
            if title["folded_name"] not in fold(sentence)
        ]
        return self._random.choice(sentences) if sentences else None

    def paraphrase(self, title: Row) -> str | None:
        """Most of the content words of such a sentence, in other forms, in another order."""
        words = (self.sentence(title) or "").split()[1:]
        content = [
            word.strip(".,;:!?\"'()").lower()
            for word in words
            if word[:1].islower() and "-" not in word
        ]
        content = [word for word in content if word.isalpha() and word not in SMALL]
        if len(content) < 5:
            return None
        kept = self._random.sample(content, min(8, max(4, len(content) * 3 // 4)))
        return " ".join(self._inflected(word) for word in kept)

    def _inflected(self, word: str) -> str:
        if word.endswith("s") and not word.endswith("ss"):
            return word[:-1]
        return word if word.endswith(("ed", "ing", "y", "ly")) else word + "s"

    def queries(self, titles: Iterator[Row], make: Callable[[Row], str | None]) -> list[Query]:
        """One query for each title that is good for one."""
        made: list[Query] = []
        for title in titles:
            if len(made) < QUERIES and (text := make(title)):
                made.append(Query(text, frozenset({title["id"]})))
        return made

    def sets(self) -> Sets:
        """All sets but those about people."""
        typo = self._random
        return {
            "exact": self.queries(self.about_names(1), lambda t: str(t["name"])),
            "one typo": self.queries(self.about_names(1, 6), lambda t: misspelt(typo, t["name"])),
            "two typos": self.queries(
                self.about_names(1, 10), lambda t: misspelt(typo, t["name"], 2)
            ),
            "partial": self.queries(self.about_names(3, 10), self.partial),
            "shuffled": self.queries(self.about_names(3, 10), self.shuffled),
            "plot": self.queries(iter(self._titles), self.sentence),
            "paraphrase": self.queries(iter(self._titles), self.paraphrase),
        }

    async def people(self, tx: ReadTx) -> Sets:
        """Queries about people with at least two words to their name."""
        names = {
            name: None
            for title in self._titles[: QUERIES * 4]
            for name in title["people"][:2]
            if " " in name and len(name) >= 8 and name.isascii()
        }
        exact, wrong = [], []
        for name in list(names)[:QUERIES]:
            rows = await tx.all(_WITH_PERSON, key=fold(name))
            answers = frozenset(row["title_id"] for row in rows)
            exact.append(Query(name, answers))
            wrong.append(Query(misspelt(self._random, name), answers))
        return {"person": exact, "person, typo": wrong}


async def fill(runtime: Runtime, paths: Sequence[Path], most: int | None) -> None:
    """Import a catalogue, keep a sample of it, index it."""

    async def say(_done: int, _total: int) -> None:
        pass

    for path in paths:
        await import_file(runtime, path, Wish("auto", False, False), say)
    async with runtime.database.write(statement_timeout_ms=600_000) as tx:
        await tx.execute(
            "DELETE FROM titles WHERE id NOT IN"
            " (SELECT id FROM titles ORDER BY md5(external_id) LIMIT :most)",
            most=most,
        )
    await index(runtime)


async def index(runtime: Runtime) -> None:
    """Put all titles into the search index."""
    async with runtime.database.write(statement_timeout_ms=600_000) as tx:
        ids = [row["id"] for row in await tx.all("SELECT id FROM titles ORDER BY id")]
        for start in range(0, len(ids), 500):
            await store_documents(tx, await read_titles(tx, ids[start : start + 500]), "en")
        await refresh_words(tx)
    async with runtime.database.write(statement_timeout_ms=600_000) as tx:
        await sort_in(tx)
        await tx.execute("ANALYZE")
