"""The genre rails of a profile: those it watches most, by their share in what it likes."""

from collections import Counter
from collections.abc import Mapping, Sequence

from matinee.recommendations.layout import GENRE
from matinee.recommendations.picks import Draft, Pick, Reason
from matinee.recommendations.rails.arranging import LEAST
from matinee.recommendations.scoring import Candidate
from matinee.viewing.taste import POSITIVE, Taste

ROWS = 3


def genre_shares(taste: Taste, candidates: Sequence[Candidate]) -> dict[str, float]:
    """The share of each genre in a profile's taste, largest first.

    A positive signal counts by its weight, in equal parts for its genres. Stated likes (P-01) fade
    as the history grows. Of a profile that is not known at all the best candidates speak.
    """
    stated = dict.fromkeys(taste.preferences.liked_genres, 1.0)
    watched = _watched(taste)
    if not watched and not stated:
        watched = dict(Counter(genre for one in candidates for genre in one.genres))
    trust = taste.preference_share if watched else 1.0
    shares = _scaled(watched, 1 - trust if stated else 1.0)
    for genre, share in _scaled(stated, trust).items():
        shares[genre] = shares.get(genre, 0.0) + share
    wanted = shares.keys() - taste.preferences.disliked_genres
    return {genre: shares[genre] for genre in sorted(wanted, key=lambda g: (-shares[g], g))}


def _watched(taste: Taste) -> dict[str, float]:
    weights: dict[str, float] = {}
    for signal in taste.signals:
        if signal.kind in POSITIVE:
            for genre in signal.genres:
                weights[genre] = weights.get(genre, 0.0) + signal.weight / len(signal.genres)
    return weights


def _scaled(weights: Mapping[str, float], total: float) -> dict[str, float]:
    """The same weights with another sum."""
    scale = total / sum(weights.values()) if weights else 0.0
    return {genre: weight * scale for genre, weight in weights.items()}


def genre_drafts(taste: Taste, candidates: Sequence[Candidate]) -> list[Draft]:
    """Rails of the genres with the largest shares, of those with enough in them."""
    drafts = [genre_draft(taste, g, candidates) for g in genre_shares(taste, candidates)]
    return [draft for draft in drafts if len(draft.picks) >= LEAST][:ROWS]


def genre_draft(taste: Taste, genre: str, candidates: Sequence[Candidate]) -> Draft:
    """The candidates of a genre, best first."""
    is_stated = genre in taste.preferences.liked_genres
    reason = Reason("you_picked_genre" if is_stated else "more_genre", strength=1.0, genre=genre)
    picks = (
        Pick(one.title_id, one.score, reason, one.genres)
        for one in candidates
        if genre in one.genres
    )
    return Draft(f"{GENRE}{genre}", tuple(picks), genre=genre)
