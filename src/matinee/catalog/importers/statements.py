"""The SQL of the loader: each statement takes a batch of rows as one JSON document."""

KNOWN_HASHES = """
    SELECT external_id, import_hash FROM titles WHERE external_id = ANY (:external_ids::text[])
"""
CURRENT = """
    SELECT external_id, kind, name, original_name, tagline, synopsis, year, runtime_minutes,
           language, audio_languages, subtitle_languages, genres, countries, studios, tags,
           mood_tags, theme_tags, is_featured, status, external_ids
    FROM titles WHERE external_id = ANY (:external_ids::text[])
"""
RATINGS = "SELECT system, label, score FROM maturity_ratings"

NEW_GENRES = """
    INSERT INTO genres (slug, name)
    SELECT slug, name FROM unnest(:slugs::text[], :names::text[]) AS new(slug, name) ORDER BY slug
    ON CONFLICT (slug) DO NOTHING
"""
NEW_PEOPLE = """
    INSERT INTO people (name_key, name)
    SELECT key, name FROM unnest(:keys::text[], :names::text[]) AS new(key, name)
    WHERE NOT EXISTS (SELECT 1 FROM people p WHERE p.name_key = key)
    ORDER BY key
    ON CONFLICT (name_key) DO NOTHING
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
    "status": "text",
}
_EMPTY = {"text[]": "'{}'", "bool": "false", "jsonb": "'{}'"}


def _inserted(column: str, kind: str) -> str:
    return f"coalesce(new.{column}, {_EMPTY[kind]})" if kind in _EMPTY else f"new.{column}"


_UPSERT = """
    WITH new AS (
        SELECT * FROM jsonb_to_recordset(:documents::jsonb)
            AS new(external_id text, import_hash text, given text[], {declared})
    ), updated AS (
        UPDATE titles t
        SET {assigned}, import_hash = coalesce(decode(new.import_hash, 'hex'), t.import_hash),
            version = t.version + 1, updated_at = clock_timestamp()
        FROM new WHERE t.external_id = new.external_id
        RETURNING t.external_id
    )
    INSERT INTO titles (external_id, import_hash, {columns})
    SELECT new.external_id, decode(new.import_hash, 'hex'), {inserted}
    FROM new WHERE NOT EXISTS (SELECT 1 FROM updated u WHERE u.external_id = new.external_id)
    ON CONFLICT (external_id) DO NOTHING
"""
UPSERT_TITLES = _UPSERT.format(
    declared=", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items()),
    columns=", ".join(_COLUMNS),
    inserted=", ".join(_inserted(name, kind) for name, kind in _COLUMNS.items()),
    assigned=", ".join(
        f"{name} = CASE WHEN '{name}' = ANY (new.given) THEN {_inserted(name, kind)} "
        f"ELSE t.{name} END"
        for name, kind in _COLUMNS.items()
    ),
)
"""Titles by external id; a field that a row does not give stays as it is."""


def _parts(children: str, declared: str) -> str:
    """FROM clause: titles `t` of the batch joined with one list of children, numbered by `n`."""
    return f"""
        jsonb_to_recordset(:documents::jsonb) AS doc(external_id text, {children} jsonb)
        JOIN titles t USING (external_id)
        CROSS JOIN LATERAL ROWS FROM (
            jsonb_to_recordset(doc.{children}) AS ({declared})
        ) WITH ORDINALITY AS part({", ".join(item.split()[0] for item in declared.split(", "))}, n)
    """


def _delete(table: str, condition: str = "true") -> str:
    """Children that the rows of the batch replace."""
    return f"""
        DELETE FROM {table} old
        USING jsonb_to_recordset(:documents::jsonb) AS doc(external_id text)
        JOIN titles t USING (external_id)
        WHERE old.title_id = t.id AND {condition}
    """


_ASSET = "kind text, name text, protocol text, url text, quality text, duration_seconds int"
_EPISODES = """
        jsonb_to_recordset(:documents::jsonb) AS doc(external_id text, seasons jsonb)
        JOIN titles t USING (external_id)
        CROSS JOIN LATERAL jsonb_to_recordset(doc.seasons) AS season(number int, episodes jsonb)
        JOIN seasons s ON s.title_id = t.id AND s.number = season.number
        CROSS JOIN LATERAL jsonb_to_recordset(season.episodes) AS part(
            number int, name text, synopsis text, air_date date, runtime_minutes int,
            segments jsonb, assets jsonb)
