"""Ratings by people and texts of titles, read from files that are given by path."""

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from matinee.core.settings import SignalWeights
from matinee.recommendations.learning.interactions import (
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    Interactions,
)

RATINGS, TITLES = "movielens_small_pooled.csv.gz", "items_wikipedia.csv.gz"
LEAST_RATINGS_OF_A_TITLE = 5
LEAST_LIKED = 5
LIKED_FROM, DISLIKED_TO = 4.0, 2.0
SEED = 7


@dataclass(frozen=True)
class Text:
    """What is known of a title."""

    name: str
    year: int | None
    genres: tuple[str, ...]
    cast: tuple[str, ...]
    synopsis: str

    @property
    def search(self) -> str:
        """As the product writes what it embeds for search."""
        return self._of([])

    @property
    def taste(self) -> str:
        """As the product writes what it embeds to compare titles."""
        return self._of([f"With {', '.join(self.cast[:6])}"] if self.cast else [])

    def _of(self, people: list[str]) -> str:
        name = f"{self.name} ({self.year})" if self.year else self.name
        parts = [name, ", ".join(self.genres), *people, self.synopsis]
        return ". ".join(part for part in parts if part)[:2000]


@dataclass(frozen=True)
class Data:
    """Everything by index: interactions, and the titles that they are about."""

    interactions: Interactions
    texts: list[Text]
    genres: sparse.csr_matrix
    people: sparse.csr_matrix
    years: NDArray[np.float32]


def read(folder: Path) -> Data:
    """Ratings from 4 stars are positive signals, to 2 stars negative ones, the others neutral.

    Titles without a synopsis or with fewer than 5 ratings, and people with fewer than 5 positive
    ratings of the others are left out.
    """
    known = _read_texts(folder)
    with gzip.open(folder / RATINGS, "rt", encoding="utf-8") as file:
        rows = [(r["user"], r["movie_id"], float(r["rating"]), float(r["ts"])) for r in
                csv.DictReader(file)]  # fmt: skip
    users, user_of = np.unique([row[0] for row in rows], return_inverse=True)
    ids, title_of = np.unique([int(row[1]) for row in rows], return_inverse=True)
    stars = np.array([row[2] for row in rows])
    at = np.array([row[3] for row in rows])
    told = np.array([i in known and known[i].synopsis != "" for i in ids.tolist()])
    kept = (np.bincount(title_of) >= LEAST_RATINGS_OF_A_TITLE)[title_of] & told[title_of]
    liked = np.bincount(user_of[kept & (stars >= LIKED_FROM)], minlength=len(users))
    kept &= liked[user_of] >= LEAST_LIKED
    titles, title_of = np.unique(title_of[kept], return_inverse=True)
    people, user_of = np.unique(user_of[kept], return_inverse=True)
    stars, at = stars[kept], at[kept]
    # many ratings have the same second: their order is drawn, as it means nothing
    order = np.lexsort((np.random.default_rng(SEED).random(len(at)), at, user_of))
    interactions = _interactions(
        user_of[order], title_of[order], stars[order], at[order], len(people), len(titles)
    )
    return _with_texts(interactions, [known[i] for i in ids[titles].tolist()])


def _interactions(
    users: NDArray[np.int64],
    titles: NDArray[np.int64],
    stars: NDArray[np.float64],
    at: NDArray[np.float64],
    user_count: int,
    title_count: int,
) -> Interactions:
    conditions = [stars >= LIKED_FROM, stars <= DISLIKED_TO]
    weights = SignalWeights()
    return Interactions(
        profiles=users.astype(np.int32),
        titles=titles.astype(np.int32),
        classes=np.select(conditions, [POSITIVE, NEGATIVE], NEUTRAL).astype(np.int8),
        weights=np.select(
            conditions, [weights.liked, weights.disliked], weights.neutral
        ).astype(np.float32),
        at=at,
        profile_count=user_count,
        title_count=title_count,
    )  # fmt: skip


def _read_texts(folder: Path) -> dict[int, Text]:
    with gzip.open(folder / TITLES, "rt", encoding="utf-8") as file:
        return {
            int(row["movie_id"]): Text(
                row["title"],
                int(float(row["year"])) if row["year"] else None,
                tuple(row["genres"].split("|")) if row["genres"] else (),
                tuple(row["cast"].split("|")) if row["cast"] else (),
                row["wikipedia_extract"],
            )
            for row in csv.DictReader(file)
        }


def _with_texts(interactions: Interactions, texts: list[Text]) -> Data:
    years = np.array([text.year or np.nan for text in texts], np.float32)
    return Data(
        interactions,
        texts,
        labelled([text.genres for text in texts]),
        labelled([text.cast for text in texts]),
        years,
    )


def labelled(labels: list[tuple[str, ...]]) -> sparse.csr_matrix:
    """1 where a title has a label; titles x labels."""
    names = sorted({name for own in labels for name in own})
    place = {name: n for n, name in enumerate(names)}
    pairs = sorted({(row, place[name]) for row, own in enumerate(labels) for name in own})
    rows, columns = [row for row, _ in pairs], [column for _, column in pairs]
    values = np.ones(len(pairs), np.float32)
    return sparse.csr_matrix((values, (rows, columns)), shape=(len(labels), len(names)))
