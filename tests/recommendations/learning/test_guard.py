"""The guard before a model may serve."""

from typing import Any

import numpy as np
import pytest

from matinee.recommendations.learning.arrays import matrix
from matinee.recommendations.learning.content import nearest_by_content
from matinee.recommendations.learning.guard import coverage, enough, measure, objections
from matinee.recommendations.learning.lessons import OTHER_BYTES, affordable_titles, train
from matinee.recommendations.learning.measures import (
    best,
    hits,
    most_frequent_share,
    ndcg,
    recall,
    reciprocal_rank,
)
from matinee.recommendations.learning.model import learn, learn_from_content
from tests.recommendations.learning.samples import audience, described, interactions

GOOD = {
    "ndcg": 0.2,
    "ndcg_popularity": 0.1,
    "coverage": 0.9,
    "most_frequent_share": 0.2,
    "titles": 500,
}


def nothing(_step: str) -> None:
    pass


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        ({"ndcg_popularity": 0.19}, "hardly_better_than_popularity"),
        ({"coverage": 0.7}, "covers_too_little"),
        ({"most_frequent_share": 0.5}, "same_title_for_everybody"),
    ],
)
def test_the_guard_objects(change: dict[str, float], objection: str):
    assert objections(GOOD | change, None) == [objection]


@pytest.mark.parametrize(
    ("current", "found"),
    [
        (None, []),
        ({"ndcg": 0.205, "ndcg_popularity": 0.1}, []),
        ({"ndcg": 0.25, "ndcg_popularity": 0.1}, ["worse_than_current"]),
        ({"ndcg": 0.25, "ndcg_popularity": 0.13}, []),
        ({"coverage": 1.0}, []),
    ],
)
def test_a_model_is_held_against_the_current_one(current: dict[str, Any] | None, found: list[str]):
    assert objections(GOOD, current) == found


def test_too_few_who_watch_teach_nothing():
    assert enough(audience(groups=1, people=20))
    assert not enough(audience(groups=1, people=19))
    assert not enough(interactions([[0, 1, 2, 3]] * 50, 4))


def test_with_too_few_content_is_all_that_is_learned():
    lesson = train(audience(groups=1, people=5), described(12, 1), None, 10**9, nothing)
    assert lesson.report["kind"] == "content"
    assert lesson.objections == []


def test_a_model_of_an_audience_with_tastes_passes():
    lesson = train(audience(), described(36), None, 10**9, nothing)
    assert lesson.objections == []
    assert lesson.report["ndcg"] > 2 * lesson.report["ndcg_popularity"]
    assert lesson.report["coverage"] == 1


def test_a_model_of_what_is_drawn_by_lot_is_rejected():
    random = np.random.default_rng(0)
    drawn = [random.permutation(200)[:8] for _ in range(60)]
    lesson = train(interactions(drawn, 200), described(200), None, 10**9, nothing)
    assert lesson.objections


def test_figures_do_not_change_from_run_to_run():
    content = described(36)
    nearest = nearest_by_content(content.centred)
    first, second = (measure(audience(), content, nearest, 100, nothing) for _ in range(2))
    assert first == second


def test_coverage_is_of_what_anything_is_known_of():
    content = described(36)
    content.vectors[30:] = 0
    nobody = interactions([], 36)
    assert coverage(learn_from_content(content), nobody, content) == 1
    one_lost = learn(audience(), content)
    one_lost.together.data[:] = one_lost.following.data[:] = 0
    assert coverage(one_lost, audience(), content) == pytest.approx(30 / 36)


def test_memory_bounds_what_ease_takes():
    assert affordable_titles(OTHER_BYTES + 4 * 1000**2) == 1000
    assert affordable_titles(10**12) == 20_000


def test_measures_of_a_list():
    seen = matrix(np.ones(1), np.array([0]), np.array([0]), (1, 5))
    relevant = matrix(np.ones(2), np.array([0, 0]), np.array([2, 4]), (1, 5))
    lists = best(np.array([[9, 8, 7, 6, 5]], np.float32), seen, 3)
    found = hits(lists, relevant)
    assert lists.tolist() == [[1, 2, 3]]
    assert found.tolist() == [[False, True, False]]
    assert ndcg(found, relevant)[0] == pytest.approx((1 / np.log2(3)) / (1 + 1 / np.log2(3)))
    assert recall(found, relevant).tolist() == [0.5]
    assert reciprocal_rank(found).tolist() == [0.5]
    assert most_frequent_share(np.array([[1, 2], [1, 3]]), 2) == 1
