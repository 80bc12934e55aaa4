"""Which titles belong together as a franchise: by the metadata's word, else by their names."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from matinee.core.text import searchable

_SUBTITLE = re.compile(r"\s*(?::|\s[-–—]\s).*$", re.DOTALL)
_NUMBER = re.compile(r"(?:\s(?:part|chapter|volume|vol|episode))?\s(?:\d{1,3}|[ivx]{1,5})$")


def franchise_of(name: str, external_ids: Mapping[str, Any]) -> str:
    """The key of a title's franchise; a title without one is a franchise of its own.

    >>> franchise_of("Alien 3", {}), franchise_of("Dune: Part Two", {}), franchise_of("1917", {})
    ('alien', 'dune', '1917')
    """
    if collection := external_ids.get("collection"):
        return f"collection {collection}"
    return _stem(name)


@lru_cache(maxsize=65_536)
def _stem(name: str) -> str:
    """What names of one franchise have in common; remembered, because popular titles come back."""
    stem = searchable(_SUBTITLE.sub("", name)) or searchable(name)
    return _NUMBER.sub("", stem)
