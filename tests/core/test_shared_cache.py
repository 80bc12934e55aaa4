"""The cache of several processes: one Redis between them, there or away."""

import asyncio
from collections.abc import Callable

import pytest

from matinee.core import tag_versions
from matinee.core.cache import Cache
from matinee.core.encoded import Encoded
from matinee.core.redis_link import RedisLink
from tests.core.conftest import Clock, RedisServer
from tests.core.stores import MINUTE, Shelf, Store


async def test_what_one_process_built_the_other_need_not(
    store: Store, here: Cache, there: Cache
) -> None:
    assert [await store.read(here), await store.read(there)] == [1, 1]
    assert store.builds == 1


async def test_a_write_in_one_process_is_seen_in_the_other(
    store: Store, here: Cache, there: Cache
) -> None:
    await store.read(there)
    await store.write(here, 2)

    assert await store.read(there) == 2


async def test_python_objects_see_the_writes_of_other_processes_too(
    store: Store, here: Cache, there: Cache
) -> None:
    await store.read_object(there)
    await store.write(here, 2)

    assert await store.read_object(there) == 2


async def test_all_variants_travel_through_redis(here: Cache, there: Cache) -> None:
    async def build() -> Shelf:
        return Shelf(number=1, padding="x" * 5000)

    async def read(cache: Cache) -> Encoded:
        return await cache.get_or_build("big", 1, depends_on={"t"}, ttl=MINUTE, build=build)

    assert await read(here) == await read(there)


async def test_an_answer_from_redis_lives_no_longer_than_it_would_have_there(
    store: Store, here: Cache, there: Cache, redis_at: RedisServer, clock: Clock
) -> None:
    await store.read(here)
    with redis_at.client() as redis:
        (key,) = redis.scan_iter("matinee:*:shelf:*")
        redis.expire(key, 5)
        await store.read(there)
        redis.delete(key)
    store.number = 2
    clock.advance(6)

    assert await store.read(there) == 2


async def test_two_processes_never_show_what_was_true_before_a_write(
    store: Store, here: Cache, there: Cache
) -> None:
    """Readers run all the time; after each write both processes must show it at once."""
    stop = asyncio.Event()

    async def keep_reading(cache: Cache) -> None:
        while not stop.is_set():
            await store.read(cache)
            await asyncio.sleep(0)

    readers = [asyncio.create_task(keep_reading(cache)) for cache in (here, there) * 3]
    stale = 0
    for number in range(2, 102):
        await store.write(here if number % 2 else there, number)
        stale += [await store.read(here), await store.read(there)] != [number, number]
    stop.set()
    await asyncio.gather(*readers)

    assert stale == 0


@pytest.mark.parametrize("outage", [RedisServer.kill, RedisServer.hang])
async def test_without_redis_a_writer_still_sees_its_write(
    store: Store, here: Cache, redis_at: RedisServer, outage: Callable[[RedisServer], None]
) -> None:
    await store.read(here)
    outage(redis_at)
    await store.write(here, 2)

    assert await store.read(here) == 2


async def test_an_outage_in_the_middle_of_everything_raises_nothing_and_shows_nothing_stale(
    store: Store, here: Cache, redis_at: RedisServer
) -> None:
    seen = []
    for number in range(2, 42):
        if number == 20:
            redis_at.kill()
        await store.write(here, number)
        seen.append(await store.read(here))

    assert seen == list(range(2, 42))


async def come_back(redis_at: RedisServer, link: RedisLink) -> None:
    """Redis hangs no more, and the process has noticed."""
    redis_at.wake()
    async with asyncio.timeout(10):
        while not link.available:
            await link.run(lambda redis: redis.ping(), None)
            await asyncio.sleep(0.01)


async def test_a_write_during_the_outage_reaches_the_other_process_afterwards(
    store: Store,
    here: Cache,
    there: Cache,
    redis_at: RedisServer,
    links: tuple[RedisLink, RedisLink],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("matinee.core.redis_link.BREAK_SECONDS", 0.0)
    await store.read(there)
    redis_at.hang()
    await here.invalidate({"whatever"})  # from here on nothing more is sent to it
    await store.write(here, 2)
    await come_back(redis_at, links[0])
    await come_back(redis_at, links[1])
    await here.invalidate({"anything"})

    assert await store.read(there) == 2


async def test_a_write_during_the_outage_is_seen_by_its_writer_afterwards(
    store: Store,
    here: Cache,
    redis_at: RedisServer,
    links: tuple[RedisLink, RedisLink],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("matinee.core.redis_link.BREAK_SECONDS", 0.0)
    await store.read(here)
    redis_at.hang()
    await here.invalidate({"whatever"})  # from here on nothing more is sent to it
    await store.write(here, 2)
    await come_back(redis_at, links[0])

    assert await store.read(here) == 2


async def test_more_writes_than_can_be_remembered_make_everything_stale(
    store: Store,
    here: Cache,
    there: Cache,
    redis_at: RedisServer,
    links: tuple[RedisLink, RedisLink],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("matinee.core.redis_link.BREAK_SECONDS", 0.0)
    monkeypatch.setattr(tag_versions, "MOST_UNSENT", 10)
    await store.read(there)
    redis_at.hang()
    await here.invalidate({"whatever"})  # from here on nothing more is sent to it
    await store.write(here, 2)
    for number in range(30):
        await here.invalidate({f"user:{number}"})
    await come_back(redis_at, links[0])
    await come_back(redis_at, links[1])
    await here.invalidate({"anything"})

    assert await store.read(there) == 2


async def test_a_redis_that_lost_its_memory_brings_no_old_answer_back(
    store: Store, here: Cache, redis_at: RedisServer
) -> None:
    await store.read(here)
    await store.write(here, 2)
    await store.read(here)
    store.number = 3
    with redis_at.client() as redis:
        redis.flushall()

    assert await store.read(here) == 3
