"""Giving back what was not played: who may, what becomes of it, and that one of two wins."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response

from matinee.core.errors import ProviderError
from matinee.entitlements.purchases.refunds import go_on_refunding
from matinee.integrations.payments.manual import confirmed
from matinee.integrations.payments.protocol import Money, PaymentFacts
from matinee.runtime import Runtime
from tests.entitlements.purchases.conftest import (
    Buyer,
    balances,
    code_of,
    make_buyer,
    run_job,
    take_over,
)
from tests.makers import execute, scalar

# what a start does when it begins the clock of a rental
FIRST_PLAY = """
    UPDATE user_entitlements
    SET first_played_at = clock_timestamp(),
        expires_at = clock_timestamp() + make_interval(hours => rental_window_hours)
    WHERE user_id = :user_id AND source_id = :purchase_id
      AND first_played_at IS NULL AND revoked_at IS NULL
"""


async def refund(buyer: Buyer, purchase: Any, key: str | None = None) -> Response:
    return await buyer.post(f"/purchases/{purchase['id']}/refund", key=key)


async def first_play(runtime: Runtime, buyer: Buyer, purchase: Any) -> bool:
    async with runtime.database.write() as tx:
        whose = {"user_id": buyer.user_id, "purchase_id": UUID(purchase["id"])}
        return bool(await tx.execute(FIRST_PLAY, **whose))


def why_of(answer: Response) -> str:
    assert code_of(answer) == (409, "not_refundable"), answer.text
    why: str = answer.json()["error"]["details"]["why"]
    return why


async def test_what_was_not_played_goes_back(runtime: Runtime, buyer: Buyer) -> None:
    rental = await buyer.buy()
    assert rental["refundable_until"] is not None
    answer = await refund(buyer, rental)
    given_back = answer.json()
    assert (answer.status_code, given_back["status"]) == (200, "refunded")
    assert given_back["refunded_cents"] == 399
    assert given_back["grant"]["revoke_reason"] == "refunded"
    assert given_back["refundable_until"] is None
    assert await balances(runtime) == {}
    assert (await buyer.get(f"/catalog/titles/{buyer.film}"))["access"]["via"] == "locked"


async def test_it_can_be_rented_again_afterwards(runtime: Runtime, buyer: Buyer) -> None:
    await refund(buyer, await buyer.buy())
    await buyer.buy()
    assert await balances(runtime) == {"provider:sandbox": 399, "revenue:rent": -399}


async def test_what_was_played_stays(runtime: Runtime, buyer: Buyer) -> None:
    rental = await buyer.buy()
    assert await first_play(runtime, buyer, rental)
    assert why_of(await refund(buyer, rental)) == "played"
    assert (await buyer.get(f"/purchases/{rental['id']}"))["grant"]["revoked_at"] is None


async def test_it_must_be_asked_for_in_time(runtime: Runtime, buyer: Buyer) -> None:
    rental = await buyer.buy()
    await execute(runtime, "UPDATE purchases SET settled_at = settled_at - interval '48 hours'")
    assert why_of(await refund(buyer, rental)) == "too_late"


async def test_what_was_not_paid_cannot_go_back(runtime: Runtime, buyer: Buyer) -> None:
    open_one = (await buyer.order("rent", "tok_needs_action")).json()
    assert why_of(await refund(buyer, open_one)) == "not_paid"


async def test_what_is_disputed_is_left_to_the_bank(runtime: Runtime, buyer: Buyer) -> None:
    rental = await buyer.buy()
    await execute(runtime, "UPDATE purchases SET status = 'disputed', dispute = 'open'")
    assert why_of(await refund(buyer, rental)) == "disputed"


async def test_twice_is_refused_unless_it_is_the_same_request(
    runtime: Runtime, buyer: Buyer
) -> None:
    rental = await buyer.buy()
    answers = [await refund(buyer, rental, "the-key") for _ in range(2)]
    assert {answer.status_code for answer in answers} == {200}
    assert why_of(await refund(buyer, rental)) == "refunded"


async def test_a_key_is_for_one_purchase(runtime: Runtime, buyer: Buyer) -> None:
    rental, bought = await buyer.buy("rent"), await buyer.buy("buy")
    await refund(buyer, rental, "the-key")
    answer = await refund(buyer, bought, "the-key")
    assert code_of(answer) == (422, "idempotency_key_reused")


@pytest.mark.parametrize("attempt", range(5))
async def test_of_a_refund_and_a_first_play_one_wins(
    runtime: Runtime, buyer: Buyer, attempt: int
) -> None:
    rental = await buyer.buy()
    answer, played = await asyncio.gather(refund(buyer, rental), first_play(runtime, buyer, rental))
    assert played == (answer.status_code == 409)
    left = {} if not played else {"provider:sandbox": 399, "revenue:rent": -399}
    assert await balances(runtime) == left


async def test_a_hundred_refunds_give_money_back_once(runtime: Runtime, buyer: Buyer) -> None:
    rental = await buyer.buy()
    answers = await asyncio.gather(*(refund(buyer, rental) for _ in range(100)))
    assert {answer.status_code for answer in answers} <= {200, 202, 409}
    assert await balances(runtime) == {}
    assert await scalar(runtime, "SELECT count(*) FROM purchase_refunds") == 1


async def test_while_the_provider_is_down_it_is_on_its_way(runtime: Runtime, buyer: Buyer) -> None:
    async def down(*_args: object, **_more: object) -> None:
        raise ProviderError

    rental = await buyer.buy()
    take_over(runtime, refund=down)
    answer = await refund(buyer, rental)
    assert answer.status_code == 202
    assert answer.json()["refund_requested_at"] is not None
    assert answer.json()["grant"]["revoke_reason"] == "refund_requested"
    assert not await first_play(runtime, buyer, rental)
    assert code_of(await buyer.order()) == (409, "request_in_progress")
    take_over(runtime)
    await run_job(runtime, go_on_refunding, user_id=str(buyer.user_id), purchase_id=rental["id"])
    assert (await buyer.get(f"/purchases/{rental['id']}"))["status"] == "refunded"


async def test_an_answer_that_was_lost_gives_nothing_back_twice(
    runtime: Runtime, buyer: Buyer
) -> None:
    sandbox = runtime.payments.sandbox

    async def lost(ref: str, amount: Any, key: str) -> None:
        await sandbox.refund(ref, amount, key)
        raise ProviderError

    rental = await buyer.buy()
    take_over(runtime, refund=lost)
    await refund(buyer, rental)
    take_over(runtime)
    assert (await refund(buyer, rental)).json()["refunded_cents"] == 399
    assert await balances(runtime) == {}


async def test_what_the_provider_will_not_give_back_can_be_played_again(
    runtime: Runtime, buyer: Buyer
) -> None:
    async def refuse(ref: str, _amount: Money, key: str) -> PaymentFacts:
        return replace(confirmed(ref, Money(399, "USD")), failure_code="refund_refused")

    rental = await buyer.buy()
    take_over(runtime, refund=refuse)
    answer = await refund(buyer, rental)
    assert why_of(answer) == "refused"
    assert answer.json()["error"]["details"]["failure_code"] == "refund_refused"
    kept = await buyer.get(f"/purchases/{rental['id']}")
    assert (kept["status"], kept["refund_requested_at"]) == ("paid", None)
    assert kept["grant"]["revoked_at"] is None
    assert await first_play(runtime, buyer, rental)


async def test_a_rental_whose_time_runs_from_the_purchase_stays(
    runtime: Runtime, buyer: Buyer
) -> None:
    await execute(runtime, "UPDATE title_offers SET start_within_hours = 0")
    rental = await buyer.buy()
    assert rental["refundable_until"] is None
    assert why_of(await refund(buyer, rental)) == "played"


async def test_nobody_gives_back_what_is_anothers(
    runtime: Runtime, client: AsyncClient, buyer: Buyer
) -> None:
    rental = await buyer.buy()
    other = await make_buyer(runtime, client, buyer.film, "ben@example.com")
    assert code_of(await refund(other, rental)) == (404, "not_found")
