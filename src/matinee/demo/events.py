"""What generated households watched: any number of events, skewed like real ones, by COPY."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from matinee.core.database import Row, WriteTx
from matinee.recommendations.top_rated import score_all
from matinee.recommendations.trend_counting import recount
from matinee.runtime import Runtime

PER_TRANSACTION = 200_000
LONG_MS = 600_000
OWN_TASTE_SHARE = 0.65
"""The other events are of what everybody watches."""
MEAN_AGO_DAYS = 100
LONGEST_AGO_DAYS = 360
ACTIVITY_SPREAD = 1.0
"""Of a logarithmic normal distribution: few watch a lot."""
SECONDS = 5400
SURPLUS = 1.3
"""Drawn more often than asked for, since popular titles come more than once."""

KINDS = {
    "completed": 0.55, "watched": 0.2, "liked": 0.12, "listed": 0.05, "loved": 0.04,
    "disliked": 0.02, "abandoned": 0.02,
}  # fmt: skip
SHARES = {"watched": 0.4, "abandoned": 0.05}
"""How far people of these opinions got; the others to the end."""
THUMBS = {"liked": 1, "loved": 2, "disliked": -1}

_TITLES = """
    SELECT t.id, coalesce(t.genres[1], '') AS genre,
           (SELECT e.id FROM episodes e JOIN seasons s ON s.id = e.season_id
            WHERE e.title_id = t.id ORDER BY s.number, e.number LIMIT 1) AS episode_id
    FROM titles t WHERE t.external_id LIKE 'generated:%'
    ORDER BY substr(t.external_id, 11)::bigint
"""
_PROFILES = """
    -- cross-user
    SELECT p.user_id, p.id, p.kind, u.country
    FROM profiles p JOIN users u USING (user_id)
    WHERE u.email LIKE '%@generated.invalid'
      AND NOT EXISTS (SELECT FROM profile_signals s
                      WHERE s.user_id = p.user_id AND s.profile_id = p.id)
    ORDER BY p.user_id, p.id
"""
_NOW = "SELECT clock_timestamp()"

Integers = NDArray[np.int64]
Columns = dict[str, Callable[["Event"], Any]]


class Event(NamedTuple):
    """One profile's dealings with one title."""

    profile: Row
    title: Row
    kind: str
    at: datetime


async def generate_events(runtime: Runtime, count: int, *, seed: int = 1) -> int:
    """Have generated profiles, that did nothing yet, watch generated titles; returns how often.

    A profile does something with a title once, so it is less than `count` where there are few.
    """
    async with runtime.database.read(statement_timeout_ms=LONG_MS) as tx:
        titles, profiles = await tx.all(_TITLES), await tx.all(_PROFILES)
        now = await tx.scalar(_NOW)
    if not titles or not profiles:
        return 0
    rng = np.random.default_rng(seed)
    pairs = draw_pairs(rng, len(profiles), [title["genre"] for title in titles], count)
    for start in range(0, len(pairs), PER_TRANSACTION):
        part = pairs[start : start + PER_TRANSACTION]
        events = list(_events(rng, part, profiles, titles, now))
        async with runtime.database.write(statement_timeout_ms=LONG_MS) as wtx:
            await _store(wtx, events)
    async with runtime.database.write(statement_timeout_ms=LONG_MS) as wtx:
        await recount(wtx)
        await score_all(wtx)
    return len(pairs)


