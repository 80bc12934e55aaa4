"""Counting the titles of a list by kind, genre, mood, theme, language and decade."""

from collections.abc import Mapping, Sequence

from matinee.accounts.viewer import Viewer
from matinee.catalog.filters import Filters, condition_for
from matinee.catalog.genres import Genre
from matinee.catalog.schemas import FacetCount, Facets
from matinee.catalog.vocabulary import MOODS, THEMES
from matinee.core.database import ReadTx
from matinee.entitlements.visibility import VISIBLE_IN_BULK, visibility_of

Counts = dict[str, dict[str, int]]
"""Per facet, how many titles have each value, most frequent first."""

_COUNTS = """
    WITH matching AS MATERIALIZED (
        SELECT t.kind, t.genres, t.mood_tags, t.theme_tags, t.language, t.year / 10 * 10 AS decade
        FROM titles t WHERE {visible} AND {condition}
    ), counted AS (
        SELECT 'kind' AS facet, kind AS value, count(*) AS n FROM matching GROUP BY kind
        UNION ALL
        SELECT 'language', language, count(*) FROM matching GROUP BY language
        UNION ALL
        SELECT 'decade', decade::text, count(*) FROM matching GROUP BY decade
        UNION ALL
        SELECT 'genre', v, count(*) FROM matching, unnest(genres) v GROUP BY v
        UNION ALL
        SELECT 'mood', v, count(*) FROM matching, unnest(mood_tags) v GROUP BY v
        UNION ALL
        SELECT 'theme', v, count(*) FROM matching, unnest(theme_tags) v GROUP BY v
    )
    SELECT facet, value, n FROM counted WHERE value IS NOT NULL ORDER BY n DESC, value
"""


async def count_values(tx: ReadTx, viewer: Viewer, filters: Filters) -> Counts:
    """Counts over all matching titles; the same for all viewers who see the same titles."""
    condition, params = condition_for(viewer, filters)
    sql = _COUNTS.format(visible=VISIBLE_IN_BULK, condition=condition)
    counts: Counts = {facet: {} for facet in Facets.model_fields}
    for row in await tx.all(sql, **params, **visibility_of(viewer)):
        counts[row["facet"]][row["value"]] = row["n"]
    return counts


def facets_of(counts: Counts, genres: Mapping[str, Genre], languages: Sequence[str]) -> Facets:
    """Counts with the names that people read."""
    return Facets(
        **{
            facet: [
                FacetCount(value=value, label=_label(facet, value, genres, languages), count=count)
                for value, count in values.items()
            ]
            for facet, values in counts.items()
        }
    )


def _label(facet: str, value: str, genres: Mapping[str, Genre], languages: Sequence[str]) -> str:
    """The shown name of a value; a value without one is its own."""
    if facet == "genre" and value in genres:
        return genres[value].shown(languages)
    if facet == "mood" and value in MOODS:
        return MOODS[value].label
    if facet == "theme" and value in THEMES:
        return THEMES[value].label
    return f"{value}s" if facet == "decade" else value
