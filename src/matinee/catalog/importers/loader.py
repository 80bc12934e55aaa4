"""Writing a batch of checked rows: titles by external id, and all that belongs to them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from matinee.catalog.events import titles_changed
from matinee.catalog.importers import statements
from matinee.catalog.importers.children import CHILDREN, LONGEST_KEY, Ids, person_key
from matinee.catalog.importers.rows import TitleRow
from matinee.catalog.importers.seasons import replace_seasons
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.text import searchable, slugify, sort_key

SCALARS = (
    "kind", "name", "original_name", "tagline", "synopsis", "year", "runtime_minutes", "language",
    "audio_languages", "subtitle_languages", "genres", "countries", "studios", "tags", "mood_tags",
    "theme_tags", "is_featured", "segments", "status", "external_ids",
)  # fmt: skip

Ratings = dict[tuple[str, str], int]
Document = dict[str, Any]


@dataclass(frozen=True)
class Numbered:
    """A valid row with its place in the file.

    The fingerprint is None where editors write: what the last import said stays remembered, so
    that importing the same file again does not undo their work.
    """

    index: int
    row: TitleRow
    hash: bytes | None
    exists: bool = True

    @property
    def id(self) -> str:
        """The external id."""
        return self.row.external_id


@dataclass(frozen=True)
class Written:
    """How many rows became new titles, changed one, or said what was stored already."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: "Written") -> "Written":
        return Written(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
        )


async def known_ratings(tx: ReadTx) -> Ratings:
    """Every label of every rating system, with its score."""
    return {(row["system"], row["label"]): row["score"] for row in await tx.all(statements.RATINGS)}


def rating_is_known(row: TitleRow, ratings: Ratings) -> bool:
    """Whether the row's age rating, if it has one, is a label of its system."""
    return row.maturity is None or (row.maturity.system, row.maturity.label) in ratings


async def known_hashes(tx: ReadTx, external_ids: Iterable[str]) -> dict[str, bytes | None]:
    """Those of the external ids that titles have, with the fingerprint of their last import."""
    rows = await tx.all(statements.KNOWN_HASHES, external_ids=list(external_ids))
    return {row["external_id"]: row["import_hash"] for row in rows}


async def write_rows(tx: WriteTx, rows: Sequence[Numbered], ratings: Ratings) -> Written:
    """Store rows of different external ids in a fixed number of statements.

    Titles, genres and people are locked in this order, each by its key, so that two imports of the
    same things wait for each other; who comes second updates what the first one added.
    """
    known = await _lock(tx, rows)
    fresh = [row for row in rows if _says_something_new(row, known)]
    if not fresh:
        return Written(unchanged=len(rows))
    await _ensure_genres(tx, fresh)
    people = await _people_ids(tx, fresh)
    created = await _insert(tx, [row for row in fresh if row.id not in known], ratings)
    known |= await _lock(tx, [row for row in fresh if row.id not in known | created])
    changed = [row for row in fresh if row.id in known and _says_something_new(row, known)]
    updated = await _update(tx, changed, known, ratings)
    await _replace_children(tx, fresh, created, updated, people)
    await titles_changed(tx, [*created.values(), *updated.values()])
    return Written(len(created), len(updated), len(rows) - len(created) - len(updated))


async def _lock(tx: WriteTx, rows: Sequence[Numbered]) -> dict[str, Row]:
    """The titles that exist already, now ours to change."""
    if not rows:
        return {}
    found = await tx.all(statements.LOCK_KNOWN, external_ids=[row.id for row in rows])
    return {title["external_id"]: title for title in found}


def _says_something_new(row: Numbered, known: dict[str, Row]) -> bool:
    stored = known.get(row.id)
    return stored is None or row.hash is None or stored["import_hash"] != row.hash


async def _insert(tx: WriteTx, rows: Sequence[Numbered], ratings: Ratings) -> Ids:
    if not rows:
        return {}
    documents = [_document(row, ratings, row.row.language) for row in rows]
    inserted = await tx.all(statements.INSERT_TITLES, documents=documents)
    return {title["external_id"]: title["id"] for title in inserted}


