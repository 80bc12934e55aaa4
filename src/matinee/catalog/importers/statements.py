"""The SQL of the loader; whatever changes titles takes a batch of them as one JSON document."""

KNOWN_HASHES = """
    SELECT external_id, import_hash FROM titles WHERE external_id = ANY (:external_ids::text[])
"""
LOCK_KNOWN = """
    SELECT id, external_id, import_hash, language FROM titles
    WHERE external_id = ANY (:external_ids::text[]) ORDER BY external_id FOR UPDATE
"""
RATINGS = "SELECT system, label, score FROM maturity_ratings"

NEW_GENRES = """
    INSERT INTO genres (slug, name)
    SELECT slug, name FROM unnest(:slugs::text[], :names::text[]) AS new(slug, name)
    WHERE NOT EXISTS (SELECT 1 FROM genres g WHERE g.slug = new.slug)
    ORDER BY slug
    ON CONFLICT (slug) DO NOTHING
"""
PEOPLE_BY_KEY = "SELECT name_key, id FROM people WHERE name_key = ANY (:keys::text[])"
NEW_PEOPLE = """
    INSERT INTO people (name_key, name)
    SELECT key, name FROM unnest(:keys::text[], :names::text[]) AS new(key, name) ORDER BY key
    ON CONFLICT (name_key) DO NOTHING
    RETURNING name_key, id
"""

_COLUMNS = {
    "kind": "text",
    "name": "text",
    "original_name": "text",
    "sort_name": "text",
    "folded_name": "text",
    "tagline": "text",
    "synopsis": "text",
    "year": "int",
    "runtime_minutes": "int",
    "language": "text",
    "audio_languages": "text[]",
    "subtitle_languages": "text[]",
    "genres": "text[]",
    "countries": "text[]",
    "studios": "text[]",
    "tags": "text[]",
    "mood_tags": "text[]",
    "theme_tags": "text[]",
    "maturity_system": "text",
    "maturity_label": "text",
    "maturity_score": "int",
    "is_featured": "bool",
    "external_ids": "jsonb",
    "rights_managed": "bool",
    "status": "text",
}
_EMPTY = {"text[]": "'{}'", "bool": "false", "jsonb": "'{}'"}


def _value(column: str, kind: str) -> str:
    return f"coalesce(new.{column}, {_EMPTY[kind]})" if kind in _EMPTY else f"new.{column}"


def _changed(column: str, kind: str) -> str:
    """What a column becomes: a field that the row does not give stays, and so does a takedown."""
    given = f"'{column}' = ANY (new.given)"
    if column == "status":
        given += " AND t.status <> 'takedown'"
    return f"{column} = CASE WHEN {given} THEN {_value(column, kind)} ELSE t.{column} END"


_NEW = f"""
    jsonb_to_recordset(:documents::jsonb) AS new(
        external_id text, import_hash text, given text[],
        {", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())})
"""
INSERT_TITLES = f"""
    INSERT INTO titles (external_id, import_hash, {", ".join(_COLUMNS)})
    SELECT external_id, decode(import_hash, 'hex'),
           {", ".join(_value(name, kind) for name, kind in _COLUMNS.items())}
    FROM {_NEW}
    ORDER BY external_id
    ON CONFLICT (external_id) DO NOTHING
    RETURNING external_id, id
"""
"""New titles; those that somebody else adds at the same moment are not returned."""

UPDATE_TITLES = f"""
    UPDATE titles t
    SET {", ".join(_changed(name, kind) for name, kind in _COLUMNS.items())},
        import_hash = coalesce(decode(new.import_hash, 'hex'), t.import_hash),
        version = t.version + 1, updated_at = clock_timestamp()
    FROM {_NEW}
    WHERE t.external_id = new.external_id
"""


_SEASONS = """
    jsonb_to_recordset(:documents::jsonb) AS doc(title_id uuid, seasons jsonb)
    CROSS JOIN LATERAL jsonb_to_recordset(doc.seasons) AS part(
        number int, name text, synopsis text, year int, episodes jsonb)
"""
_EPISODES = """
    jsonb_to_recordset(:documents::jsonb) AS doc(title_id uuid, seasons jsonb)
    CROSS JOIN LATERAL jsonb_to_recordset(doc.seasons) AS season(number int, episodes jsonb)
    JOIN seasons s ON s.title_id = doc.title_id AND s.number = season.number
    CROSS JOIN LATERAL jsonb_to_recordset(season.episodes) AS part(
        number int, name text, synopsis text, air_date date, runtime_minutes int,
        segments jsonb, assets jsonb)
"""

APPLY_SEASONS = (
    f"""
    INSERT INTO seasons AS s (title_id, number, name, synopsis, year)
    SELECT doc.title_id, part.number, part.name, part.synopsis, part.year FROM {_SEASONS}
    ON CONFLICT (title_id, number) DO UPDATE
    SET name = excluded.name, synopsis = excluded.synopsis, year = excluded.year,
        version = s.version + 1
    """,
    f"""
    INSERT INTO episodes AS e
        (title_id, season_id, number, name, synopsis, air_date, runtime_minutes, segments)
    SELECT doc.title_id, s.id, part.number, part.name, part.synopsis, part.air_date,
           part.runtime_minutes, coalesce(part.segments, '[]')
    FROM {_EPISODES}
    ON CONFLICT (season_id, number) DO UPDATE
    SET name = excluded.name, synopsis = excluded.synopsis, air_date = excluded.air_date,
        runtime_minutes = excluded.runtime_minutes, segments = excluded.segments,
        status = CASE WHEN e.status = 'takedown' THEN e.status ELSE 'published' END,
        version = e.version + 1
    """,
    f"""
    UPDATE episodes e SET status = 'draft', version = e.version + 1
    FROM seasons own
    WHERE own.id = e.season_id AND e.status = 'published'
      AND e.title_id IN (SELECT title_id FROM jsonb_to_recordset(:documents::jsonb)
                         AS doc(title_id uuid))
      AND NOT EXISTS (SELECT 1 FROM {_SEASONS}
                      WHERE doc.title_id = own.title_id AND part.number = own.number
                        AND part.episodes IS NULL)
      AND NOT EXISTS (SELECT 1 FROM {_EPISODES}
                      WHERE s.id = e.season_id AND part.number = e.number)
    """,
    f"""
    DELETE FROM media_assets old
    USING episodes e, (SELECT s.id AS season_id, part.number FROM {_EPISODES}) AS named
    WHERE old.episode_id = e.id AND e.season_id = named.season_id AND e.number = named.number
    """,
    f"""
    INSERT INTO media_assets
        (title_id, episode_id, kind, name, protocol, url, quality, duration_seconds)
    SELECT doc.title_id, e.id, asset.kind, asset.name, asset.protocol, asset.url, asset.quality,
           asset.duration_seconds
    FROM {_EPISODES}
    JOIN episodes e ON e.season_id = s.id AND e.number = part.number
    CROSS JOIN LATERAL jsonb_to_recordset(part.assets) AS asset(
        kind text, name text, protocol text, url text, quality text, duration_seconds int)
    """,
)
"""Seasons and episodes keep their ids, which viewers' bookmarks point at.

Episodes that a title's row no longer names leave the catalogue without being deleted; a season
that comes without a list of episodes keeps its own.
"""
