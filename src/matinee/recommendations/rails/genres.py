"""The genre rails of a profile: those it watches most, by their share in what it likes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice

from matinee.recommendations.genre_shares import genre_shares
from matinee.recommendations.layout import GENRE
from matinee.recommendations.picks import Draft, Pick, Reason
from matinee.recommendations.rails.arranging import LEAST
from matinee.recommendations.scoring import Candidate
from matinee.viewing.taste import Taste

ROWS = 3


def genre_drafts(taste: Taste, candidates: Sequence[Candidate]) -> list[Draft]:
    """Rails of the genres with the largest shares in the taste, of those with enough titles.

    Of a profile that is not known at all the best candidates speak.
    """
    shares = genre_shares(taste)
    genres = list(shares) or _most_frequent(taste, candidates)
    drafts = (_draft(genre, _reason(taste, shares, genre), candidates) for genre in genres)
    return list(islice((draft for draft in drafts if len(draft.picks) >= LEAST), ROWS))


def _most_frequent(taste: Taste, candidates: Sequence[Candidate]) -> list[str]:
    counts = Counter(genre for one in candidates for genre in one.genres)
    disliked = taste.preferences.disliked_genres
    return [genre for genre, _ in counts.most_common() if genre not in disliked]


def genre_draft(taste: Taste, genre: str, candidates: Sequence[Candidate]) -> Draft:
    """The candidates of a genre, best first."""
    return _draft(genre, _reason(taste, genre_shares(taste), genre), candidates)


def _draft(genre: str, reason: Reason, candidates: Sequence[Candidate]) -> Draft:
    picks = (
        Pick(one.title_id, one.score, reason, one.genres)
        for one in candidates
        if genre in one.genres
    )
    return Draft(f"{GENRE}{genre}", tuple(picks), genre=genre)


def _reason(taste: Taste, shares: Mapping[str, float], genre: str) -> Reason:
    if genre in taste.preferences.liked_genres:
        return Reason("you_picked_genre", strength=1.0, genre=genre)
    if share := shares.get(genre):
        return Reason("more_genre", strength=share, genre=genre)
    return Reason("popular")
