"""From the elements of an entry to a channel or programme: every dialect becomes one record."""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from matinee.epg.feeds.elements import (
    LONGEST_TEXT,
    MOST_REPEATS,
    Element,
    Elements,
    address,
    in_language,
    texts,
    tidied,
)
from matinee.epg.feeds.entries import (
    AUDIO_DESCRIBED,
    LAST_CHANCE,
    LIVE,
    NEW,
    PREMIERE,
    REPEAT,
    SUBTITLES,
    Credit,
    FeedChannel,
    FeedProgramme,
    Rating,
)
from matinee.epg.feeds.episodes import (
    HIGHEST_EPISODE,
    HIGHEST_SEASON,
    SERVICES,
    Episode,
    at_head,
    external_id,
    first_known,
    on_screen,
    zero_based,
)
from matinee.epg.feeds.times import date_of, year_of

FLAGS = {
    "new": NEW,
    "premiere": PREMIERE,
    "previously-shown": REPEAT,
    "live": LIVE,
    "last-chance": LAST_CHANCE,
    "subtitles": SUBTITLES,
    "audio-described": AUDIO_DESCRIBED,
    "audio-description": AUDIO_DESCRIBED,
}
NO = frozenset({"0", "false", "no"})
ROLES = frozenset(
    "director actor writer adapter producer composer editor presenter commentator guest".split()
)
MOST_NAMES = 20
MOST_CATEGORIES = 20
MOST_RATINGS = 8
MOST_CREDITS = 40
MOST_IDS = 20

_NONE: Sequence[Element] = ()
_STARS = re.compile(r"(\d{1,5}(?:[.,]\d{1,4})?)\s*(?:/\s*(\d{1,5}(?:[.,]\d{1,4})?)|(%))?", re.ASCII)


def channel_of(xmltv_id: str, elements: Elements) -> FeedChannel:
    """A channel; names that are numbers only are taken for its number."""
    names = [text for _, text in texts(elements.get("display-name", _NONE))]
    words = [name for name in names if not name.isdigit()] or names
    numbers = [text for _, text in texts(elements.get("lcn", _NONE))]
    numbers += [name for name in names if name not in words]
    return FeedChannel(
        xmltv_id,
        tuple(dict.fromkeys(words))[:MOST_NAMES],
        _icon(elements),
        numbers[0][:20] if numbers else None,
    )


def programme_of(
    channel: str, starts_at: int, ends_at: int | None, elements: Elements
) -> FeedProgramme | None:
    """A programme; None where it has no title."""
    titles = texts(elements.get("title", _NONE))
    if not titles:
        return None
    language, title = titles[0]
    description = in_language(texts(elements.get("desc", _NONE), LONGEST_TEXT), language)
    numbers = _numbers(elements)
    season, episode = first_known(_episodes(elements, numbers, description))
    return FeedProgramme(
        channel=channel,
        starts_at=starts_at,
        ends_at=ends_at,
        title=title,
        titles=dict(reversed(titles)),
        language=language or None,
        sub_title=in_language(texts(elements.get("sub-title", _NONE)), language),
        description=description,
        categories=_categories(elements, language),
        season=season,
        episode=episode,
        ratings=_ratings(elements.get("rating", _NONE)),
        star_rating=_stars(elements.get("star-rating", _NONE)),
        icon=_icon(elements),
        year=_year(elements),
        original_air_date=_original_air_date(elements, numbers),
        credits=_credits(elements.get("credits", _NONE)),
        external_ids=_external_ids(elements, numbers),
        flags=_flags(elements),
    )


Numbers = list[tuple[str, str]]
"""Values of `episode-num` with their systems, `onscreen` where none is given."""


def _numbers(elements: Elements) -> Numbers:
    return [
        (attributes.get("system", "onscreen").strip().lower() or "onscreen", text)
        for attributes, raw, _ in elements.get("episode-num", _NONE)[:MOST_REPEATS]
        if (text := raw.strip())
    ]


