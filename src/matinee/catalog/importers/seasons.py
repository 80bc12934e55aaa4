"""Seasons and episodes of imported series: they keep their ids, which bookmarks point at.

What a row does not say about a season or an episode stays as it is. Episodes that the row no longer
names leave the catalogue without being deleted; a season without a list of episodes keeps its own.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from matinee.catalog.importers.rows import EpisodeRow, SeasonRow
from matinee.catalog.updates import episodes_appeared
from matinee.core.database import Row, WriteTx

Place = tuple[UUID, int]
"""A season of a title, or an episode of a season: whose it is, and its number."""

SEASON_FIELDS = ("name", "synopsis", "year")
EPISODE_FIELDS = ("name", "synopsis", "air_date", "runtime_minutes", "segments")
ASSET_COLUMNS = (
    "title_id", "episode_id", "kind", "name", "protocol", "url", "quality", "duration_seconds",
)  # fmt: skip

_SEASONS = """
    SELECT id, title_id, number, name, synopsis, year FROM seasons
    WHERE title_id = ANY (:title_ids::uuid[])
"""
_ADD_SEASONS = """
    INSERT INTO seasons (title_id, number, name, synopsis, year)
    SELECT * FROM jsonb_to_recordset(:documents::jsonb)
        AS new(title_id uuid, number int, name text, synopsis text, year int)
    RETURNING id, title_id, number
"""
_CHANGE_SEASONS = """
    UPDATE seasons s SET name = new.name, synopsis = new.synopsis, year = new.year,
                         version = s.version + 1
    FROM jsonb_to_recordset(:documents::jsonb)
        AS new(id uuid, name text, synopsis text, year int)
    WHERE s.id = new.id
"""
_EPISODES = """
    SELECT id, season_id, title_id, number, name, synopsis, air_date, runtime_minutes, segments,
           status
    FROM episodes WHERE title_id = ANY (:title_ids::uuid[])
"""
_ADD_EPISODES = """
    INSERT INTO episodes
        (title_id, season_id, number, name, synopsis, air_date, runtime_minutes, segments)
    SELECT title_id, season_id, number, name, synopsis, air_date, runtime_minutes,
           coalesce(segments, '[]')
    FROM jsonb_to_recordset(:documents::jsonb)
        AS new(title_id uuid, season_id uuid, number int, name text, synopsis text, air_date date,
               runtime_minutes int, segments jsonb)
    RETURNING id, season_id, number
"""
_CHANGE_EPISODES = """
    UPDATE episodes e
    SET name = new.name, synopsis = new.synopsis, air_date = new.air_date,
        runtime_minutes = new.runtime_minutes, segments = new.segments,
        status = CASE WHEN e.status = 'takedown' THEN e.status ELSE 'published' END,
        version = e.version + 1
    FROM jsonb_to_recordset(:documents::jsonb)
        AS new(id uuid, name text, synopsis text, air_date date, runtime_minutes int,
               segments jsonb)
    WHERE e.id = new.id
"""
_WITHDRAW = """
    UPDATE episodes SET status = 'draft', version = version + 1 WHERE id = ANY (:ids::uuid[])
