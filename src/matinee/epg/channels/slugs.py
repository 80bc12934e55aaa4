"""Names of channels in addresses: made from what they are called, none twice."""

from collections.abc import Container

from matinee.core.text import slugify

LONGEST = 63
ROOM_FOR_A_NUMBER = 6


def slug_of(*called: str | None) -> str:
    """A slug from the first name that has Latin letters or figures; `channel` where none has."""
    slugs = (slugify(name)[:LONGEST].strip("-") for name in called if name)
    return next(filter(None, slugs), "channel")


def free_slug(wanted: str, taken: Container[str]) -> str:
    """The slug itself, or the first of `slug-2`, `slug-3` … that is not taken."""
    if wanted not in taken:
        return wanted
    stem = wanted[: LONGEST - ROOM_FOR_A_NUMBER].rstrip("-")
    number = 2
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"