def _episodes(elements: Elements, numbers: Numbers, description: str | None) -> Iterator[Episode]:
    """What the programme says about its season and episode, the most reliable first."""
    for system, text in numbers:
        if system == "xmltv_ns":
            yield zero_based(text)
    for system, text in numbers:
        if system not in ("xmltv_ns", "original-air-date") and system not in SERVICES:
            yield on_screen(text)
    if "season" in elements or "episode" in elements:
        yield Episode(
            _figure(elements.get("season", _NONE), HIGHEST_SEASON),
            _figure(elements.get("episode", _NONE), HIGHEST_EPISODE),
        )
    if description:
        yield at_head(description[:40])


def _figure(elements: Sequence[Element], highest: int) -> int | None:
    text = elements[0][1].strip() if elements else ""
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        return None
    return int(text) if int(text) <= highest else None


def _categories(elements: Elements, language: str) -> tuple[str, ...]:
    """Those in the language of the title and those in none; all, if these are none."""
    found = texts(elements.get("category", _NONE))
    if len(found) == 1:
        return (found[0].text,)
    own = [text for text in found if text.language in (language, "")]
    return tuple(dict.fromkeys(text.text for text in own or found))[:MOST_CATEGORIES]


def _ratings(elements: Sequence[Element]) -> tuple[Rating, ...]:
    """Age ratings; their label stands in `<value>`, or in the element itself."""
    found = []
    for attributes, raw, parts in elements[:MOST_RATINGS]:
        label = next((text for name, _, text in parts if name == "value" and text.strip()), raw)
        if label := tidied(label)[:60]:
            found.append(Rating(tidied(attributes.get("system", ""))[:60] or None, label))
    return tuple(found)


def _stars(elements: Sequence[Element]) -> float | None:
    """Stars on a scale to ten: `7.5/10`, `3/4`, `75%`, or a bare number up to ten."""
    for _, raw, parts in elements[:MOST_RATINGS]:
        label = next((text for name, _, text in parts if name == "value"), raw)
        found = _STARS.fullmatch(label[:40].strip())
        if found is None:
            continue
        value = float(found[1].replace(",", "."))
        best = 100.0 if found[3] else float((found[2] or "10").replace(",", "."))
        if 0 <= value <= best and best > 0:
            return round(10 * value / best, 2)
    return None


def _icon(elements: Elements) -> str | None:
    for attributes, _, _ in elements.get("icon", _NONE)[:MOST_REPEATS]:
        if found := address(attributes.get("src", "")):
            return found
    for _, raw, _ in elements.get("image", _NONE)[:MOST_REPEATS]:
        if found := address(raw):
            return found
    return None


def _year(elements: Elements) -> int | None:
    dates = elements.get("date", _NONE)
    return year_of(dates[0][1].strip()) if dates else None


def _original_air_date(elements: Elements, numbers: Numbers) -> date | None:
    for system, text in numbers:
        if system == "original-air-date" and (found := date_of(text)):
            return found
    shown = elements.get("previously-shown", _NONE)
    return date_of(shown[0][0].get("start", "")) if shown else None


def _credits(elements: Sequence[Element]) -> tuple[Credit, ...]:
    if not elements:
        return ()
    found = [
        Credit(role, name, tidied(attributes["role"]) or None if "role" in attributes else None)
        for _, _, parts in elements[:MOST_REPEATS]
        for role, attributes, raw in parts[:MOST_REPEATS]
        if role in ROLES and (name := tidied(raw))
    ]
    return tuple(dict.fromkeys(found))[:MOST_CREDITS]


def _external_ids(elements: Elements, numbers: Numbers) -> dict[str, str]:
    found: dict[str, str] = {}
    for system, text in numbers:
        if system in SERVICES and (known := external_id(system, text)):
            found.setdefault(*known)
    for attributes, text, _ in elements.get("series-id", _NONE)[:MOST_IDS]:
        system = attributes.get("system", "").strip().lower()
        if known := external_id(system, f"series/{text.strip()}"):
            found.setdefault(*known)
    return found


def _flags(elements: Elements) -> int:
    flags = 0
    for name, flag in FLAGS.items():
        if name in elements and elements[name][0][1].strip().lower() not in NO:
            flags |= flag
    return flags
