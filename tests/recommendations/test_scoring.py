"""Candidates: what the learned tables, trends and preferences put forward, and what never comes."""

import asyncio
import random
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from matinee.accounts.viewer import Viewer
from matinee.entitlements.visibility import visibility_of
from matinee.recommendations.scoring import Candidate, candidates
from matinee.recommendations.statements import NEIGHBOURS, candidates_sql
from matinee.runtime import Runtime
from tests.makers import execute, make_title
from tests.recommendations.learned import make_model, read_taste, signal, teach
from tests.recommendations.makers import dislike, make_trend, make_viewer


async def find(runtime: Runtime, viewer: Viewer, **wish: Any) -> list[Candidate]:
    taste = await read_taste(runtime, viewer)
    async with runtime.database.read() as tx:
        return await candidates(tx, viewer, taste, **wish)


async def ids(runtime: Runtime, viewer: Viewer, **wish: Any) -> list[UUID]:
    return [candidate.title_id for candidate in await find(runtime, viewer, **wish)]


async def make_titles(runtime: Runtime, count: int, **columns: Any) -> list[UUID]:
    return [await make_title(runtime, f"Film {n:03}", **columns) for n in range(count)]


async def suppress(runtime: Runtime, viewer: Viewer, title_id: UUID) -> None:
    sql = "INSERT INTO profile_suppressions (user_id, profile_id, title_id) VALUES ($1, $2, $3)"
    await execute(runtime, sql, viewer.household, viewer.profile, title_id)


async def prefer(runtime: Runtime, viewer: Viewer, genre: str, *, liked: bool) -> None:
    sql = "INSERT INTO profile_preferences VALUES ($1, $2, 'genre', $3, $4)"
    await execute(runtime, sql, viewer.household, viewer.profile, genre, liked)


async def test_what_is_watched_together_with_the_liked_comes_first(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime)
    liked, near, nearer, _other = await make_titles(runtime, 4)
    await teach(runtime, await make_model(runtime), liked, together={near: 1, nearer: 2})
    await signal(runtime, viewer, liked)
    assert (await ids(runtime, viewer))[:2] == [nearer, near]


async def test_a_thumbs_up_speaks_twice_as_loud_as_having_watched(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime)
    liked, watched, near_liked, near_watched = await make_titles(runtime, 4)
    model = await make_model(runtime)
    await teach(runtime, model, liked, together={near_liked: 1})
    await teach(runtime, model, watched, together={near_watched: 2})
    await signal(runtime, viewer, liked, "liked")
    await signal(runtime, viewer, watched, "watched", days_ago=1)
    assert (await ids(runtime, viewer))[0] == near_liked


async def test_a_thumbs_down_speaks_against_what_is_watched_together_with_it(
    runtime: Runtime,
) -> None:
    viewer = await make_viewer(runtime)
    liked, disliked, one, two = await make_titles(runtime, 4)
    model = await make_model(runtime)
    await teach(runtime, model, liked, together={one: 1, two: 0.9})
    await teach(runtime, model, disliked, together={one: 1})
    await signal(runtime, viewer, liked, "liked")
    await signal(runtime, viewer, disliked, "disliked")
    assert (await ids(runtime, viewer))[0] == two


async def test_what_follows_the_last_watched_counts_a_quarter(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime)
    watched, together, following = await make_titles(runtime, 3)
    model = await make_model(runtime)
    await teach(runtime, model, watched, together={together: 1}, following={following: 7})
    await signal(runtime, viewer, watched, "completed")
    found = {one.title_id: one for one in await find(runtime, viewer)}
    assert found[following].parts.next == pytest.approx(0.25)
    assert found[together].parts.together == pytest.approx(1)


async def test_what_is_merely_listed_is_followed_by_nothing(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime)
    listed, following = await make_titles(runtime, 2)
    await teach(runtime, await make_model(runtime), listed, following={following: 1})
    await signal(runtime, viewer, listed, "listed")
    [found] = await find(runtime, viewer)
    assert found.parts.next == 0


