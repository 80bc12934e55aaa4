"""The learned tables as a whole: what is watched together, next, and what resembles what."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from matinee.recommendations.learning.arrays import Flags, Matrix, Places, empty
from matinee.recommendations.learning.content import Content, nearest_by_content
from matinee.recommendations.learning.cowatching import MOST_EASE_TITLES, learn_together
from matinee.recommendations.learning.following import learn_following
from matinee.recommendations.learning.interactions import Interactions
from matinee.recommendations.learning.newcomers import FORETOLD_UNTIL, boosted, foretell, newness

Say = Callable[[str], None]


@dataclass(frozen=True)
class Model:
    """Tables titles x titles; a row is a seed. `virtual` marks titles that nobody watched yet."""

    together: Matrix
    following: Matrix
    content: Matrix
    virtual: Flags


def learn(
    interactions: Interactions,
    content: Content,
    *,
    most_ease_titles: int = MOST_EASE_TITLES,
    nearest: Matrix | None = None,
    say: Say = lambda step: None,
) -> Model:
    """Learn all tables; `say` is told the name of each step before it begins.

    `nearest` is the table by content, where it is known already.
    """
    say("watched together")
    together = learn_together(interactions.liked, most_ease_titles=most_ease_titles)
    say("watched next")
    following = learn_following(interactions)
    if nearest is None:
        say("content")
        nearest = nearest_by_content(content.centred)
    say("new titles")
    popularity = interactions.popularity
    return Model(
        with_newcomers(together, content, popularity),
        following,
        nearest,
        popularity == 0,
    )


def learn_from_content(content: Content) -> Model:
    """The tables of an installation where too few watch: nearest titles only."""
    count = len(content.numbers)
    nothing = empty(count, count)
    return Model(nothing, nothing, nearest_by_content(content.centred), np.ones(count, bool))


def with_newcomers(together: Matrix, content: Content, popularity: Places) -> Matrix:
    """The table and, for titles that hardly anybody watched, what is foretold of them."""
    fresh = newness(popularity, FORETOLD_UNTIL)
    newcomers = np.flatnonzero((fresh > 0) & content.has_vector)
    foretold = foretell(together, content.features(), popularity, newcomers)
    return boosted((together + foretold.together).tocsr(), popularity, content.ages)
