"""Which titles suit a profile and how well: one statement over what was learned and is watched."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.visibility import visibility_of
from matinee.core.database import ReadTx, Row
from matinee.recommendations.blend import (
    CONTENT_SEEDS,
    CONTENT_SHARE,
    GENRE_SHARE,
    LANGUAGE_SHARE,
    NEXT_RANKS_TO_HALF,
    NEXT_SHARE,
    trend_share,
)
from matinee.recommendations.franchises import franchise_of
from matinee.recommendations.statements import (
    CANDIDATES,
    MILLION,
    OFFERED,
    REST,
    SPEAKS_PREFERRED,
    VOICES,
    WANTED,
)
from matinee.viewing.taste import POSITIVE, Signal, Taste

LEAST_HOUSEHOLDS = 3
POPULAR, MANY_POPULAR = 60, 2000
"""So many of the most watched titles are candidates of everybody; more where few are offered."""
EVERYTHING = 1_000_000
NEIGHBOURS = 24_000
"""Neighbours that are summed up for one request: all 200 of 120 seeds, fewer of more."""
NEXT_SEEDS = 20


class Parts(NamedTuple):
    """What a score is the sum of, already multiplied by the shares of `blend`."""

    together: float = 0.0
    next: float = 0.0
    content: float = 0.0
    trend: float = 0.0
    genre: float = 0.0
    language: float = 0.0


class Seed(NamedTuple):
    """A title of the history that speaks for a candidate, and what it adds to the score."""

    signal: Signal
    share: float
    next_share: float


class Candidate(NamedTuple):
    """A title that may be recommended; `seeds` can be named as reasons, the loudest first."""

    title_id: UUID
    number: int
    genres: tuple[str, ...]
    franchise: str
    added_at: datetime | None = None
    score: float = 0.0
    parts: Parts = Parts()
    seeds: tuple[Seed, ...] = ()
    rising: bool = False
    """Watched more these days than it is on average."""


async def candidates(
    tx: ReadTx,
    viewer: Viewer,
    taste: Taste,
    *,
    where: str = "true",
    limit: int = 250,
    strict_language: bool = False,
    least: int = LEAST_HOUSEHOLDS,
    **params: Any,
) -> list[Candidate]:
    """Up to `limit` titles that the viewer may see, wants and does not know, best first.

    One statement where the usual lists suffice. `where` is SQL over `titles t` with `params`;
    where it or the profile's limits leave little of the lists, they are read to their end, and
    the best rated and newest titles fill up what is still missing. Where the profile knows all of
    it already, known titles come. `strict_language` admits nothing but the preferred language,
    unless there is nothing in it.
    """
    if strict_language and viewer.preferred_language:
        spoken_only = f"({where}) AND {SPEAKS_PREFERRED}"
        if found := await _find(tx, viewer, taste, spoken_only, limit, least, params):
            return found
    return await _find(tx, viewer, taste, where, limit, least, params)


async def _find(
    tx: ReadTx,
    viewer: Viewer,
    taste: Taste,
    where: str,
    limit: int,
    least: int,
    params: dict[str, Any],
) -> list[Candidate]:
    asked = {"limit": limit, **visibility_of(viewer), **params}
    spoken = (viewer.preferred_language or "").partition("-")[0]
    scored = {
        **asked, **_seed_weights(taste), **_preferences(taste), "spoken": spoken,
        "audience": viewer.kind, "least": least,
        "trend_share": trend_share(taste.positives),
        "nearest": NEIGHBOURS // max(1, len(taste.signals)),
    }  # fmt: skip
    rows = await tx.all(_statement(where, POPULAR), depth=limit + limit // 2 + 50, **scored)
    if len(rows) < limit and not (rows and rows[0]["whole"]):
        rows = await tx.all(_statement(where, MANY_POPULAR), depth=EVERYTHING, **scored)
    found = [_candidate(row, taste) for row in rows]
    if SPEAKS_PREFERRED in where:
        asked = asked | {"spoken": spoken}
    if len(found) < limit:
        found += await _rest(tx, where, OFFERED, found, asked)
    return found or await _rest(tx, where, WANTED, found, asked)


def _statement(where: str, popular: int) -> str:
    return CANDIDATES.replace("{where}", where).replace("{popular}", str(popular))


async def _rest(
    tx: ReadTx, where: str, offered: str, found: Sequence[Candidate], asked: dict[str, Any]
) -> list[Candidate]:
    statement = REST.replace("{offered}", offered).replace("{where}", where)
    rows = await tx.all(statement, there=[one.title_id for one in found], **asked)
    return [_title(row) for row in rows[: asked["limit"] - len(found)]]


def _seed_weights(taste: Taste) -> dict[str, list[Any]]:
    """Signals as seeds, newest first, with their weights in each of the three lists.

    What was watched last decides what comes next; what is merely listed was not watched.
    """
    next_weights, content_weights = [], []
    positives = watched = 0
    for signal in taste.signals:
        is_positive = signal.kind in POSITIVE
        follows = is_positive and signal.kind != "listed" and watched < NEXT_SEEDS
        next_weights.append(0.5 ** (watched / NEXT_RANKS_TO_HALF) if follows else 0.0)
        content_weights.append(signal.weight if is_positive and positives < CONTENT_SEEDS else 0.0)
        watched += follows
        positives += is_positive
    return {
        "numbers": [signal.number for signal in taste.signals],
        "weights": [signal.weight for signal in taste.signals],
        "next_weights": next_weights,
        "content_weights": content_weights,
    }


def _preferences(taste: Taste) -> dict[str, Any]:
    stated = taste.preferences
    return {
        "liked_labels": sorted(stated.liked_genres | stated.liked_moods | stated.liked_themes),
        "disliked_labels": sorted(
            stated.disliked_genres | stated.disliked_moods | stated.disliked_themes
        ),
        "genre_trust": taste.preference_share,
    }


def _title(row: Row) -> Candidate:
    return Candidate(
        row["id"],
        row["number"],
        tuple(row["genres"]),
        franchise_of(row["name"], row["external_ids"]),
        row["added_at"],
    )


def _candidate(row: Row, taste: Taste) -> Candidate:
    parts = Parts(
        row["together"],
        NEXT_SHARE * row["next"],
        CONTENT_SHARE * row["content"],
        trend_share(taste.positives) * min(row["trend"], 1.0),
        taste.preference_share * GENRE_SHARE * (row["genre"] or 0),
        LANGUAGE_SHARE * row["language"],
    )
    seeds = _seeds(row, taste.signals)
    return _title(row)._replace(score=row["score"], parts=parts, seeds=seeds, rising=row["rising"])


def _seeds(row: Row, signals: Sequence[Signal]) -> tuple[Seed, ...]:
    """The loudest seed of each list with what it adds to the score, over all lists."""
    shares: dict[int, float] = {}
    nexts: dict[int, float] = {}
    for name, place, share in _voices(row):
        shares[place] = shares.get(place, 0.0) + share
        if name == "next":
            nexts[place] = share
    loudest = sorted(shares, key=lambda place: (-shares[place], place))
    return tuple(
        Seed(signals[place - 1], shares[place], nexts.get(place, 0.0)) for place in loudest
    )


def _voices(row: Row) -> Iterator[tuple[str, int, float]]:
    for name, share in (("together", 1.0), ("next", NEXT_SHARE), ("content", CONTENT_SHARE)):
        voice, greatest = row[f"{name}_voice"], row[f"greatest_{name}"]
        if voice is not None and voice > 0:
            millionths, place = divmod(voice, VOICES)
            yield name, place, share * millionths / MILLION / greatest
