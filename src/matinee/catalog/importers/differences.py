"""What a dry run shows: for each title that would change, every field from what to what."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from matinee.catalog.importers.children import person_key
from matinee.catalog.importers.loader import Numbered, said_scalars
from matinee.catalog.importers.rows import BEGINNING_OF_TIME, END_OF_TIME, TitleRow
from matinee.core.database import ReadTx

Difference = dict[str, Any]

_CURRENT = """
    SELECT t.*,
        CASE WHEN t.maturity_label IS NOT NULL THEN
            jsonb_build_object('system', t.maturity_system, 'label', t.maturity_label)
        END AS maturity,
        (SELECT coalesce(jsonb_agg(jsonb_build_object('name', p.name, 'role', c.role,
                    'character', c.character) ORDER BY c.position), '[]')
         FROM title_people c JOIN people p ON p.id = c.person_id WHERE c.title_id = t.id) AS people,
        (SELECT coalesce(jsonb_agg(to_jsonb(l) - 'title_id' ORDER BY l.language), '[]')
         FROM title_localizations l WHERE l.title_id = t.id) AS localizations,
        (SELECT coalesce(jsonb_agg(jsonb_build_object('territory', r.territory,
                    'available_from', nullif(r.available_from, '-infinity'),
                    'available_until', nullif(r.available_until, 'infinity'),
                    'announced', r.announced) ORDER BY r.territory, r.available_from), '[]')
         FROM title_rights r WHERE r.title_id = t.id) AS rights,
        (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', i.kind, 'url', i.url,
                    'language', i.language) ORDER BY i.position), '[]')
         FROM title_images i WHERE i.title_id = t.id) AS images,
        (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', a.kind, 'name', a.name,
                    'protocol', a.protocol, 'url', a.url, 'quality', a.quality,
                    'duration_seconds', a.duration_seconds) ORDER BY a.position), '[]')
         FROM media_assets a WHERE a.title_id = t.id AND a.episode_id IS NULL) AS assets,
        (SELECT coalesce(jsonb_agg(jsonb_build_object('number', s.number, 'name', s.name,
                    'synopsis', s.synopsis, 'year', s.year, 'episodes',
                    (SELECT coalesce(jsonb_agg(jsonb_build_object('number', e.number,
                                'name', e.name, 'synopsis', e.synopsis, 'air_date', e.air_date,
                                'runtime_minutes', e.runtime_minutes, 'segments', e.segments)
                                ORDER BY e.number), '[]')
                     FROM episodes e WHERE e.season_id = s.id AND e.status = 'published'))
                    ORDER BY s.number), '[]')
         FROM seasons s WHERE s.title_id = t.id) AS seasons
    FROM titles t WHERE t.external_id = ANY (:external_ids::text[])
"""
SEASON_FIELDS = ("name", "synopsis", "year")
EPISODE_FIELDS = ("name", "synopsis", "air_date", "runtime_minutes", "segments")
LISTS = ("people", "localizations", "rights", "images", "assets", "seasons")
MOST_SHOWN = 20
"""Parts of a list that are shown; a long series would fill the answer alone."""


async def differences_of(tx: ReadTx, rows: Sequence[Numbered]) -> list[Difference]:
    """What would be created, and which fields would change: `{"name": [old, new]}`."""
    if not rows:
        return []
    found = await tx.all(_CURRENT, external_ids=[row.id for row in rows])
    current = {row["external_id"]: dict(row) for row in found}
    return [_difference(row, current.get(row.id)) for row in rows]


def _difference(row: Numbered, stored: dict[str, Any] | None) -> Difference:
    about = {"index": row.index, "external_id": row.id, "name": row.row.name}
    if stored is None:
        return about | {"action": "create"}
    changes = {
        name: [_shown(stored[name]), _shown(value)]
        for name, value in _said(row.row).items()
        if _comparable(name, stored[name]) != _comparable(name, value)
    }
    return about | {"action": "update", "changes": changes}


def _said(row: TitleRow) -> dict[str, Any]:
    """The fields that a row gives, as plain values."""
    said = said_scalars(row)
    if "maturity" in row.model_fields_set:
        said["maturity"] = row.maturity.model_dump() if row.maturity else None
    for name in LISTS:
        if name in row.model_fields_set:
            said[name] = [part.model_dump(mode="json") for part in getattr(row, name)]
    return said


def _comparable(name: str, value: Any) -> Any:
    """The value without differences of spelling and order that the catalogue does not keep."""
    match name:
        case "people":
            return [(person_key(c["name"]), c["role"], c["character"]) for c in value]
        case "localizations":
            return sorted(value, key=lambda text: str(text["language"]))
        case "rights":
            return sorted((r["territory"], *_window(r), r["announced"]) for r in value)
        case "seasons":
            return {season["number"]: _season(season) for season in value}
    return value


def _window(right: dict[str, Any]) -> tuple[datetime, datetime]:
    start, end = right["available_from"], right["available_until"]
    return (
        datetime.fromisoformat(start) if start else BEGINNING_OF_TIME,
        datetime.fromisoformat(end) if end else END_OF_TIME,
    )


def _season(season: dict[str, Any]) -> dict[str, Any]:
    episodes = {
        episode["number"]: {name: episode[name] for name in EPISODE_FIELDS}
        for episode in season["episodes"]
    }
    return {name: season[name] for name in SEASON_FIELDS} | {"episodes": episodes}


def _shown(value: Any) -> Any:
    return value[:MOST_SHOWN] if isinstance(value, list) else value
