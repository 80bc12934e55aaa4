"""The table of what is liked by the same people."""

import numpy as np
import pytest

from matinee.recommendations.learning.arrays import matrix
from matinee.recommendations.learning.cowatching import (
    ALPHA,
    BETA,
    Rp3Beta,
    learn_ease,
    learn_together,
)
from matinee.recommendations.learning.tables import blocks, strongest, tenth_largest
from tests.recommendations.learning.samples import audience


def whole(count: int) -> slice:
    return slice(0, count)


def test_ease_is_the_closed_form_of_its_paper():
    liked = audience().liked
    count = liked.shape[1]
    ease = learn_ease(liked, np.arange(count, dtype=np.int32), 10.0)
    inverse = np.linalg.inv((liked.T @ liked).toarray() + 10.0 * np.eye(count))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(ease.rows(whole(count)), expected, atol=1e-4)


def test_ease_gives_the_same_weights_in_parts():
    liked = audience().liked
    count = liked.shape[1]
    ease = learn_ease(liked, np.arange(count, dtype=np.int32), 10.0)
    parts = [ease.rows(slice(start, min(start + 5, count))) for start in range(0, count, 5)]
    np.testing.assert_array_equal(np.vstack(parts), ease.rows(whole(count)))


def test_walks_are_those_of_the_paper():
    liked = audience(groups=1).liked.toarray().astype(float)
    to_titles = (liked / liked.sum(axis=1, keepdims=True)) ** ALPHA
    to_people = (liked.T / liked.sum(axis=0)[:, None]) ** ALPHA
    expected = to_people @ to_titles / liked.sum(axis=0) ** BETA
    np.fill_diagonal(expected, 0)
    found = Rp3Beta(audience(groups=1).liked).rows(whole(len(expected)))
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_neighbours_are_those_that_the_same_people_like():
    table = learn_together(audience().liked).tocoo()
    strong = table.data > 0.1
    assert strong.any()
    assert (table.row[strong] // 12 == table.col[strong] // 12).all()


def test_what_is_liked_by_others_speaks_against():
    first = np.tile([1, 1, 0], (30, 1))
    second = np.tile([0, 1, 1], (30, 1))
    rows, columns = np.nonzero(np.vstack([first, second]))
    liked = matrix(np.ones(len(rows)), rows, columns, (60, 3))
    table = learn_together(liked).toarray()
    assert table[0, 1] > 0
    assert table[0, 2] < 0


def test_titles_beyond_ease_are_compared_by_walks():
    liked = audience().liked
    table = learn_together(liked, most_ease_titles=10).toarray()
    assert (np.count_nonzero(table, axis=1) > 0).all()


def test_titles_that_nobody_likes_have_no_neighbours():
    liked = audience().liked.tolil()
    liked[:, 5] = 0
    table = learn_together(liked.tocsr())
    assert table[5].nnz == 0
    assert table[:, 5].nnz == 0


def test_nobody_likes_anything():
    table = learn_together(matrix(np.zeros(0), np.zeros(0), np.zeros(0), (3, 4)))
    assert table.shape == (4, 4)
    assert table.nnz == 0


@pytest.mark.parametrize(("signed", "expected"), [(True, [-3, 2]), (False, [1, 2])])
def test_the_strongest_are_kept(signed: bool, expected: list[float]):
    kept = strongest(np.array([[-3, 1, 2, 0]], np.float32), 2, signed=signed)
    assert sorted(kept.data.tolist()) == expected


@pytest.mark.parametrize("columns", [15, 300, 1000])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 1.0])
def test_the_strongest_of_wide_rows_are_those_of_a_sort(columns: int, share: float):
    random = np.random.default_rng(columns)
    block = random.normal(size=(7, columns)) * (random.random((7, columns)) < share)
    block = np.round(block, 1).astype(np.float32)  # many are equal
    kept = strongest(block, 20, signed=True).toarray()
    expected = -np.sort(-np.abs(block), axis=1)[:, :20]
    found = -np.sort(-np.abs(kept), axis=1)[:, :20]
    np.testing.assert_array_equal(found, expected)
    assert ((kept == block) | (kept == 0)).all()


def test_the_tenth_largest_is_that_of_a_sort():
    block = np.random.default_rng(1).normal(size=(5, 400)).astype(np.float32)
    block[4, 9:] = 0
    expected = np.sort(block, axis=1)[:, -10]
    np.testing.assert_array_equal(tenth_largest(block), expected)


def test_blocks_cover_all_rows_once():
    places = [row for block in blocks(100_000, 90_000) for row in range(block.start, block.stop)]
    assert places == list(range(100_000))
