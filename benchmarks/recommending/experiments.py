"""The experiments: methods side by side, cold profiles, cold titles, few profiles to learn from."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from matinee.recommendations.learning import measures
from matinee.recommendations.learning.arrays import diagonal
from matinee.recommendations.learning.content import Content
from matinee.recommendations.learning.guard import HALF_LIFE_DAYS
from matinee.recommendations.learning.interactions import Interactions
from matinee.recommendations.learning.model import learn
from matinee.recommendations.learning.scoring import Parts, parts_of, trend_at
from matinee.recommendations.learning.splitting import Split, seen, split_each
from recommending import methods
from recommending.data import Data
from recommending.evaluation import HEADINGS, Exam, Marks, difference, mark
from recommending.protocols import exam_of, newest, of_profiles

OURS, POPULAR, EASE = "Matinee", "popularity, 90-day half-life", "EASE"
OLD_DAYS, NEW_DAYS = 365, 0
COLD_SHARE, COLD_PROFILES = 0.1, 1200
UNKNOWN_SHARE = 0.35
ASKED = 700


@dataclass(frozen=True)
class Bench:
    """The data, and what is known of titles: vectors for taste and for search."""

    data: Data
    taste: NDArray[np.float32]
    search: NDArray[np.float32]

    @property
    def interactions(self) -> Interactions:
        """Everything that people did."""
        return self.data.interactions

    @cached_property
    def content(self) -> Content:
        """Titles as the training takes them, all of them old."""
        count = len(self.taste)
        return Content(
            np.arange(count),
            self.taste,
            self.data.genres,
            self.data.people,
            self.data.years,
            np.full(count, OLD_DAYS, np.float32),
        )

    def trend(self, exam: Exam, events: Interactions) -> NDArray[np.float32]:
        """Decayed plays of each title as of the moment at which each profile is asked."""
        return trend_at(events.positives, exam.moments, HALF_LIFE_DAYS)

    def parts(self, exam: Exam, trend: NDArray[np.float32]) -> Parts:
        """The product's scores, learned by the product's training."""
        model = learn(exam.training, self.content)
        return parts_of(model, exam.training, exam.profiles, trend)


def compare(bench: Bench, exam: Exam, events: Interactions, title: str) -> dict[str, Marks]:
    """All methods on one exam; prints a table."""
    print(f"\n{title}: {len(exam.profiles)} profiles\n{HEADINGS}", flush=True)
    training, profiles = exam.training, exam.profiles
    trend = bench.trend(exam, events)
    parts = bench.parts(exam, trend)
    scores = {
        "popularity": lambda: methods.popularity(training, profiles),
        POPULAR: lambda: trend,
        "embedding centroid (plan)": lambda: methods.centroid(training, profiles, bench.search),
        "item cosine": lambda: methods.cosine(training, profiles),
        "RP3beta": lambda: methods.rp3beta(training, profiles),
        EASE: lambda: methods.ease(training, profiles),
        "iALS (numpy, here)": lambda: methods.ials(training, profiles),
        "Matinee: watched together": lambda: parts.together,
        "Matinee: watched next": lambda: parts.following,
        "Matinee: content": lambda: parts.content,
        OURS: parts.blended,
    }
    found = {}
    for name, score in scores.items():
        found[name] = mark(exam, score())
        print(found[name].line(name), flush=True)
    for name in (POPULAR, EASE, "RP3beta", "iALS (numpy, here)"):
        print(f"  against {name:30}{difference(found[OURS], found[name])}")
    return found


def cold_profiles(bench: Bench) -> None:
    """Profiles that the model never saw, of whom the newest 0 to 20 likes are known."""
    print("\nprofiles that the model has not seen, by number of known likes (NDCG@10 / Recall@20)")
    split = split_each(bench.interactions)
    drawn = np.random.default_rng(5).permutation(bench.interactions.profile_count)
    unknown = np.sort(drawn[: int(UNKNOWN_SHARE * len(drawn))])
    others = of_profiles(split.training, np.setdiff1d(drawn, unknown))
    chosen = np.flatnonzero(np.isin(split.profiles, unknown))
    exam = exam_of(bench.interactions, split, chosen, bench.data.genres)
    model = learn(others, bench.content)
    events = of_profiles(bench.interactions, np.setdiff1d(drawn, unknown))
    trend = bench.trend(exam, events)
    baseline = mark(exam, trend)
    for count in (0, 1, 3, 5, 10, 20):
        history = newest(split.training, count)
        found = mark(exam, parts_of(model, history, exam.profiles, trend).blended())
        print(f"  {count:3} likes  Matinee {_pair(found)}   popularity-90d {_pair(baseline)}")


def cold_titles(bench: Bench) -> tuple[float, float]:
    """A tenth of the titles was never watched: Recall@20 among these, ours and the centroid's."""
    split = split_each(bench.interactions)
    random = np.random.default_rng(3)
    eligible = np.flatnonzero(split.training.popularity >= 5)
    count = bench.interactions.title_count
    cold = np.zeros(count, bool)
    cold[random.choice(eligible, int(COLD_SHARE * count), replace=False)] = True
    training = split.training.where(~cold[split.training.titles])
    hidden = (split.relevant + split.training.liked) @ diagonal(cold.astype(np.float32))
    relevant = hidden.tocsr()
    relevant.eliminate_zeros()
    profiles = np.flatnonzero(np.diff(relevant.indptr))
    profiles = np.sort(np.random.default_rng(1).permutation(profiles)[:COLD_PROFILES])
    moments = np.full(len(profiles), training.at.max())
    ages = np.where(cold, NEW_DAYS, OLD_DAYS).astype(np.float32)
    content = replace(bench.content, ages=ages)
    trend = trend_at(training.positives, moments, HALF_LIFE_DAYS)
    ours = parts_of(learn(training, content), training, profiles, trend).blended()
    plan = methods.centroid(training, profiles, bench.search)
    asked = Split(training, relevant, profiles, moments)
    print(f"\n{cold.sum()} titles that nobody has watched yet, {len(profiles)} profiles")
    found = [_recall_of_cold(asked, scores, cold) for scores in (ours, plan)]
    shown = measures.best(ours, seen(training)[profiles])[:, :20]
    print(f"  Recall@20 among them: Matinee {found[0]:.3f}, embedding centroid {found[1]:.3f}")
    print(f"  they are {cold[shown].mean():.1%} of the first 20 among all titles")
    return found[0], found[1]


