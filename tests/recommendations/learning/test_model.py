"""What the other tables hold, and scores by them."""

import numpy as np
import pytest

from matinee.recommendations.blend import trend_share
from matinee.recommendations.learning.arrays import matrix
from matinee.recommendations.learning.content import nearest_by_content
from matinee.recommendations.learning.following import learn_following
from matinee.recommendations.learning.interactions import NEGATIVE
from matinee.recommendations.learning.model import learn, learn_from_content
from matinee.recommendations.learning.newcomers import boosted, newness
from matinee.recommendations.learning.scoring import parts_of, trend_at
from matinee.recommendations.learning.splitting import seen, split_each
from tests.recommendations.learning.samples import audience, described, interactions


def test_what_follows_is_not_what_came_before():
    table = learn_following(interactions([[0, 1, 2]] * 5, 3)).toarray()
    assert table[0, 1] > table[0, 2] > 0
    assert table[1, 0] == 0


def test_content_neighbours_are_of_the_same_kind():
    content = described(36)
    table = nearest_by_content(content.centred)
    best = table.toarray().argmax(axis=1)
    assert (best // 12 == np.arange(36) // 12).mean() > 0.9
    assert table.diagonal().sum() == 0


def test_a_title_without_a_vector_has_no_content_neighbours():
    content = described(36)
    content.vectors[7] = 0
    table = nearest_by_content(content.centred)
    assert table[7].nnz == table[:, 7].nnz == 0


def test_a_title_that_nobody_watched_is_led_to_from_its_kind():
    watched = audience()
    without = watched.where(watched.titles != 5)
    model = learn(without, described(36))
    leading = np.argsort(-model.together.toarray()[:, 5])[:5]
    assert (leading // 12 == 0).all()
    assert model.together[5].nnz > 0
    assert model.virtual.tolist() == [place == 5 for place in range(36)]


def test_new_titles_are_helped_less_with_every_viewer_and_day():
    table = matrix(np.ones(4), np.zeros(4), np.arange(4), (4, 4))
    table.data[1] = -1
    ages = np.array([0, 0, 15, 40], np.float32)
    assert boosted(table, np.zeros(4, int), ages).toarray()[0].tolist() == [1.5, -1, 1.25, 1]
    watched = np.array([10, 0, 20, 0])
    assert boosted(table, watched, ages).toarray()[0].tolist() == [1.25, -1, 1, 1]


def test_what_is_foretold_counts_less_with_every_viewer():
    assert newness(np.array([0, 1, 5, 9]), 5).tolist() == pytest.approx([1, 0.8, 0, 0])


def test_a_model_from_content_only_has_content_neighbours_only():
    model = learn_from_content(described(36))
    assert model.content.nnz > 0
    assert model.together.nnz == model.following.nnz == 0


def test_learning_twice_gives_the_same():
    first, second = (learn(audience(), described(36)) for _ in range(2))
    for table in ("together", "following", "content"):
        np.testing.assert_array_equal(
            getattr(first, table).toarray(), getattr(second, table).toarray()
        )


def test_the_blend_finds_what_the_group_likes():
    watched = audience()
    split = split_each(watched)
    model = learn(split.training, described(36))
    trend = trend_at(watched.positives, split.moments, 90)
    scores = parts_of(model, split.training, split.profiles, trend).blended()
    scores[seen(split.training)[split.profiles].toarray() > 0] = -np.inf
    group = split.profiles // 20
    assert (scores.argmax(axis=1) // 12 == group).all()


def test_negative_signals_count_against():
    watched = audience()
    classes, weights = watched.classes.copy(), watched.weights.copy()
    own = watched.profiles == 0
    classes[own], weights[own] = NEGATIVE, -0.5
    disliking = type(watched)(
        watched.profiles, watched.titles, classes, weights, watched.at, 60, 36
    )
    model = learn(watched, described(36))
    scores = disliking.seeds()[0] @ model.together
    assert scores.toarray()[0, :12].mean() < 0


@pytest.mark.parametrize(("positives", "share"), [(0, 1), (1, 1), (3, 0.5), (5, 0.3), (300, 0.3)])
def test_the_trend_counts_less_the_more_is_known(positives: int, share: float):
    assert trend_share(positives) == share


def test_plays_fade_by_half():
    events = interactions([[0]], 2)
    trend = trend_at(events, np.array([0.0, 90 * 86_400.0]), 90)
    assert trend[0].tolist() == [0, 0]
    assert trend[1].tolist() == [0.5, 0]


def test_the_last_fifth_is_held_back_with_all_that_came_after_it():
    split = split_each(interactions([[0, 1, 2, 3, 4], [0, 1]], 6))
    assert split.training.titles.tolist() == [0, 1, 2, 3, 0, 1]
    assert split.relevant.toarray().nonzero()[1].tolist() == [4]
    assert split.profiles.tolist() == [0]
