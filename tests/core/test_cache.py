"""The cache: built once, shared, never older than a write that its reader knows of."""

import asyncio
from datetime import timedelta

import pytest

from matinee.core import tag_versions
from matinee.core.cache import Cache
from matinee.core.encoded import Encoded
from tests.core.conftest import Clock
from tests.core.stores import MINUTE, Read, Shelf, Store


@pytest.mark.parametrize("read", [Store.read, Store.read_object])
async def test_what_was_built_is_not_built_again(store: Store, alone: Cache, read: Read) -> None:
    assert [await read(store, alone), await read(store, alone)] == [1, 1]
    assert store.builds == 1


@pytest.mark.parametrize("read", [Store.read, Store.read_object])
async def test_a_writer_sees_its_write_in_the_next_read(
    store: Store, alone: Cache, read: Read
) -> None:
    await read(store, alone)
    await store.write(alone, 2)

    assert await read(store, alone) == 2


async def test_a_write_elsewhere_leaves_the_answer_alone(store: Store, alone: Cache) -> None:
    await store.read(alone)
    await alone.invalidate({"another"})
    await store.read(alone)

    assert store.builds == 1


async def test_any_of_several_tags_makes_an_answer_stale(store: Store, alone: Cache) -> None:
    tags = frozenset({"shelf", "catalogue", "user"})
    await store.read(alone, tags=tags)
    store.number = 2
    await alone.invalidate({"user"})

    assert await store.read(alone, tags=tags) == 2


async def test_different_keys_are_different_answers(alone: Cache) -> None:
    async def build(number: int) -> Shelf:
        return Shelf(number=number)

    found = [
        await alone.get_or_build_object(
            "shelf", key, depends_on=(), ttl=MINUTE, build=lambda key=key: build(key)
        )
        for key in (1, 2)
    ]

    assert [shelf.number for shelf in found] == [1, 2]


async def test_an_answer_ends_with_its_time_to_live(
    store: Store, alone: Cache, clock: Clock
) -> None:
    await store.read(alone)
    store.number = 2
    clock.advance(MINUTE.total_seconds())

    assert await store.read(alone) == 2


async def test_an_answer_can_say_that_it_ends_earlier(
    store: Store, alone: Cache, clock: Clock
) -> None:
    async def read() -> int:
        found = await alone.get_or_build(
            "shelf",
            "key",
            depends_on=(),
            ttl=MINUTE,
            build=store.build,
            lasts=lambda shelf: timedelta(seconds=10 * shelf.number),
        )
        return Shelf.model_validate_json(found.body).number

    assert await read() == 1
    store.number = 2
    clock.advance(10)
    assert await read() == 2
    store.number = 9
    clock.advance(15)
    assert await read() == 2


async def test_nothing_is_also_a_value(alone: Cache) -> None:
    builds = 0

    async def build() -> None:
        nonlocal builds
        builds += 1

    for _ in range(2):
        await alone.get_or_build_object("none", 1, depends_on=(), ttl=MINUTE, build=build)

    assert builds == 1


async def test_a_build_that_read_before_a_write_is_not_kept_as_if_after(
    store: Store, alone: Cache
) -> None:
    may_end = asyncio.Event()

    async def slow() -> Shelf:
        read_before = store.number
        await may_end.wait()
        return Shelf(number=read_before)

    building = asyncio.create_task(
        alone.get_or_build("shelf", "key", depends_on={"shelf"}, ttl=MINUTE, build=slow)
    )
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await store.write(alone, 2)
    may_end.set()
    await building

    assert await store.read(alone) == 2


async def test_many_who_ask_at_once_share_one_build(store: Store, alone: Cache) -> None:
    await asyncio.gather(*(store.read(alone) for _ in range(100)))

    assert store.builds == 1


async def test_who_asks_after_a_write_does_not_join_a_build_from_before_it(
    store: Store, alone: Cache
) -> None:
    may_end = asyncio.Event()

    async def never_ready() -> Shelf:
        await may_end.wait()
        return Shelf(number=1)

    old = asyncio.create_task(
        alone.get_or_build("shelf", "key", depends_on={"shelf"}, ttl=MINUTE, build=never_ready)
    )
    await asyncio.sleep(0)
    await store.write(alone, 2)

    assert await store.read(alone) == 2
    may_end.set()
    await old


async def test_a_failure_is_raised_and_not_kept(store: Store, alone: Cache) -> None:
    async def fail() -> Shelf:
        raise LookupError

    with pytest.raises(LookupError):
        await alone.get_or_build("shelf", "key", depends_on={"shelf"}, ttl=MINUTE, build=fail)

    assert await store.read(alone) == 1