async def test_of_content_the_nearest_seed_counts(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime)
    one, two, once, twice = await make_titles(runtime, 4)
    model = await make_model(runtime)
    await teach(runtime, model, one, content={once: 0.9, twice: 0.8})
    await teach(runtime, model, two, content={twice: 0.8})
    await signal(runtime, viewer, one)
    await signal(runtime, viewer, two, days_ago=1)
    assert (await ids(runtime, viewer))[0] == once


async def test_without_signals_what_is_watched_most_comes_first(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime)
    less, more = await make_titles(runtime, 2)
    await make_trend(runtime, less, 5, territory="**")
    await make_trend(runtime, more, 50, territory="**")
    assert await ids(runtime, viewer) == [more, less]


async def test_chosen_genres_come_before_others_as_long_as_little_is_known(
    runtime: Runtime,
) -> None:
    viewer = await make_viewer(runtime)
    western = await make_title(runtime, "Stagecoach", genres=["western"])
    await make_title(runtime, "Metropolis", genres=["science-fiction"])
    await prefer(runtime, viewer, "western", liked=True)
    first, second = await find(runtime, viewer)
    assert first.title_id == western
    assert (first.parts.genre, second.parts.genre) == (pytest.approx(0.2), 0)


async def test_a_disliked_genre_comes_later_but_comes(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime)
    western = await make_title(runtime, "Stagecoach", genres=["western"])
    drama = await make_title(runtime, "Sunrise", genres=["drama"])
    await make_trend(runtime, western, 9, territory="**")
    await make_trend(runtime, drama, 8.9, territory="**")
    await prefer(runtime, viewer, "western", liked=False)
    assert await ids(runtime, viewer) == [drama, western]


async def test_the_preferred_language_comes_first(runtime: Runtime) -> None:
    viewer = replace(await make_viewer(runtime), preferred_language="fr")
    german = await make_title(runtime, "M", language="de")
    french = await make_title(runtime, "L'Atalante", language="fr-FR")
    for title_id, plays in ((german, 9), (french, 8.9)):
        await make_trend(runtime, title_id, plays, territory="**")
    assert await ids(runtime, viewer) == [french, german]


async def test_a_strict_language_admits_no_other(runtime: Runtime) -> None:
    viewer = replace(await make_viewer(runtime), preferred_language="fr")
    await make_title(runtime, "M", language="de")
    dubbed = await make_title(runtime, "Nosferatu", language="de", audio_languages=["fr"])
    assert await ids(runtime, viewer, strict_language=True) == [dubbed]


async def test_where_nothing_is_known_everything_visible_is_found(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime)
    assert sorted(await make_titles(runtime, 5)) == sorted(await ids(runtime, viewer))


async def test_the_best_rated_fill_before_the_newest(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime)
    rated, _, _ = await make_titles(runtime, 3)
    await execute(runtime, "INSERT INTO title_scores VALUES ($1, 0, 5, 1, 1.1)", rated)
    assert (await ids(runtime, viewer))[0] == rated


async def unwanted_title(runtime: Runtime, viewer: Viewer, why: str) -> UUID:
    """A title that must not come, for one reason."""
    hidden: dict[str, dict[str, Any]] = {
        "too mature": {"maturity_score": 18},
        "a draft": {"status": "draft"},
        "without rights here": {"rights_managed": True},
        "tagged as blocked": {"tags": ["gore"]},
    }
    title_id = await make_title(runtime, "Häxan", **hidden.get(why, {}))
    if why == "suppressed":
        await suppress(runtime, viewer, title_id)
    if why == "thumbs-down":
        await dislike(runtime, viewer, title_id)
    if why == "known":
        await signal(runtime, viewer, title_id, "neutral")
    if why == "watched":
        await execute(
            runtime,
            "INSERT INTO bookmarks (user_id, profile_id, title_id, item_id, position_seconds,"
            " finished) VALUES ($1, $2, $3, $3, 60, true)",
            viewer.household,
            viewer.profile,
            title_id,
        )
    return title_id


