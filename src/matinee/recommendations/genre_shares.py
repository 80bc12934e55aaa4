"""How much of a taste each genre is: by what was watched and liked, and by what was stated."""

from collections.abc import Mapping

from matinee.viewing.taste import Taste


def genre_shares(taste: Taste) -> dict[str, float]:
    """Genres with their shares of the taste, largest first; the shares sum up to 1.

    A title counts with its weight, in equal parts for each of its genres; genres that were picked
    (P-01) count as much as the history says little (`Taste.preference_share`). Genres that were
    rejected are left out.
    """
    watched: dict[str, float] = {}
    for signal in taste.signals:
        for genre in signal.genres:
            if signal.weight > 0:
                watched[genre] = watched.get(genre, 0.0) + signal.weight / len(signal.genres)
    picked = dict.fromkeys(sorted(taste.preferences.liked_genres), 1.0)
    trust = taste.preference_share if picked else 0.0
    shares: dict[str, float] = {}
    for source, part in ((watched, 1 - trust), (picked, trust)):
        for genre, share in _scaled(source).items():
            if genre not in taste.preferences.disliked_genres:
                shares[genre] = shares.get(genre, 0.0) + part * share
    return dict(sorted(_scaled(shares).items(), key=lambda one: (-one[1], one[0])))


def _scaled(shares: Mapping[str, float]) -> dict[str, float]:
    """The same shares with a sum of 1; empty where there is none."""
    whole = sum(shares.values())
    return {genre: share / whole for genre, share in shares.items()} if whole > 0 else {}