"""

APPLY_CHILDREN: dict[str, tuple[str, ...]] = {
    "people": (
        _delete("title_people"),
        f"""
        INSERT INTO title_people (title_id, position, person_id, role, character)
        SELECT t.id, part.n, p.id, part.role, part.character
        FROM {_parts("people", "name_key text, role text, character text")}
        JOIN people p ON p.name_key = part.name_key
        """,
    ),
    "localizations": (
        _delete("title_localizations"),
        f"""
        INSERT INTO title_localizations (title_id, language, name, tagline, synopsis)
        SELECT t.id, part.language, part.name, part.tagline, part.synopsis
        FROM {_parts("localizations", "language text, name text, tagline text, synopsis text")}
        ON CONFLICT (title_id, language) DO NOTHING
        """,
    ),
    "rights": (
        _delete("title_rights"),
        f"""
        INSERT INTO title_rights (title_id, territory, available_from, available_until, announced)
        SELECT t.id, part.territory, coalesce(part.available_from, '-infinity'),
               coalesce(part.available_until, 'infinity'), part.announced
        FROM {
            _parts(
                "rights",
                "territory text, available_from timestamptz, available_until timestamptz, "
                "announced bool",
            )
        }
        """,
        """
        UPDATE titles t SET rights_managed = doc.rights <> '[]'
        FROM jsonb_to_recordset(:documents::jsonb) AS doc(external_id text, rights jsonb)
        WHERE t.external_id = doc.external_id
        """,
    ),
    "images": (
        _delete("title_images"),
        f"""
        INSERT INTO title_images (title_id, kind, url, language, position)
        SELECT t.id, part.kind, part.url, part.language, part.n
        FROM {_parts("images", "kind text, url text, language text")}
        """,
    ),
    "assets": (
        _delete("media_assets", "old.episode_id IS NULL"),
        f"""
        INSERT INTO media_assets
            (title_id, kind, name, protocol, url, quality, duration_seconds, position)
        SELECT t.id, part.kind, part.name, part.protocol, part.url, part.quality,
               part.duration_seconds, part.n
        FROM {_parts("assets", _ASSET)}
        """,
    ),
    "seasons": (
        f"""
        INSERT INTO seasons AS s (title_id, number, name, synopsis, year)
        SELECT t.id, part.number, part.name, part.synopsis, part.year
        FROM {_parts("seasons", "number int, name text, synopsis text, year int")}
        ON CONFLICT (title_id, number) DO UPDATE
        SET name = excluded.name, synopsis = excluded.synopsis, year = excluded.year,
            version = s.version + 1
        """,
        f"""
        INSERT INTO episodes AS e
            (title_id, season_id, number, name, synopsis, air_date, runtime_minutes, segments)
        SELECT t.id, s.id, part.number, part.name, part.synopsis, part.air_date,
               part.runtime_minutes, coalesce(part.segments, '[]')
        FROM {_EPISODES}
        ON CONFLICT (season_id, number) DO UPDATE
        SET name = excluded.name, synopsis = excluded.synopsis, air_date = excluded.air_date,
            runtime_minutes = excluded.runtime_minutes, segments = excluded.segments,
            status = 'published', version = e.version + 1
        """,
        f"""
        UPDATE episodes e SET status = 'draft'
        FROM jsonb_to_recordset(:documents::jsonb) AS doc(external_id text)
        JOIN titles title USING (external_id)
        WHERE e.title_id = title.id AND e.status = 'published'
          AND NOT EXISTS (SELECT 1 FROM {_EPISODES} WHERE s.id = e.season_id
                          AND part.number = e.number)
        """,
        f"""
        DELETE FROM media_assets old
        USING episodes e, (SELECT s.id AS season_id, part.number FROM {_EPISODES}) AS named
        WHERE old.episode_id = e.id AND e.season_id = named.season_id AND e.number = named.number
        """,
        f"""
        INSERT INTO media_assets
            (title_id, episode_id, kind, name, protocol, url, quality, duration_seconds)
        SELECT t.id, e.id, asset.kind, asset.name, asset.protocol, asset.url, asset.quality,
               asset.duration_seconds
        FROM {_EPISODES}
        JOIN episodes e ON e.season_id = s.id AND e.number = part.number
        CROSS JOIN LATERAL jsonb_to_recordset(part.assets) AS asset({_ASSET})
        """,
    ),
}
"""Per list of children: the statements that make the stored ones equal to the rows' own."""
