"""Reading what is learned from, in streams: signals of all profiles, titles, the current table."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matinee.core.database import ReadTx, Row
from matinee.core.settings import SignalWeights
from matinee.models.catalog import EMBEDDING_DIMS
from matinee.recommendations.learning.arrays import Floats, Matrix, Places, matrix
from matinee.recommendations.learning.content import Content
from matinee.recommendations.learning.interactions import (
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    Interactions,
)
from matinee.viewing import taste

PEOPLE_OF_A_TITLE = 8
SMALL_SIGNALS, SMALL_TITLES = 10_000, 1000
VECTOR_HEADER_BYTES = 4
ARRAY_HEADER_BYTES = 20

CLASS_OF = (
    dict.fromkeys(taste.POSITIVE, POSITIVE)
    | dict.fromkeys(taste.NEUTRAL, NEUTRAL)
    | dict.fromkeys(taste.NEGATIVE, NEGATIVE)
)
KINDS = tuple(CLASS_OF)

# one row per profile: a hundredth of the work of one per signal
_SIGNALS = """
    -- cross-user
    SELECT array_send(array_agg(t.number::int4 ORDER BY s.at, t.number)) AS numbers,
           array_send(array_agg(array_position(:kinds::text[], s.kind) ORDER BY s.at, t.number))
               AS kinds,
           array_send(array_agg(extract(epoch FROM s.at)::float8 ORDER BY s.at, t.number)) AS at
    FROM profile_signals s JOIN titles t ON t.id = s.title_id
    WHERE s.kind = ANY (:kinds::text[])
    GROUP BY s.user_id, s.profile_id ORDER BY s.user_id, s.profile_id
"""
_POPULARITY = """
    -- cross-user
    SELECT t.number, count(*) AS positives
    FROM profile_signals s JOIN titles t ON t.id = s.title_id
    WHERE s.kind = ANY (:kinds::text[]) GROUP BY t.number
"""
# of vectors by different models, those of the one that made most
_TITLES = """
    SELECT t.number, t.genres, t.year, vector_send(e.embedding) AS vector,
           extract(epoch FROM clock_timestamp() - t.added_at)::float8 / 86400 AS age,
           ARRAY(SELECT c.person_id::text FROM title_people c
                 WHERE c.title_id = t.id AND c.role IN ('director', 'actor')
                 ORDER BY c.position LIMIT :people) AS people
    FROM titles t
    LEFT JOIN content_embeddings e ON e.title_id = t.id AND e.purpose = 'taste' AND e.model = (
        SELECT model FROM content_embeddings WHERE purpose = 'taste'
        GROUP BY model ORDER BY count(*) DESC, model LIMIT 1
    )
    ORDER BY t.number
"""
_TOGETHER = """
    SELECT title_number, array_send(together_numbers) AS numbers,
           array_send(together_weights) AS weights
    FROM title_neighbors WHERE model_id = :model_id ORDER BY title_number
"""


class Library(NamedTuple):
    """Everything that is learned from."""

    interactions: Interactions
    content: Content

    @property
    def small(self) -> bool:
        """Whether learning from it takes less than a second or two."""
        few = len(self.interactions.titles) <= SMALL_SIGNALS
        return few and len(self.content.numbers) <= SMALL_TITLES


@dataclass
class _Labels:
    """Labels of titles as a matrix in the making."""

    places: dict[str, int] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)

    def add(self, row: int, labels: list[str]) -> None:
        """Say that a row has these labels."""
        for label in dict.fromkeys(labels):
            self.rows.append(row)
            self.columns.append(self.places.setdefault(label, len(self.places)))

    def as_matrix(self, rows: int) -> Matrix:
        """1 where a row has a label."""
        ones = np.ones(len(self.rows), np.float32)
        shape = (rows, max(len(self.places), 1))
        return matrix(ones, np.array(self.rows, int), np.array(self.columns, int), shape)


async def read_library(tx: ReadTx, weights: SignalWeights) -> Library:
    """All titles and all signals about them, as of one moment."""
    content = await read_content(tx)
    return Library(await read_interactions(tx, content.numbers, weights), content)


async def read_content(tx: ReadTx) -> Content:
    """All titles, by number."""
    genres, people = _Labels(), _Labels()
    numbers: list[int] = []
    years: list[float] = []
    ages: list[float] = []
    vectors: list[NDArray[Any] | None] = []
    async for row in tx.stream(_TITLES, people=PEOPLE_OF_A_TITLE):
        genres.add(len(numbers), row["genres"])
        people.add(len(numbers), row["people"])
        numbers.append(row["number"])
        years.append(row["year"] or np.nan)
        ages.append(row["age"])
        vectors.append(_vector(row["vector"]))
    stacked = np.zeros((len(vectors), EMBEDDING_DIMS), np.float32)
    for place, vector in enumerate(vectors):
        if vector is not None:
            stacked[place] = vector
    return Content(
        np.array(numbers, np.int64),
        stacked,
        genres.as_matrix(len(numbers)),
        people.as_matrix(len(numbers)),
        np.array(years, np.float32),
        np.array(ages, np.float32),
    )


def _vector(sent: bytes | None) -> NDArray[Any] | None:
    """A vector from pgvector's binary form: its length, a spare number, floats."""
    return None if sent is None else np.frombuffer(sent, ">f4", offset=VECTOR_HEADER_BYTES)


