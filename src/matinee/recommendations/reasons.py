"""Why a title is recommended (R-08): chosen from what its score is made of, worded at the end."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from matinee.recommendations.picks import Reason, ReasonCode
from matinee.recommendations.scoring import Candidate, Seed
from matinee.viewing.taste import Taste

LEAST_SHARE = 0.15
"""A title of the history, or a genre, is named from this share of the score or the taste on."""
MOST_CITED = 3
"""So many cards of a rail name the same title."""
JUST_WATCHED_DAYS = 3
NEW_DAYS = 30
COLD_START = 3
"""With fewer positive signals what is not explained by them is popular (R-05)."""

BECAUSE: Mapping[str, ReasonCode] = {
    "loved": "because_liked",
    "liked": "because_liked",
    "completed": "because_watched",
    "watched": "because_watched",
    "listed": "because_listed",
}

WORDS: Mapping[str, str] = {
    "next_after": "Watch next after {title}",
    "because_liked": "Because you liked {title}",
    "because_watched": "Because you watched {title}",
    "because_listed": "Because {title} is on your list",
    "new_for_fans_of": "New for fans of {title}",
    "more_genre": "More {genre}",
    "you_picked_genre": "You picked {genre}",
    "trending": "Trending now",
    "popular": "Popular",
    "top_pick": "A top pick for you",
    "similar": "Similar to {title}",
}
"""Codes in words; see `wording`."""


def wording(reason: Reason, *, title: str = "", genre: str = "") -> str:
    """A reason in plain words, with the shown names of the title and the genre that it names."""
    return WORDS[reason.code].format(title=title, genre=genre)


def choose_reasons(
    ranked: Sequence[Candidate], taste: Taste, shares: Mapping[str, float], day: date
) -> list[Reason]:
    """A reason for each title of a rail, in order; `shares` are those of `genre_shares`."""
    cited: Counter[UUID] = Counter()
    reasons: list[Reason] = []
    for candidate in ranked:
        reason = (
            _because_of_title(candidate, cited, day)
            or _because_of_genre(candidate, taste, shares)
            or _because_of_others(candidate, taste)
        )
        if reason.title_id:
            cited[reason.title_id] += 1
        reasons.append(reason)
    return reasons


def _because_of_title(candidate: Candidate, cited: Counter[UUID], day: date) -> Reason | None:
    """The loudest title of the history that may still be named, if it is loud enough."""
    seeds = [seed for seed in candidate.seeds if cited[seed.signal.title_id] < MOST_CITED]
    follows = candidate.parts.next >= max(candidate.parts.together, candidate.parts.content)
    for seed in seeds:
        if seed.next_share > 0 and follows and _days(seed.signal.at, day) <= JUST_WATCHED_DAYS:
            strength = _share(seed.share, candidate)
            if strength >= LEAST_SHARE:
                return Reason("next_after", seed.signal.title_id, strength)
    for seed in seeds:
        strength = _share(seed.share, candidate)
        if strength >= LEAST_SHARE:
            return Reason(_code(seed, candidate, day), seed.signal.title_id, strength)
    return None


def _code(seed: Seed, candidate: Candidate, day: date) -> ReasonCode:
    if candidate.added_at is not None and _days(candidate.added_at, day) <= NEW_DAYS:
        return "new_for_fans_of"
    return BECAUSE[seed.signal.kind]


def _days(since: datetime, day: date) -> int:
    return (day - since.date()).days


def _because_of_genre(
    candidate: Candidate, taste: Taste, shares: Mapping[str, float]
) -> Reason | None:
    """A genre that was picked, as long as that decides; else one that is much of the taste."""
    picked = [genre for genre in candidate.genres if genre in taste.preferences.liked_genres]
    strength = _share(candidate.parts.genre, candidate)
    if picked and strength >= LEAST_SHARE:
        return Reason("you_picked_genre", strength=strength, genre=picked[0])
    if taste.positives < COLD_START or not candidate.genres:
        return None
    genre = max(candidate.genres, key=lambda genre: shares.get(genre, 0.0))
    share = shares.get(genre, 0.0)
    return Reason("more_genre", strength=share, genre=genre) if share >= LEAST_SHARE else None


def _because_of_others(candidate: Candidate, taste: Taste) -> Reason:
    """What many watch, or a good guess."""
    strength = _share(candidate.parts.trend, candidate)
    if taste.positives < COLD_START:
        return Reason("popular", strength=strength)
    if strength >= 0.5:
        return Reason("trending" if candidate.rising else "popular", strength=strength)
    return Reason("top_pick", strength=_share(candidate.parts.together, candidate))


def _share(part: float, candidate: Candidate) -> float:
    """A part of the score as a share of it, from 0 to 1."""
    return min(1.0, max(0.0, part / candidate.score)) if candidate.score > 0 else 0.0
