"""Rows as The Movie Database gives them out: movie and series details, and CSV made of them.

Artwork is left out: its licence asks for more than a link.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from matinee.catalog.importers.labels import RatingName, rating_of

Row = dict[str, Any]

CAST_LIMIT = 100
LONGEST_TEXT = 10_000
TAG_LIMIT = 50
MOST_LANGUAGES = 100

MARKS = frozenset(
    {"overview", "original_title", "original_name", "release_date", "first_air_date", "imdb_id"}
)
"""Keys of which any own row has none and any row of TMDB some."""

JOBS = {
    "Director": "director",
    "Writer": "writer",
    "Screenplay": "writer",
    "Original Music Composer": "composer",
    "Producer": "producer",
    "Director of Photography": "cinematographer",
    "Editor": "editor",
}
LANGUAGES = {"cn": "zh", "xx": "zxx", "sh": "hbs", "mo": "ro"}
"""What TMDB writes beside the standard."""


def looks_like_tmdb(row: Row) -> bool:
    """Whether a file's first row is one of TMDB's."""
    return "id" in row and "external_id" not in row and bool(MARKS & row.keys())


def from_tmdb(row: Any) -> Any:
    """The details of a movie or a series, with whatever was asked to be appended to them.

    Understood are credits, translations, keywords, external_ids, release_dates and
    content_ratings; a CSV holds the same with JSON in its cells.
    """
    if not isinstance(row, dict):
        return row
    row = {name: _from_cell(value) for name, value in row.items()}
    series = "first_air_date" in row or "original_name" in row
    out = {
        "external_id": _external_id(row.get("id"), series),
        "kind": "series" if series else "movie",
        "name": row.get("title") or row.get("name"),
        "original_name": row.get("original_title") or row.get("original_name"),
        "tagline": row.get("tagline"),
        "synopsis": _text(row.get("overview")),
        "year": _year(row.get("release_date") or row.get("first_air_date")),
        "runtime_minutes": _runtime(row),
        "language": _language(row.get("original_language")),
        "audio_languages": _languages(row),
        "genres": _names(row.get("genres")),
        "countries": _countries(row),
        "studios": _names(row.get("production_companies"))[:TAG_LIMIT],
        "tags": _keywords(row.get("keywords")),
        "maturity": _maturity(row),
        "external_ids": _external_ids(row),
        "people": _people(row),
        "localizations": _localizations(row),
        "seasons": [_season(season) for season in _dicts(row.get("seasons"))] if series else None,
    }
    return {name: value for name, value in out.items() if value not in (None, "", [], {})}


def _external_id(identity: Any, series: bool) -> str | None:
    """Movies and series are numbered apart."""
    if not isinstance(identity, int | str) or not identity:
        return None
    return f"tmdb-tv:{identity}" if series else f"tmdb:{identity}"


def _from_cell(value: Any) -> Any:
    """JSON inside a CSV cell is read; numbers stay text, which the row's own check reads."""
    if not isinstance(value, str) or value[:1] not in ("[", "{"):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value


