"""How often one may: limits hold in one process, over several, and while Redis is away."""

import asyncio
import math
import random
from collections.abc import AsyncIterator, Callable

import pytest
from httpx import ASGITransport, AsyncClient
from hypothesis import given
from hypothesis import strategies as st
from limits import RateLimitItemPerMinute
from starlette.types import ASGIApp, Receive, Scope, Send

from matinee.core.errors import RateLimited
from matinee.core.middleware import RequestMiddleware
from matinee.core.ratelimit import (
    LOGIN_TRIES,
    PIN_TRIES,
    Limiter,
    RateLimitMiddleware,
)
from matinee.core.redis_link import RedisLink
from matinee.core.sliding_window import SlidingWindows, seconds_until_room
from matinee.core.telemetry import Metrics
from tests.core.conftest import Clock, RedisServer

THREE = RateLimitItemPerMinute(3, namespace="three")


@pytest.fixture
def limiter(clock: Clock) -> Limiter:
    return Limiter(None, clock=clock)


@pytest.fixture
async def shared(redis_at: RedisServer) -> AsyncIterator[tuple[Limiter, Limiter]]:
    """The limiters of two processes that share a Redis."""
    links = RedisLink(redis_at.url), RedisLink(redis_at.url)
    yield Limiter(links[0]), Limiter(links[1])
    for link in links:
        await link.aclose()


async def allowed(limiter: Limiter, times: int, key: str = "ana") -> int:
    """How many of so many hits are let through."""
    return sum([(await limiter.take(THREE, key)).allowed for _ in range(times)])


async def test_what_is_above_the_limit_is_refused(limiter: Limiter) -> None:
    assert await allowed(limiter, 10) == 3


async def test_a_refusal_says_when_to_come_back(limiter: Limiter, clock: Clock) -> None:
    await allowed(limiter, 3)
    with pytest.raises(RateLimited) as refused:
        await limiter.hit(THREE, "ana")

    clock.advance(int(refused.value.headers["Retry-After"]))

    assert await allowed(limiter, 1) == 1


async def test_a_refused_hit_does_not_count(limiter: Limiter, clock: Clock) -> None:
    await allowed(limiter, 100)
    clock.advance(120)

    assert await allowed(limiter, 10) == 3


async def test_keys_are_counted_apart(limiter: Limiter) -> None:
    assert await allowed(limiter, 10, "ana") == await allowed(limiter, 10, "ben") == 3


async def test_limits_are_counted_apart(limiter: Limiter) -> None:
    await allowed(limiter, 3)

    await limiter.hit(RateLimitItemPerMinute(3, namespace="other"), "ana")


async def test_the_window_slides_instead_of_starting_anew(limiter: Limiter, clock: Clock) -> None:
    clock.now = 59.0
    await allowed(limiter, 3)
    clock.now = 61.0

    assert await allowed(limiter, 3) == 1


async def test_what_is_cleared_is_forgotten(limiter: Limiter) -> None:
    await allowed(limiter, 3)
    await limiter.clear(THREE, "ana")

    assert await allowed(limiter, 10) == 3


async def test_what_is_given_back_may_be_used_again(limiter: Limiter) -> None:
    await allowed(limiter, 3)
    await limiter.give_back(THREE, "ana")

    assert await allowed(limiter, 10) == 1


async def test_nothing_more_than_was_taken_can_be_given_back(limiter: Limiter) -> None:
    await limiter.give_back(THREE, "ana")

    assert await allowed(limiter, 10) == 3


async def test_parallel_hits_do_not_slip_through(limiter: Limiter) -> None:
    quotas = await asyncio.gather(*(limiter.take(THREE, "ana") for _ in range(50)))

    assert sum(quota.allowed for quota in quotas) == 3


def test_many_clients_do_not_fill_the_memory() -> None:
    windows = SlidingWindows(100)
    for number in range(1000):
        windows.hit(f"client {number}", 3, 60)

    assert len(windows) == 100


def test_who_keeps_trying_is_not_forgotten_for_others() -> None:
    windows = SlidingWindows(100)
    for number in range(1000):
        refused = not windows.hit("ana", 3, 3600)[0]
        windows.hit(f"client {number}", 3, 3600)

    assert refused


@given(
    before=st.integers(0, 200),
    now=st.integers(0, 200),
    passed=st.floats(0, 59.9),
    amount=st.integers(1, 100),
)
def test_after_the_stated_wait_there_is_room_and_a_little_before_there_is_none(
    before: int, now: int, passed: float, amount: int
) -> None:
    before_ttl, now_ttl = (60 - passed if before else 0.0), 120 - passed
    wait = seconds_until_room(amount, 60, (before, before_ttl, now, now_ttl))

    def used(seconds: float) -> float:
        """The weight of the windows so many seconds later."""
        number, in_window = divmod(passed + seconds, 60)
        older, newer = [(before, now), (now, 0), (0, 0)][min(2, int(number))]
        return older * (60 - in_window) / 60 + newer

    assert math.floor(used(wait)) < amount
    if wait > 0.01:
        assert used(wait - 0.01) >= amount - 0.1


