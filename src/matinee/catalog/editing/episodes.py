"""What editors do with the episodes of a season."""

from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.editing import seasons
from matinee.catalog.editing.changes import assignments, lock, write_down
from matinee.catalog.editing.episode_schemas import (
    AdminEpisode,
    AdminEpisodes,
    CreateEpisode,
    EpisodeOrder,
    UpdateEpisode,
)
from matinee.catalog.updates import episodes_appeared
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import InvalidValue, NotFound, RuleViolated

_EPISODES = """
    SELECT e.id, e.title_id, e.season_id, e.number, e.name, e.synopsis, e.air_date,
           e.runtime_minutes, e.segments, e.status, e.version,
           (SELECT coalesce(jsonb_agg(to_jsonb(a) ORDER BY a.position), '[]')
            FROM media_assets a WHERE a.episode_id = e.id) AS assets
    FROM episodes e
    WHERE e.title_id = :title_id AND (:season_id::uuid IS NULL OR e.season_id = :season_id)
      AND (:episode_id::uuid IS NULL OR e.id = :episode_id)
    ORDER BY e.number
"""
_LOCK = "SELECT version FROM episodes WHERE id = :episode_id AND title_id = :title_id FOR UPDATE"
_ADD = """
    INSERT INTO episodes (title_id, season_id, number, name, synopsis, air_date, runtime_minutes,
                          segments, status)
    VALUES (:title_id, :season_id, :number, :name, :synopsis, :air_date, :runtime_minutes,
            :segments::jsonb, :status)
    RETURNING id
"""
_DELETE = "DELETE FROM episodes WHERE id = :episode_id"
_DELETE_ASSETS = "DELETE FROM media_assets WHERE episode_id = :episode_id"
_ADD_ASSETS = """
    INSERT INTO media_assets
        (title_id, episode_id, kind, name, protocol, url, quality, duration_seconds, position)
    SELECT :title_id, :episode_id, kind, name, protocol, url, quality, duration_seconds, n
    FROM ROWS FROM (
        jsonb_to_recordset(:assets::jsonb) AS (kind text, name text, protocol text, url text,
                                               quality text, duration_seconds int)
    ) WITH ORDINALITY AS new(kind, name, protocol, url, quality, duration_seconds, n)
"""
_LOCK_SEASON = """
    SELECT version FROM seasons WHERE id = :season_id AND title_id = :title_id FOR UPDATE
"""
_NUMBERS = "SELECT id, number FROM episodes WHERE season_id = :season_id ORDER BY number FOR UPDATE"
# Numbers are unique at every moment: all episodes step aside before they take their new places.
_STEP_ASIDE = """
    UPDATE episodes e
    SET number = (SELECT max(number) FROM episodes WHERE season_id = :season_id) + 1 + place.n
    FROM unnest(:episode_ids::uuid[]) WITH ORDINALITY AS place(id, n)
    WHERE e.id = place.id
"""
_TAKE_PLACES = """
    UPDATE episodes e SET number = place.number, version = e.version + 1
    FROM unnest(:episode_ids::uuid[], :numbers::int[]) AS place(id, number)
    WHERE e.id = place.id
"""


async def list_episodes(tx: ReadTx, title_id: UUID, season_id: UUID) -> AdminEpisodes:
    """All episodes of a season by number, drafts included.

    Raises:
        NotFound: the title has no such season.
    """
    await seasons.get_season(tx, title_id, season_id)
    rows = await tx.all(_EPISODES, title_id=title_id, season_id=season_id, episode_id=None)
    return AdminEpisodes(items=[AdminEpisode.model_validate(dict(row)) for row in rows])


async def get_episode(tx: ReadTx, title_id: UUID, episode_id: UUID) -> AdminEpisode:
    """One episode.

    Raises:
        NotFound: the title has no such episode.
    """
    row = await tx.one(_EPISODES, title_id=title_id, season_id=None, episode_id=episode_id)
    if row is None:
        raise NotFound()
    return AdminEpisode.model_validate(dict(row))


