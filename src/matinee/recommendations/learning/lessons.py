"""What runs in the learning process: a whole training, or getting newcomers known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from matinee.recommendations.learning.arrays import Matrix, Places, matrix
from matinee.recommendations.learning.content import Content, nearest_by_content
from matinee.recommendations.learning.cowatching import MOST_EASE_TITLES, TOGETHER
from matinee.recommendations.learning.following import learn_following
from matinee.recommendations.learning.guard import (
    Report,
    coverage,
    enough,
    measure,
    objections,
)
from matinee.recommendations.learning.interactions import Interactions
from matinee.recommendations.learning.model import Model, Say, learn, learn_from_content
from matinee.recommendations.learning.newcomers import boosted, foretell
from matinee.recommendations.learning.tables import pruned

OTHER_BYTES = 700 * 1_048_576
"""What a training takes beside the matrix of EASE: the program, sparse tables, blocks."""


@dataclass(frozen=True)
class Lesson:
    """A trained model, what was measured, and why it should not serve (nothing if it should)."""

    model: Model
    report: Report
    objections: list[str]


def train(
    interactions: Interactions,
    content: Content,
    current: Mapping[str, Any] | None,
    memory_bytes: int,
    say: Say,
) -> Lesson:
    """Learn all tables and judge them; from content only where too few watch."""
    most = affordable_titles(memory_bytes)
    watched = int((interactions.popularity > 0).sum())
    report: Report = {"signals": len(interactions.titles), "titles": len(content.numbers)}
    if not enough(interactions):
        model = learn_from_content(content)
        report |= {"kind": "content", "coverage": coverage(model, interactions, content)}
        return Lesson(model, report, [])
    report |= {"kind": "watched", "ease_titles": min(most, watched)}
    say("content")
    nearest = nearest_by_content(content.centred)
    report |= measure(interactions, content, nearest, most, say)
    model = learn(interactions, content, most_ease_titles=most, nearest=nearest, say=say)
    report["coverage"] = round(coverage(model, interactions, content), 4)
    return Lesson(model, report, objections(report, current))


def adopt(interactions: Interactions, content: Content, together: Matrix, say: Say) -> Lesson:
    """A model around a table that another engine has learned; there is no guard.

    What is held back here the engine may have learned from: figures would say nothing.
    """
    say("adopting")
    model = Model(
        pruned(together, TOGETHER, signed=True),
        learn_following(interactions),
        nearest_by_content(content.centred),
        np.diff(together.indptr) == 0,
    )
    found = round(coverage(model, interactions, content), 4)
    return Lesson(model, {"kind": "external", "coverage": found}, [])


def affordable_titles(memory_bytes: int) -> int:
    """How many titles EASE can take in so much memory (its matrix holds 4 n^2 bytes)."""
    left = max(memory_bytes - OTHER_BYTES, 0)
    return max(min(int((left / 4) ** 0.5), MOST_EASE_TITLES), 100)


@dataclass(frozen=True)
class Introduction:
    """Rows of newcomers, and what their arrival adds to the rows of others; by index."""

    newcomers: Places
    together: Matrix
    content: Matrix


def introduce(
    together: Matrix,
    content: Content,
    popularity: Places,
    newcomers: Places,
    _say: Say,
) -> Introduction:
    """What connects titles that have no rows yet with the others, both ways.

    `together` is the table of the current model; `newcomers` are places in it.
    """
    count = len(popularity)
    foretold = foretell(together, content.features(), popularity, newcomers).together
    near = nearest_by_content(content.centred, newcomers).tocoo()
    from_newcomers = matrix(near.data, newcomers[near.row], near.col, (count, count))
    both_ways = from_newcomers.maximum(from_newcomers.T).tocsr()
    known = boosted(foretold, popularity, content.ages)
    return Introduction(newcomers, known, both_ways)
