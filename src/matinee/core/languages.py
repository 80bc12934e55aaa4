"""Choosing languages: what an Accept-Language header asks for, most wanted first."""

import re
from functools import lru_cache

_RANGE = re.compile(
    r"^\s*([A-Za-z]{2,3})((?:-[A-Za-z0-9]{2,8})*)\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*$"
)
MOST = 10


@lru_cache(maxsize=512)
def accepted_languages(header: str) -> tuple[str, ...]:
    """Tags of a header by wish, each followed by its base language; empty where it says nothing.

    >>> accepted_languages("de-AT,en;q=0.5,*;q=0.1")
    ('de-AT', 'de', 'en')
    """
    wishes: list[tuple[float, int, str]] = []
    for place, part in enumerate(header[:300].split(",")):
        if (found := _RANGE.match(part)) and (quality := float(found[3] or 1)) > 0:
            wishes.append((-quality, place, normalized(found[1] + found[2])))
    tags = [tag for _, _, tag in sorted(wishes)]
    return with_bases(tags[:MOST])


def with_bases(tags: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Each tag, then its base language, without repeats."""
    both = [form for tag in tags for form in (tag, tag.partition("-")[0])]
    return tuple(dict.fromkeys(both))


def until_available(tags: tuple[str, ...], everything_in: str) -> tuple[str, ...]:
    """The tags up to the language that everything is available in: later ones are never needed.

    >>> until_available(("de-AT", "de", "en-GB", "en", "fr"), "en")
    ('de-AT', 'de', 'en-GB', 'en')
    """
    end = tags.index(everything_in) + 1 if everything_in in tags else len(tags)
    return tags[:end]


def normalized(tag: str) -> str:
    """The usual spelling of a BCP-47 tag: `pt-br` -> `pt-BR`, `zh-hant` -> `zh-Hant`."""
    first, *rest = tag.split("-")
    shaped = [part.title() if len(part) == 4 else part.upper() for part in rest]
    return "-".join([first.lower(), *shaped])