"""
_DELETE_ASSETS = "DELETE FROM media_assets WHERE episode_id = ANY (:episode_ids::uuid[])"


async def replace_seasons(tx: WriteTx, series: Sequence[tuple[UUID, list[SeasonRow]]]) -> None:
    """Make the seasons of titles, which are ours to change, what their rows say."""
    if not series:
        return
    title_ids = [title_id for title_id, _ in series]
    seasons = {(title_id, part.number): part for title_id, parts in series for part in parts}
    season_ids = await _put_seasons(tx, title_ids, seasons)
    episodes = {
        (season_ids[place], episode.number): (place[0], episode)
        for place, season in seasons.items()
        for episode in season.episodes
    }
    stored = await tx.all(_EPISODES, title_ids=title_ids)
    episode_ids = await _put_episodes(tx, episodes, stored)
    kept = {season_ids[place] for place, season in seasons.items() if not _lists_episodes(season)}
    await _withdraw(tx, stored, episodes.keys(), kept)
    shown = {(row["season_id"], row["number"]) for row in stored if row["status"] == "published"}
    await episodes_appeared(tx, [episode_ids[place] for place in episodes.keys() - shown])
    await _replace_assets(tx, episodes, episode_ids)


def _lists_episodes(season: SeasonRow) -> bool:
    return "episodes" in season.model_fields_set


async def _put_seasons(
    tx: WriteTx, title_ids: list[UUID], seasons: dict[Place, SeasonRow]
) -> dict[Place, UUID]:
    """The ids of all seasons that the rows name."""
    stored = {
        (row["title_id"], row["number"]): row for row in await tx.all(_SEASONS, title_ids=title_ids)
    }
    ids: dict[Place, UUID] = {place: row["id"] for place, row in stored.items()}
    new = [
        {"title_id": str(title_id), "number": number, **_said(season, SEASON_FIELDS)}
        for (title_id, number), season in seasons.items()
        if (title_id, number) not in stored
    ]
    if new:
        added = await tx.all(_ADD_SEASONS, documents=new)
        ids |= {(row["title_id"], row["number"]): row["id"] for row in added}
    changed = _changes(seasons, stored, SEASON_FIELDS)
    if changed:
        await tx.execute(_CHANGE_SEASONS, documents=changed)
    return ids


async def _put_episodes(
    tx: WriteTx, episodes: dict[Place, tuple[UUID, EpisodeRow]], stored: Sequence[Row]
) -> dict[Place, UUID]:
    """The ids of all episodes that the rows name."""
    known = {(row["season_id"], row["number"]): row for row in stored}
    ids: dict[Place, UUID] = {place: row["id"] for place, row in known.items()}
    new = [
        {
            "title_id": str(title_id),
            "season_id": str(season_id),
            "number": number,
            **_said(episode, EPISODE_FIELDS),
        }
        for (season_id, number), (title_id, episode) in episodes.items()
        if (season_id, number) not in known
    ]
    if new:
        added = await tx.all(_ADD_EPISODES, documents=new)
        ids |= {(row["season_id"], row["number"]): row["id"] for row in added}
    named = {place: episode for place, (_, episode) in episodes.items()}
    changed = _changes(named, known, EPISODE_FIELDS)
    if changed:
        await tx.execute(_CHANGE_EPISODES, documents=changed)
    return ids


def _said(part: SeasonRow | EpisodeRow, fields: Sequence[str]) -> dict[str, Any]:
    """Those of the fields that the row gives."""
    return part.model_dump(include=set(fields), exclude_unset=True)


def _changes(
    named: Mapping[Place, SeasonRow | EpisodeRow], stored: dict[Place, Row], fields: Sequence[str]
) -> list[dict[str, Any]]:
    """The new values of what is stored and would become something else, or come back."""
    changes: list[dict[str, Any]] = []
    for place, part in named.items():
        if row := stored.get(place):
            before = {name: row[name] for name in fields}
            after = before | _said(part, fields)
            if after != before or row.get("status") == "draft":
                changes.append({"id": str(row["id"]), **after})
    return changes


async def _withdraw(
    tx: WriteTx, stored: Iterable[Row], named: Container[Place], kept_seasons: set[UUID]
) -> None:
    """Take episodes off the catalogue that their title's row does not name any more."""
    gone = [
        row["id"]
        for row in stored
        if row["status"] == "published"
        and row["season_id"] not in kept_seasons
        and (row["season_id"], row["number"]) not in named
    ]
    if gone:
        await tx.execute(_WITHDRAW, ids=gone)


async def _replace_assets(
    tx: WriteTx, episodes: dict[Place, tuple[UUID, EpisodeRow]], ids: dict[Place, UUID]
) -> None:
    giving = {
        ids[place]: (title_id, episode)
        for place, (title_id, episode) in episodes.items()
        if "assets" in episode.model_fields_set
    }
    if giving:
        await tx.execute(_DELETE_ASSETS, episode_ids=list(giving))
        await tx.copy("media_assets", ASSET_COLUMNS, _asset_records(giving))


def _asset_records(giving: dict[UUID, tuple[UUID, EpisodeRow]]) -> Iterator[tuple[Any, ...]]:
    for episode_id, (title_id, episode) in giving.items():
        for asset in episode.assets:
            yield (
                title_id, episode_id, asset.kind, asset.name, asset.protocol, asset.url,
                asset.quality, asset.duration_seconds,
            )  # fmt: skip