def draw_pairs(
    rng: np.random.Generator, profiles: int, genres: Sequence[str], count: int
) -> Integers:
    """Different (profile, title) pairs as rows of two numbers, by profile.

    Titles are popular in their order (Zipf); most of what a profile watches is of one genre.
    """
    who = _share_out(rng, profiles, int(count * SURPLUS))
    # whole genres by the popularity of their titles, so that big ones have many friends
    names, genre_of = np.unique(np.asarray(genres), return_inverse=True)
    fame = 1 / np.arange(1, len(genres) + 1)
    favourite = genre_of[_zipf(rng, np.cumsum(fame), profiles)]
    what = _zipf(rng, np.cumsum(fame), len(who))
    own = rng.random(len(who)) < OWN_TASTE_SHARE
    for genre in range(len(names)):
        members = np.flatnonzero(genre_of == genre)
        theirs = np.flatnonzero(own & (favourite[who] == genre))
        what[theirs] = members[_zipf(rng, np.cumsum(fame[members]), len(theirs))]
    pairs = np.unique(who * len(genres) + what)
    kept = np.sort(rng.choice(pairs, min(count, len(pairs)), replace=False))
    return np.stack(np.divmod(kept, len(genres)), axis=1)


def _share_out(rng: np.random.Generator, profiles: int, count: int) -> Integers:
    """The profile of each event."""
    activity = rng.lognormal(0, ACTIVITY_SPREAD, profiles)
    return _zipf(rng, np.cumsum(activity), count)


def _zipf(rng: np.random.Generator, cumulated: NDArray[np.float64], count: int) -> Integers:
    """Places drawn with the weights whose sums are given."""
    drawn = rng.random(count) * cumulated[-1]
    places: Integers = np.minimum(np.searchsorted(cumulated, drawn), len(cumulated) - 1)
    return places


def _events(
    rng: np.random.Generator,
    pairs: Integers,
    profiles: Sequence[Row],
    titles: Sequence[Row],
    now: datetime,
) -> Iterator[Event]:
    kinds = rng.choice(list(KINDS), len(pairs), p=list(KINDS.values())).tolist()
    ago = np.minimum(rng.exponential(MEAN_AGO_DAYS, len(pairs)), LONGEST_AGO_DAYS).tolist()
    for (profile, title), kind, days in zip(pairs.tolist(), kinds, ago, strict=True):
        yield Event(profiles[profile], titles[title], kind, now - timedelta(days=days))


async def _store(tx: WriteTx, events: Sequence[Event]) -> None:
    played = [event for event in events if event.kind != "listed"]
    listed = [event for event in events if event.kind == "listed"]
    rated = [event for event in events if event.kind in THUMBS]
    await _copy(tx, "profile_signals", {"kind": _kind, "at": _at}, events)
    await _copy(tx, "bookmarks", BOOKMARK, played)
    await _copy(tx, "trend_plays", PLAY, played)
    await _copy(tx, "watchlist", {"added_at": _at}, listed)
    await _copy(tx, "ratings", {"value": lambda event: THUMBS[event.kind], "rated_at": _at}, rated)


async def _copy(tx: WriteTx, table: str, columns: Columns, events: Sequence[Event]) -> None:
    """Store one row per event: whose it is, the title, and what the columns say of the event."""
    makers = list(columns.values())
    rows = (
        (
            event.profile["user_id"],
            event.profile["id"],
            event.title["id"],
            *[make(event) for make in makers],
        )
        for event in events
    )
    await tx.copy(table, ("user_id", "profile_id", "title_id", *columns), rows)


def _kind(event: Event) -> str:
    return event.kind


def _at(event: Event) -> datetime:
    return event.at


def _episode(event: Event) -> UUID | None:
    episode_id: UUID | None = event.title["episode_id"]
    return episode_id


def _position(event: Event) -> int:
    return int(SHARES.get(event.kind, 0) * SECONDS)


BOOKMARK: Columns = {
    "item_id": lambda event: _episode(event) or event.title["id"],
    "episode_id": _episode,
    "position_seconds": _position,
    "duration_seconds": lambda _: SECONDS,
    "finished": lambda event: event.kind not in SHARES,
    "starts": lambda event: 2 if event.kind == "abandoned" else 1,
    "watched_seconds": lambda event: _position(event) or SECONDS,
    "created_at": _at,
    "updated_at": _at,
}
PLAY: Columns = {
    "day": lambda event: event.at.date(),
    "territory": lambda event: event.profile["country"],
    "audience": lambda event: event.profile["kind"],
}
