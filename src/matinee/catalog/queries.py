"""Reads of the catalogue: one title with all that belongs to it, people, genres, labels."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.browse import label_of
from matinee.catalog.cards import CARD_COLUMNS, LOCALIZED, card_fields, card_parameters
from matinee.catalog.schemas import (
    Credit,
    EpisodeOut,
    Episodes,
    ExtraOut,
    Extras,
    FacetCount,
    GenreOut,
    SeasonOut,
    Seasons,
    Segment,
    TitleDetail,
)
from matinee.catalog.visibility import VISIBLE, visibility_of
from matinee.core.database import ReadTx, Row
from matinee.core.errors import NotFound, Problem

_DETAIL = f"""
    SELECT {CARD_COLUMNS}, t.original_name, coalesce(local.synopsis, t.synopsis) AS synopsis,
           t.ai_description, t.countries, t.studios, t.audio_languages, t.subtitle_languages,
           t.mood_tags, t.theme_tags, t.external_ids, t.version,
           EXISTS (SELECT 1 FROM media_assets m WHERE m.title_id = t.id AND m.kind = 'trailer')
               AS has_trailer,
           EXISTS (SELECT 1 FROM media_assets m WHERE m.title_id = t.id AND m.kind = 'main')
               AS playable
    FROM titles t {LOCALIZED}
    WHERE t.id = :title_id AND {VISIBLE}
"""
_CREDITS = """
    SELECT p.id AS person_id, p.name, c.role, c.character
    FROM title_people c JOIN people p ON p.id = c.person_id
    WHERE c.title_id = :title_id ORDER BY c.position
"""
_SEASONS = """
    SELECT s.id, s.number, s.name, s.synopsis, s.year, count(e.id) AS episode_count
    FROM seasons s LEFT JOIN episodes e ON e.season_id = s.id AND e.status = 'published'
    WHERE s.title_id = :title_id
    GROUP BY s.id ORDER BY s.number = 0, s.number
"""
_EPISODES = """
    SELECT e.id, s.number AS season_number, e.number, e.name, e.synopsis, e.air_date,
           e.runtime_minutes, e.segments,
           EXISTS (SELECT 1 FROM media_assets m WHERE m.episode_id = e.id AND m.kind = 'main')
               AS playable
    FROM episodes e JOIN seasons s ON s.id = e.season_id
    WHERE e.title_id = :title_id AND e.status = 'published'
      AND (:season::int IS NULL OR s.number = :season::int)
    ORDER BY s.number = 0, s.number, e.number
"""
_EXTRAS = """
    SELECT id, kind, name, duration_seconds FROM media_assets
    WHERE title_id = :title_id AND kind IN ('trailer', 'extra') ORDER BY kind DESC, position, id
"""
_VISIBLE_TITLE = f"SELECT t.kind FROM titles t WHERE t.id = :title_id AND {VISIBLE}"
_IN_ANOTHER_TERRITORY = """
    SELECT EXISTS (
        SELECT 1 FROM titles t JOIN title_rights r ON r.title_id = t.id
        WHERE t.id = :title_id AND t.status = 'published'
          AND coalesce(t.maturity_score <= :max_maturity::int, NOT :block_unrated::bool)
          AND NOT :allow_list_only::bool AND :blocked_tags::text[] = '{}'
          AND r.available_from <= statement_timestamp()
          AND statement_timestamp() < r.available_until
    )
"""
_GENRES = f"""
    SELECT g.slug, coalesce(g.names ->> :language::text, g.name) AS name, count(*) AS titles
    FROM titles t CROSS JOIN unnest(t.genres) AS named(slug) JOIN genres g USING (slug)
    WHERE {VISIBLE} GROUP BY g.slug ORDER BY 2
"""
_LABELS = """
    SELECT value, count(*) AS n
    FROM titles t CROSS JOIN unnest(t.{column}) AS labels(value)
    WHERE {visible} GROUP BY value ORDER BY n DESC, value
"""
_PERSON = "SELECT id, name FROM people WHERE id = :person_id"
_TITLES_OF_PERSON = f"""
    SELECT t.id, array_agg(DISTINCT c.role) AS roles
    FROM title_people c JOIN titles t ON t.id = c.title_id
    WHERE c.person_id = :person_id AND {VISIBLE}
    GROUP BY t.id ORDER BY max(t.year) DESC NULLS LAST, t.id LIMIT 200