@pytest.mark.parametrize(
    "why",
    [
        "too mature", "a draft", "without rights here", "tagged as blocked", "suppressed",
        "thumbs-down", "known", "watched",
    ],
)  # fmt: skip
async def test_never_comes(runtime: Runtime, why: str) -> None:
    viewer = replace(await make_viewer(runtime), max_maturity=12, blocked_tags=("gore",))
    unwanted = await unwanted_title(runtime, viewer, why)
    seed, other = await make_titles(runtime, 2, genres=["western"])
    near = {unwanted: 5.0, other: 1.0}
    model = await make_model(runtime)
    await teach(runtime, model, seed, together=near, following=near, content=near)
    await signal(runtime, viewer, seed)
    await make_trend(runtime, unwanted, 100, territory="**")
    await execute(runtime, "INSERT INTO title_scores VALUES ($1, 0, 5, 1, 1.1)", unwanted)
    assert await ids(runtime, viewer) == [other]


async def test_a_page_is_full_where_hardly_anything_is_allowed(runtime: Runtime) -> None:
    viewer = replace(await make_viewer(runtime), max_maturity=6)
    seed = await make_title(runtime, "Bambi")
    grown_up = await make_titles(runtime, 120, maturity_score=18)
    childrens = [await make_title(runtime, f"Cartoon {n}") for n in range(4)]
    near = {title_id: 10.0 + n for n, title_id in enumerate(grown_up)}
    near |= {title_id: 1.0 + n for n, title_id in enumerate(childrens)}
    await teach(runtime, await make_model(runtime), seed, together=near)
    await signal(runtime, viewer, seed)
    found = await find(runtime, viewer, limit=4)
    assert [one.title_id for one in found] == childrens[::-1]
    assert all(one.parts.together > 0 for one in found)


async def test_a_condition_is_met_by_all(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime)
    await make_title(runtime, "Sunrise", genres=["drama"])
    western = await make_title(runtime, "Stagecoach", genres=["western"])
    found = await ids(runtime, viewer, where="t.genres @> :wanted::text[]", wanted=["western"])
    assert found == [western]


async def test_seeds_are_told_with_what_they_add_to_the_score(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime)
    loud, quiet, near = await make_titles(runtime, 3)
    model = await make_model(runtime)
    await teach(runtime, model, loud, together={near: 3})
    await teach(runtime, model, quiet, together={near: 1})
    await signal(runtime, viewer, loud)
    await signal(runtime, viewer, quiet, days_ago=1)
    [found] = await find(runtime, viewer)
    [seed] = found.seeds
    assert seed.signal.title_id == loud
    assert seed.share == pytest.approx(0.75, abs=0.01)


async def test_a_seed_that_the_viewer_does_not_see_speaks_without_being_named(
    runtime: Runtime,
) -> None:
    viewer = replace(await make_viewer(runtime), max_maturity=12)
    hidden = await make_title(runtime, "Häxan", maturity_score=18)
    near = await make_title(runtime)
    await teach(runtime, await make_model(runtime), hidden, together={near: 1})
    await signal(runtime, viewer, hidden)
    [found] = await find(runtime, viewer)
    assert found.parts.together > 0
    assert found.seeds == ()


async def test_the_same_question_has_the_same_answer(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime)
    seed, *others = await make_titles(runtime, 12)
    await teach(runtime, await make_model(runtime), seed, together=dict.fromkeys(others, 1.0))
    await signal(runtime, viewer, seed)
    first, second = await asyncio.gather(find(runtime, viewer), find(runtime, viewer))
    assert first == second


@pytest.mark.parametrize("signals", [0, 1])
async def test_without_a_history_it_is_one_statement_else_two(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, signals: int
) -> None:
    viewer = await make_viewer(runtime)
    seed, *others = await make_titles(runtime, 12)
    for title_id in others:
        await make_trend(runtime, title_id, 5, territory="**")
    if signals:
        await teach(runtime, await make_model(runtime), seed, together=dict.fromkeys(others, 1.0))
        await signal(runtime, viewer, seed)
    taste = await read_taste(runtime, viewer)
    statements: list[None] = []
    monkeypatch.setattr(runtime.database, "on_statement", lambda: statements.append(None))
    async with runtime.database.read() as tx:
        await candidates(tx, viewer, taste, limit=10)
    assert len(statements) == 1 + signals