def _recall_of_cold(asked: Split, scores: NDArray[np.float32], cold: NDArray[np.bool_]) -> float:
    among = np.where(cold, scores, -np.inf).astype(np.float32)
    relevant = asked.relevant[asked.profiles]
    lists = measures.best(among, seen(asked.training)[asked.profiles])
    return float(measures.recall(measures.hits(lists, relevant), relevant).mean())


def learning_curve(bench: Bench) -> int | None:
    """How many profiles it takes to beat popularity; prints the curve."""
    print("\nlearning from few profiles (NDCG@10 / Recall@20)")
    split = split_each(bench.interactions)
    drawn = np.random.default_rng(2).permutation(bench.interactions.profile_count)
    asked, others = drawn[:ASKED], drawn[ASKED:]
    chosen = np.flatnonzero(np.isin(split.profiles, asked))
    exam = exam_of(bench.interactions, split, chosen, bench.data.genres)
    enough = None
    for count in (20, 50, 100, 200, 500, len(others)):
        training = _renumbered(of_profiles(split.training, others[:count]))
        events = of_profiles(bench.interactions, others[:count])
        trend = bench.trend(exam, events)
        model = learn(training, bench.content)
        ours = mark(exam, parts_of(model, split.training, exam.profiles, trend).blended())
        decayed = mark(exam, trend)
        counted = mark(exam, np.tile(training.popularity.astype(np.float32), (len(chosen), 1)))
        if enough is None and ours.ndcg.mean() > max(decayed.ndcg.mean(), counted.ndcg.mean()):
            enough = count
        print(
            f"  {count:5} profiles  Matinee {_pair(ours)}   popularity-90d {_pair(decayed)}"
            f"   popularity {_pair(counted)}",
            flush=True,
        )
    return enough


def _renumbered(interactions: Interactions) -> Interactions:
    """The same without the profiles that did nothing: their number decides how much is trusted."""
    profiles, numbers = np.unique(interactions.profiles, return_inverse=True)
    return replace(interactions, profiles=numbers.astype(np.int32), profile_count=len(profiles))


def _pair(marks: Marks) -> str:
    return f"{marks.ndcg.mean():.4f} / {marks.recall.mean():.4f}"
