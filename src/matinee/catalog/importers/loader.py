"""Writing a batch of imported rows: only what differs, in a fixed number of statements."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from matinee.catalog.importers.rows import RowError, TitleRow, row_hash
from matinee.catalog.importers.statements import (
    APPLY_CHILDREN,
    CURRENT,
    KNOWN_HASHES,
    NEW_GENRES,
    NEW_PEOPLE,
    RATINGS,
    UPSERT_TITLES,
)
from matinee.core.database import ReadTx, WriteTx
from matinee.core.text import fold, searchable, slugify, sort_key

SCALARS = (
    "kind", "name", "original_name", "tagline", "synopsis", "year", "runtime_minutes", "language",
    "audio_languages", "subtitle_languages", "genres", "countries", "studios", "tags", "mood_tags",
    "theme_tags", "is_featured", "status", "external_ids",
)  # fmt: skip
CHILDREN = ("people", "localizations", "rights", "images", "assets", "seasons")
SHOWN_DIFFERENCES = 100

Ratings = dict[tuple[str, str], int]


@dataclass
class Tally:
    """What became of the rows so far."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    errors: list[RowError] = field(default_factory=list)
    error_count: int = 0
    differences: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Numbered:
    """A valid row with its place in the file and whether its title exists.

    The fingerprint is None where editors write: what the last import said stays remembered, so
    that importing the same file again does not undo their work.
    """

    index: int
    row: TitleRow
    hash: bytes | None
    exists: bool


async def known_ratings(tx: ReadTx) -> Ratings:
    """Every label of every rating system, with its score."""
    return {(row["system"], row["label"]): row["score"] for row in await tx.all(RATINGS)}


async def changed_rows(tx: ReadTx, rows: Sequence[tuple[int, TitleRow]]) -> list[Numbered]:
    """Those rows that say something new; equal ones need not be written again."""
    ids = [row.external_id for _, row in rows]
    known = {
        stored["external_id"]: stored["import_hash"]
        for stored in await tx.all(KNOWN_HASHES, external_ids=ids)
    }
    numbered = [
        Numbered(index, row, row_hash(row), row.external_id in known) for index, row in rows
    ]
    return [row for row in numbered if known.get(row.row.external_id) != row.hash]


async def write_rows(tx: WriteTx, rows: Sequence[Numbered], ratings: Ratings) -> None:
    """Store rows; titles by external id, their children replaced where the row names them.

    Seasons and episodes keep their ids (viewers' bookmarks point at them); episodes that a row no
    longer names are taken off the catalogue, not deleted.
    """
    if not rows:
        return
    documents = [_document(row, ratings) for row in rows]
    await _ensure_genres(tx, rows)
    await _ensure_people(tx, rows)
    await tx.execute(UPSERT_TITLES, documents=documents)
    for name, statements in APPLY_CHILDREN.items():
        concerned = [document for document in documents if name in document["given"]]
        for statement in statements if concerned else ():
            await tx.execute(statement, documents=concerned)


async def differences(tx: ReadTx, rows: Sequence[Numbered]) -> list[dict[str, Any]]:
    """For a dry run: what would be created, and which fields would change from what to what."""
    found = await tx.all(CURRENT, external_ids=[row.row.external_id for row in rows])
    current = {row["external_id"]: dict(row) for row in found}
    report: list[dict[str, Any]] = []
    for row in rows[:SHOWN_DIFFERENCES]:
        stored = current.get(row.row.external_id)
        entry: dict[str, Any] = {"index": row.index, "external_id": row.row.external_id}
        if stored is None:
            report.append(entry | {"action": "create", "name": row.row.name})
            continue
        said = _scalars(row.row)
        changes = {
            name: [stored[name], value] for name, value in said.items() if stored[name] != value
        }
        children = sorted(row.row.model_fields_set & set(CHILDREN))
        report.append(entry | {"action": "update", "changes": changes, "replaces": children})
    return report


def _scalars(row: TitleRow) -> dict[str, Any]:
    said = {
        name: getattr(row, name)
        for name in SCALARS
        if name in row.model_fields_set or name in ("kind", "status")
    }
    if "genres" in said:
        said["genres"] = [slugify(name) or name for name in row.genres]
    return said


def _document(numbered: Numbered, ratings: Ratings) -> dict[str, Any]:
    """A row as the statements read it: `given` names what it says."""
    row = numbered.row
    said = _scalars(row)
    said["folded_name"] = searchable(row.name)
    said["sort_name"] = sort_key(row.name, row.language)
    if "maturity" in row.model_fields_set:
        rating = row.maturity
        said["maturity_system"] = rating.system if rating else None
        said["maturity_label"] = rating.label if rating else None
        said["maturity_score"] = ratings[rating.system, rating.label] if rating else None
    children = {
        name: [part.model_dump(mode="json") for part in getattr(row, name)]
        for name in CHILDREN
        if name in row.model_fields_set
    }
    for credit in children.get("people", ()):
        credit["name_key"] = person_key(credit["name"])
    return {
        **said,
        **children,
        "given": [*said, *children],
        "external_id": row.external_id,
        "import_hash": numbered.hash.hex() if numbered.hash else None,
    }


def person_key(name: str) -> str:
    """What makes two spellings the same person."""
    return fold(name) or name.casefold()


async def _ensure_genres(tx: WriteTx, rows: Sequence[Numbered]) -> None:
    names = {slugify(name) or name: name for row in rows for name in row.row.genres}
    if names:
        await tx.execute(NEW_GENRES, slugs=list(names), names=list(names.values()))


async def _ensure_people(tx: WriteTx, rows: Sequence[Numbered]) -> None:
    names = {person_key(credit.name): credit.name for row in rows for credit in row.row.people}
    if names:
        # sorted, so that two imports take the same locks in the same order
        keys = sorted(names)
        await tx.execute(NEW_PEOPLE, keys=keys, names=[names[key] for key in keys])


def check_ratings(
    rows: Sequence[tuple[int, TitleRow]], ratings: Ratings
) -> tuple[list[tuple[int, TitleRow]], list[RowError]]:
    """Split off the rows whose age rating nobody knows."""
    good: list[tuple[int, TitleRow]] = []
    errors: list[RowError] = []
    for index, row in rows:
        rating = row.maturity
        if rating is None or (rating.system, rating.label) in ratings:
            good.append((index, row))
            continue
        errors.append(
            RowError(
                index=index,
                external_id=row.external_id,
                field="maturity",
                code="invalid_value",
                message=f"There is no rating {rating.system} {rating.label}.",
            )
        )
    return good, errors


def check_repeats(
    rows: Sequence[tuple[int, TitleRow]], seen: set[str]
) -> tuple[list[tuple[int, TitleRow]], list[RowError]]:
    """Split off rows whose external id stood in the file before; `seen` grows."""
    good: list[tuple[int, TitleRow]] = []
    errors: list[RowError] = []
    for index, row in rows:
        if row.external_id not in seen:
            seen.add(row.external_id)
            good.append((index, row))
            continue
        errors.append(
            RowError(
                index=index,
                external_id=row.external_id,
                field="external_id",
                code="conflict",
                message="This external id stands in the file twice; the first row counts.",
            )
        )
    return good, errors
