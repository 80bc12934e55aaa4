"""Who is asked about what: the last fifth of each profile (U), or all after one date (S)."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from matinee.recommendations.learning.interactions import NEGATIVE, POSITIVE, Interactions
from matinee.recommendations.learning.splitting import Split, split_by, split_each
from recommending.evaluation import Exam

TUNING_SHARE = 0.3
DATE_QUANTILES = (0.5, 0.6, 0.7, 0.8)
LEAST_HISTORY = 3


def per_profile(interactions: Interactions, genres: sparse.csr_matrix) -> Exam:
    """U: the last 20 % of everybody's likes; the profiles that nothing was tuned on."""
    split = split_each(interactions)
    drawn = np.random.default_rng(11).permutation(len(split.profiles))
    chosen = np.sort(drawn[int(TUNING_SHARE * len(drawn)) :])
    return exam_of(interactions, split, chosen, genres)


def by_date(interactions: Interactions, genres: sparse.csr_matrix, quantile: float) -> Exam:
    """S: nothing is known of anybody after one date; profiles with three likes before it."""
    date = float(np.quantile(interactions.at, quantile))
    split = split_by(interactions, interactions.at >= date)
    before = np.diff(split.training.liked[split.profiles].indptr)
    moments = np.full(len(split.moments), date)
    same = Split(split.training, split.relevant, split.profiles, moments)
    return exam_of(interactions, same, np.flatnonzero(before >= LEAST_HISTORY), genres)


def exam_of(
    interactions: Interactions,
    split: Split,
    chosen: NDArray[np.int64],
    genres: sparse.csr_matrix,
) -> Exam:
    """The chosen profiles of a split."""
    moment_of = np.full(interactions.profile_count, np.inf)
    moment_of[split.profiles] = split.moments
    negative = interactions.classes == NEGATIVE
    late = interactions.where(negative & (interactions.at >= moment_of[interactions.profiles]))
    shape = (interactions.profile_count, interactions.title_count)
    ones = np.ones(len(late.titles), np.float32)
    disliked = sparse.csr_matrix((ones, (late.profiles, late.titles)), shape=shape)
    return Exam(split, split.profiles[chosen], split.moments[chosen], genres, disliked)


def newest(interactions: Interactions, count: int) -> Interactions:
    """Profiles of whom only the newest so many likes are known, and nothing else."""
    return interactions.where((interactions.classes == POSITIVE) & (interactions.ranks < count))


def of_profiles(interactions: Interactions, profiles: NDArray[np.int64]) -> Interactions:
    """Only what these profiles did."""
    return interactions.where(np.isin(interactions.profiles, profiles))
