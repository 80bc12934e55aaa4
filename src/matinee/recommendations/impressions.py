"""Which rails were on the screen: written by the client, and what was shown often in vain."""

from typing import Any, NamedTuple
from uuid import UUID

import structlog

from matinee.accounts.viewer import Viewer
from matinee.core.buffers import sink
from matinee.core.database import ReadTx
from matinee.core.jobs import EVERY_NIGHT, JobRun, job
from matinee.recommendations.schemas import RecordImpressions
from matinee.recommendations.variants import variant_of
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

SHOWN_OFTEN = 5
KEPT_DAYS = 90

# profiles may be gone by now; the same id again says how far the rail was scrolled since
_ADD = """
    INSERT INTO rail_impressions AS old
        (user_id, id, profile_id, rail, variant, model_id, title_ids)
    SELECT new.user_id, new.id, new.profile_id, new.rail, new.variant,
           (SELECT id FROM recommendation_models WHERE state = 'current'), new.title_ids
    FROM jsonb_to_recordset(:impressions::jsonb) AS new(
        user_id uuid, id uuid, profile_id uuid, rail text, variant text, title_ids uuid[])
    JOIN profiles p ON p.user_id = new.user_id AND p.id = new.profile_id
    ORDER BY new.user_id, new.id
    ON CONFLICT (user_id, id) DO UPDATE SET title_ids = excluded.title_ids
    WHERE old.profile_id = excluded.profile_id
"""

# An impression names a title once. What was played has not been shown in vain.
_SHOWN_OFTEN = """
    SELECT shown.title_id
    FROM (
        SELECT title_id FROM rail_impressions i, unnest(i.title_ids) AS title_id
        WHERE i.user_id = :user_id AND i.profile_id = :profile_id
          AND i.shown_at > statement_timestamp() - interval '7 days'
        GROUP BY title_id HAVING count(*) >= :often
    ) AS shown
    WHERE NOT EXISTS (
        SELECT FROM viewing_sessions s
        WHERE s.user_id = :user_id AND s.profile_id = :profile_id
          AND s.title_id = shown.title_id
          AND s.started_at > statement_timestamp() - interval '7 days'
    )
"""
_FORGET = """
    -- cross-user
    DELETE FROM rail_impressions
    WHERE shown_at < statement_timestamp() - :days::int * interval '1 day'
"""


class Impression(NamedTuple):
    """A rail that was on the screen of a profile; `id` is its recommendation id."""

    user_id: UUID
    id: UUID
    profile_id: UUID
    rail: str
    variant: str
    title_ids: tuple[UUID, ...]


def record_impressions(runtime: Runtime, viewer: Viewer, shown: RecordImpressions) -> None:
    """Remember that a rail was shown; written within a second, once per recommendation id."""
    impression = Impression(
        viewer.household,
        shown.recommendation_id,
        viewer.profile,
        shown.rail,
        variant_of(viewer.profile),
        tuple(dict.fromkeys(shown.title_ids)),
    )
    runtime.buffers.add(write_impressions, impression)


@sink("impressions")
async def write_impressions(runtime: Runtime, items: list[Impression]) -> None:
    """Store impressions; of the same rail's the last one counts."""
    last = {(item.user_id, item.id): item for item in items}
    async with runtime.database.write() as tx:
        await tx.execute(_ADD, impressions=[_document(item) for item in last.values()])


def _document(item: Impression) -> dict[str, Any]:
    ids = {name: str(getattr(item, name)) for name in ("user_id", "id", "profile_id")}
    title_ids = [str(title_id) for title_id in item.title_ids]
    return item._asdict() | ids | {"title_ids": title_ids}


async def shown_often(tx: ReadTx, viewer: Viewer) -> set[UUID]:
    """Ids of titles that this profile was shown five times in seven days without playing them."""
    rows = await tx.all(
        _SHOWN_OFTEN, user_id=viewer.household, profile_id=viewer.profile, often=SHOWN_OFTEN
    )
    return {row["title_id"] for row in rows}


@job("recommendations.forget_impressions", every=EVERY_NIGHT)
async def forget_impressions(runtime: Runtime, _run: JobRun) -> None:
    """Delete impressions that are 90 days old."""
    async with runtime.database.write() as tx:
        forgotten = await tx.execute(_FORGET, days=KEPT_DAYS)
    log.info("impressions_forgotten", rows=forgotten)
