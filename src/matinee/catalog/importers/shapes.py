"""Turning other people's rows into ours: CSV cells, and the Wikipedia-movie JSON."""

from collections.abc import Callable
from typing import Any

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

Shape = Callable[[Any], Any]


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
    cells = {name: value.strip() for name, value in row.items() if name and value and value.strip()}
    out: dict[str, Any] = {}
    people: list[dict[str, str]] = []
    for name, value in cells.items():
        if name in PEOPLE:
            people += [{"name": person, "role": PEOPLE[name]} for person in _split(value)]
        elif name in LISTS:
            out[name] = _split(value)
        elif name in NUMBERS:
            out[name] = int(value) if value.lstrip("-").isdigit() else value
        elif name == "is_featured":
            out[name] = value.lower() in ("1", "true", "yes")
        elif name == "maturity":
            system, _, label = value.partition(":")
            out[name] = {"system": system, "label": label}
        else:
            out[name] = value
    return out | ({"people": people} if people else {})


def _split(value: str) -> list[str]:
    return [part.strip() for part in value.split(SEPARATOR) if part.strip()]


def from_wikipedia(row: Any) -> Any:
    """The Wikipedia-movie JSON: title, year, cast, genres, href, extract, thumbnail.

    Thumbnails are left out: they are not free.
    """
    if not isinstance(row, dict) or not isinstance(row.get("title"), str):
        return row
    href, year = row.get("href"), row.get("year")
    identity = href if isinstance(href, str) else f"{slugify(row['title'])}-{year}"
    out: dict[str, Any] = {
        "external_id": f"wikipedia:{identity}"[:200],
        "kind": "movie",
        "name": row["title"],
        "year": year,
        "genres": row.get("genres") or [],
        "people": [{"name": name, "role": "actor"} for name in row.get("cast") or []],
    }
    if isinstance(extract := row.get("extract"), str) and extract.strip():
        out["synopsis"] = extract[:LEAD_LIMIT]
    return out


SHAPES: dict[str, Shape] = {"own": own, "csv": from_csv, "wikipedia": from_wikipedia}


def shape_of(first_row: Any) -> str:
    """Which shape a file has, judged by its first row."""
    if isinstance(first_row, dict):
        if "extract" in first_row or ("title" in first_row and "cast" in first_row):
            return "wikipedia"
        if first_row and all(isinstance(value, str) for value in first_row.values()):
            return "csv"
    return "own"
