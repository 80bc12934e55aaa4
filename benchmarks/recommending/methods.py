"""Other methods beside the product's, from their papers: scores of all titles for profiles."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from matinee.recommendations.learning.cowatching import Rp3Beta, learn_ease
from matinee.recommendations.learning.interactions import NEGATIVE, NEUTRAL, Interactions

Scores = NDArray[np.float32]
Profiles = NDArray[np.int64]

COSINE_SHRINKAGE = 10
EASE_RIDGE = 300.0
FACTORS, SWEEPS, REGULARISATION, CONFIDENCE = 32, 15, 10.0, 1.0


def popularity(training: Interactions, profiles: Profiles) -> Scores:
    """What most people like, the same for everybody."""
    return np.tile(training.popularity.astype(np.float32), (len(profiles), 1))


def centroid(training: Interactions, profiles: Profiles, vectors: Scores) -> Scores:
    """The plan's: nearest to the mean of what was watched, likes twice, dislikes left out."""
    kept = training.where(training.classes != NEGATIVE)
    weights = np.where(kept.classes == NEUTRAL, 1.0, 2.0).astype(np.float32)
    shape = (training.profile_count, training.title_count)
    history = sparse.csr_matrix((weights, (kept.profiles, kept.titles)), shape=shape)
    centres = history[profiles] @ vectors
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
    return (centres @ vectors.T).astype(np.float32)


def cosine(training: Interactions, profiles: Profiles) -> Scores:
    """Sums of shrunken cosines between titles' audiences (item k-nearest neighbours)."""
    liked = training.liked
    both = (liked.T @ liked).toarray()
    sizes = np.diag(both).copy()
    both /= np.sqrt(np.outer(sizes, sizes)) + COSINE_SHRINKAGE
    np.fill_diagonal(both, 0)
    return np.asarray(liked[profiles] @ both, np.float32)


def rp3beta(training: Interactions, profiles: Profiles) -> Scores:
    """RP3beta alone, all weights."""
    weights = Rp3Beta(training.liked).rows(slice(0, training.title_count))
    return np.asarray(training.liked[profiles] @ weights, np.float32)


def ease(training: Interactions, profiles: Profiles) -> Scores:
    """EASE alone, all weights."""
    titles = np.arange(training.title_count, dtype=np.int32)
    weights = learn_ease(training.liked, titles, EASE_RIDGE).rows(slice(0, len(titles)))
    return np.asarray(training.liked[profiles] @ weights, np.float32)


def ials(training: Interactions, profiles: Profiles) -> Scores:
    """Implicit alternating least squares (Hu, Koren, Volinsky 2008), written here in numpy."""
    liked = training.liked
    random = np.random.default_rng(1)
    people = random.normal(0, 0.01, (training.profile_count, FACTORS))
    titles = random.normal(0, 0.01, (training.title_count, FACTORS))
    turned = liked.T.tocsr()
    for _ in range(SWEEPS):
        people = _solved(liked, titles)
        titles = _solved(turned, people)
    return (people[profiles] @ titles.T).astype(np.float32)


def _solved(liked: sparse.csr_matrix, fixed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Factors of the rows while those of the columns are held."""
    shared = fixed.T @ fixed + REGULARISATION * np.eye(FACTORS)
    found = np.zeros((liked.shape[0], FACTORS))
    for row in range(liked.shape[0]):
        own = fixed[liked.indices[liked.indptr[row] : liked.indptr[row + 1]]]
        if len(own):
            system = shared + CONFIDENCE * own.T @ own
            found[row] = np.linalg.solve(system, (1 + CONFIDENCE) * own.sum(axis=0))
    return found
