"""All genres with their names in every language, remembered by the process."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from matinee.catalog.tags import CATALOG
from matinee.core.database import ReadTx
from matinee.runtime import Runtime

REMEMBERED = timedelta(minutes=5)

_ALL = "SELECT slug, name, names FROM genres"


@dataclass(frozen=True, slots=True)
class Genre:
    """A genre: titles name it by its slug, people see one of its names."""

    slug: str
    name: str
    names: Mapping[str, str]

    def shown(self, languages: Sequence[str]) -> str:
        """Its name in the first of these languages that it has one in."""
        return next((self.names[tag] for tag in languages if tag in self.names), self.name)


async def read_genres(tx: ReadTx) -> Mapping[str, Genre]:
    """Every genre by slug, as it is now."""
    return {row["slug"]: Genre(**row) for row in await tx.all(_ALL)}


async def known_genres(runtime: Runtime) -> Mapping[str, Genre]:
    """Every genre by slug, remembered until the catalogue changes."""

    async def build() -> Mapping[str, Genre]:
        async with runtime.database.read() as tx:
            return await read_genres(tx)

    return await runtime.cache.get_or_build_object(
        "genres", "", depends_on={CATALOG}, ttl=REMEMBERED, build=build
    )


def unknown_genres(slugs: Iterable[str], genres: Mapping[str, Genre]) -> set[str]:
    """Those of the slugs that are no genre."""
    return set(slugs) - genres.keys()
