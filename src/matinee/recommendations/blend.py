"""How the parts of a score are put together: arithmetic that the SQL and the benchmark share.

    score = together / max + .25 next / max + .2 content / max + b * log1p(trend) / max

Each part is divided by its largest value among the candidates of one request (where that is above
0), so the shares mean the same in every installation. `b` falls with what is known of a profile.
"""

NEXT_SHARE = 0.25
CONTENT_SHARE = 0.2
GENRE_SHARE = 0.2
"""Of stated preferences (P-01); the measured formula is without it."""
LANGUAGE_SHARE = 0.1
"""Of a title in the preferred language (P-02); the measured formula is without it, too."""

TREND_AT_ONE = 1.5
LEAST_TREND_SHARE, MOST_TREND_SHARE = 0.3, 1.0

NEXT_RANKS_TO_HALF = 3
"""As seeds of "watched next" positive signals weigh `0.5^(rank / 3)`, the newest has rank 0."""

CONTENT_SEEDS = 50
"""So many of the newest positive signals are compared by content; the nearest one counts."""


def trend_share(positives: int) -> float:
    """`b` for a profile with so many positive signals: 1 at first, .3 from five signals on."""
    share = TREND_AT_ONE / max(positives, 1)
    return min(max(share, LEAST_TREND_SHARE), MOST_TREND_SHARE)