async def test_processes_share_one_count(shared: tuple[Limiter, Limiter]) -> None:
    assert await allowed(shared[0], 2) + await allowed(shared[1], 10) == 3


async def test_a_success_in_one_process_clears_it_in_all(shared: tuple[Limiter, Limiter]) -> None:
    await allowed(shared[0], 3)
    await shared[1].clear(THREE, "ana")

    assert await allowed(shared[0], 10) == 3


async def test_redis_does_not_learn_who_it_is(
    shared: tuple[Limiter, Limiter], redis_at: RedisServer
) -> None:
    await shared[0].hit(LOGIN_TRIES, "ana@example.com")
    with redis_at.client() as redis:
        keys = redis.keys()

    assert keys
    assert not [key for key in keys if b"ana" in key]


@pytest.mark.parametrize("outage", [RedisServer.kill, RedisServer.hang])
async def test_without_redis_guessing_a_pin_is_still_limited(
    shared: tuple[Limiter, Limiter],
    redis_at: RedisServer,
    outage: Callable[[RedisServer], None],
) -> None:
    await shared[0].take(PIN_TRIES, "ana")
    outage(redis_at)

    quotas = [await shared[0].take(PIN_TRIES, "ana") for _ in range(50)]

    assert sum(quota.allowed for quota in quotas) == PIN_TRIES.amount


async def hello(scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def user_of(scope: Scope) -> str | None:
    return dict(scope["headers"]).get(b"x-user", b"").decode() or None


def served(limiter: Limiter, app: ASGIApp = hello) -> ASGIApp:
    limited = RateLimitMiddleware(app, limiter=limiter, identify=user_of, webhooks="/webhooks/")
    return RequestMiddleware(limited, metrics=Metrics(), trusted_proxies=["10.0.0.1"])


def caller(limiter: Limiter, address: str = "198.51.100.7") -> AsyncClient:
    transport = ASGITransport(app=served(limiter), client=(address, 1))
    return AsyncClient(transport=transport, base_url="http://testserver")


async def test_every_answer_says_what_is_left(limiter: Limiter) -> None:
    async with caller(limiter) as client:
        answer = await client.get("/")

    assert answer.headers["ratelimit-policy"] == '"anonymous";q=100;w=60'
    assert answer.headers["ratelimit"].startswith('"anonymous";r=99;t=')


async def test_services_that_call_us_have_more_room_whoever_they_say_they_are(
    limiter: Limiter,
) -> None:
    async with caller(limiter) as client:
        await client.get("/")
        answer = await client.get("/webhooks/any", headers={"x-user": "ana"})

    assert answer.headers["ratelimit-policy"] == '"webhook";q=3000;w=60'
    assert answer.headers["ratelimit"].startswith('"webhook";r=2999;t=')


async def test_the_refusal_is_our_envelope_with_the_identifier_of_the_request(
    limiter: Limiter,
) -> None:
    async with caller(limiter) as client:
        for _ in range(100):
            await client.get("/")
        answer = await client.get("/")

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (429, "rate_limited")
    assert error["request_id"] == answer.headers["x-request-id"]
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers["ratelimit"].startswith('"anonymous";r=0;')


async def refused(limiter: Limiter, times: int, headers: Callable[[], dict[str, str]]) -> int:
    """How many of so many requests are refused."""
    async with caller(limiter, "10.0.0.1") as client:
        answers = [await client.get("/", headers=headers()) for _ in range(times)]
    return sum(answer.status_code == 429 for answer in answers)


async def test_users_behind_one_address_are_counted_apart(limiter: Limiter) -> None:
    names = iter(range(200))

    assert await refused(limiter, 200, lambda: {"x-user": str(next(names))}) == 0


async def test_clients_behind_one_proxy_are_counted_apart(limiter: Limiter) -> None:
    hosts = iter(range(200))

    assert await refused(limiter, 200, lambda: {"x-forwarded-for": f"203.0.113.{next(hosts)}"}) == 0


async def test_addresses_of_one_ipv6_subscriber_are_counted_together(limiter: Limiter) -> None:
    def elsewhere() -> dict[str, str]:
        return {"x-forwarded-for": f"2001:db8::{random.randrange(65536):x}"}

    assert await refused(limiter, 110, elsewhere) == 10


async def test_a_made_up_header_does_not_help(limiter: Limiter) -> None:
    async with caller(limiter) as client:
        answers = [
            await client.get("/", headers={"x-forwarded-for": f"203.0.113.{n}"}) for n in range(110)
        ]

    assert sum(answer.status_code == 429 for answer in answers) == 10


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
async def test_probes_are_not_limited(limiter: Limiter, path: str) -> None:
    async with caller(limiter) as client:
        answers = [await client.get(path) for _ in range(150)]

    assert {answer.status_code for answer in answers} == {200}
