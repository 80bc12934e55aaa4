"""Elements of a guide as read, and what they say: texts, languages, addresses."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from matinee.catalog.importers.labels import LANGUAGES
from matinee.core.languages import normalized

Attributes = dict[str, str]
Part = tuple[str, Attributes, str]
"""Name, attributes and text of an element within an element of an entry."""

Element = tuple[Attributes, str, Sequence[Part]]
"""An element of an entry: its attributes, its own text, the elements in it."""

Elements = Mapping[str, Sequence[Element]]
"""The elements of one entry by their names."""

LONGEST_LINE = 500
LONGEST_TEXT = 20_000
LONGEST_URL = 2_048
_ADDRESS = re.compile(rf"https?://\S{{1,{LONGEST_URL}}}", re.IGNORECASE)
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)


class Text(NamedTuple):
    """A text and its language, `""` where none is given."""

    language: str
    text: str


def tidied(text: str, longest: int = LONGEST_LINE) -> str:
    """The text without superfluous blanks, cut where it is too long."""
    if text.isprintable() and "  " not in text and len(text) <= longest:
        return text.strip()
    text = " ".join(text[: 2 * longest].split())
    return text if len(text) <= longest else text[:longest].rstrip()


def texts(elements: Sequence[Element], longest: int = LONGEST_LINE) -> list[Text]:
    """The texts that say something, each once per language, in their order."""
    if len(elements) == 1:
        attributes, raw, _ = elements[0]
        text = tidied(raw, longest)
        return [Text(stated_language(attributes), text)] if text else []
    found = [
        Text(stated_language(attributes), text)
        for attributes, raw, _ in elements
        if (text := tidied(raw, longest))
    ]
    return list(dict.fromkeys(found))


def stated_language(attributes: Attributes) -> str:
    """The language of an element, `""` where it states none."""
    return language_of(attributes["lang"][:40]) if "lang" in attributes else ""


def in_language(found: Sequence[Text], language: str) -> str | None:
    """The first text in the language, else the first without one, else the first."""
    if len(found) < 2:
        return found[0].text if found else None
    for wanted in (language, ""):
        for text in found:
            if text.language == wanted:
                return text.text
    return found[0].text


@lru_cache(maxsize=1_024)
def language_of(tag: str) -> str:
    """The BCP-47 tag of `en_GB`, `eng`, `DE`; `""` for what is none."""
    tag = tag.strip().replace("_", "-")
    if not _TAG.fullmatch(tag):
        return ""
    first, hyphen, rest = tag.partition("-")
    return normalized(LANGUAGES.get(first.lower(), first) + hyphen + rest)


def address(text: str) -> str | None:
    """The address of an image, where it is one of the web."""
    text = text.strip()
    return text if _ADDRESS.fullmatch(text) and text.isprintable() else None
