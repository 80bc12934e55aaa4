"""Turning ids into cards for a viewer, in a fixed number of statements for any number of ids."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.marks import NONE, Marks, marks_of
from matinee.catalog.schemas import Artwork, Card, GenreRef, Maturity
from matinee.core.database import ReadTx, Row
from matinee.core.schema import made
from matinee.entitlements.facts import FACT_COLUMNS, HOUSEHOLD, decided_in, fact_parameters
from matinee.entitlements.schemas import access_fields
from matinee.entitlements.visibility import OPEN_WINDOW

GENRE_NAME = """
    coalesce((
        SELECT g.names ->> wish.language
        FROM unnest(:languages::text[]) WITH ORDINALITY AS wish(language, n)
        WHERE g.names ? wish.language ORDER BY n LIMIT 1
    ), g.name)
"""
"""The shown name of `genres g`."""

CARD_COLUMNS = f"""
    t.id, t.kind, coalesce(local.name, t.name) AS name,
    coalesce(local.tagline, t.tagline) AS tagline, t.year, t.runtime_minutes, t.language,
    t.maturity_system, t.maturity_label, t.maturity_score, t.is_featured, t.added_at, t.genres,
    CASE WHEN row_number() OVER (ORDER BY wanted.n) = 1 THEN (
        SELECT jsonb_object_agg(g.slug, {GENRE_NAME}) FROM genres g
    ) END AS genre_names,
    (
        SELECT jsonb_object_agg(kind, url)
        FROM (
            SELECT DISTINCT ON (i.kind) i.kind, i.url FROM title_images i
            WHERE i.title_id = t.id
              AND (i.language IS NULL OR i.language = ANY (:languages::text[]))
            ORDER BY i.kind, array_position(:languages::text[], i.language), i.position
        ) AS best
    ) AS artwork,
    (
        SELECT nullif(max(r.available_until), 'infinity') FROM title_rights r
        WHERE t.rights_managed AND {OPEN_WINDOW}
    ) AS available_until
"""
"""Columns of a card over `titles t`, `LOCALIZED` and `wanted(id, n)`; names of genres, which are
the same for all, come with the first one only (see `genres_in`)."""

LOCALIZED = """
    LEFT JOIN LATERAL (
        SELECT l.name, l.tagline, l.synopsis FROM title_localizations l
        WHERE l.title_id = t.id AND l.language = ANY (:languages::text[])
        ORDER BY array_position(:languages::text[], l.language) LIMIT 1
    ) AS local ON true
"""

_CARDS = f"""
    WITH {HOUSEHOLD}
    SELECT {CARD_COLUMNS}, {FACT_COLUMNS}
    FROM household, unnest(:ids::uuid[]) WITH ORDINALITY AS wanted(id, n)
    JOIN titles t USING (id) {LOCALIZED}
    ORDER BY wanted.n
"""


NO_ARTWORK = Artwork()


def card_parameters(viewer: Viewer, ids: Sequence[UUID]) -> dict[str, Any]:
    """The parameters of `CARD_COLUMNS`, `LOCALIZED` and of the facts about access."""
    return {"languages": list(viewer.languages), **fact_parameters(viewer, ids)}


async def cards_for(tx: ReadTx, viewer: Viewer, ids: Sequence[UUID]) -> list[Card]:
    """Cards with the viewer's marks in the order of `ids`; ids without a title are left out.

    One statement for a visitor, two for a profile.
    The ids come from a query that contained the visibility rule; this function does not hide.
    """
    rows = await tx.all(_CARDS, **card_parameters(viewer, ids)) if ids else []
    if not rows:
        return []
    genres = genres_in(rows[0])
    accesses = decided_in(rows, viewer, access_fields)
    marks = await marks_of(tx, viewer, ids)
    return [
        made(Card, **card_fields(row, marks.get(row["id"], NONE), genres), **access)
        for row, access in zip(rows, accesses, strict=True)
    ]


def genres_in(first: Row) -> dict[str, GenreRef]:
    """All genres by slug, in the first row of `CARD_COLUMNS`."""
    names: dict[str, str] = first["genre_names"] or {}
    return {slug: _genre(slug, name) for slug, name in names.items()}


def card_fields(row: Row, marks: Marks, genres: Mapping[str, GenreRef]) -> dict[str, Any]:
    """The fields of a card in a row of `CARD_COLUMNS`; our own rows need no validation."""
    return {
        "id": row["id"],
        "kind": row["kind"],
        "name": row["name"],
        "tagline": row["tagline"],
        "year": row["year"],
        "runtime_minutes": row["runtime_minutes"],
        "language": row["language"],
        "genres": [genres[slug] for slug in row["genres"] if slug in genres],
        "maturity": maturity_of(row),
        "artwork": Artwork.model_construct(**row["artwork"]) if row["artwork"] else NO_ARTWORK,
        "is_featured": row["is_featured"],
        "added_at": row["added_at"],
        "available_until": row["available_until"],
        "progress": marks.progress,
        "in_watchlist": marks.in_watchlist,
        "rating": marks.rating,
    }


def maturity_of(row: Row) -> Maturity | None:
    """The age rating in a row with the three maturity columns."""
    if row["maturity_score"] is None:
        return None
    return _maturity(row["maturity_system"], row["maturity_label"], row["maturity_score"])


# a page of cards says the same few things many times; making a model takes longer than finding one


@lru_cache(maxsize=4096)
def _genre(slug: str, name: str) -> GenreRef:
    return GenreRef.model_construct(slug=slug, name=name)


@lru_cache(maxsize=4096)
def _maturity(system: str, label: str, score: int) -> Maturity:
    return Maturity.model_construct(system=system, label=label, score=score)
