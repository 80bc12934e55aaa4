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
    "segments": "jsonb",
    "external_ids": "jsonb",
    "rights_managed": "bool",
    "status": "text",
}
_EMPTY = {"text[]": "'{}'", "bool": "false", "segments": "'[]'", "external_ids": "'{}'"}
"""What stands for null, by type or by name."""


def _value(column: str, kind: str) -> str:
    empty = _EMPTY.get(column) or _EMPTY.get(kind)
    return f"coalesce(new.{column}, {empty})" if empty else f"new.{column}"


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
