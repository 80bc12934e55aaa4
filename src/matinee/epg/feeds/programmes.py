"""From the elements of an entry to a channel or programme: every dialect becomes one record."""

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from matinee.epg.feeds.elements import (
    LONGEST_LINE,
    LONGEST_TEXT,
    Element,
    Elements,
    Part,
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
    LONGEST,
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
NO_EPISODES = ("xmltv_ns", "original-air-date")
NO = frozenset({"0", "false", "no"})
ROLES = frozenset(
    "director actor writer adapter producer composer editor presenter commentator guest".split()
)
LONGEST_HEAD = 40
LONGEST_LABEL = 60
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
    said = elements.get
    titles = texts(said("title", _NONE))
    if not titles:
        return None
    language, title = titles[0]
    description = _text(said("desc", _NONE), language, LONGEST_TEXT)
    numbers = _numbers(said("episode-num", _NONE))
    season, episode = _episode(elements, numbers, description)
    return FeedProgramme(
        channel,
        starts_at,
        ends_at,
        title,
        {language: title} if len(titles) == 1 else dict(reversed(titles)),
        language or None,
        _text(said("sub-title", _NONE), language),
        description,
        _categories(said("category", _NONE), language),
        season,
        episode,
        _ratings(said("rating", _NONE)),
        _stars(said("star-rating", _NONE)),
        _icon(elements),
        _year(said("date", _NONE)),
        _original_air_date(said("previously-shown", _NONE), numbers),
        _credits(said("credits", _NONE)),
        _external_ids(said("series-id", _NONE), numbers),
        0 if FLAGS.keys().isdisjoint(elements) else _flags(elements),
    )


def _text(elements: Sequence[Element], language: str, longest: int = LONGEST_LINE) -> str | None:
    """What the elements say in the language, else in none, else in the first."""
    if len(elements) == 1:
        return tidied(elements[0][1], longest) or None
    return in_language(texts(elements, longest), language) if elements else None


Numbers = Sequence[tuple[str, str]]
"""Values of `episode-num` with their systems, `onscreen` where none is given."""


def _numbers(elements: Sequence[Element]) -> Numbers:
    return [
        (attributes.get("system", "onscreen").strip().lower() or "onscreen", text)
        for attributes, raw, _ in elements
        if (text := raw.strip())
    ]


def _episode(elements: Elements, numbers: Numbers, description: str | None) -> Episode:
    """Which season and episode it is, by what is most reliable of all that is said."""
    found = [zero_based(text[:LONGEST]) for system, text in numbers if system == "xmltv_ns"]
    if found and None not in found[0]:
        return found[0]
    found += [
        on_screen(text[:LONGEST])
        for system, text in numbers
        if system not in NO_EPISODES and system not in SERVICES
    ]
    if "season" in elements or "episode" in elements:
        season = _figure(elements.get("season", _NONE), HIGHEST_SEASON)
        found.append(Episode(season, _figure(elements.get("episode", _NONE), HIGHEST_EPISODE)))
    if description:
        found.append(at_head(description[:LONGEST_HEAD]))
    return first_known(found)


def _figure(elements: Sequence[Element], highest: int) -> int | None:
    text = elements[0][1].strip() if elements else ""
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        return None
    return int(text) if int(text) <= highest else None


def _categories(elements: Sequence[Element], language: str) -> tuple[str, ...]:
    """Those in the language of the title and those in none; all, if these are none."""
    if len(elements) == 1:
        text = tidied(elements[0][1])
        return (text,) if text else ()
    found = texts(elements)
    own = [text for text in found if text.language in (language, "")]
    return tuple(dict.fromkeys(text.text for text in own or found))[:MOST_CATEGORIES]


def _ratings(elements: Sequence[Element]) -> tuple[Rating, ...]:
    """Age ratings; their label stands in `<value>`, or in the element itself."""
    found = []
    for attributes, raw, parts in elements[:MOST_RATINGS]:
        label = _value(parts) or raw
        if label and (rating := _rating(attributes.get("system", "")[:200], label[:200])):
            found.append(rating)
    return tuple(found)


def _value(parts: Sequence[Part]) -> str:
    """What stands in the first `<value>` that says something."""
    for name, _, text in parts:
        if name == "value" and text.strip():
            return text
    return ""


@lru_cache(maxsize=1_024)
def _rating(system: str, label: str) -> Rating | None:
    label = tidied(label, LONGEST_LABEL)
    return Rating(tidied(system, LONGEST_LABEL) or None, label) if label else None


def _stars(elements: Sequence[Element]) -> float | None:
    """Stars on a scale to ten: `7.5/10`, `3/4`, `75%`, or a bare number up to ten."""
    for _, raw, parts in elements[:MOST_RATINGS]:
        label = _value(parts) or raw
        found = _STARS.fullmatch(label[:40].strip())
        if found is None:
            continue
        value = float(found[1].replace(",", "."))
        best = 100.0 if found[3] else float((found[2] or "10").replace(",", "."))
        if 0 <= value <= best and best > 0:
            return round(10 * value / best, 2)
    return None


def _icon(elements: Elements) -> str | None:
    for attributes, _, _ in elements.get("icon", _NONE):
        if found := address(attributes.get("src", "")):
            return found
    for _, raw, _ in elements.get("image", _NONE):
        if found := address(raw):
            return found
    return None


def _year(elements: Sequence[Element]) -> int | None:
    return year_of(elements[0][1].strip()) if elements else None


def _original_air_date(shown: Sequence[Element], numbers: Numbers) -> date | None:
    for system, text in numbers:
        if system == "original-air-date" and (found := date_of(text)):
            return found
    return date_of(shown[0][0].get("start", "")) if shown else None


def _credits(elements: Sequence[Element]) -> tuple[Credit, ...]:
    if not elements:
        return ()
    found = [
        Credit(role, name, tidied(attributes["role"]) or None if "role" in attributes else None)
        for _, _, parts in elements
        for role, attributes, raw in parts
        if role in ROLES and (name := tidied(raw))
    ]
    return tuple(found) if len(found) < 2 else tuple(dict.fromkeys(found))[:MOST_CREDITS]


def _external_ids(series: Sequence[Element], numbers: Numbers) -> dict[str, str]:
    found: dict[str, str] = {}
    for system, text in numbers:
        if system in SERVICES and (known := external_id(system, text)):
            found.setdefault(*known)
    for attributes, text, _ in series[:MOST_IDS]:
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
