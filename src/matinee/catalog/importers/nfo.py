"""NFO files: the XML beside the films in a library of Kodi or Jellyfin.

Artwork and video files are left out, because they lie on the disk of the media centre.
"""

import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError, fromstring

from matinee.catalog.importers.labels import codes, country_code, language_code, rating_of_text
from matinee.catalog.importers.problems import UnreadableFile
from matinee.core.text import slugify

Row = dict[str, Any]

AUDIO = "fileinfo/streamdetails/audio/language"
SUBTITLE = "fileinfo/streamdetails/subtitle/language"
_OPENING = re.compile(rb"<(movie|tvshow|episodedetails)(?=[\s>])")


def titles_of_nfo(text: bytes) -> list[Row]:
    """The movie or series that a file describes, in our own format.

    Raises:
        UnreadableFile: it describes none.
    """
    rows = [title_of_element(root) for root in documents_of(text) if root.tag != "episodedetails"]
    if not rows:
        raise UnreadableFile(reason="no <movie> or <tvshow> in the file")
    return rows


def documents_of(text: bytes) -> list[Element]:
    """The `<movie>`, `<tvshow>` and `<episodedetails>` of a file; Kodi puts several into one.

    Raises:
        UnreadableFile: one of them is not well-formed.
    """
    try:
        return [fromstring(element) for element in _elements(text)]
    except ParseError as error:
        raise UnreadableFile(reason=f"not well-formed XML: {error}") from None


def _elements(text: bytes) -> Iterator[bytes]:
    """The elements alone, without what precedes and follows them.

    Without a DOCTYPE there are no entities to blow up and no addresses to fetch.
    """
    end = 0
    while opening := _OPENING.search(text, end):
        closing = text.find(b"</" + opening[1], opening.end())
        end = text.find(b">", closing) + 1
        if closing < 0 or not end:
            raise UnreadableFile(reason=f"<{opening[1].decode()}> is not closed: cut off")
        yield text[opening.start() : end]


def title_of_element(root: Element) -> Row:
    """A `<movie>` or `<tvshow>` in our own format; what it does not say is left out."""
    series = root.tag == "tvshow"
    name, year = _text(root, "title"), _year(root)
    out = {
        "external_id": _identity(root) or f"nfo:{slugify(name or '')}-{year}",
        "kind": "series" if series else "movie",
        "name": name,
        "original_name": _text(root, "originaltitle"),
        "tagline": _text(root, "tagline"),
        "synopsis": _text(root, "plot") or _text(root, "outline"),
        "year": year,
        "runtime_minutes": _number(root, "runtime") or None,
        "genres": _texts(root, "genre", split="/"),
        "countries": codes(map(country_code, _texts(root, "country", split="/"))),
        "studios": _texts(root, "studio", split="/"),
        "tags": _texts(root, "tag"),
        "audio_languages": codes(map(language_code, _texts(root, AUDIO))),
        "subtitle_languages": codes(map(language_code, _texts(root, SUBTITLE))),
        "maturity": rating_of_text(_text(root, "mpaa")),
        "external_ids": _external_ids(root),
        "people": _people(root),
    }
    return {field: value for field, value in out.items() if value not in (None, "", [], {})}


def episode_of_element(root: Element) -> tuple[int, Row]:
    """An `<episodedetails>` as its season's number and an episode in our own format."""
    episode = {
        "number": _number(root, "episode"),
        "name": _text(root, "title"),
        "synopsis": _text(root, "plot") or None,
        "air_date": _text(root, "aired") or None,
        "runtime_minutes": _number(root, "runtime") or None,
    }
    return _number(root, "season") or 0, episode


def _text(root: Element, path: str) -> str:
    return (root.findtext(path) or "").strip()


def _texts(root: Element, path: str, split: str | None = None) -> list[str]:
    """The texts of repeated elements; older files put several values into one."""
    texts = [(element.text or "").strip() for element in root.findall(path)]
    if split:
        texts = [part.strip() for text in texts for part in text.split(f" {split} ")]
    return list(dict.fromkeys(text for text in texts if text))


def _number(root: Element, path: str) -> int | None:
    text = _text(root, path)
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _year(root: Element) -> int | None:
    premiered = _text(root, "premiered") or _text(root, "releasedate") or _text(root, "aired")
    return _number(root, "year") or (int(premiered[:4]) if premiered[:4].isdecimal() else None)


def _external_ids(root: Element) -> dict[str, str]:
    ids = {
        element.get("type", ""): (element.text or "").strip()
        for element in root.findall("uniqueid")
    }
    ids |= {name: _text(root, f"{name}id") for name in ("imdb", "tmdb", "tvdb") if name not in ids}
    return {name: value for name, value in ids.items() if name and value}


def _identity(root: Element) -> str | None:
    """The identifier that the library calls its own, else the best-known one."""
    ids = _external_ids(root)
    defaults = [e.get("type") for e in root.findall("uniqueid") if e.get("default") == "true"]
    for name in (*defaults, "imdb", "tmdb", "tvdb", *ids):
        if name in ids:
            return f"{name}:{ids[name]}"
    return None


def _people(root: Element) -> list[Row]:
    crew = [
        {"name": name, "role": role}
        for tag, role in (("director", "director"), ("credits", "writer"))
        for name in _texts(root, tag, split="/")
    ]
    cast = [
        {"name": name, "role": "actor", "character": _text(actor, "role") or None}
        for actor in root.findall("actor")
        if (name := _text(actor, "name"))
    ]
    return [*crew, *cast]
