"""What tests of the cache keep in it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from pydantic import BaseModel

from matinee.core.cache import Cache

MINUTE = timedelta(minutes=1)

MEGABYTE = 1_048_576


class Shelf(BaseModel):
    number: int
    padding: str = ""


class Store:
    """What is cached: a number that writers change, read by builds that are counted."""

    def __init__(self) -> None:
        self.number = 1
        self.builds = 0

    async def build(self) -> Shelf:
        self.builds += 1
        return Shelf(number=self.number)

    async def read(self, cache: Cache, *, tags: frozenset[str] = frozenset({"shelf"})) -> int:
        found = await cache.get_or_build(
            "shelf", "key", depends_on=tags, ttl=MINUTE, build=self.build
        )
        return Shelf.model_validate_json(found.body).number

    async def read_object(self, cache: Cache) -> int:
        shelf = await cache.get_or_build_object(
            "object", "key", depends_on={"shelf"}, ttl=MINUTE, build=self.build
        )
        return shelf.number

    async def write(self, cache: Cache, number: int) -> None:
        self.number = number
        await cache.invalidate({"shelf"})


Read = Callable[[Store, Cache], Awaitable[int]]
