"""Redis may be away at any time: it costs one timeout, never an error."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from matinee.core import redis_link
from matinee.core.redis_link import RedisLink
from tests.core.conftest import RedisServer


@pytest.fixture
async def link(redis_at: RedisServer) -> AsyncIterator[RedisLink]:
    link = RedisLink(redis_at.url)
    yield link
    await link.aclose()


async def ping(link: RedisLink) -> Any:
    return await link.run(lambda redis: redis.ping(), "away")


async def until_available(link: RedisLink) -> None:
    async with asyncio.timeout(10):
        while not link.available:
            await ping(link)
            await asyncio.sleep(0.01)


async def test_a_command_gets_its_result(link: RedisLink) -> None:
    assert await ping(link) is True


async def test_a_killed_redis_gives_the_default(redis_at: RedisServer, link: RedisLink) -> None:
    await ping(link)
    redis_at.kill()

    assert await ping(link) == "away"
    assert not link.available


async def test_a_redis_that_was_never_there_gives_the_default() -> None:
    link = RedisLink("redis://127.0.0.1:1/0")

    assert await ping(link) == "away"
    await link.aclose()


async def test_a_hung_redis_gives_the_default(redis_at: RedisServer, link: RedisLink) -> None:
    await ping(link)
    redis_at.hang()

    assert await ping(link) == "away"


async def test_while_redis_is_away_no_command_is_tried(link: RedisLink) -> None:
    async def fail(_redis: Redis) -> None:
        raise ConnectionError

    tried = 0

    async def count(_redis: Redis) -> None:
        nonlocal tried
        tried += 1

    await link.run(fail, None)
    await link.run(count, None)

    assert tried == 0


async def test_nobody_waits_for_the_probe_that_finds_a_hung_redis_back(
    redis_at: RedisServer, link: RedisLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_link, "BREAK_SECONDS", 0.0)
    await ping(link)
    redis_at.hang()
    await ping(link)

    answers = [await ping(link) for _ in range(1000)]
    redis_at.wake()
    await until_available(link)

    assert set(answers) == {"away"}
    assert await ping(link) is True


async def test_a_restarted_redis_is_used_again(
    redis_at: RedisServer, link: RedisLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_link, "BREAK_SECONDS", 0.0)
    redis_at.kill()
    await ping(link)
    redis_at.start()

    await until_available(link)

    assert await ping(link) is True


async def test_each_outage_is_counted_once(redis_at: RedisServer, link: RedisLink) -> None:
    await ping(link)
    redis_at.kill()

    await asyncio.gather(*(ping(link) for _ in range(20)))

    assert link.outages == 1


async def test_an_address_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ValueError):
        RedisLink("http://redis.example")
