"""What a profile's facts say about its taste."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from matinee.accounts.viewer import Viewer
from matinee.core.settings import SignalWeights
from matinee.runtime import Runtime
from matinee.viewing.taste import (
    NOT_UNWANTED,
    NOT_WATCHED,
    Taste,
    opinion_of,
    refresh_signals,
    taste_of,
    unwanted_of,
)
from tests.catalog.makers import make_series
from tests.makers import execute, make_profile, make_title, make_user, scalar
from tests.viewing.makers import bookmark, counted, kinds_of, list_title, rate

NOW = datetime(2026, 11, 1, tzinfo=UTC)
NOTHING = {
    "rating": None,
    "rated_at": None,
    "listed_at": None,
    "best_share": None,
    "all_shares": None,
    "finished": 0,
    "starts": None,
    "watched_at": None,
    "parts": 1,
}
WEIGHTS = SignalWeights()


def watched(share: float, **facts: Any) -> dict[str, Any]:
    """The facts of somebody who saw so much of a movie."""
    seen = {"best_share": share, "all_shares": share, "starts": 1, "watched_at": NOW}
    return NOTHING | seen | facts


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        (NOTHING, None),
        (NOTHING | {"rating": -1, "rated_at": NOW}, "disliked"),
        (NOTHING | {"rating": 1, "rated_at": NOW}, "liked"),
        (NOTHING | {"rating": 2, "rated_at": NOW}, "loved"),
        (watched(1.0, rating=-1, rated_at=NOW), "disliked"),
        (watched(1.0, finished=1), "completed"),
        (watched(0.7), "completed"),
        (watched(0.69), "watched"),
        (watched(0.2), "watched"),
        (watched(0.2, listed_at=NOW), "watched"),
        (watched(0.19, listed_at=NOW), "listed"),
        (watched(0.19), "neutral"),
        (watched(0.1), "neutral"),
        (watched(0.09), None),
        (watched(0.09, starts=2), "abandoned"),
        (watched(0.09, starts=2, listed_at=NOW), "listed"),
        (NOTHING | {"listed_at": NOW}, "listed"),
        (watched(1.0, finished=2, all_shares=2.0, parts=20), "watched"),
        (watched(1.0, finished=3, all_shares=3.0, parts=20), "completed"),
        (watched(1.0, finished=1, all_shares=1.5, parts=2), "completed"),
        (watched(0.9, all_shares=0.9, parts=0), "completed"),
    ],
)
def test_the_strongest_fact_speaks(facts: dict[str, Any], kind: str | None) -> None:
    opinion = opinion_of(facts)
    assert (opinion[0] if opinion else None) == kind


def test_an_opinion_is_as_old_as_the_fact_that_it_comes_from() -> None:
    earlier = NOW - timedelta(days=3)
    assert opinion_of(watched(0.8, listed_at=earlier)) == ("completed", NOW)
    assert opinion_of(watched(0.0, listed_at=earlier)) == ("listed", earlier)


@dataclass(frozen=True)
class Person:
    """A profile, and the viewer who watches with it."""

    user_id: UUID
    profile_id: UUID

    @property
    def viewer(self) -> Viewer:
        return Viewer("US", 21, user_id=self.user_id, profile_id=self.profile_id)


@pytest.fixture
async def ana(runtime: Runtime) -> Person:
    user_id = await make_user(runtime)
    return Person(user_id, await make_profile(runtime, user_id))


async def refresh(runtime: Runtime, person: Person, *title_ids: UUID) -> None:
    async with runtime.database.write() as tx:
        await refresh_signals(tx, [(person.user_id, person.profile_id, one) for one in title_ids])


async def taste(runtime: Runtime, person: Person) -> Taste:
    async with runtime.database.read() as tx:
        return await taste_of(tx, person.viewer, WEIGHTS)


async def test_signals_follow_the_facts(runtime: Runtime, ana: Person) -> None:
    liked, seen, listed = [await make_title(runtime, name) for name in ("A", "B", "C")]
    await rate(runtime, ana.profile_id, liked, 1)
    await bookmark(runtime, ana.profile_id, seen, 60, of=100)
    await list_title(runtime, ana.profile_id, listed)
    await refresh(runtime, ana, liked, seen, listed)
    assert await kinds_of(runtime, ana.profile_id) == {
        liked: "liked",
        seen: "watched",
        listed: "listed",
    }


async def test_a_signal_without_facts_goes(runtime: Runtime, ana: Person) -> None:
    title_id = await make_title(runtime)
    await rate(runtime, ana.profile_id, title_id, 1)
    await refresh(runtime, ana, title_id)
    await execute(runtime, "DELETE FROM ratings")
    await refresh(runtime, ana, title_id)
    assert await kinds_of(runtime, ana.profile_id) == {}


async def test_what_is_ignored_stays_ignored(runtime: Runtime, ana: Person) -> None:
    title_id = await make_title(runtime)
    await rate(runtime, ana.profile_id, title_id, 1)
    await refresh(runtime, ana, title_id)
    await execute(runtime, "UPDATE profile_signals SET kind = 'ignored'")
    await rate(runtime, ana.profile_id, title_id, 2)
    await refresh(runtime, ana, title_id)
    assert await kinds_of(runtime, ana.profile_id) == {title_id: "ignored"}
    assert (await taste(runtime, ana)).signals == ()


async def test_a_series_is_judged_by_all_its_episodes(runtime: Runtime, ana: Person) -> None:
    title_id = await make_series(runtime, seasons=2, episodes=5)
    episodes = await episodes_of(runtime, title_id)
    await bookmark(runtime, ana.profile_id, title_id, 0, of=100, episode=episodes[0], finished=True)
    await refresh(runtime, ana, title_id)
    assert await kinds_of(runtime, ana.profile_id) == {title_id: "watched"}
    for episode in episodes[1:3]:
        await bookmark(runtime, ana.profile_id, title_id, 0, of=100, episode=episode, finished=True)
    await refresh(runtime, ana, title_id)
    assert await kinds_of(runtime, ana.profile_id) == {title_id: "completed"}


async def episodes_of(runtime: Runtime, title_id: UUID) -> Sequence[UUID]:
    found: list[UUID] = await scalar(
        runtime, "SELECT array_agg(id ORDER BY id) FROM episodes WHERE title_id = $1", title_id
    )
    return found


async def test_facts_from_before_a_reset_say_nothing(runtime: Runtime, ana: Person) -> None:
    before, after = [await make_title(runtime, name) for name in ("A", "B")]
    await rate(runtime, ana.profile_id, before, 1)
    await execute(runtime, "UPDATE profiles SET taste_reset_at = clock_timestamp()")
    await rate(runtime, ana.profile_id, after, 1)
    await refresh(runtime, ana, before, after)
    assert await kinds_of(runtime, ana.profile_id) == {after: "liked"}


async def test_titles_and_profiles_that_are_gone_are_no_matter(
    runtime: Runtime, ana: Person
) -> None:
    title_id = await make_title(runtime)
    await rate(runtime, ana.profile_id, title_id, 1)
    async with runtime.database.write() as tx:
        gone = [
            (uuid4(), uuid4(), title_id),
            (ana.user_id, ana.profile_id, uuid4()),
            (ana.user_id, uuid4(), title_id),
        ]
        await refresh_signals(tx, [*gone, (ana.user_id, ana.profile_id, title_id)])
    assert await kinds_of(runtime, ana.profile_id) == {title_id: "liked"}


async def test_a_refresh_is_three_statements_for_any_number(runtime: Runtime, ana: Person) -> None:
    titles = [await make_title(runtime, f"Film {n}") for n in range(7)]
    for title_id in titles:
        await rate(runtime, ana.profile_id, title_id, 1)
    with counted(runtime) as statements:
        await refresh(runtime, ana, *titles)
    assert len(statements) == 3


async def test_a_refresh_makes_cached_answers_stale(runtime: Runtime, ana: Person) -> None:
    async with runtime.database.write() as tx:
        await refresh_signals(tx, [(ana.user_id, ana.profile_id, uuid4())])
        assert tx.invalidated == {f"profile:{ana.profile_id}"}


async def test_newer_signals_of_a_class_weigh_more(runtime: Runtime, ana: Person) -> None:
    titles = [await make_title(runtime, f"Film {n}") for n in range(3)]
    for title_id in titles:
        await rate(runtime, ana.profile_id, title_id, 1)
    await refresh(runtime, ana, *titles)
    signals = (await taste(runtime, ana)).signals
    assert [signal.title_id for signal in signals] == titles[::-1]
    assert [signal.weight for signal in signals] == [0.5 ** (n / 300) for n in range(3)]


async def test_classes_are_ranked_apart(runtime: Runtime, ana: Person) -> None:
    good, bad = [await make_title(runtime, name) for name in ("A", "B")]
    await rate(runtime, ana.profile_id, good, 2)
    await rate(runtime, ana.profile_id, bad, -1)
    await refresh(runtime, ana, good, bad)
    assert {signal.kind: signal.weight for signal in (await taste(runtime, ana)).signals} == {
        "loved": 1.3,
        "disliked": -0.5,
    }


async def test_only_the_newest_of_a_class_count(runtime: Runtime, ana: Person) -> None:
    await execute(
        runtime,
        "WITH made AS (INSERT INTO titles (kind, name, sort_name, folded_name)"
        " SELECT 'movie', n, n, n FROM generate_series(1, 70) AS n RETURNING id)"
        " INSERT INTO profile_signals (user_id, profile_id, title_id, kind, at)"
        " SELECT $1, $2, id, 'disliked', clock_timestamp() FROM made",
        ana.user_id,
        ana.profile_id,
    )
    assert len((await taste(runtime, ana)).signals) == 60


async def test_stated_preferences_fade_as_the_history_grows(runtime: Runtime, ana: Person) -> None:
    await execute(
        runtime,
        "INSERT INTO profile_preferences VALUES ($1, $2, 'genre', 'comedy', true),"
        " ($1, $2, 'mood', 'dark', false)",
        ana.user_id,
        ana.profile_id,
    )
    known = await taste(runtime, ana)
    assert known.preferences.liked_genres == {"comedy"}
    assert known.preferences.disliked_moods == {"dark"}
    assert known.preference_share == 1.0
    titles = [await make_title(runtime, f"Film {n}") for n in range(5)]
    for title_id in titles:
        await rate(runtime, ana.profile_id, title_id, 1)
    await refresh(runtime, ana, *titles)
    known = await taste(runtime, ana)
    assert (known.positives, known.preference_share) == (5, 0.5)


async def test_of_a_visitor_nothing_is_known(runtime: Runtime) -> None:
    async with runtime.database.read() as tx:
        assert await taste_of(tx, Viewer("US", 12), WEIGHTS) == Taste()


async def among(runtime: Runtime, viewer: Viewer, rule: str) -> set[str]:
    """The names of the titles that a rule leaves."""
    async with runtime.database.read() as tx:
        rows = await tx.all(f"SELECT t.name FROM titles t WHERE {rule}", **unwanted_of(viewer))
    return {row["name"] for row in rows}


async def test_unwanted_is_what_is_suppressed_or_disliked(runtime: Runtime, ana: Person) -> None:
    for name in ("Liked", "Disliked", "Suppressed", "Unknown"):
        title_id = await make_title(runtime, name)
        if name in ("Liked", "Disliked"):
            await rate(runtime, ana.profile_id, title_id, 1 if name == "Liked" else -1)
        if name == "Suppressed":
            await execute(
                runtime,
                "INSERT INTO profile_suppressions VALUES ($1, $2, $3)",
                ana.user_id,
                ana.profile_id,
                title_id,
            )
    assert await among(runtime, ana.viewer, NOT_UNWANTED) == {"Liked", "Unknown"}
    assert len(await among(runtime, Viewer("US", 21), NOT_UNWANTED)) == 4


async def test_watched_is_a_film_seen_mostly_or_a_series_begun(
    runtime: Runtime, ana: Person
) -> None:
    film, half = [await make_title(runtime, name) for name in ("Seen", "Half seen")]
    series = await make_series(runtime, "Series")
    await make_title(runtime, "Unseen")
    await bookmark(runtime, ana.profile_id, film, 70, of=100)
    await bookmark(runtime, ana.profile_id, half, 50, of=100)
    [first, second] = await episodes_of(runtime, series)
    await bookmark(runtime, ana.profile_id, series, 99, of=100, episode=first)
    assert await among(runtime, ana.viewer, NOT_WATCHED) == {"Half seen", "Series", "Unseen"}
    await bookmark(runtime, ana.profile_id, series, 0, of=100, episode=second, finished=True)
    assert await among(runtime, ana.viewer, NOT_WATCHED) == {"Half seen", "Unseen"}
