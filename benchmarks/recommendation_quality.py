"""How good recommendations are, on a file of ratings: the product beside popularity, EASE, iALS, …

    python benchmarks/recommendation_quality.py FOLDER      or by MATINEE_RECS

The folder holds ratings (`movielens_small_pooled.csv.gz`) and texts of titles
(`items_wikipedia.csv.gz`); both are for research, and not part of this repository. The product's
own training and ranking formula are called. All titles that a profile has not seen are ranked;
profiles on which anything was tuned are left out; seeds are fixed. Differences come with the 95 %
interval of a paired bootstrap. What a request adds (caps, calibration, surprises) is not in it.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from recommending.data import RATINGS, read
from recommending.evaluation import Marks
from recommending.experiments import (
    EASE,
    OURS,
    POPULAR,
    Bench,
    cold_profiles,
    cold_titles,
    compare,
    learning_curve,
)
from recommending.protocols import DATE_QUANTILES, by_date, per_profile
from recommending.vectors import vectors_of


class Verdict(NamedTuple):
    """A figure beside its floor and its goal; `most` where less is better."""

    name: str
    figure: float
    floor: float
    goal: float
    most: bool = False

    @property
    def holds(self) -> bool:
        """Whether the floor is kept."""
        return self.figure <= self.floor if self.most else self.figure >= self.floor


def ratio(found: Sequence[dict[str, Marks]], other: str) -> float:
    """NDCG@10 of the product to that of another method, over the profiles of all exams."""
    ours = np.concatenate([marks[OURS].ndcg for marks in found]).mean()
    return float(ours / np.concatenate([marks[other].ndcg for marks in found]).mean())


def measure(bench: Bench) -> list[Verdict]:
    """Run everything."""
    data, everything = bench.data, bench.interactions
    first = compare(
        bench, per_profile(everything, data.genres), everything, "U: the last 20 % of each profile"
    )
    dated = []
    for quantile in DATE_QUANTILES:
        exam = by_date(everything, data.genres, quantile)
        dated.append(compare(bench, exam, everything, f"S: one date, {quantile:.0%} before it"))
    cold_profiles(bench)
    cold, _ = cold_titles(bench)
    enough = learning_curve(bench)
    return [
        Verdict("U: NDCG@10 / popularity-90d", ratio([first], POPULAR), 1.5, 1.8),
        Verdict("U: NDCG@10 / EASE", ratio([first], EASE), 1.03, 1.15),
        Verdict("S: NDCG@10 / EASE", ratio(dated, EASE), 0.97, 1.05),
        Verdict("cold titles, Recall@20", cold, 0.25, 0.30),
        Verdict("profiles to beat popularity", enough or float("inf"), 50, 20, most=True),
    ]


def main() -> None:
    """Print tables and a verdict per floor; the exit status says whether all are kept."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("MATINEE_RECS", ""))
    if not (folder / RATINGS).is_file():
        print(f"SKIPPED: no {RATINGS}; give its folder as an argument or by MATINEE_RECS.")
        return
    data = read(folder)
    taste = vectors_of([text.taste for text in data.texts])
    search = vectors_of([text.search for text in data.texts])
    shape = data.interactions
    print(f"{shape.profile_count} profiles, {shape.title_count} titles, {len(shape.at)} ratings")
    verdicts = measure(Bench(data, taste, search))
    print()
    for verdict in verdicts:
        kept = "ok" if verdict.holds else "MISSED"
        print(
            f"{verdict.name:32}{verdict.figure:8.3f}   floor {verdict.floor:g}, goal"
            f" {verdict.goal:g}: {kept}"
        )
    raise SystemExit(not all(verdict.holds for verdict in verdicts))


if __name__ == "__main__":
    main()
