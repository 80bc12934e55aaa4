"""Turning other people's rows into ours: CSV cells, the Wikipedia-movie JSON, TMDB's answers."""

from collections.abc import Callable
from typing import Any, Literal

from matinee.catalog.importers.readers import Cells
from matinee.catalog.importers.tmdb import from_tmdb, looks_like_tmdb
from matinee.core.text import slugify

LISTS = (
    "genres",
    "countries",
    "studios",
    "tags",
    "mood_tags",
    "theme_tags",
    "audio_languages",
    "subtitle_languages",
)
NUMBERS = ("year", "runtime_minutes")
PEOPLE = {"directors": "director", "writers": "writer", "cast": "actor"}
SEPARATOR = "|"
LEAD_LIMIT = 10_000
ID_LIMIT = 200

Shape = Callable[[Any], Any]
FileFormat = Literal["auto", "own", "csv", "wikipedia", "tmdb"]


def own(row: Any) -> Any:
    """Our own JSON, as it is."""
    return row


def from_csv(row: Any) -> Any:
    """Cells of a CSV record: lists split at `|`, numbers read, empty cells left out.

    Columns are the fields of our own format, `maturity` as `SYSTEM:LABEL`, and `directors`,
    `writers`, `cast` for people.
    """
    if not isinstance(row, dict):
        return row
    out: dict[str, Any] = {}
    people: list[dict[str, str]] = []
    for name, cell in row.items():
        if not isinstance(cell, str):
            out[name] = cell
        elif not (value := cell.strip()):
            continue
        elif name in PEOPLE:
            people += [{"name": person, "role": PEOPLE[name]} for person in _split(value)]
        else:
            out[name] = _cell(name, value)
    return out | ({"people": people} if people else {})


def _cell(name: str, value: str) -> Any:
    if name in LISTS:
        return _split(value)
    if name in NUMBERS:
        return int(value) if value.isdecimal() and len(value) < 10 else value
    if name == "is_featured":
        return value.lower() in ("1", "true", "yes")
    if name == "maturity":
        system, _, label = value.partition(":")
        return {"system": system, "label": label}
    return value


def _split(value: str) -> list[str]:
    return [part.strip() for part in value.split(SEPARATOR) if part.strip()]


def from_wikipedia(row: Any) -> Any:
    """The Wikipedia-movie JSON: title, year, cast, genres, href, extract, thumbnail.

    Thumbnails are left out: they are not free.
    """
    if not isinstance(row, dict) or not isinstance(row.get("title"), str):
        return row
    href, year, cast = row.get("href"), row.get("year"), row.get("cast")
    identity = href if isinstance(href, str) else f"{slugify(row['title'])}-{year}"
    out: dict[str, Any] = {
        "external_id": f"wikipedia:{identity}"[:ID_LIMIT],
        "kind": "movie",
        "name": row["title"],
        "year": year,
        "genres": row.get("genres") or [],
        "people": [{"name": name, "role": "actor"} for name in cast]
        if isinstance(cast, list)
        else cast or [],
    }
    if isinstance(extract := row.get("extract"), str) and extract.strip():
        out["synopsis"] = extract[:LEAD_LIMIT]
    return out


SHAPES: dict[str, Shape] = {
    "own": own,
    "csv": from_csv,
    "wikipedia": from_wikipedia,
    "tmdb": from_tmdb,
}


def shape_for(wanted: FileFormat, first_row: Any) -> Shape:
    """How to turn the rows of a file into ours; `auto` judges by its first row."""
    return SHAPES[_recognized(first_row) if wanted == "auto" else wanted]


def _recognized(row: Any) -> str:
    if not isinstance(row, dict):
        return "own"
    if looks_like_tmdb(row):
        return "tmdb"
    if "extract" in row or ("title" in row and "cast" in row):
        return "wikipedia"
    return "csv" if isinstance(row, Cells) else "own"