async def _update(
    tx: WriteTx, rows: Sequence[Numbered], known: dict[str, Row], ratings: Ratings
) -> Ids:
    if not rows:
        return {}
    documents = [
        _document(row, ratings, row.row.language or known[row.id]["language"]) for row in rows
    ]
    await tx.execute(statements.UPDATE_TITLES, documents=documents)
    return {row.id: known[row.id]["id"] for row in rows}


async def _replace_children(
    tx: WriteTx, rows: Sequence[Numbered], created: Ids, updated: Ids, people: Ids
) -> None:
    """A list that a row gives replaces the stored one; one that it does not give stays."""
    ids = created | updated
    for name, children in CHILDREN.items():
        giving = _giving(rows, ids, name)
        if old := [updated[row.id] for row in giving if row.id in updated]:
            await tx.execute(children.delete, title_ids=old)
        records = [
            record for row in giving for record in children.records(ids[row.id], row.row, people)
        ]
        if records:
            await tx.copy(children.table, children.columns, records)
    await replace_seasons(
        tx, [(ids[row.id], row.row.seasons) for row in _giving(rows, ids, "seasons")]
    )


def _giving(rows: Sequence[Numbered], ids: Ids, name: str) -> list[Numbered]:
    return [row for row in rows if row.id in ids and name in row.row.model_fields_set]


def said_scalars(row: TitleRow) -> Document:
    """The plain columns that a row gives, genres as slugs, segments as plain values."""
    said = {name: getattr(row, name) for name in SCALARS if name in row.model_fields_set}
    if "genres" in said:
        said["genres"] = list(dict.fromkeys(genre_slug(name) for name in row.genres))
    if "segments" in said:
        said["segments"] = [part.model_dump() for part in row.segments]
    return said


def _document(numbered: Numbered, ratings: Ratings, language: str | None) -> Document:
    """A row as the statements read it: `given` names the columns that it changes."""
    row = numbered.row
    said = said_scalars(row)
    said["folded_name"] = searchable(row.name)
    said["sort_name"] = sort_key(row.name, language)[:LONGEST_KEY]
    if "maturity" in row.model_fields_set:
        rating = row.maturity
        said["maturity_system"] = rating.system if rating else None
        said["maturity_label"] = rating.label if rating else None
        said["maturity_score"] = ratings[rating.system, rating.label] if rating else None
    if "rights" in row.model_fields_set:
        said["rights_managed"] = bool(row.rights)
    defaults = {"kind": row.kind, "status": row.status}
    hash_text = numbered.hash.hex() if numbered.hash else None
    return {
        **defaults, **said, "given": list(said),
        "external_id": row.external_id, "import_hash": hash_text,
    }  # fmt: skip


@lru_cache(maxsize=4096)
def genre_slug(name: str) -> str:
    """The slug of a genre; names without Latin letters are their own."""
    return slugify(name) or name


async def _ensure_genres(tx: WriteTx, rows: Sequence[Numbered]) -> None:
    names = {genre_slug(name): name for row in rows for name in row.row.genres}
    if names:
        await tx.execute(statements.NEW_GENRES, slugs=list(names), names=list(names.values()))


async def _people_ids(tx: WriteTx, rows: Sequence[Numbered]) -> Ids:
    """The people of all credits by key; unknown ones are added."""
    names = {person_key(credit.name): credit.name for row in rows for credit in row.row.people}
    if not names:
        return {}
    ids = await _ids(tx, statements.PEOPLE_BY_KEY, keys=list(names))
    if new := [key for key in names if key not in ids]:
        ids |= await _ids(tx, statements.NEW_PEOPLE, keys=new, names=[names[key] for key in new])
    if raced := [key for key in new if key not in ids]:
        ids |= await _ids(tx, statements.PEOPLE_BY_KEY, keys=raced)
    return ids


async def _ids(tx: WriteTx, statement: str, **params: Any) -> Ids:
    return {row["name_key"]: row["id"] for row in await tx.all(statement, **params)}
