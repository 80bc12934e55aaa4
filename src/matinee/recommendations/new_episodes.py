"""New episodes of the series that a profile follows (S-05)."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx
from matinee.entitlements.visibility import VISIBLE, visibility_of
from matinee.viewing.taste import NOT_UNWANTED, unwanted_of

# A series is followed when it is on the list or was watched. Specials (season 0) stand outside the
# order: they are new as long as they were not started.
_NEW_EPISODES = f"""
    WITH played AS (
        SELECT b.title_id, b.episode_id, s.number AS season, e.number
        FROM bookmarks b JOIN episodes e ON e.id = b.episode_id JOIN seasons s ON s.id = e.season_id
        WHERE b.user_id = :user_id AND b.profile_id = :profile_id
    ), furthest AS (
        SELECT DISTINCT ON (title_id) title_id, season, number
        FROM played WHERE season > 0 ORDER BY title_id, season DESC, number DESC
    ), followed AS (
        SELECT title_id FROM watchlist WHERE user_id = :user_id AND profile_id = :profile_id
        UNION
        SELECT title_id FROM played
    ), fresh AS (
        SELECT v.title_id, v.episode_id, v.kind, v.occurred_at, s.number AS season, e.number
        FROM followed JOIN title_update_events v USING (title_id)
        JOIN episodes e ON e.id = v.episode_id AND e.status = 'published'
        JOIN seasons s ON s.id = e.season_id
        LEFT JOIN furthest f ON f.title_id = v.title_id
        WHERE v.occurred_at > statement_timestamp() - interval '30 days'
          AND coalesce(s.number = 0 OR (s.number, e.number) > (f.season, f.number), true)
          AND NOT EXISTS (SELECT FROM played p WHERE p.episode_id = v.episode_id)
    )
    SELECT f.title_id, count(*) AS episodes, bool_or(f.kind = 'season') AS new_season,
           (array_agg(f.episode_id ORDER BY f.season = 0, f.season, f.number))[1] AS episode_id,
           max(f.occurred_at) AS occurred_at
    FROM fresh f JOIN titles t ON t.id = f.title_id
    WHERE {VISIBLE} AND {NOT_UNWANTED}
    GROUP BY f.title_id ORDER BY max(f.occurred_at) DESC, f.title_id LIMIT :limit
"""


class NewEpisodes(NamedTuple):
    """What is new of one series: how many episodes, the first to watch, when the last one came."""

    title_id: UUID
    episodes: int
    new_season: bool
    episode_id: UUID
    occurred_at: datetime


async def new_episodes(tx: ReadTx, viewer: Viewer, limit: int) -> list[NewEpisodes]:
    """Series with episodes of the last 30 days that the profile has not got to, latest first."""
    rows = await tx.all(_NEW_EPISODES, limit=limit, **visibility_of(viewer) | unwanted_of(viewer))
    return [NewEpisodes(**row) for row in rows]
