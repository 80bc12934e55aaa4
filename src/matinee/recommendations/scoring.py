"""Which titles suit a profile and how well: by what was learned, is watched and preferred."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row
from matinee.entitlements.visibility import visibility_of
from matinee.recommendations.blend import (
    CONTENT_SEEDS,
    GENRE_SHARE,
    LANGUAGE_SHARE,
    NEXT_RANKS_TO_HALF,
    trend_share,
)
from matinee.recommendations.franchises import franchise_of
from matinee.recommendations.neighbours import (
    Kind,
    Neighbourhood,
    Strongest,
    Voice,
    neighbourhood_of,
)
from matinee.recommendations.statements import (
    NEIGHBOURS,
    OFFERED,
    REST,
    SPEAKS_PREFERRED,
    WANTED,
    candidates_sql,
)
from matinee.viewing.taste import POSITIVE, Signal, Taste

LEAST_HOUSEHOLDS = 3
POPULAR, MANY_POPULAR = 60, 2000
"""So many of the most watched titles are candidates of everybody; more where few are offered."""
EVERYTHING = 1_000_000
MOST_NEIGHBOURS = 24_000
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

    Two statements where the usual lists suffice, one without a history. `where` is SQL over
    `titles t` with `params`; where it or the profile's limits leave little of the lists, they are
    read to their end, and the best rated and newest titles fill up what is still missing. Where
    the profile knows all of it already, known titles come. `strict_language` admits nothing but
    the preferred language, unless there is nothing in it.
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
        **asked, **_preferences(taste), "spoken": spoken, "audience": viewer.kind, "least": least,
        "trend_share": trend_share(taste.positives),
    }  # fmt: skip
    near = await _neighbourhood(tx, viewer, taste)
    usual = limit + limit // 2 + 50
    for depth, popular in ((usual, POPULAR), (EVERYTHING, MANY_POPULAR)):
        strongest = near.strongest(depth)
        statement = candidates_sql(where, popular, has_preferences=bool(scored["liked_labels"]))
        listed, learned = strongest.numbers.tolist(), strongest.scores.tolist()
        rows = await tx.all(statement, listed=listed, learned=learned, **scored)
        is_whole = len(listed) < depth and bool(rows) and rows[0]["has_all_watched"]
        if len(rows) >= limit or is_whole:
            break
    voices = near.voices([row["number"] for row in rows], strongest)
    found = [_candidate(row, taste, strongest, voices[row["number"]]) for row in rows]
    if SPEAKS_PREFERRED in where:
        asked = asked | {"spoken": spoken}
    if len(found) < limit:
        found += await _rest(tx, where, OFFERED, found, asked)
    return found or await _rest(tx, where, WANTED, found, asked)


async def _neighbourhood(tx: ReadTx, viewer: Viewer, taste: Taste) -> Neighbourhood:
    weights = _seed_weights(taste)
    if not taste.signals:
        return neighbourhood_of([], weights)
    rows = await tx.all(
        NEIGHBOURS,
        numbers=[signal.number for signal in taste.signals],
        follows=[weight > 0 for weight in weights["next"]],
        resembles=[weight > 0 for weight in weights["content"]],
        nearest=MOST_NEIGHBOURS // len(taste.signals),
        **visibility_of(viewer),
    )
    return neighbourhood_of(rows, weights)


async def _rest(
    tx: ReadTx, where: str, offered: str, found: Sequence[Candidate], asked: dict[str, Any]
) -> list[Candidate]:
    statement = REST.replace("{offered}", offered).replace("{where}", where)
    rows = await tx.all(statement, there=[one.title_id for one in found], **asked)
    return [_title(row) for row in rows[: asked["limit"] - len(found)]]


def _seed_weights(taste: Taste) -> dict[Kind, list[float]]:
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
        "together": [signal.weight for signal in taste.signals],
        "next": next_weights,
        "content": content_weights,
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


def _candidate(row: Row, taste: Taste, strongest: Strongest, voices: Sequence[Voice]) -> Candidate:
    together, following, content = strongest.parts_of(row["number"])
    parts = Parts(
        together,
        following,
        content,
        trend_share(taste.positives) * row["trend"],
        taste.preference_share * GENRE_SHARE * (row["genre"] or 0),
        LANGUAGE_SHARE * row["language"],
    )
    seeds = _seeds(voices, taste.signals)
    return _title(row)._replace(score=row["score"], parts=parts, seeds=seeds, rising=row["rising"])


def _seeds(voices: Sequence[Voice], signals: Sequence[Signal]) -> tuple[Seed, ...]:
    """The loudest seed of each list with what it adds to the score, over all lists."""
    shares: dict[int, float] = {}
    nexts: dict[int, float] = {}
    for kind, place, share in voices:
        shares[place] = shares.get(place, 0.0) + share
        if kind == "next":
            nexts[place] = share
    loudest = sorted(shares, key=lambda place: (-shares[place], place))
    return tuple(Seed(signals[place], shares[place], nexts.get(place, 0.0)) for place in loudest)
