"""Why a profile is recommended a title, or is not: for the operator's support."""

from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row
from matinee.core.errors import NotFound
from matinee.core.languages import with_bases
from matinee.core.settings import SignalWeights
from matinee.entitlements.visibility import OPEN_WINDOW, VISIBLE, visibility_of
from matinee.recommendations.admin_schemas import Explanation, ScoreParts, SeedOut
from matinee.recommendations.scoring import Candidate, candidates
from matinee.recommendations.statements import CURRENT_MODEL, UNKNOWN
from matinee.viewing.taste import NOT_WATCHED, Signal, Taste, taste_of

SEEDS = 10

_VIEWER = """
    -- cross-user
    SELECT u.user_id, u.country, p.id, p.name, p.kind, p.max_maturity, p.block_unrated,
           p.allow_list_only, p.blocked_tags, p.ui_language, p.preferred_language, p.time_zone
    FROM profiles p JOIN users u ON u.user_id = p.user_id
    WHERE p.id = :profile_id AND u.status <> 'deleted'
"""

# why a title is left out, one rule at a time; the last ones keep it out of what comes from taste
_FILTERS = f"""
    SELECT t.name, t.number,
           t.status <> 'published' AS not_published,
           t.rights_managed AND NOT EXISTS (
               SELECT FROM title_rights r WHERE {OPEN_WINDOW}) AS no_rights_here,
           NOT coalesce(t.maturity_score <= :max_maturity::int, NOT :block_unrated::bool)
               AS too_mature,
           t.tags && :blocked_tags::text[] OR t.genres && :blocked_tags::text[]
               OR t.mood_tags && :blocked_tags::text[] OR t.theme_tags && :blocked_tags::text[]
               AS blocked_tag,
           :allow_list_only::bool AND NOT EXISTS (
               SELECT FROM profile_allowed_titles a
               WHERE a.user_id = :user_id::uuid AND a.profile_id = :profile_id::uuid
                 AND a.title_id = t.id) AS not_on_allow_list,
           NOT {VISIBLE} AS not_visible,
           EXISTS (
               SELECT FROM profile_suppressions s
               WHERE s.user_id = :user_id::uuid AND s.profile_id = :profile_id::uuid
                 AND s.title_id = t.id) AS not_interested,
           EXISTS (
               SELECT FROM ratings d
               WHERE d.user_id = :user_id::uuid AND d.profile_id = :profile_id::uuid
                 AND d.title_id = t.id AND d.value < 0) AS thumbs_down,
           NOT {NOT_WATCHED} AS watched,
           NOT {UNKNOWN} AS known
    FROM titles t WHERE t.id = :title_id
"""
FILTERS = (
    "not_published", "no_rights_here", "too_mature", "blocked_tag", "not_on_allow_list",
    "not_visible", "not_interested", "thumbs_down", "watched", "known",
)  # fmt: skip

_SPEAKING = f"""
    SELECT s.number,
           s.weight * coalesce(
               l.together_weights[array_position(l.together_numbers, :number::int)], 0) AS together,
           coalesce(l.next_weights[array_position(l.next_numbers, :number::int)], 0) AS next,
           coalesce(l.content_weights[array_position(l.content_numbers, :number::int)], 0)
               AS content
    FROM unnest(:numbers::bigint[], :weights::float8[]) AS s(number, weight)
    JOIN title_neighbors l ON l.model_id = {CURRENT_MODEL} AND l.title_number = s.number
    WHERE :number::int = ANY (l.together_numbers) OR :number::int = ANY (l.next_numbers)
       OR :number::int = ANY (l.content_numbers)
    ORDER BY 2 DESC, 3 DESC, 4 DESC
"""
_NAMES = "SELECT t.id, t.name FROM titles t WHERE t.id = ANY (:ids::uuid[])"


async def explain(
    tx: ReadTx, profile_id: UUID, title_id: UUID, weights: SignalWeights
) -> Explanation:
    """What speaks for a title and what keeps it away from a profile.

    Raises:
        NotFound: there is no such profile or title.
    """
    viewer = await _viewer_of(tx, profile_id)
    asked = {"title_id": title_id, **visibility_of(viewer)}
    filters = await tx.one(_FILTERS, **asked)
    if filters is None:
        raise NotFound()
    taste = await taste_of(tx, viewer, weights)
    found = await candidates(
        tx, viewer, taste, where="t.id = :title_id", limit=1, title_id=title_id
    )
    removed = [name for name in FILTERS if filters[name]]
    return Explanation(
        profile_id=profile_id,
        title_id=title_id,
        name=filters["name"],
        positives=taste.positives,
        score=found[0].score if found and not removed else None,
        parts=_parts(found[0]) if found and not removed else None,
        seeds=await _seeds(tx, taste, filters["number"]),
        removed_by=removed,
    )


async def _viewer_of(tx: ReadTx, profile_id: UUID) -> Viewer:
    row = await tx.one(_VIEWER, profile_id=profile_id)
    if row is None:
        raise NotFound()
    return Viewer(
        territory=row["country"],
        max_maturity=row["max_maturity"],
        user_id=row["user_id"],
        profile_id=row["id"],
        profile_name=row["name"],
        kind=row["kind"],
        block_unrated=row["block_unrated"],
        allow_list_only=row["allow_list_only"],
        blocked_tags=tuple(row["blocked_tags"]),
        languages=with_bases([row["ui_language"] or "en"]),
        preferred_language=row["preferred_language"],
        time_zone=row["time_zone"],
    )


def _parts(candidate: Candidate) -> ScoreParts:
    return ScoreParts(**candidate.parts._asdict())


async def _seeds(tx: ReadTx, taste: Taste, number: int) -> list[SeedOut]:
    """The titles of the history that know the title, the loudest first, also those against it."""
    signals = {signal.number: signal for signal in taste.signals}
    rows = await tx.all(
        _SPEAKING,
        number=number,
        numbers=list(signals),
        weights=[signal.weight for signal in signals.values()],
    )
    loudest = sorted(rows, key=lambda row: -abs(row["together"]))[:SEEDS]
    ids = [signals[row["number"]].title_id for row in loudest]
    names = {row["id"]: row["name"] for row in await tx.all(_NAMES, ids=ids)}
    return [_seed(row, signals[row["number"]], names) for row in loudest]


def _seed(row: Row, signal: Signal, names: dict[UUID, Any]) -> SeedOut:
    return SeedOut(
        title_id=signal.title_id,
        name=names[signal.title_id],
        kind=signal.kind,
        weight=signal.weight,
        together=row["together"],
        next=row["next"],
        content=row["content"],
    )
