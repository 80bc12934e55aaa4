"""Small invented audiences: groups of people who like the titles of their group."""

import numpy as np

from matinee.recommendations.learning.arrays import empty, matrix
from matinee.recommendations.learning.content import Content
from matinee.recommendations.learning.interactions import POSITIVE, Interactions

DIMENSIONS = 8


def audience(
    groups: int = 3, people: int = 20, titles: int = 12, liked: int = 8, seed: int = 1
) -> Interactions:
    """Everybody likes some titles of the own group, one after the other, a day apart."""
    random = np.random.default_rng(seed)
    chosen = [
        group * titles + random.permutation(titles)[:liked]
        for group in range(groups)
        for _ in range(people)
    ]
    return interactions(chosen, groups * titles)


def interactions(chosen: list, title_count: int) -> Interactions:
    """Positive signals: for each profile its titles in the order of time."""
    counts = [len(titles) for titles in chosen]
    total = sum(counts)
    places = np.concatenate([np.arange(count) for count in counts]) if counts else np.zeros(0)
    return Interactions(
        profiles=np.repeat(np.arange(len(counts)), counts).astype(np.int32),
        titles=np.concatenate([*chosen, np.zeros(0)]).astype(np.int32),
        classes=np.full(total, POSITIVE, np.int8),
        weights=np.ones(total, np.float32),
        at=places * 86_400.0,
        profile_count=len(counts),
        title_count=title_count,
    )


def described(title_count: int, groups: int = 3, seed: int = 2) -> Content:
    """Titles of a group have similar vectors and one genre."""
    random = np.random.default_rng(seed)
    group = np.arange(title_count) * groups // title_count
    centres = random.normal(size=(groups, DIMENSIONS))
    vectors = centres[group] + 0.2 * random.normal(size=(title_count, DIMENSIONS))
    return Content(
        numbers=np.arange(1, title_count + 1),
        vectors=vectors.astype(np.float32),
        genres=matrix(np.ones(title_count), np.arange(title_count), group, (title_count, groups)),
        people=empty(title_count, 1),
        years=np.full(title_count, np.nan, np.float32),
        ages=np.full(title_count, 365, np.float32),
    )
