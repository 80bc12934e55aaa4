"""What a profile's facts say about its taste: signals kept by the writers, read as one `Taste`."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple
from uuid import UUID

from matinee.accounts.viewer import Viewer, profile_tag
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.settings import SignalWeights

COMPLETED_SHARE = 0.7
WATCHED_SHARE = 0.2
NEUTRAL_SHARE = 0.1
EPISODES_OF_A_FOLLOWER = 3
STARTS_OF_A_QUITTER = 2

RATED = {-1: "disliked", 1: "liked", 2: "loved"}
POSITIVE = ("loved", "liked", "completed", "watched", "listed")
NEGATIVE = ("disliked", "abandoned")
NEUTRAL = ("neutral",)

RANKS_TO_HALF = 300
MOST_POSITIVE = 300
MOST_NEGATIVE = 60
MOST_NEUTRAL = 30
TRUST_IN_PREFERENCES = 5

Owned = tuple[UUID, UUID, UUID]
"""The ids of a user, one of its profiles, and a title."""

# NOT IN, for what a profile said is read once and hashed; NOT EXISTS would go through all of it
# for each title
NOT_UNWANTED = """(
    t.id NOT IN (
        SELECT unwanted.title_id FROM profile_suppressions unwanted
        WHERE unwanted.user_id = :user_id::uuid AND unwanted.profile_id = :profile_id::uuid
    )
    AND t.id NOT IN (
        SELECT disliked.title_id FROM ratings disliked
        WHERE disliked.user_id = :user_id::uuid AND disliked.profile_id = :profile_id::uuid
          AND disliked.value < 0
    )
)"""
"""SQL over `titles t`: neither suppressed (R-09) nor thumbs-down (R-01); see `unwanted_of`."""

NOT_WATCHED = f"""t.id NOT IN (
    SELECT seen.title_id FROM bookmarks seen
    WHERE seen.user_id = :user_id::uuid AND seen.profile_id = :profile_id::uuid
      AND (
          seen.finished
          OR seen.episode_id IS NULL
          AND seen.position_seconds >= {COMPLETED_SHARE} * seen.duration_seconds
      )
)"""
"""SQL over `titles t`: not watched yet; a series is from its first finished episode on."""

_LOCK_PROFILES = """
    SELECT p.id
    FROM profiles p
    JOIN (SELECT DISTINCT * FROM unnest(:user_ids::uuid[], :profile_ids::uuid[])) AS o(user_id, id)
      ON p.user_id = o.user_id AND p.id = o.id
    ORDER BY p.user_id, p.id
    FOR NO KEY UPDATE OF p
"""
_FACTS = """
    SELECT c.user_id, c.profile_id, c.title_id, r.value AS rating, r.rated_at,
           w.added_at AS listed_at, b.best_share, b.all_shares, b.finished, b.starts, b.watched_at,
           CASE WHEN t.kind = 'series' THEN (
               SELECT count(*) FROM episodes e JOIN seasons s ON s.id = e.season_id
               WHERE e.title_id = t.id AND e.status = 'published' AND s.number > 0
           ) ELSE 1 END AS parts
    FROM unnest(:user_ids::uuid[], :profile_ids::uuid[], :title_ids::uuid[])
        AS c(user_id, profile_id, title_id)
    JOIN profiles p ON p.user_id = c.user_id AND p.id = c.profile_id
    JOIN titles t ON t.id = c.title_id
    CROSS JOIN LATERAL (SELECT coalesce(p.taste_reset_at, '-infinity')) AS reset(at)
    LEFT JOIN ratings r ON r.user_id = c.user_id AND r.profile_id = c.profile_id
        AND r.title_id = c.title_id AND r.rated_at > reset.at
    LEFT JOIN watchlist w ON w.user_id = c.user_id AND w.profile_id = c.profile_id
        AND w.title_id = c.title_id AND w.added_at > reset.at
    CROSS JOIN LATERAL (
        SELECT max(share) AS best_share, sum(share) AS all_shares, sum(starts) AS starts,
               count(*) FILTER (WHERE finished) AS finished, max(updated_at) AS watched_at
        FROM bookmarks b
        CROSS JOIN LATERAL (
            SELECT CASE WHEN b.finished THEN 1 ELSE coalesce(
                least(1, b.position_seconds::float8 / nullif(b.duration_seconds, 0)), 0) END
        ) AS part(share)
        WHERE b.user_id = c.user_id AND b.profile_id = c.profile_id
          AND b.title_id = c.title_id AND b.updated_at > reset.at
    ) AS b