async def test_who_waited_for_a_build_that_failed_tries_once_more(alone: Cache) -> None:
    attempts = 0

    async def fail_at_first() -> Shelf:
        nonlocal attempts
        attempts += 1
        await asyncio.sleep(0)
        if attempts == 1:
            raise LookupError
        return Shelf(number=attempts)

    results = await asyncio.gather(
        *(
            alone.get_or_build_object("x", 1, depends_on=(), ttl=MINUTE, build=fail_at_first)
            for _ in range(10)
        ),
        return_exceptions=True,
    )

    assert isinstance(results[0], LookupError)
    assert results[1:] == [Shelf(number=2)] * 9


async def test_a_build_that_always_fails_is_tried_twice_however_many_wait(alone: Cache) -> None:
    attempts = 0

    async def fail() -> Shelf:
        nonlocal attempts
        attempts += 1
        await asyncio.sleep(0)
        raise LookupError

    results = await asyncio.gather(
        *(alone.get_or_build("x", 1, depends_on=(), ttl=MINUTE, build=fail) for _ in range(10)),
        return_exceptions=True,
    )

    assert {type(result) for result in results} == {LookupError}
    assert attempts == 2


async def test_a_canceled_leader_does_not_cancel_its_followers(store: Store, alone: Cache) -> None:
    may_end = asyncio.Event()

    async def slow() -> Shelf:
        await may_end.wait()
        return await store.build()

    async def ask() -> Encoded:
        return await alone.get_or_build(
            "shelf", "key", depends_on={"shelf"}, ttl=MINUTE, build=slow
        )

    leader, follower = asyncio.create_task(ask()), asyncio.create_task(ask())
    await asyncio.sleep(0)
    leader.cancel()
    await asyncio.sleep(0)
    may_end.set()

    assert Shelf.model_validate_json((await follower).body).number == 1
    assert leader.cancelled()
    assert store.builds == 1


async def test_an_answer_near_its_end_is_built_anew_while_the_old_one_is_given(
    store: Store, alone: Cache, clock: Clock
) -> None:
    await store.read(alone)
    store.number = 2
    clock.advance(0.89 * MINUTE.total_seconds())  # the jitter may end a life at 0.9 of it

    during = await store.read(alone)
    afterwards = during
    async with asyncio.timeout(5):
        while afterwards == during:
            afterwards = await store.read(alone)
            await asyncio.sleep(0)

    assert (during, afterwards, store.builds) == (1, 2, 2)


async def test_a_young_answer_is_not_built_anew(store: Store, alone: Cache, clock: Clock) -> None:
    await store.read(alone)
    clock.advance(0.5 * MINUTE.total_seconds())
    await store.read(alone)
    await asyncio.sleep(0)

    assert store.builds == 1


async def test_a_refresh_that_fails_leaves_the_old_answer(
    store: Store, alone: Cache, clock: Clock
) -> None:
    async def fail() -> Shelf:
        raise LookupError

    await store.read(alone)
    clock.advance(0.85 * MINUTE.total_seconds())
    for _ in range(3):
        await alone.get_or_build("shelf", "key", depends_on={"shelf"}, ttl=MINUTE, build=fail)
        await asyncio.sleep(0)

    assert await store.read(alone) == 1


async def read_numbered(cache: Cache, number: int, built: list[int], size: int) -> None:
    async def build() -> Shelf:
        built.append(number)
        return Shelf(number=number, padding="".join(chr(33 + n % 90) for n in range(size)))

    await cache.get_or_build("numbered", number, depends_on=(), ttl=MINUTE, build=build)


async def test_the_least_recently_used_answers_make_room() -> None:
    cache, built = Cache(None, max_bytes=10_000), list[int]()
    for number in (1, 2, 3):
        await read_numbered(cache, number, built, size=900)
    for number in range(10, 13):
        await read_numbered(cache, 1, built, size=900)
        await read_numbered(cache, number, built, size=900)
    for number in range(20, 26):
        await read_numbered(cache, 1, built, size=900)
        await read_numbered(cache, number, built, size=900)
    await read_numbered(cache, 2, built, size=900)

    assert (built.count(1), built.count(2)) == (1, 2)


async def test_an_answer_larger_than_the_cache_is_given_but_not_kept() -> None:
    cache, built = Cache(None, max_bytes=10_000), list[int]()
    await read_numbered(cache, 1, built, size=20_000)
    await read_numbered(cache, 1, built, size=20_000)

    assert built == [1, 1]


async def test_so_many_tags_that_old_ones_are_forgotten_still_show_no_stale_answer(
    store: Store, alone: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tag_versions, "MOST_TAGS", 10)
    await store.read(alone)
    await store.write(alone, 2)
    for number in range(30):
        await alone.invalidate({f"user:{number}"})

    assert await store.read(alone) == 2
