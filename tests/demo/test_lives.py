"""The people of the demo have lives: enough for rails, for trends and for learning."""

import random
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from matinee.demo.lives import Film, Life
from matinee.demo.neighbours import HOUSEHOLDS, Cinema, live
from matinee.demo.seed import seed
from matinee.runtime import Runtime
from tests.makers import scalar

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
OF_THE_HOUSEHOLD = """
    SELECT p.id FROM profiles p JOIN users u USING (user_id)
    WHERE u.email = 'ana@matinee.example' AND p.name = $1
"""
GENRES = ("comedy", "horror", "western", "documentary", "animation", "drama", "film-noir")


@pytest.fixture(scope="module")
def films() -> list[Film]:
    return [
        Film(
            uuid4(),
            f"demo:film-{number}",
            [GENRES[number % len(GENRES)]],
            1920 + number % 50,
            praise=number % 10 == 0,
            for_kids=GENRES[number % len(GENRES)] == "animation",
            seconds=5400,
            marks=[f"Director {number % 30}"],
            episodes=[],
        )
        for number in range(140)
    ]


def lived(films: list[Film], number: int) -> Life:
    life = Life(UUID(int=number), UUID(int=number))
    live(random.Random(number), life, Cinema(films), NOW)
    return life


def test_the_same_lot_lives_the_same_life(films: list[Film]) -> None:
    assert lived(films, 7) == lived(films, 7)


def test_people_keep_to_their_tastes(films: list[Film]) -> None:
    genres = {film.id: film.genres[0] for film in films}
    shares = []
    for number in range(30):
        watched = [genres[mark.title_id] for mark in lived(films, number).marks]
        favourite = max(GENRES, key=watched.count)
        shares.append(watched.count(favourite) / len(watched))
    assert sum(shares) / len(shares) > 2 / len(GENRES)


def test_nobody_watches_what_is_to_come(films: list[Film]) -> None:
    assert all(mark.at <= NOW for number in range(30) for mark in lived(films, number).marks)


async def test_the_demo_has_people_with_lives(runtime: Runtime) -> None:
    await seed(runtime)
    for name, least in (("Ana", 20), ("Ben", 15), ("Mia", 8)):
        profile_id = await scalar(runtime, OF_THE_HOUSEHOLD, name)
        for table in ("bookmarks", "profile_signals", "trend_plays"):
            sql = f"SELECT count(*) FROM {table} WHERE profile_id = $1"
            assert await scalar(runtime, sql, profile_id) >= least
    guests = await scalar(runtime, OF_THE_HOUSEHOLD, "Guests")
    assert await scalar(runtime, "SELECT count(*) FROM bookmarks WHERE profile_id=$1", guests) == 0
    assert await scalar(runtime, "SELECT count(*) FROM users") > HOUSEHOLDS
    trending = "SELECT count(*) FROM title_trends WHERE territory = 'US' AND households >= 3"
    assert await scalar(runtime, trending) > 100
    assert await scalar(runtime, "SELECT count(*) FROM title_scores") > 100
    assert await scalar(runtime, "SELECT count(*) FROM title_update_events") == 8


async def test_the_demo_learns_from_its_people(runtime: Runtime) -> None:
    await seed(runtime)
    await runtime.worker.drain()
    current = "SELECT report FROM recommendation_models WHERE state = 'current'"
    report = await scalar(runtime, current)
    assert report["ndcg"] > 2 * report["ndcg_popularity"]
