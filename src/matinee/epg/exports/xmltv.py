"""Writing XMLTV: channels and programmes as text that every reader of the format understands."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from matinee.core.database import Row
from matinee.epg.exports.channels import ExportChannel
from matinee.epg.feeds.entries import LAST_CHANCE, LIVE, NEW, PREMIERE, REPEAT, SUBTITLES

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tv SYSTEM "xmltv.dtd">\n'
    '<tv generator-info-name="Matinee">\n'
)
FOOT = "</tv>\n"

CREDIT_ORDER = (
    "director", "actor", "writer", "adapter", "producer", "composer", "editor", "presenter",
    "commentator", "guest",
)  # fmt: skip
"""The order of the document type."""

_MARKS = (
    (REPEAT, "<previously-shown/>"),
    (PREMIERE, "<premiere/>"),
    (LAST_CHANCE, "<last-chance/>"),
    (NEW, "<new/>"),
    (LIVE, "<live/>"),
    (SUBTITLES, '<subtitles type="teletext"/>'),
)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Airing = Row | Mapping[str, Any]
"""A row of `export_airings`."""


def channel_element(channel: ExportChannel, logo: str | None) -> str:
    """`<channel>`; its number is another of its names, as readers expect."""
    names = [_element("display-name", channel.name)]
    if channel.number is not None:
        names.append(_element("display-name", str(channel.number)))
        names.append(_element("lcn", str(channel.number)))
    icon = f"<icon src={_quoted(logo)}/>" if logo else ""
    return f"<channel id={_quoted(channel.slug)}>{''.join(names)}{icon}</channel>\n"


def programme_element(slug: str, airing: Airing, image: str | None) -> str:
    """`<programme>`, its elements in the order of the document type."""
    language = airing["language"]
    shown = airing["original_air_date"]
    date = f"{shown:%Y%m%d}" if shown else str(airing["year"] or "")
    return "".join(
        (
            f'<programme start="{_stamp(airing["starts_at"])}" stop="{_stamp(airing["ends_at"])}"'
            f" channel={_quoted(slug)}>",
            _element("title", airing["title"], language),
            _element("sub-title", airing["sub_title"], language),
            _element("desc", airing["description"], language),
            _credits(airing["credits"]),
            _element("date", date),
            *(_element("category", name) for name in airing["categories"] or airing["genres"]),
            f"<icon src={_quoted(image)}/>" if image else "",
            _episode(airing["season"], airing["episode"]),
            *(mark for flag, mark in _MARKS if airing["flags"] & flag),
            _rating(airing["maturity_label"]),
            "</programme>\n",
        )
    )


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%d%H%M%S} +0000"


def _text(text: str) -> str:
    """What XML can hold of a text."""
    return _NOT_XML.sub("", text)


def _quoted(text: str) -> str:
    return quoteattr(_text(text))


def _element(name: str, text: str | None, language: str | None = None, role: str = "") -> str:
    if not text:
        return ""
    attributes = f" lang={_quoted(language)}" if language else ""
    attributes += f" role={_quoted(role)}" if role else ""
    return f"<{name}{attributes}>{escape(_text(text))}</{name}>"


def _credits(people: Iterable[Mapping[str, Any]]) -> str:
    """People whose role the format knows; others are left out."""
    known = [person for person in people if person["role"] in CREDIT_ORDER]
    known.sort(key=lambda person: CREDIT_ORDER.index(person["role"]))
    elements = "".join(
        _element(person["role"], person["name"], role=person.get("character") or "")
        for person in known
    )
    return f"<credits>{elements}</credits>" if elements else ""


def _episode(season: int | None, episode: int | None) -> str:
    """Numbers from zero for programs, and as people read them."""
    if season is None and episode is None:
        return ""
    zero = ".".join(str(number - 1) if number else "" for number in (season, episode))
    shown = "".join(
        f"{letter}{number:02}"
        for letter, number in (("S", season), ("E", episode))
        if number is not None
    )
    based = f'<episode-num system="xmltv_ns">{zero}.</episode-num>' if season or episode else ""
    return f'{based}<episode-num system="onscreen">{shown}</episode-num>'


def _rating(label: str | None) -> str:
    return f"<rating>{_element('value', label)}</rating>" if label else ""
