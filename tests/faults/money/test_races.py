"""Many do the same at once: it happens once, and everybody hears what happened."""

import asyncio
import itertools
from collections import Counter
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient, Response

from matinee.core.ratelimit import Limiter
from matinee.runtime import Runtime
from tests.entitlements.makers import carry, grant_package, make_package
from tests.faults.money.shop import (
    Household,
    Shop,
    broken_rules,
    in_parallel,
    let_days_pass,
    open_shop,
)
from tests.faults.money.tally import Tally
from tests.makers import scalar

AT_ONCE = [12, pytest.param(100, marks=pytest.mark.faults)]
RACES = [10, pytest.param(300, marks=pytest.mark.faults)]
BUSY = ("busy", "timeout", "unavailable")
"""Told to whoever would wait too long; asking again helps."""

_RUNNING = "SELECT count(*) FROM viewing_sessions WHERE ended_at IS NULL"
_PLAYED = "SELECT count(*) FROM user_entitlements WHERE first_played_at IS NOT NULL"
_BOTH = """
    SELECT count(*) FROM purchases p
    JOIN user_entitlements g ON g.user_id = p.user_id AND g.source_id = p.id
    WHERE (p.refunded_cents > 0) = (g.first_played_at IS NOT NULL)
"""


@pytest.fixture
async def shop(runtime: Runtime, client: AsyncClient) -> Shop:
    """One household, in whose time an hour lies between any two requests: no limit is met."""
    runtime.limiter = Limiter(None, clock=itertools.count(2e9, 3600.0).__next__)
    return await open_shop(runtime, client, films=2, households=1)


async def start(shop: Shop, household: Household, film: UUID, device: str) -> Response:
    """Begin to play a film, again and again while the service is busy."""
    while True:
        answer = await shop.client.post(
            "/api/v1/viewing/sessions",
            json={"title_id": str(film), "device_id": device, "device_name": device},
            headers=household.headers,
        )
        if code_of(answer) not in BUSY:
            return answer


async def refund(shop: Shop, household: Household, purchase_id: str) -> Response:
    """Ask for the money back."""
    return await shop.client.post(
        f"/api/v1/purchases/{purchase_id}/refund",
        headers=household.headers | {"Idempotency-Key": uuid4().hex},
    )


def code_of(answer: Response) -> str:
    """The code of a refusal; of anything else nothing."""
    return answer.json()["error"]["code"] if answer.status_code >= 400 else ""


def codes_of(answers: list[Response]) -> Counter[str]:
    """How often which refusal was given."""
    return Counter(code for answer in answers if (code := code_of(answer)))


@pytest.mark.parametrize("clicks", AT_ONCE)
@pytest.mark.parametrize("same_key", [True, False])
async def test_clicks_buy_once(
    runtime: Runtime, app: FastAPI, shop: Shop, clicks: int, same_key: bool
) -> None:
    [household], [film, _] = shop.households, shop.films
    keys = ["key" if same_key else f"key-{number}" for number in range(clicks)]
    answers = await asyncio.gather(*(shop.order(household, film, key, "buy") for key in keys))
    assert set(codes_of(list(answers))) <= {"already_owned"}
    await let_days_pass(runtime, app)
    tally = await shop.tally(f"clicks with {'one key' if same_key else 'many keys'}", clicks)
    tally.hold()
    assert (tally.acknowledged, tally.present) == (1, 1)
    assert await broken_rules(runtime) == []


@pytest.mark.parametrize("clicks", AT_ONCE)
async def test_a_key_stands_for_one_wish(
    runtime: Runtime, app: FastAPI, shop: Shop, clicks: int
) -> None:
    [household], films = shop.households, shop.films
    wishes = [(films[number % 2], "buy" if number % 4 < 2 else "rent") for number in range(clicks)]
    answers = await asyncio.gather(
        *(shop.order(household, film, "key", kind) for film, kind in wishes)
    )
    assert codes_of(list(answers)) == {"idempotency_key_reused": clicks - clicks // 4}
    await let_days_pass(runtime, app)
    (await shop.tally("one key for four wishes", clicks)).hold()
    assert await scalar(runtime, "SELECT count(*) FROM purchases") == 1
    assert await broken_rules(runtime) == []


@pytest.mark.parametrize("starts", AT_ONCE)
async def test_of_many_starts_as_many_run_as_the_package_allows(
    runtime: Runtime, shop: Shop, starts: int
) -> None:
    [household], [film, _] = shop.households, shop.films
    package_id = await make_package(runtime, max_streams=2)
    await carry(runtime, package_id, film)
    await grant_package(runtime, household.user_id, package_id, source_type="admin")
    answers = await asyncio.gather(
        *(start(shop, household, film, f"device-{number}") for number in range(starts))
    )
    assert codes_of(list(answers)) == {"stream_limit_reached": starts - 2}
    begun = sum(answer.status_code == 201 for answer in answers)
    running = await scalar(runtime, _RUNNING)
    Tally("starts at a limit of two", starts, begun, running, begun - running, running - 2).hold()
    assert await broken_rules(runtime) == []


@pytest.mark.parametrize("plays", AT_ONCE)
async def test_of_many_first_plays_one_begins_the_clock(
    runtime: Runtime, shop: Shop, plays: int
) -> None:
    [household], [film, _] = shop.households, shop.films
    await shop.order(household, film, "key")
    answers = await asyncio.gather(
        *(start(shop, household, film, f"device-{number}") for number in range(plays))
    )
    assert codes_of(list(answers)) == {"stream_limit_reached": plays - 1}
    begun = [answer.json() for answer in answers if answer.status_code == 201]
    assert [one["access"]["clock_started"] for one in begun] == [True]
    running, played = await scalar(runtime, _RUNNING), await scalar(runtime, _PLAYED)
    Tally("first plays of a rental", plays, len(begun), running, 1 - played, running - 1).hold()
    assert await broken_rules(runtime) == []


@pytest.mark.parametrize("races", RACES)
async def test_of_a_play_and_a_refund_one_wins(
    runtime: Runtime, app: FastAPI, client: AsyncClient, races: int
) -> None:
    runtime.limiter = Limiter(None, clock=itertools.count(2e9, 3600.0).__next__)
    shop = await open_shop(runtime, client, 10, races // 10)
    outcomes: Counter[tuple[str, str]] = Counter()

    async def race(household: Household) -> None:
        for number, film in enumerate(shop.films):
            bought = await shop.order(household, film, f"key-{number}", ("rent", "buy")[number % 2])
            both = [
                start(shop, household, film, "tv"),
                refund(shop, household, bought.json()["id"]),
            ]
            played, returned = await asyncio.gather(*both[:: 1 if number % 3 else -1])
            if not number % 3:
                played, returned = returned, played
            outcomes[code_of(played), code_of(returned)] += 1

    await in_parallel([race(household) for household in shop.households])
    assert set(outcomes) <= {("", "not_refundable"), ("not_entitled", "")}
    await let_days_pass(runtime, app)
    refunds = outcomes["not_entitled", ""]
    present = races - await scalar(
        runtime, "SELECT count(*) FROM purchases WHERE status = 'refunded'"
    )
    both = await scalar(runtime, _BOTH)
    Tally("play against refund", races, races - refunds, present, 0, both).hold()
    assert present == races - refunds
    assert await broken_rules(runtime) == []