"""


class NotInTerritory(Problem):
    """This title cannot be shown in your country."""

    status = 451


async def title_detail(
    tx: ReadTx, viewer: Viewer, title_id: UUID, *, reveal_territories: bool
) -> TitleDetail:
    """Everything a viewer is told about a title, in three statements.

    Raises:
        NotFound: there is no such title, or the viewer may not see it.
        NotInTerritory: it is visible elsewhere and the operator wants that known.
    """
    row = await tx.one(
        _DETAIL, title_id=title_id, **visibility_of(viewer), **_only_languages(viewer)
    )
    if row is None:
        await refuse_invisible(tx, viewer, title_id, reveal_territories=reveal_territories)
    assert row is not None
    credits_ = await tx.all(_CREDITS, title_id=title_id)
    seasons = await seasons_of(tx, title_id) if row["kind"] == "series" else []
    return _detail_of(row, credits_, seasons)


def _only_languages(viewer: Viewer) -> dict[str, Any]:
    shared = card_parameters(viewer)
    return {name: shared[name] for name in ("language", "languages")}


def _detail_of(row: Row, credits_: Sequence[Row], seasons: list[SeasonOut]) -> TitleDetail:
    same_names = (
        "original_name",
        "synopsis",
        "ai_description",
        "countries",
        "studios",
        "audio_languages",
        "subtitle_languages",
        "mood_tags",
        "theme_tags",
        "external_ids",
        "has_trailer",
        "playable",
        "version",
    )
    return TitleDetail.model_construct(
        **card_fields(row),
        **{name: row[name] for name in same_names},
        credits=[Credit.model_construct(**credit) for credit in credits_],
        seasons=seasons,
    )


async def refuse_invisible(
    tx: ReadTx, viewer: Viewer, title_id: UUID, *, reveal_territories: bool
) -> None:
    """Say why a title cannot be seen: not at all, or not in this country."""
    if reveal_territories:
        known = visibility_of(viewer)
        names = ("max_maturity", "block_unrated", "allow_list_only", "blocked_tags")
        elsewhere = await tx.scalar(
            _IN_ANOTHER_TERRITORY, title_id=title_id, **{name: known[name] for name in names}
        )
        if elsewhere:
            raise NotInTerritory()
    raise NotFound()


async def require_visible(tx: ReadTx, viewer: Viewer, title_id: UUID) -> str:
    """The kind of a title that the viewer may see.

    Raises:
        NotFound: there is none, or it is hidden.
    """
    kind = await tx.scalar(_VISIBLE_TITLE, title_id=title_id, **visibility_of(viewer))
    if kind is None:
        raise NotFound()
    return str(kind)


async def seasons_of(tx: ReadTx, title_id: UUID) -> list[SeasonOut]:
    """Seasons in order, specials last; the title's visibility was checked by the caller."""
    return [SeasonOut.model_construct(**row) for row in await tx.all(_SEASONS, title_id=title_id)]


async def seasons(tx: ReadTx, viewer: Viewer, title_id: UUID) -> Seasons:
    """Seasons of a title that the viewer may see; empty for a movie."""
    await require_visible(tx, viewer, title_id)
    return Seasons(items=await seasons_of(tx, title_id))


async def episodes(tx: ReadTx, viewer: Viewer, title_id: UUID, season: int | None) -> Episodes:
    """Published episodes of a series or of one season, in order."""
    await require_visible(tx, viewer, title_id)
    rows = await tx.all(_EPISODES, title_id=title_id, season=season)
    return Episodes(items=[_episode_of(row) for row in rows])


def _episode_of(row: Row) -> EpisodeOut:
    segments = [Segment.model_construct(**part) for part in row["segments"]]
    return EpisodeOut.model_construct(**{**row, "segments": segments})


async def extras(tx: ReadTx, viewer: Viewer, title_id: UUID) -> Extras:
    """Trailers, then extras."""
    await require_visible(tx, viewer, title_id)
    rows = await tx.all(_EXTRAS, title_id=title_id)
    return Extras(items=[ExtraOut.model_construct(**row) for row in rows])


async def genres_for(tx: ReadTx, viewer: Viewer) -> list[GenreOut]:
    """Genres with visible titles, by name."""
    rows = await tx.all(_GENRES, language=viewer.languages[0], **visibility_of(viewer))
    return [GenreOut.model_construct(**row) for row in rows]


async def labels_for(tx: ReadTx, viewer: Viewer, facet: str) -> list[FacetCount]:
    """Moods or themes with visible titles, most frequent first."""
    sql = _LABELS.format(column=f"{facet}_tags", visible=VISIBLE)
    rows = await tx.all(sql, **visibility_of(viewer))
    return [
        FacetCount(value=row["value"], label=label_of(facet, row["value"]), count=row["n"])
        for row in rows
    ]


async def person_with_titles(
    tx: ReadTx, viewer: Viewer, person_id: UUID
) -> tuple[str, list[str], list[UUID]]:
    """A person's name, roles, and the ids of visible titles, newest first.

    Raises:
        NotFound: nobody, or nobody with a title that this viewer may see.
    """
    person = await tx.one(_PERSON, person_id=person_id)
    rows = await tx.all(_TITLES_OF_PERSON, person_id=person_id, **visibility_of(viewer))
    if person is None or not rows:
        raise NotFound()
    roles = sorted({role for row in rows for role in row["roles"]})
    return person["name"], roles, [row["id"] for row in rows]
