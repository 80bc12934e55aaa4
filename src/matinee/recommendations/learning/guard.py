"""The guard: measures a new model on what profiles liked last, and says whether it may serve."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from matinee.recommendations.learning.arrays import Floats, Matrix, Places
from matinee.recommendations.learning.content import Content
from matinee.recommendations.learning.interactions import Interactions
from matinee.recommendations.learning.measures import (
    AT,
    Lists,
    best,
    hits,
    most_frequent_share,
    ndcg,
    recall,
)
from matinee.recommendations.learning.model import Model, Say, learn
from matinee.recommendations.learning.scoring import parts_of, trend_at
from matinee.recommendations.learning.splitting import LEAST_LIKED, Split, seen, split_each
from matinee.recommendations.learning.tables import blocks

LEAST_PROFILES = 20
MOST_PROFILES = 2000
"""So many are measured; of more, a sample that is the same every time."""

GUARD_EASE_TITLES = 5000
"""The guard learns a second time, from less; with fewer titles, for the price is cubic."""

HALF_LIFE_DAYS = 90
SHARE_OF_CURRENT = 0.97
TIMES_POPULARITY = 1.1
LEAST_COVERAGE = 0.8
MOST_FREQUENT = 0.4
TIMES_BY_CHANCE = 3
"""In a small catalogue every list holds much of it: a title may stand in so many times the share
of lists in which it would stand by chance."""

Report = dict[str, Any]


class Measured(NamedTuple):
    """Lists of the model and what is watched most, for the same profiles."""

    lists: Lists
    ndcg: float
    recall: float
    ndcg_popularity: float


def enough(interactions: Interactions) -> bool:
    """Whether so many watch that something can be learned from it."""
    liked = np.diff(interactions.liked.indptr)
    return int((liked >= LEAST_LIKED).sum()) >= LEAST_PROFILES


def measure(
    interactions: Interactions,
    content: Content,
    nearest: Matrix,
    most_ease_titles: int,
    say: Say,
) -> Report:
    """Learn without the last fifth of what each profile liked, and see how much of it is found.

    `nearest` is the table by content, which does not depend on what people like.
    """
    split = split_each(interactions)
    most = min(most_ease_titles, GUARD_EASE_TITLES)
    model = learn(
        split.training,
        content,
        most_ease_titles=most,
        nearest=nearest,
        say=lambda step: say(f"guard: {step}"),
    )
    say("measuring")
    found = _measured(model, interactions, split)
    return {
        "profiles": len(found.lists),
        "ndcg": round(found.ndcg, 4),
        "recall": round(found.recall, 4),
        "ndcg_popularity": round(found.ndcg_popularity, 4),
        "most_frequent_share": round(most_frequent_share(found.lists), 4),
    }


def _measured(model: Model, interactions: Interactions, split: Split) -> Measured:
    chosen = _sample(split.profiles)
    lists, figures = [], []
    events = interactions.positives
    for place in blocks(len(chosen), interactions.title_count):
        profiles, moments = split.profiles[chosen[place]], split.moments[chosen[place]]
        relevant, known = split.relevant[profiles], seen(split.training)[profiles]
        trend = trend_at(events, moments, HALF_LIFE_DAYS)
        scores = parts_of(model, split.training, profiles, trend).blended()
        lists.append(best(scores, known))
        figures.append(np.stack([*_quality(lists[-1], relevant), _ndcg_of(trend, known, relevant)]))
    ours, recalled, popularity = np.concatenate(figures, axis=1).mean(axis=1).tolist()
    return Measured(np.concatenate(lists), ours, recalled, popularity)


def _sample(profiles: Places) -> Places:
    places = np.arange(len(profiles))
    if len(places) <= MOST_PROFILES:
        return places
    return np.sort(np.random.default_rng(0).choice(places, MOST_PROFILES, replace=False))


def _quality(lists: Lists, relevant: Matrix) -> tuple[Any, Any]:
    found = hits(lists, relevant)
    return ndcg(found, relevant), recall(found, relevant)


def _ndcg_of(scores: Floats, known: Matrix, relevant: Matrix) -> Any:
    return ndcg(hits(best(scores, known), relevant), relevant)


def coverage(model: Model, interactions: Interactions, content: Content) -> float:
    """Share of the titles of which anything is known that are a neighbour of another one."""
    known = content.has_vector | (interactions.popularity > 0)
    reached = np.zeros(len(known), bool)
    for table in (model.together, model.following, model.content):
        reached[table.indices[table.data > 0]] = True
    return float(reached[known].mean()) if known.any() else 0.0


def objections(report: Mapping[str, Any], current: Mapping[str, Any] | None) -> list[str]:
    """Why a model with these figures may not replace the current one; nothing if it may.

    The current model is compared by what its own guard measured. It cannot be measured on the same
    events, for it may have learned from them. Where people have become harder to foretell, also by
    popularity, the advantage over popularity is compared instead.
    """
    found = []
    if report["ndcg"] < TIMES_POPULARITY * report["ndcg_popularity"]:
        found.append("hardly_better_than_popularity")
    if current is not None and "ndcg" in current and _worse(report, current):
        found.append("worse_than_current")
    if report["coverage"] < LEAST_COVERAGE:
        found.append("covers_too_little")
    by_chance = AT / max(report["titles"], 1)
    if report["most_frequent_share"] > max(MOST_FREQUENT, TIMES_BY_CHANCE * by_chance):
        found.append("same_title_for_everybody")
    return found


def _worse(report: Mapping[str, Any], current: Mapping[str, Any]) -> bool:
    absolute: bool = report["ndcg"] < SHARE_OF_CURRENT * current["ndcg"]
    here = report["ndcg"] * max(current["ndcg_popularity"], 1e-6)
    there = current["ndcg"] * max(report["ndcg_popularity"], 1e-6)
    relative: bool = here < SHARE_OF_CURRENT * there
    return absolute and relative
