"""Measures of ranked lists, as columns of a table, and whether two methods really differ."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from matinee.recommendations.learning import measures
from matinee.recommendations.learning.interactions import Interactions
from matinee.recommendations.learning.splitting import Split, seen

RESAMPLED = 1000
HEADINGS = (
    f"{'':34}{'NDCG@10':>9}{'R@20':>7}{'MRR':>7}{'cover':>7}{'novel':>7}{'divers':>7}"
    f"{'genreKL':>8}{'disliked':>9}"
)


@dataclass(frozen=True)
class Exam:
    """Profiles whose future is to be foretold, and what is needed to mark the answers."""

    split: Split
    profiles: NDArray[np.int64]
    moments: NDArray[np.float64]
    genres: sparse.csr_matrix
    disliked: sparse.csr_matrix

    @property
    def training(self) -> Interactions:
        """What may be learned from."""
        return self.split.training


@dataclass(frozen=True)
class Marks:
    """What a method reached; the first two have a value per profile."""

    ndcg: NDArray[np.float64]
    recall: NDArray[np.float64]
    mrr: float
    coverage: float
    novelty: float
    diversity: float
    genre_kl: float
    disliked: float

    def line(self, name: str) -> str:
        """A line of the table under `HEADINGS`."""
        return (
            f"{name:34}{self.ndcg.mean():9.4f}{self.recall.mean():7.3f}{self.mrr:7.3f}"
            f"{self.coverage:7.3f}{self.novelty:7.2f}{self.diversity:7.3f}{self.genre_kl:8.3f}"
            f"{self.disliked:9.4f}"
        )


def mark(exam: Exam, scores: NDArray[np.float32]) -> Marks:
    """Rank all unseen titles by their scores and compare with what was held back."""
    known = seen(exam.training)[exam.profiles]
    relevant = exam.split.relevant[exam.profiles]
    lists = measures.best(scores, known)
    found = measures.hits(lists, relevant)
    top, longer = lists[:, :10], lists[:, :20]
    chances = (exam.training.popularity + 1) / (exam.training.profile_count + 1)
    return Marks(
        ndcg=measures.ndcg(found, relevant),
        recall=measures.recall(found, relevant),
        mrr=float(measures.reciprocal_rank(found).mean()),
        coverage=len(np.unique(top)) / exam.training.title_count,
        novelty=float(-np.log2(chances)[top].mean()),
        diversity=_diversity(exam.genres, top),
        genre_kl=_genre_kl(exam, longer),
        disliked=_later_disliked(exam, longer),
    )


def _diversity(genres: sparse.csr_matrix, lists: NDArray[np.int64]) -> float:
    """1 minus the mean overlap (Jaccard) of the genres of two titles in a list."""
    found = []
    for row in lists:
        own = genres[row].toarray()
        both = own @ own.T
        either = own.sum(axis=1)[:, None] + own.sum(axis=1) - both
        alike = both / np.maximum(either, 1)
        found.append(1 - (alike.sum() - np.trace(alike)) / (len(row) * (len(row) - 1)))
    return float(np.mean(found))


def _genre_kl(exam: Exam, lists: NDArray[np.int64]) -> float:
    """How far the genres of lists are from those of the history (Steck 2018), in bits."""
    shares = exam.genres.toarray()
    shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1)
    history = np.asarray(exam.training.liked[exam.profiles] @ shares)
    history /= np.maximum(history.sum(axis=1, keepdims=True), 1e-9)
    listed = 0.99 * shares[lists].mean(axis=1) + 0.01 * history
    ratio = np.maximum(history, 1e-12) / np.maximum(listed, 1e-12)
    return float((history * np.log2(ratio)).sum(axis=1).mean())


def _later_disliked(exam: Exam, lists: NDArray[np.int64]) -> float:
    """Share of the first 20 that the profile disliked later, of profiles that disliked any."""
    disliked = exam.disliked[exam.profiles]
    some = np.flatnonzero(np.diff(disliked.indptr))
    return float(measures.hits(lists[some], disliked[some]).mean()) if len(some) else 0.0


def difference(ours: Marks, other: Marks) -> str:
    """Mean difference of NDCG@10 over the same profiles with its 95 % interval (bootstrap)."""
    gained = ours.ndcg - other.ndcg
    drawn = np.random.default_rng(1).integers(0, len(gained), (RESAMPLED, len(gained)))
    low, high = np.percentile(gained[drawn].mean(axis=1), [2.5, 97.5])
    ratio = ours.ndcg.mean() / max(other.ndcg.mean(), 1e-9)
    return f"x{ratio:.2f}  {gained.mean():+.4f} [{low:+.4f}, {high:+.4f}]"
