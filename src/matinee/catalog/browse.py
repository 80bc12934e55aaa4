"""Lists of titles by filter: the filters as one SQL condition, keyset pages, totals and facets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from matinee.accounts.viewer import Viewer
from matinee.catalog.schemas import FacetCount, Facets, TitleKind
from matinee.catalog.visibility import VISIBLE, visibility_of
from matinee.catalog.vocabulary import MOODS, THEMES
from matinee.core.database import ReadTx
from matinee.core.errors import InvalidValue
from matinee.core.paging import TOTAL_CAP, decode_cursor, encode_cursor
from matinee.core.schema import Input, Language, Year, text
from matinee.core.text import like_pattern, searchable

REMEMBERED = timedelta(seconds=60)
FACET_VALUES = 50

Sort = Literal["newest", "oldest", "name", "year"]
Labels = Annotated[list[Annotated[str, *text(max_length=80)]], Field(max_length=20)]
Languages = Annotated[list[Language], Field(max_length=20)]


def _pattern(text: str) -> str:
    return like_pattern(searchable(text))


class Filters(Input):
    """Which titles: values of one parameter are alternatives, all parameters must hold."""

    genre: Labels = Field([], description="Slugs, e.g. `science-fiction`.", examples=[["comedy"]])
    mood: Labels = Field([], description="See `GET /catalog/moods`.", examples=[["cozy"]])
    theme: Labels = Field([], description="See `GET /catalog/themes`.", examples=[["space"]])
    language: Languages = Field([], description="Original language (S-03).", examples=[["de"]])
    audio: Languages = Field([], description="Can be heard in.")
    subtitles: Languages = Field([], description="Can be read in.")
    kind: list[TitleKind] = Field([], max_length=2)
    year_from: Year | None = None
    year_to: Year | None = None
    maturity_max: Annotated[int, Field(ge=0, le=21)] | None = Field(
        None, description="Only titles rated for this age or younger."
    )
    featured: bool | None = Field(None, description="Only featured titles, or only others.")
    q: Annotated[str, *text(max_length=100), AfterValidator(_pattern)] | None = Field(
        None, description="Part of the name, without regard to case and accents."
    )

    @model_validator(mode="after")
    def _check_labels(self) -> "Filters":
        _check("mood", self.mood, MOODS)
        _check("theme", self.theme, THEMES)
        return self


class Browse(Filters):
    """A filtered, sorted page of titles."""

    sort: Sort = "newest"
    facets: bool = Field(False, description="Count values over the whole list.")
    cursor: Annotated[str, Field(max_length=500)] | None = Field(
        None, description="`next_cursor` of the page before."
    )
    page: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        None, description="Instead of a cursor."
    )
    page_size: Annotated[int, Field(ge=1, le=100)] = 24


def _check(name: str, wanted: Sequence[str], allowed: Any) -> None:
    for value in wanted:
        if value not in allowed:
            raise InvalidValue(name, allowed=sorted(allowed))


@dataclass(frozen=True)
class _Order:
    """A sort order that a keyset can continue: key expression, direction, type of the key."""

    key: str
    direction: Literal["ASC", "DESC"]
    kind: type
    cast: str


ORDERS: dict[str, _Order] = {
    "newest": _Order("t.added_at", "DESC", datetime, "timestamptz"),
    "oldest": _Order("coalesce(t.year, 32767)", "ASC", int, "int"),
    "name": _Order("t.sort_name", "ASC", str, "text"),
    "year": _Order("coalesce(t.year, 0)", "DESC", int, "int"),
}

_CONDITIONS = {
    "genre": "t.genres && :genre::text[]",
    "mood": "t.mood_tags && :mood::text[]",
    "theme": "t.theme_tags && :theme::text[]",
    "language": "t.language = ANY (:language::text[])",
    "audio": "t.audio_languages && :audio::text[]",
    "subtitles": "t.subtitle_languages && :subtitles::text[]",
    "kind": "t.kind = ANY (:kind::text[])",
    "year_from": "t.year >= :year_from::int",
    "year_to": "t.year <= :year_to::int",
    "maturity_max": "t.maturity_score <= :maturity_max::int",
    "featured": "t.is_featured = :featured::bool",
    "q": "t.folded_name LIKE '%' || :q::text || '%'",
}


def condition_of(filters: Filters) -> tuple[str, dict[str, Any]]:
    """The SQL condition of some filters over `titles t`, and its parameters."""
    given = {
        name: value
        for name in _CONDITIONS
        if (value := getattr(filters, name)) is not None and value != []
    }
    sql = " AND ".join(_CONDITIONS[name] for name in given) or "true"
    return sql, given


async def find_ids(tx: ReadTx, viewer: Viewer, browse: Browse) -> tuple[list[UUID], str | None]:
    """The ids of one page in order, and the cursor of the next one."""
    order = ORDERS[browse.sort]
    condition, params = condition_of(browse)
    continued, offset = "true", 0
    if browse.cursor:
        after_key, after_id = decode_cursor(browse.cursor, (order.kind, UUID))
        comparison = "<" if order.direction == "DESC" else ">"
        continued = f"({order.key}, t.id) {comparison} (:after_key::{order.cast}, :after_id::uuid)"
        params |= {"after_key": after_key, "after_id": after_id}
    elif browse.page:
        offset = (browse.page - 1) * browse.page_size
    rows = await tx.all(
        f"""
        SELECT t.id, {order.key} AS key FROM titles t
        WHERE {VISIBLE} AND {condition} AND {continued}
        ORDER BY {order.key} {order.direction}, t.id {order.direction}
        LIMIT :wanted OFFSET :offset
        """,
        wanted=browse.page_size + 1,
        offset=offset,
        **params,
        **visibility_of(viewer),
    )
    page = rows[: browse.page_size]
    more = len(rows) > len(page)
    cursor = encode_cursor(page[-1]["key"], page[-1]["id"]) if more else None
    return [row["id"] for row in page], cursor


async def count_titles(tx: ReadTx, viewer: Viewer, filters: Filters) -> int:
    """How many titles match, counted up to 10 000."""
    condition, params = condition_of(filters)
    total = await tx.scalar(
        f"""
        SELECT count(*) FROM (
            SELECT FROM titles t WHERE {VISIBLE} AND {condition} LIMIT :cap
        ) AS matching
        """,
        cap=TOTAL_CAP,
        **params,
        **visibility_of(viewer),
    )
    return int(total)


async def count_facets(tx: ReadTx, viewer: Viewer, filters: Filters) -> Facets:
    """Counts per value over all matching titles, most frequent first."""
    condition, params = condition_of(filters)
    rows = await tx.all(
        f"""
        WITH matching AS MATERIALIZED (
            SELECT t.kind, t.genres, t.mood_tags, t.theme_tags, t.language, t.year / 10 * 10 AS decade
            FROM titles t WHERE {VISIBLE} AND {condition}
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
        SELECT facet, value, n, coalesce(g.names ->> :shown_in::text, g.name) AS genre_name
        FROM counted LEFT JOIN genres g ON facet = 'genre' AND g.slug = value
        WHERE value IS NOT NULL
        ORDER BY n DESC, value
        """,
        shown_in=viewer.languages[0],
        **params,
        **visibility_of(viewer),
    )
    found: dict[str, list[FacetCount]] = {name: [] for name in Facets.model_fields}
    for row in rows:
        counts = found[row["facet"]]
        if len(counts) < FACET_VALUES:
            label = row["genre_name"] or label_of(row["facet"], row["value"])
            counts.append(FacetCount(value=row["value"], label=label, count=row["n"]))
    return Facets(**found)


def label_of(facet: str, value: str) -> str:
    """The shown name of a facet's value."""
    if facet == "mood" and value in MOODS:
        return MOODS[value].label
    if facet == "theme" and value in THEMES:
        return THEMES[value].label
    return f"{value}s" if facet == "decade" else value
