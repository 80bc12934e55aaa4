"""News of series (S-05): which episodes and seasons appeared after the series itself."""

from collections.abc import Collection
from uuid import UUID

from matinee.core.database import WriteTx

# What comes together with the first episodes of a series is no news of it: the series is new. A
# season is news once, by its first episode; specials (season 0) come as episodes.
_WRITE_DOWN = """
    WITH appeared AS (SELECT unnest(:episode_ids::uuid[]) AS id), earlier AS (
        SELECT o.title_id, o.season_id FROM episodes o
        WHERE o.title_id IN (SELECT title_id FROM episodes JOIN appeared USING (id))
          AND o.status = 'published' AND o.id NOT IN (SELECT id FROM appeared)
    )
    INSERT INTO title_update_events (episode_id, title_id, kind)
    SELECT e.id, e.title_id,
           CASE WHEN s.number > 0
                 AND row_number() OVER (PARTITION BY e.season_id ORDER BY e.number) = 1
                 AND e.season_id NOT IN (SELECT season_id FROM earlier)
           THEN 'season' ELSE 'episode' END
    FROM appeared JOIN episodes e USING (id)
    JOIN seasons s ON s.id = e.season_id JOIN titles t ON t.id = e.title_id
    WHERE e.status = 'published' AND t.status = 'published'
      AND e.title_id IN (SELECT title_id FROM earlier)
    ORDER BY e.id
    ON CONFLICT (episode_id) DO NOTHING
"""


async def episodes_appeared(tx: WriteTx, episode_ids: Collection[UUID]) -> None:
    """Write down which of the episodes, published in this transaction, are news of their series.

    An episode that is withdrawn and comes back is no news again.
    """
    if episode_ids:
        await tx.execute(_WRITE_DOWN, episode_ids=list(episode_ids))
