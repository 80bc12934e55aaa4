"""How well the programmes of a day suit a profile: by what it likes, and where it likes to look."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row
from matinee.entitlements.channels import AIRING_SUITABLE, CHANNEL_VISIBLE
from matinee.epg.guide.order import HALF_LIFE_DAYS
from matinee.epg.guide.seeing import visibility_of
from matinee.epg.guide.shapes import LONGEST_AIRING
from matinee.epg.guide.windows import day_of
from matinee.viewing.taste import NEGATIVE, POSITIVE, Taste

MOST_LOOKED_AT = 2_000
"""Programmes that are scored: those of the profile's channels first, then what comes soonest."""

SEEDS, DISLIKES = 30, 15
"""Titles of the history that are compared with programmes: the newest of each kind."""

LIKING_SHARE, CHANNEL_SHARE, GENRE_SHARE = 0.6, 0.25, 0.15
"""Parts of a score; each of what they weigh is between 0 and 1."""

LEAST_ALIKE, ALIKE = 0.2, 0.8
"""Cosine of texts that have nothing in common, and of those that are about the same thing."""

# One airing for all of a programme's repeats and episodes: the one that is on, or comes next. What
# was said of a title of ours holds for the programme that it is.
_CANDIDATES = f"""
    WITH taste AS MATERIALIZED (
        SELECT e.title_id, e.embedding, w.weight
        FROM unnest(:seed_ids::uuid[], :weights::float8[]) AS w(title_id, weight)
        JOIN content_embeddings e ON e.title_id = w.title_id
        WHERE e.purpose = 'search' AND e.model = :model
    ),
    mine AS MATERIALIZED (
        SELECT c.id,
               EXISTS (
                   SELECT FROM channel_favourites f
                   WHERE f.user_id = :user_id::uuid AND f.profile_id = :profile_id::uuid
                     AND f.channel_id = c.id
               ) AS favourite,
               coalesce((
                   SELECT sum(v.seconds
                              * 0.5 ^ ((statement_timestamp()::date - v.day) / {HALF_LIFE_DAYS}.0))
                   FROM channel_views v
                   WHERE v.user_id = :user_id::uuid AND v.profile_id = :profile_id::uuid
                     AND v.channel_id = c.id
               ), 0)::float8 AS watched
        FROM channels c WHERE {CHANNEL_VISIBLE}
    ),
    airings AS MATERIALIZED (
        SELECT DISTINCT ON (coalesce(p.series_key, p.folded_title))
               s.id, s.starts_at, s.ends_at, s.flags, s.channel_id, s.programme_id,
               p.title_id, p.genres, coalesce(p.series_key, p.folded_title) AS series,
               mine.favourite, mine.watched
        FROM mine JOIN schedule_entries s ON s.channel_id = mine.id
        JOIN programmes p ON p.id = s.programme_id
        WHERE s.starts_at > :from_at::timestamptz - {LONGEST_AIRING} AND s.starts_at < :until_at
          AND s.ends_at > greatest(:from_at::timestamptz, statement_timestamp())
          AND {AIRING_SUITABLE}
          AND (p.title_id IS NULL OR NOT EXISTS (
              SELECT FROM profile_suppressions u
              WHERE u.user_id = :user_id::uuid AND u.profile_id = :profile_id::uuid
                AND u.title_id = p.title_id
          ) AND NOT EXISTS (
              SELECT FROM ratings r
              WHERE r.user_id = :user_id::uuid AND r.profile_id = :profile_id::uuid
                AND r.title_id = p.title_id AND r.value < 0
          ))
        ORDER BY coalesce(p.series_key, p.folded_title), s.starts_at
    ),
    looked_at AS MATERIALIZED (
        SELECT * FROM airings ORDER BY favourite DESC, watched DESC, starts_at, id
        LIMIT {MOST_LOOKED_AT}
    )
    SELECT a.id, a.starts_at <= statement_timestamp() AS on_now, a.flags, a.channel_id,
           a.title_id, a.genres, a.series, a.favourite, a.watched,
           near.title_id AS seed_id, near.likeness, coalesce(far.likeness, 0) AS dislike
    FROM looked_at a
    LEFT JOIN programme_embeddings e ON e.programme_id = a.programme_id AND e.model = :model
    LEFT JOIN LATERAL (
        SELECT title_id, (1 - (e.embedding <=> taste.embedding)) * least(weight, 1) AS likeness
        FROM taste WHERE weight > 0 ORDER BY likeness DESC, title_id LIMIT 1
    ) AS near ON e.programme_id IS NOT NULL
    LEFT JOIN LATERAL (
        SELECT 1 - (e.embedding <=> taste.embedding) AS likeness
        FROM taste WHERE weight < 0 ORDER BY likeness DESC LIMIT 1
    ) AS far ON e.programme_id IS NOT NULL
"""


