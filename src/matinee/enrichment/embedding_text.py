"""The text of a title that is embedded, made by PostgreSQL: what is stale is counted there, too.

Two texts: `search` for being found by meaning, `taste` with the people who made it for comparing
titles. Names stand before the synopsis because models cut long texts at their end. With the year a
title's neighbours are better liked by the same viewers (Recall@20 .053 against .045).
"""

MOST_LETTERS = 2000
"""About twice of what MiniLM reads; endpoints refuse texts that are much longer."""

DIRECTORS, ACTORS = 2, 6

_NAME = "t.name || coalesce(' (' || t.year || ')', '')"
_GENRES = "nullif(replace(array_to_string(t.genres, ', '), '-', ' '), '')"
_LABELS = "nullif(array_to_string(t.mood_tags || t.theme_tags, ', '), '')"
_STORY = "coalesce(nullif(t.synopsis, ''), nullif(t.ai_description, ''), nullif(t.tagline, ''))"


def _names(role: str, most: int) -> str:
    return f"""(
        SELECT string_agg(billed.name, ', ' ORDER BY billed.position)
        FROM (
            SELECT p.name, c.position FROM title_people c JOIN people p ON p.id = c.person_id
            WHERE c.title_id = t.id AND c.role = '{role}' ORDER BY c.position LIMIT {most}
        ) AS billed
    )"""


def _text(*parts: str) -> str:
    return f"left(concat_ws('. ', {', '.join(parts)}), {MOST_LETTERS})"


_PEOPLE = (
    f"'Directed by ' || {_names('director', DIRECTORS)}",
    f"'With ' || {_names('actor', ACTORS)}",
)

TEXTS = {
    "search": _text(_NAME, _GENRES, _LABELS, _STORY),
    "taste": _text(_NAME, _GENRES, _LABELS, *_PEOPLE, _STORY),
}
"""SQL over `titles t`, by the purpose of the vector."""

HASH = "sha256(convert_to(wanted.text, 'UTF8'))"
_WANTED = ", ".join(f"('{purpose}', {sql})" for purpose, sql in TEXTS.items())

VECTORS = f"""
    titles t
    CROSS JOIN LATERAL (VALUES {_WANTED}) AS wanted (purpose, text)
    LEFT JOIN content_embeddings e ON e.title_id = t.id AND e.purpose = wanted.purpose
"""
"""FROM clause: each vector a title should have, beside the one it has (`e`)."""

STATE = f"""
    CASE WHEN e.title_id IS NULL THEN 'missing'
         WHEN e.model <> :model OR e.content_hash <> {HASH} THEN 'stale'
         ELSE 'fresh' END
"""
"""SQL over `VECTORS` (A-05): fresh is what this model made of the text as it is now."""
