"""Generated events: as many as asked, skewed like real ones, in all tables that tell of them."""

import numpy as np

from matinee.demo.events import draw_pairs, generate_events
from matinee.demo.generate import generate_titles, generate_users
from matinee.runtime import Runtime
from tests.makers import scalar

GENRES = ["drama", "comedy", "horror", "western"] * 250


def test_few_titles_get_many_of_the_events() -> None:
    pairs = draw_pairs(np.random.default_rng(1), 500, GENRES, 20_000)
    counts = np.sort(np.bincount(pairs[:, 1], minlength=len(GENRES)))[::-1]
    assert counts[:100].sum() > 0.4 * counts.sum()
    assert np.count_nonzero(counts) > 0.9 * len(GENRES)


def test_profiles_keep_to_a_genre() -> None:
    pairs = draw_pairs(np.random.default_rng(1), 200, GENRES, 10_000)
    genres = np.asarray(GENRES)[pairs[:, 1]]
    shares = []
    for profile in range(200):
        own = genres[pairs[:, 0] == profile]
        if len(own) >= 20:
            shares.append(np.unique(own, return_counts=True)[1].max() / len(own))
    assert np.mean(shares) > 0.5


async def test_events_stand_in_all_tables(runtime: Runtime) -> None:
    await generate_titles(runtime, 100)
    await generate_users(runtime, 40)
    made = await generate_events(runtime, 1000)
    assert 600 < made <= 1000
    for table in ("profile_signals", "bookmarks", "trend_plays", "ratings", "watchlist"):
        count = await scalar(runtime, f"SELECT count(*) FROM {table}")
        assert 0 < count <= made
    assert await scalar(runtime, "SELECT count(*) FROM title_trends") > 0
    assert await scalar(runtime, "SELECT count(*) FROM title_scores") > 0


async def test_who_did_something_does_nothing_more(runtime: Runtime) -> None:
    await generate_titles(runtime, 20)
    await generate_users(runtime, 5)
    await generate_events(runtime, 2000)
    assert await generate_events(runtime, 2000) == 0
