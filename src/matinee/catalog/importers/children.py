"""What belongs to a title and is replaced with it: credits, texts, rights, images, assets."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from matinee.catalog.importers.rows import TitleRow
from matinee.core.text import fold

LONGEST_KEY = 500
"""Characters of an indexed text; folding can make a name many times as long as it was."""

Ids = dict[str, UUID]
Record = tuple[Any, ...]


@dataclass(frozen=True)
class Children:
    """A table of children, and how a title's row becomes records of it."""

    table: str
    columns: tuple[str, ...]
    records: Callable[[UUID, TitleRow, Ids], Iterator[Record]]
    kept: str = "false"

    @property
    def delete(self) -> str:
        """SQL that removes what titles had before."""
        return f"""
            DELETE FROM {self.table} WHERE title_id = ANY (:title_ids::uuid[]) AND NOT {self.kept}
        """


@lru_cache(maxsize=65_536)
def person_key(name: str) -> str:
    """What makes two spellings the same person; short enough for an index."""
    return (fold(name) or name.casefold())[:LONGEST_KEY]


def _people(title_id: UUID, row: TitleRow, people: Ids) -> Iterator[Record]:
    for n, credit in enumerate(row.people, 1):
        yield title_id, n, people[person_key(credit.name)], credit.role, credit.character


def _localizations(title_id: UUID, row: TitleRow, _people: Ids) -> Iterator[Record]:
    for text in row.localizations:
        yield title_id, text.language, text.name, text.tagline, text.synopsis


def _rights(title_id: UUID, row: TitleRow, _people: Ids) -> Iterator[Record]:
    for window in row.rights:
        yield title_id, window.territory, window.start, window.end, window.announced


def _images(title_id: UUID, row: TitleRow, _people: Ids) -> Iterator[Record]:
    for n, image in enumerate(row.images, 1):
        yield title_id, image.kind, image.url, image.language, n


def _assets(title_id: UUID, row: TitleRow, _people: Ids) -> Iterator[Record]:
    for n, asset in enumerate(row.assets, 1):
        yield (
            title_id, asset.kind, asset.name, asset.protocol, asset.url, asset.quality,
            asset.duration_seconds, n,
        )  # fmt: skip


CHILDREN = {
    "people": Children(
        "title_people", ("title_id", "position", "person_id", "role", "character"), _people
    ),
    "localizations": Children(
        "title_localizations",
        ("title_id", "language", "name", "tagline", "synopsis"),
        _localizations,
    ),
    "rights": Children(
        "title_rights",
        ("title_id", "territory", "available_from", "available_until", "announced"),
        _rights,
    ),
    "images": Children(
        "title_images", ("title_id", "kind", "url", "language", "position"), _images
    ),
    "assets": Children(
        "media_assets",
        (
            "title_id", "kind", "name", "protocol", "url", "quality", "duration_seconds",
            "position",
        ),
        _assets,
        kept="(episode_id IS NOT NULL)",
    ),
}  # fmt: skip