PASTS = ("suppressed", "thumbs-down", "known")


async def make_anything(runtime: Runtime, viewer: Viewer, chance: random.Random) -> UUID | None:
    """A title of any kind, with any past; its id where nothing forbids to offer it."""
    score = chance.choice([0, 12, 13, 18, None])
    status = chance.choice(["published", "published", "draft", "takedown"])
    tags = chance.choice([[], [], ["gore"]])
    managed, past = chance.random() < 0.2, chance.choice(["", "", "", *PASTS])
    title_id = await make_title(
        runtime, maturity_score=score, status=status, tags=tags, rights_managed=managed,
        genres=[chance.choice(["drama", "western"])],
    )  # fmt: skip
    if past == "suppressed":
        await suppress(runtime, viewer, title_id)
    if past == "thumbs-down":
        await dislike(runtime, viewer, title_id)
    if past == "known":
        await signal(runtime, viewer, title_id, chance.choice(["liked", "disliked", "watched"]))
    if chance.random() < 0.5:
        await make_trend(runtime, title_id, chance.uniform(1, 99), territory="**")
    forbidden = score not in (0, 12) or status != "published" or tags or managed or past
    return None if forbidden else title_id


@pytest.mark.parametrize("seed", range(4))
async def test_of_any_catalogue_just_what_is_allowed_comes(runtime: Runtime, seed: int) -> None:
    chance = random.Random(seed)
    viewer = replace(
        await make_viewer(runtime), max_maturity=12, block_unrated=True, blocked_tags=("gore",)
    )
    allowed = {await make_anything(runtime, viewer, chance) for _ in range(40)} - {None}
    async with runtime.database.read() as tx:
        everything = [row["id"] for row in await tx.all("SELECT id FROM titles ORDER BY number")]
    model = await make_model(runtime)
    for title_id in everything[::3]:
        near = {other: chance.uniform(-1, 1) for other in chance.sample(everything, 15)}
        await teach(runtime, model, title_id, together=near, following=near, content=near)
    assert set(await ids(runtime, viewer)) == allowed


MANY = (
    """
    INSERT INTO titles (kind, status, name, sort_name, folded_name, maturity_score)
    SELECT 'movie', 'published', 'Film ' || n, 'film ' || n, 'film ' || n, 0
    FROM generate_series(1, 5000) AS n
    """,
    """
    INSERT INTO title_neighbors (model_id, title_number, together_numbers, together_weights)
    SELECT m.id, t.number, ARRAY[1, 2, 3], ARRAY[1, 1, 1] FROM recommendation_models m, titles t
    """,
    """
    INSERT INTO title_trends (territory, audience, title_id, hot, prior, households)
    SELECT '**', 'standard', id, number, number, 9 FROM titles
    """,
    "ANALYZE",
)


async def test_a_large_catalogue_is_read_by_its_indexes(runtime: Runtime) -> None:
    viewer = await make_viewer(runtime)
    await make_model(runtime)
    for statement in MANY:
        await execute(runtime, statement)
    learned = {"numbers": [1], "follows": [True], "resembles": [True], "nearest": 200}
    asked = {
        "listed": [1], "learned": [1.0], "liked_labels": [], "disliked_labels": [],
        "genre_trust": 1.0, "spoken": "", "audience": "standard", "least": 3,
        "trend_share": 1.0, "limit": 100,
    }  # fmt: skip
    plans = []
    for statement, params in (
        (NEIGHBOURS, learned),
        (candidates_sql("true", 60, has_preferences=False), asked),
    ):
        async with runtime.database.read() as tx:
            rows = await tx.all("EXPLAIN " + statement, **params, **visibility_of(viewer))
        plans += [row[0] for row in rows]
    plan = "\n".join(plans)
    assert "titles_number_key" in plan
    assert "title_trends_prior" in plan
    for table in ("titles", "title_neighbors", "title_trends"):
        assert f"Seq Scan on {table} " not in plan
