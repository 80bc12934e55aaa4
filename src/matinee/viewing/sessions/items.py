"""What a session plays: a film or an episode with its media, a channel or an airing of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row
from matinee.core.errors import Conflict, NotFound
from matinee.entitlements.visibility import VISIBLE, visibility_of
from matinee.viewing.progress.bookmarks import TRACKS
from matinee.viewing.progress.next_episode import next_episode

LIMITED = """EXISTS (
    SELECT FROM viewing_limits l
    WHERE l.user_id = :user_id::uuid AND l.profile_id = :profile_id::uuid
)"""
"""SQL: the profile has viewing limits."""

_TITLE = f"""
    SELECT t.id AS title_id, t.kind, e.id AS episode_id, e.season_id,
           CASE WHEN e.id IS NULL THEN t.segments ELSE e.segments END AS segments,
           asset.id AS asset_id, asset.protocol, asset.url, asset.trickplay_url,
           coalesce(asset.duration_seconds,
                    60 * CASE WHEN e.id IS NULL THEN t.runtime_minutes ELSE e.runtime_minutes END)
               AS duration_seconds,
           coalesce(b.position_seconds, 0) AS resume_seconds,
           tracks.audio_language, tracks.subtitle_language,
           {LIMITED} AS limited
    FROM titles t
    LEFT JOIN episodes e
        ON e.id = :episode_id::uuid AND e.title_id = t.id AND e.status = 'published'
    LEFT JOIN LATERAL (
        SELECT m.id, m.protocol, m.url, m.trickplay_url, m.duration_seconds FROM media_assets m
        WHERE m.title_id = t.id AND m.kind = 'main' AND m.episode_id IS NOT DISTINCT FROM e.id
        ORDER BY m.position, m.id LIMIT 1
    ) AS asset ON true
    LEFT JOIN bookmarks b
        ON b.user_id = :user_id::uuid AND b.profile_id = :profile_id::uuid
       AND b.title_id = t.id AND b.item_id = coalesce(e.id, t.id)
    CROSS JOIN ({TRACKS}) AS tracks
    WHERE t.id = :title_id AND {VISIBLE}
"""


class NotPlayable(Conflict):
    """There is nothing to play yet."""


@dataclass(frozen=True, slots=True)
class OnAir:
    """What a channel sends now; `suitable`: the profile may see it. In a gap there is no airing."""

    now: datetime
    suitable: bool
    airing_id: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    start_over: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """What is to be played, and how. Either `title_id` or `channel_id` says what it is.

    `asset_id` is the media of a title; without `url` our own origin serves it. `airing_id` with its
    times is an airing of a channel; without one the channel is watched live, as it is `on_air`.
    """

    limited: bool
    title_id: UUID | None = None
    season_id: UUID | None = None
    episode_id: UUID | None = None
    channel_id: UUID | None = None
    on_air: OnAir | None = None
    airing_id: int | None = None
    airing_starts_at: datetime | None = None
    airing_ends_at: datetime | None = None
    asset_id: UUID | None = None
    protocol: str = "hls"
    url: str | None = None
    trickplay_url: str | None = None
    duration_seconds: int | None = None
    resume_seconds: int = 0
    audio_language: str | None = None
    subtitle_language: str | None = None
    segments: Sequence[dict[str, Any]] = ()


async def title_item(
    tx: ReadTx, viewer: Viewer, title_id: UUID, episode_id: UUID | None = None
) -> Item:
    """A film or an episode with its media; of a series what the profile should play now.

    Raises:
        NotFound: no such title or episode, or the viewer may not see it.
        NotPlayable: it has no media yet.
    """
    row = await tx.one(_TITLE, title_id=title_id, episode_id=episode_id, **visibility_of(viewer))
    if row is None:
        raise NotFound()
    if episode_id is None and row["kind"] == "series":
        now = await next_episode(tx, viewer, title_id)
        if now.kind != "next_episode" or now.episode is None:
            raise NotPlayable()
        return await title_item(tx, viewer, title_id, now.episode.id)
    if row["episode_id"] != episode_id:
        raise NotFound()
    if row["url"] is None:
        raise NotPlayable()
    return _item(row)


def _item(row: Row) -> Item:
    ours = row["protocol"] == "builtin"
    given = {name: value for name, value in row.items() if name != "kind"}
    if row["duration_seconds"] is not None and row["resume_seconds"] >= row["duration_seconds"]:
        given["resume_seconds"] = 0  # the media are others than those of the bookmark
    return Item(**given | ({"protocol": "hls", "url": None} if ours else {}))