async def create_episode(
    tx: WriteTx, staff: Viewer, title_id: UUID, season_id: UUID, wish: CreateEpisode
) -> AdminEpisode:
    """Add an episode.

    Raises:
        NotFound: the title has no such season.
        Conflict: there is an episode of that number.
    """
    await seasons.get_season(tx, title_id, season_id)
    given = wish.model_dump(exclude={"assets"})
    episode_id = await tx.scalar(_ADD, title_id=title_id, season_id=season_id, **given)
    await _replace_assets(tx, title_id, episode_id, wish.model_dump()["assets"])
    await episodes_appeared(tx, [episode_id])
    episode = await get_episode(tx, title_id, episode_id)
    await write_down(tx, staff, "episode.create", _targets(episode), after=episode)
    return episode


async def update_episode(
    tx: WriteTx,
    staff: Viewer,
    title_id: UUID,
    episode_id: UUID,
    wish: UpdateEpisode,
    version: int | None,
) -> AdminEpisode:
    """Change what was given; another season or number moves the episode.

    Raises:
        NotFound: the title has no such episode, or no season of that id.
        VersionConflict: somebody changed it since it was read.
        Conflict: another episode of the season has that number.
    """
    await lock(tx, _LOCK, version, episode_id=episode_id, title_id=title_id)
    before = await get_episode(tx, title_id, episode_id)
    given = wish.model_dump(exclude_unset=True)
    for required in ("season_id", "number", "name", "status"):
        if given.get(required, required) is None:
            raise InvalidValue(required, message="This cannot be cleared.")
    if season_id := given.get("season_id"):
        await seasons.get_season(tx, title_id, season_id)
    if "segments" in given:
        given["segments"] = given["segments"] or []
    if "assets" in given:
        await _replace_assets(tx, title_id, episode_id, given.pop("assets") or [])
    columns = ", ".join(filter(None, [assignments(given), "version = version + 1"]))
    await tx.execute(
        f"UPDATE episodes SET {columns} WHERE id = :episode_id", episode_id=episode_id, **given
    )
    if before.status != "published":
        await episodes_appeared(tx, [episode_id])
    after = await get_episode(tx, title_id, episode_id)
    await write_down(tx, staff, "episode.update", _targets(after), before=before, after=after)
    return after


async def delete_episode(
    tx: WriteTx, staff: Viewer, title_id: UUID, episode_id: UUID, version: int | None
) -> None:
    """Remove an episode.

    Raises:
        NotFound: the title has no such episode.
        VersionConflict: somebody changed it since it was read.
    """
    await lock(tx, _LOCK, version, episode_id=episode_id, title_id=title_id)
    before = await get_episode(tx, title_id, episode_id)
    await tx.execute(_DELETE, episode_id=episode_id)
    await write_down(tx, staff, "episode.delete", _targets(before), before=before)


async def order_episodes(
    tx: WriteTx, staff: Viewer, title_id: UUID, season_id: UUID, wish: EpisodeOrder
) -> AdminEpisodes:
    """Deal the numbers in use out anew, in the given order.

    Raises:
        NotFound: the title has no such season.
        RuleViolated: the ids are not exactly the episodes of the season.
    """
    await lock(tx, _LOCK_SEASON, None, season_id=season_id, title_id=title_id)
    rows = await tx.all(_NUMBERS, season_id=season_id)
    before = EpisodeOrder(episode_ids=[row["id"] for row in rows])
    if sorted(before.episode_ids) != sorted(wish.episode_ids):
        raise RuleViolated("episode_ids", message="Name each episode of the season once.")
    numbers = [row["number"] for row in rows]
    await tx.execute(_STEP_ASIDE, season_id=season_id, episode_ids=wish.episode_ids)
    await tx.execute(_TAKE_PLACES, episode_ids=wish.episode_ids, numbers=numbers)
    targets = {"title": title_id, "season": season_id}
    await write_down(tx, staff, "season.order", targets, before=before, after=wish)
    return await list_episodes(tx, title_id, season_id)


async def _replace_assets(
    tx: WriteTx, title_id: UUID, episode_id: UUID, assets: list[dict[str, Any]]
) -> None:
    await tx.execute(_DELETE_ASSETS, episode_id=episode_id)
    if assets:
        await tx.execute(_ADD_ASSETS, title_id=title_id, episode_id=episode_id, assets=assets)


def _targets(episode: AdminEpisode) -> dict[str, UUID]:
    return {"title": episode.title_id, "episode": episode.id}