"""
_STORE = """
    INSERT INTO profile_signals AS s (user_id, profile_id, title_id, kind, at)
    SELECT * FROM unnest(
        :user_ids::uuid[], :profile_ids::uuid[], :title_ids::uuid[], :kinds::text[],
        :at::timestamptz[]
    )
    ON CONFLICT (user_id, profile_id, title_id) DO UPDATE
    SET kind = excluded.kind, at = excluded.at
    WHERE s.kind <> 'ignored' AND (s.kind, s.at) <> (excluded.kind, excluded.at)
"""
_FORGET = """
    DELETE FROM profile_signals s
    USING unnest(:user_ids::uuid[], :profile_ids::uuid[], :title_ids::uuid[])
        AS gone(user_id, profile_id, title_id)
    WHERE s.user_id = gone.user_id AND s.profile_id = gone.profile_id
      AND s.title_id = gone.title_id AND s.kind <> 'ignored'
"""
# rows with a label are what is stated, the others are signals
_TASTE = """
    SELECT t.id AS title_id, t.number, s.kind, s.rank, s.at, t.genres, t.year, t.language,
           NULL AS label, NULL::bool AS liked
    FROM (
        SELECT title_id, kind, at, class.most,
               row_number() OVER (PARTITION BY class.name ORDER BY at DESC, title_id) - 1 AS rank
        FROM profile_signals
        JOIN unnest(:kinds::text[], :classes::text[], :most::int[]) AS class(kind, name, most)
            USING (kind)
        WHERE user_id = :user_id AND profile_id = :profile_id
    ) AS s
    JOIN titles t ON t.id = s.title_id
    WHERE s.rank < s.most
    UNION ALL
    SELECT NULL, NULL, kind, NULL, NULL, NULL, NULL, NULL, label, liked FROM profile_preferences
    WHERE user_id = :user_id AND profile_id = :profile_id
    ORDER BY at DESC, title_id
"""
_CLASSES = [
    *((kind, "positive", MOST_POSITIVE) for kind in POSITIVE),
    *((kind, "negative", MOST_NEGATIVE) for kind in NEGATIVE),
    *((kind, "neutral", MOST_NEUTRAL) for kind in NEUTRAL),
]
_CLASS_PARAMETERS = {
    "kinds": [kind for kind, _, _ in _CLASSES],
    "classes": [name for _, name, _ in _CLASSES],
    "most": [most for _, _, most in _CLASSES],
}


class Signal(NamedTuple):
    """What a profile's behaviour says about one title, and how loudly."""

    title_id: UUID
    number: int
    kind: str
    weight: float
    at: datetime
    genres: tuple[str, ...] = ()
    year: int | None = None
    language: str | None = None


@dataclass(frozen=True)
class Preferences:
    """What a profile says it likes and dislikes (P-01)."""

    liked_genres: frozenset[str] = frozenset()
    disliked_genres: frozenset[str] = frozenset()
    liked_moods: frozenset[str] = frozenset()
    disliked_moods: frozenset[str] = frozenset()
    liked_themes: frozenset[str] = frozenset()
    disliked_themes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Taste:
    """All that is known of what a profile likes; signals are newest first.

    Titles in it may be hidden from the viewer by now: whoever names one checks that (C1).
    """

    signals: tuple[Signal, ...] = ()
    preferences: Preferences = Preferences()

    @cached_property
    def positives(self) -> int:
        """How many signals speak for a title; `k` of the ranking."""
        return sum(signal.kind in POSITIVE for signal in self.signals)

    @property
    def preference_share(self) -> float:
        """How much the stated preferences count beside the history, 1 falling towards 0."""
        return TRUST_IN_PREFERENCES / (TRUST_IN_PREFERENCES + self.positives)


def unwanted_of(viewer: Viewer) -> dict[str, Any]:
    """The parameters of `NOT_UNWANTED` and `NOT_WATCHED`; those of `visibility_of` hold them."""
    return {"user_id": viewer.user_id, "profile_id": viewer.profile_id}