def _dicts(value: Any) -> Iterator[Row]:
    """The objects in a list that may be something else."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def _names(value: Any) -> list[str]:
    return [item["name"] for item in _dicts(value) if isinstance(item.get("name"), str)]


def _text(value: Any) -> Any:
    return value[:LONGEST_TEXT] if isinstance(value, str) else value


def _year(date: Any) -> int | None:
    """The year of `2001-07-20`; none where TMDB does not know it."""
    start = date[:4] if isinstance(date, str) else ""
    return int(start) if start.isdecimal() and start.isascii() else None


def _runtime(row: Row) -> Any:
    """Minutes; TMDB writes 0 where it does not know."""
    listed = row.get("episode_run_time")
    given = row.get("runtime") or (listed[0] if isinstance(listed, list) and listed else None)
    if isinstance(given, str):
        given = given.removesuffix(".0")
    return given or None


def _language(code: Any) -> Any:
    return LANGUAGES.get(code, code) if isinstance(code, str) else None


def _languages(row: Row) -> list[Any]:
    spoken = (_language(item.get("iso_639_1")) for item in _dicts(row.get("spoken_languages")))
    return [code for code in spoken if code]


def _countries(row: Row) -> list[Any]:
    made_in = [item.get("iso_3166_1") for item in _dicts(row.get("production_countries"))]
    listed = row.get("origin_country")
    return [code for code in made_in if code] or (listed if isinstance(listed, list) else [])


def _keywords(value: Any) -> list[str]:
    listed = value
    if isinstance(value, dict):
        listed = value.get("keywords") or value.get("results")
    return _names(listed)[:TAG_LIMIT]


def _maturity(row: Row) -> RatingName | None:
    """The rating of the United States, else of the first country whose rating we know."""
    if row.get("adult") is True:
        return rating_of("US", "NC-17")
    given = sorted(_given_ratings(row), key=lambda rating: rating[0] != "US")
    return next((found for given_one in given if (found := rating_of(*given_one))), None)


def _given_ratings(row: Row) -> Iterator[tuple[str, str]]:
    """Country and label of every rating in the row."""
    for appended in (row.get("release_dates"), row.get("content_ratings")):
        for place in _dicts(appended.get("results") if isinstance(appended, dict) else None):
            dates = _dicts(place.get("release_dates"))
            for label in (place.get("rating"), *(date.get("certification") for date in dates)):
                if isinstance(label, str) and isinstance(country := place.get("iso_3166_1"), str):
                    yield country, label


def _external_ids(row: Row) -> dict[str, str]:
    appended = row.get("external_ids")
    imdb = row.get("imdb_id") or (appended.get("imdb_id") if isinstance(appended, dict) else None)
    ids = {"tmdb": row.get("id"), "imdb": imdb}
    return {name: str(value) for name, value in ids.items() if value}


def _people(row: Row) -> list[Row]:
    appended = row.get("credits")
    credits = appended if isinstance(appended, dict) else row
    crew = [
        {"name": member.get("name"), "role": JOBS[job]}
        for member in _dicts(credits.get("crew"))
        if isinstance(job := member.get("job"), str) and job in JOBS
    ]
    creators = [{"name": name, "role": "writer"} for name in _names(row.get("created_by"))]
    cast = [
        {"name": actor.get("name"), "role": "actor", "character": actor.get("character") or None}
        for actor in _dicts(credits.get("cast"))
    ]
    return [*crew[:CAST_LIMIT], *creators, *cast[:CAST_LIMIT]]


def _localizations(row: Row) -> list[Row]:
    """One row per language; its second country gets the country's own tag (`pt`, `pt-PT`)."""
    appended = row.get("translations")
    listed = appended.get("translations") if isinstance(appended, dict) else None
    found: dict[str, Row] = {}
    for item in _dicts(listed):
        data = item.get("data")
        texts = data if isinstance(data, dict) else {}
        said = {
            "name": texts.get("title") or texts.get("name") or None,
            "tagline": texts.get("tagline") or None,
            "synopsis": _text(texts.get("overview")) or None,
        }
        language = _language(item.get("iso_639_1"))
        if language in found:
            language = f"{language}-{item.get('iso_3166_1')}"
        if language and any(said.values()):
            found.setdefault(language, {"language": language} | said)
    return list(found.values())[:MOST_LANGUAGES]


def _season(season: Row) -> Row:
    out: Row = {
        "number": season.get("season_number"),
        "name": season.get("name") or None,
        "synopsis": _text(season.get("overview")) or None,
        "year": _year(season.get("air_date")),
    }
    if "episodes" in season:
        out["episodes"] = [_episode(episode) for episode in _dicts(season["episodes"])]
    return out


def _episode(episode: Row) -> Row:
    return {
        "number": episode.get("episode_number"),
        "name": episode.get("name"),
        "synopsis": _text(episode.get("overview")) or None,
        "air_date": episode.get("air_date") or None,
        "runtime_minutes": episode.get("runtime") or None,
    }