def _array(sent: bytes, kind: str) -> NDArray[Any]:
    """A list without nulls from PostgreSQL's binary form: each element behind its length."""
    if len(sent) < ARRAY_HEADER_BYTES:
        return np.zeros(0, kind)
    dtype = np.dtype([("bytes", ">i4"), ("value", kind)])
    return np.frombuffer(sent, dtype, offset=ARRAY_HEADER_BYTES)["value"]


async def read_interactions(tx: ReadTx, numbers: Places, weights: SignalWeights) -> Interactions:
    """All signals, profile by profile and in order of time; `numbers` are the titles."""
    counts, titles, kinds, at = [], [], [], []
    async for row in tx.stream(_SIGNALS, kinds=list(KINDS)):
        titles.append(_array(row["numbers"], ">i4"))
        kinds.append(_array(row["kinds"], ">i4"))
        at.append(_array(row["at"], ">f8"))
        counts.append(len(titles[-1]))
    kind_of = _joined(kinds).astype(np.int64) - 1
    class_of = np.array([CLASS_OF[kind] for kind in KINDS], np.int8)
    weight_of = np.array([getattr(weights, kind) for kind in KINDS], np.float32)
    return Interactions(
        profiles=np.repeat(np.arange(len(counts)), counts).astype(np.int32),
        titles=np.searchsorted(numbers, _joined(titles)).astype(np.int32),
        classes=class_of[kind_of],
        weights=weight_of[kind_of],
        at=_joined(at).astype(np.float64),
        profile_count=len(counts),
        title_count=len(numbers),
    )


def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0)


async def read_popularity(tx: ReadTx, numbers: Places) -> Places:
    """Positive signals of each title."""
    found = np.zeros(len(numbers), np.int64)
    for row in await tx.all(_POPULARITY, kinds=list(taste.POSITIVE)):
        place = int(np.searchsorted(numbers, row["number"]))
        if place < len(numbers) and numbers[place] == row["number"]:
            found[place] = row["positives"]
    return found


class Table(NamedTuple):
    """A table of the current model over the titles that there are now, and who has a row in it."""

    together: Matrix
    rows: Places


async def read_table(tx: ReadTx, model_id: int, numbers: Places) -> Table:
    """The table of what is watched together; titles that are gone are left out."""
    rows, columns, values = [], [], []
    known: list[int] = []
    async for row in tx.stream(_TOGETHER, model_id=model_id):
        if (place := _place(numbers, row)) is None:
            continue
        known.append(place)
        neighbours = _array(row["numbers"], ">i4")
        places = np.searchsorted(numbers, neighbours).clip(max=len(numbers) - 1)
        there = numbers[places] == neighbours
        rows.append(np.full(int(there.sum()), place))
        columns.append(places[there])
        values.append(_array(row["weights"], ">f4")[there])
    shape = (len(numbers), len(numbers))
    table = matrix(_floats(values), _places(rows), _places(columns), shape)
    return Table(table, np.array(known, np.int64))


def _place(numbers: Places, row: Row) -> int | None:
    place = int(np.searchsorted(numbers, row["title_number"]))
    there = place < len(numbers) and numbers[place] == row["title_number"]
    return place if there else None


def _places(parts: list[NDArray[Any]]) -> Places:
    return _joined(parts).astype(np.int64)


def _floats(parts: list[NDArray[Any]]) -> Floats:
    return _joined(parts).astype(np.float32)
