"""What titles are, as numbers: nearest titles by content, and features for learning from it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from matinee.recommendations.learning.arrays import (
    Flags,
    Floats,
    Matrix,
    Places,
    empty,
    stacked,
)
from matinee.recommendations.learning.tables import blocks, strongest

CONTENT = 50
GENRE_SCALE, YEAR_SCALE, PEOPLE_SCALE = 0.3, 0.3, 0.2
DECADES = np.arange(1930, 2031, 10)
YEARS_OF_A_STYLE = 7
UNKNOWN_YEAR = 1990
LEAST_TITLES_OF_A_PERSON = 3
MOST_PEOPLE = 500


@dataclass(frozen=True)
class Content:
    """What is known of each title: all arrays have a row per title.

    `numbers` are the short names of titles; `vectors` their `taste` embeddings as the model gave
    them, 0 where there is none; `genres` and `people` hold 1 where a title has them; `years` are
    NaN where unknown; `ages` are days since a title was added.
    """

    numbers: Places
    vectors: Floats
    genres: Matrix
    people: Matrix
    years: Floats
    ages: Floats

    @cached_property
    def centred(self) -> Floats:
        """Vectors without what all titles have in common, of length 1 (or 0)."""
        found = self.vectors.copy()
        known = np.linalg.norm(found, axis=1) > 0
        if not known.any():
            return found
        found[known] -= found[known].mean(axis=0)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        found /= np.maximum(lengths, 1e-9)
        return found

    @property
    def has_vector(self) -> Flags:
        """Which titles have a vector."""
        known: Flags = np.any(self.vectors != 0, axis=1)
        return known

    def features(self) -> Floats:
        """Vector, genres, time and people of each title, in scales of about the same use."""
        styles = np.exp(-(((self._years()[:, None] - DECADES) / YEARS_OF_A_STYLE) ** 2))
        return np.hstack(
            [
                self.centred,
                self.genres.toarray() * GENRE_SCALE,
                styles * YEAR_SCALE,
                self._known_people().toarray() * PEOPLE_SCALE,
            ]
        ).astype(np.float32)

    def _years(self) -> Floats:
        return np.where(np.isnan(self.years), np.float32(UNKNOWN_YEAR), self.years)

    def _known_people(self) -> Matrix:
        """Only those with several titles, and the busiest of them: the others explain nothing."""
        titles = np.asarray(self.people.sum(axis=0)).ravel()
        order = np.argsort(-titles, kind="stable")[:MOST_PEOPLE]
        return self.people[:, order[titles[order] >= LEAST_TITLES_OF_A_PERSON]]


def nearest_by_content(centred: Floats, places: Places | None = None) -> Matrix:
    """The 50 nearest titles of each (or of the rows at `places`), by cosine, only above 0."""
    count = len(centred)
    if not count:
        return empty(0, 0)
    rows = np.arange(count) if places is None else places
    parts = []
    for place in blocks(len(rows), count):
        block = centred[rows[place]] @ centred.T
        block[np.arange(len(block)), rows[place]] = 0
        parts.append(strongest(block, CONTENT))
    return stacked(parts, count)