async def taste_of(tx: ReadTx, viewer: Viewer, weights: SignalWeights) -> Taste:
    """What the viewer's profile likes and dislikes, in one statement; nothing without a profile.

    A signal weighs `weight of its kind x 0.5^(rank / 300)`, ranked by age within its class; the
    newest 300 positive, 60 negative and 30 neutral ones count.
    """
    if viewer.profile_id is None:
        return Taste()
    mine = {"user_id": viewer.household, "profile_id": viewer.profile_id}
    rows = await tx.all(_TASTE, **mine, **_CLASS_PARAMETERS)
    signals = tuple(_signal(row, weights) for row in rows if row["label"] is None)
    return Taste(signals, _preferences([row for row in rows if row["label"] is not None]))


def _signal(row: Row, weights: SignalWeights) -> Signal:
    weight = getattr(weights, row["kind"]) * 0.5 ** (row["rank"] / RANKS_TO_HALF)
    return Signal(
        row["title_id"],
        row["number"],
        row["kind"],
        weight,
        row["at"],
        tuple(row["genres"]),
        row["year"],
        row["language"],
    )


def _preferences(rows: Collection[Row]) -> Preferences:
    labels: dict[str, set[str]] = {}
    for row in rows:
        name = f"{'liked' if row['liked'] else 'disliked'}_{row['kind']}s"
        labels.setdefault(name, set()).add(row["label"])
    return Preferences(**{name: frozenset(found) for name, found in labels.items()})


async def refresh_signals(tx: WriteTx, changed: Collection[Owned]) -> None:
    """Say anew what the facts about these titles mean, in up to four statements, however many.

    Called by every writer of ratings, bookmarks and the watchlist, after its writing and in its
    transaction. The profiles are locked first, in order: of two writers the second one sees what
    the first has stored, so the signal is true in the end. What the viewer ignores stays ignored.
    """
    if not changed:
        return
    await lock_profiles(tx, {(user_id, profile_id) for user_id, profile_id, _ in changed})
    facts = await tx.all(_FACTS, **_columns(sorted(set(changed))))
    said = {_owned(row): opinion for row in facts if (opinion := opinion_of(row))}
    if said:
        await tx.execute(
            _STORE,
            **_columns(said),
            kinds=[kind for kind, _ in said.values()],
            at=[at for _, at in said.values()],
        )
    if unsaid := set(changed) - said.keys():
        await tx.execute(_FORGET, **_columns(sorted(unsaid)))
    tx.invalidate(*(profile_tag(profile_id) for _, profile_id, _ in changed))


async def lock_profiles(tx: WriteTx, owners: Collection[tuple[UUID, UUID]]) -> int:
    """Let nobody else write about these profiles until the transaction ends.

    Returns how many of them there are.
    """
    rows = await tx.all(
        _LOCK_PROFILES,
        user_ids=[user_id for user_id, _ in owners],
        profile_ids=[profile_id for _, profile_id in owners],
    )
    return len(rows)


def opinion_of(facts: Row | dict[str, Any]) -> tuple[str, datetime] | None:
    """The strongest thing that facts about a title say, and since when; None for nothing.

    Of a series the best share is that of its episode watched longest; it is completed by three
    finished episodes, or by `COMPLETED_SHARE` of all of them.
    """
    if facts["rating"] is not None:
        return RATED[facts["rating"]], facts["rated_at"]
    best = facts["best_share"] or 0
    whole = (facts["all_shares"] or 0) / max(1, facts["parts"])
    if whole >= COMPLETED_SHARE or (facts["finished"] or 0) >= EPISODES_OF_A_FOLLOWER:
        return "completed", facts["watched_at"]
    if best >= WATCHED_SHARE:
        return "watched", facts["watched_at"]
    if facts["listed_at"] is not None:
        return "listed", facts["listed_at"]
    if best >= NEUTRAL_SHARE:
        return "neutral", facts["watched_at"]
    if (facts["starts"] or 0) >= STARTS_OF_A_QUITTER:
        return "abandoned", facts["watched_at"]
    return None


def _owned(row: Row) -> Owned:
    return row["user_id"], row["profile_id"], row["title_id"]


def _columns(changed: Collection[Owned]) -> dict[str, list[UUID]]:
    return {
        "user_ids": [user_id for user_id, _, _ in changed],
        "profile_ids": [profile_id for _, profile_id, _ in changed],
        "title_ids": [title_id for _, _, title_id in changed],
    }
