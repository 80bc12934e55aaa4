"""Names of channels as they compare: without accents and quality, never without their numbers."""

import html
import re
import unicodedata
from functools import lru_cache

QUALITY = frozenset(
    "uhd fhd hd sd 4k hevc h264 h265 1080p 1080i 720p 576p 576i 540p 480p 360p 270p 240p 2160p"
    " hq raw vip backup live 24h".split()
)
"""Words that say how a channel is sent, not which one it is."""

FILLING = frozenset("tv channel television network the canal kanal".split())
"""Words that are left out as often as not."""

NUMBER_WORDS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "ii": "2", "iii": "3", "iv": "4", "uno": "1",
    "due": "2", "dos": "2", "eins": "1", "zwei": "2", "drei": "3", "deux": "2", "trois": "3",
}  # fmt: skip

_NOTE = re.compile(r"\[[^\]]*\]|\([^)]*\)")
_COUNTRY_PREFIX = re.compile(r"^\s*[a-z]{2}\s*[:|]\s*")
_SPLIT = re.compile(r"[\W_]+")
_FIGURES = re.compile(r"[0-9]+")
_BETWEEN_FIGURES = re.compile(r"(?<=[0-9]) (?=[0-9])")
_FEED_OF_ID = re.compile(r"@(?:sd|hd|fhd|uhd|4k)$")
_COUNTRY_OF_ID = re.compile(r"\.([a-z]{2})(?:@[a-z0-9]+)?$")
LONGEST = 200


@lru_cache(maxsize=65_536)
def spelled(name: str) -> str:
    """A name in plain small letters, `+` and `&` spelled out, notes and quality kept.

    >>> spelled("UK: Canal+ Décalé (HD)")
    'canal plus decale hd'
    """
    return _words_of(_plain(name))


@lru_cache(maxsize=65_536)
def normalised(name: str) -> str:
    """The same without quality, and without notes in brackets, unless they hold a number.

    >>> normalised("Canal+ Sport 2 FHD [Geo-blocked]"), normalised("Alpha (+1)")
    ('canal plus sport 2', 'alpha plus 1')
    """
    words = _words_of(_NOTE.sub(_telling, _plain(name)))
    return " ".join(word for word in words.split() if word not in QUALITY) or words


@lru_cache(maxsize=65_536)
def squashed(name: str) -> str:
    """The normalised name without spaces and filling words; empty where only figures are left.

    Figures of two numbers stay apart: `Sport 1 1` is not `Sport 11`.
    """
    words = " ".join(word for word in normalised(name).split() if word not in FILLING)
    together = _BETWEEN_FIGURES.sub("_", words).replace(" ", "")
    return together if any(char.isalpha() for char in together) else ""


@lru_cache(maxsize=65_536)
def numbers(name: str) -> tuple[str, ...]:
    """The numbers of a normalised name, with `plus`, sorted: what must agree in any case.

    >>> numbers("sky sports two plus 1")
    ('1', '2', 'plus')
    """
    found = [NUMBER_WORDS.get(word, word) for word in normalised(name).split()]
    marks = ["plus"] * sum("plus" in word for word in found)
    return tuple(sorted(_figures_in(" ".join(found)) + marks))


@lru_cache(maxsize=65_536)
def sorted_words(name: str) -> str:
    """The normalised name with its words in order of the alphabet, as fuzzy comparison wants it."""
    return " ".join(sorted(normalised(name).split()))


def id_key(xmltv_id: str) -> str:
    """An identifier as it compares: any case, without the quality of a feed (`@HD`)."""
    return _FEED_OF_ID.sub("", xmltv_id.strip().casefold())


def country_of_id(xmltv_id: str) -> str | None:
    """The country that an identifier such as `BBCOne.uk` ends with."""
    found = _COUNTRY_OF_ID.search(xmltv_id.strip().casefold())
    if found is None or found[1] == "tv":
        return None
    return "GB" if found[1] == "uk" else found[1].upper()


def _plain(name: str) -> str:
    text = unicodedata.normalize("NFKD", html.unescape(name[:LONGEST]))
    bare = "".join(char for char in text if not unicodedata.combining(char)).casefold()
    return _COUNTRY_PREFIX.sub("", bare).replace("&", " and ").replace("+", " plus ")


def _words_of(text: str) -> str:
    return _SPLIT.sub(" ", text).strip()


def _telling(note: re.Match[str]) -> str:
    """What is left of a note in brackets: numbers tell channels apart, unless they are quality."""
    words = [word for word in _words_of(note[0]).split() if word not in QUALITY]
    telling = any(char.isdigit() for word in words for char in word) or "plus" in words
    return f" {' '.join(words)} " if telling and words != ["not", "24", "7"] else " "


def _figures_in(text: str) -> list[str]:
    """Numbers of any script, in ours, without leading zeros."""
    digits = "".join(str(unicodedata.digit(char)) if char.isdigit() else char for char in text)
    return [figure.lstrip("0") or "0" for figure in _FIGURES.findall(digits)]