class Scored(NamedTuple):
    """An airing and what speaks for it, each between 0 and 1."""

    airing_id: int
    channel_id: UUID
    genres: tuple[str, ...]
    series: str
    score: float
    liking: float
    channel: float
    genre: float
    seed_id: UUID | None
    """The title of the history that is most like it."""
    on_now: bool
    is_new: bool


def day_in(viewer: Viewer, day: date | None) -> tuple[datetime, datetime]:
    """From when to when a day is where the viewer is; without one today."""
    zone = ZoneInfo(viewer.time_zone)
    return day_of(day or datetime.now(zone).date(), zone)


async def score_day(
    tx: ReadTx,
    viewer: Viewer,
    taste: Taste,
    shares: Mapping[str, float],
    model: str,
    window: tuple[datetime, datetime],
) -> list[Scored]:
    """The programmes of a day that are not over, in one statement; `shares` are `genre_shares`.

    Where no vectors are known, channels and genres decide.
    """
    seeds = _seeds(taste)
    rows = await tx.all(
        _CANDIDATES,
        seed_ids=list(seeds),
        weights=list(seeds.values()),
        model=model,
        from_at=window[0],
        until_at=window[1],
        user_id=viewer.user_id,
        profile_id=viewer.profile_id,
        **visibility_of(viewer),
    )
    most = max((row["watched"] for row in rows), default=0.0)
    return [_scored(row, shares, most) for row in rows]


def _seeds(taste: Taste) -> dict[UUID, float]:
    """Titles with their weights: positive for what was liked, negative for what was not."""
    liked = [signal for signal in taste.signals if signal.kind in POSITIVE][:SEEDS]
    disliked = [signal for signal in taste.signals if signal.kind in NEGATIVE][:DISLIKES]
    return {signal.title_id: signal.weight for signal in [*liked, *disliked]}


def _scored(row: Row, shares: Mapping[str, float], most: float) -> Scored:
    liking = _between(row["likeness"] or 0.0) - _between(row["dislike"])
    watched = row["watched"] / most if most else 0.0
    channel = max(watched, 0.5 if row["favourite"] else 0.0)
    genre = _genre_share(row["genres"], shares)
    return Scored(
        airing_id=row["id"],
        channel_id=row["channel_id"],
        genres=tuple(row["genres"]),
        series=row["series"],
        score=LIKING_SHARE * liking + CHANNEL_SHARE * channel + GENRE_SHARE * genre,
        liking=liking,
        channel=channel,
        genre=genre,
        seed_id=row["seed_id"],
        on_now=row["on_now"],
        is_new=bool(row["flags"] & 1),
    )


def _between(likeness: float) -> float:
    """A cosine as 0 for unrelated to 1 for about the same."""
    return min(1.0, max(0.0, (likeness - LEAST_ALIKE) / (ALIKE - LEAST_ALIKE)))


def _genre_share(genres: Sequence[str], shares: Mapping[str, Any]) -> float:
    largest = max(shares.values(), default=0.0)
    if largest <= 0:  # nothing was watched yet
        return 0.0
    return max((shares.get(genre, 0.0) / largest for genre in genres), default=0.0)
