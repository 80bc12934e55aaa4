"""Redeeming codes: once per household, never more often than a code allows, hard to guess."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response

from matinee.entitlements.packages.codes import hash_of
from matinee.entitlements.subscriptions import redeeming
from matinee.entitlements.subscriptions.redeeming import CODE_TRIES
from matinee.entitlements.subscriptions.schemas import RedeemCode
from matinee.runtime import Runtime
from tests.entitlements.makers import grant_package, hold
from tests.entitlements.subscriptions.conftest import Household, Packages
from tests.entitlements.subscriptions.test_subscribing import code_of, moment
from tests.makers import as_viewer, execute, insert, make_title, make_user, scalar

DAYS = timedelta(days=1)
AGO = datetime.now(UTC) - DAYS
USED = "SELECT redeemed FROM promo_codes"


async def make_code(runtime: Runtime, code: str = "WINTER-2027", **columns: Any) -> UUID:
    defaults = {"label": "Winter", "kind": "promo", "max_redemptions": 10, "valid_from": AGO}
    return await insert(runtime, "promo_codes", code_hash=hash_of(code), **(defaults | columns))


@pytest.fixture
async def promo_id(runtime: Runtime, packages: Packages) -> UUID:
    return await make_code(runtime, package_id=packages.basic, days=30)


async def redeem(household: Household, code: str = "WINTER-2027") -> Response:
    return await household.post("/codes/redeem", {"code": code})


@pytest.mark.usefixtures("promo_id")
async def test_a_code_gives_a_package_for_some_days(runtime: Runtime, household: Household) -> None:
    answer = await redeem(household)
    given = answer.json()
    assert (answer.status_code, given["package"]["slug"]) == (200, "basic")
    assert moment(given["expires_at"]) - moment(given["starts_at"]) == 30 * DAYS
    assert await scalar(runtime, "SELECT subscription_tier FROM users") == "basic"
    assert await scalar(runtime, USED) == 1


@pytest.mark.usefixtures("promo_id")
@pytest.mark.parametrize("typed", ["winter 2027", " Winter-2027 ", "WINTER2027"])
async def test_it_need_not_be_typed_exactly(household: Household, typed: str) -> None:
    assert (await redeem(household, typed)).status_code == 200


async def test_a_gift_gives_a_title_for_good(runtime: Runtime, household: Household) -> None:
    title_id = await make_title(runtime)
    await make_code(runtime, kind="gift", title_id=title_id)
    given = (await redeem(household)).json()
    assert (given["title_id"], given["expires_at"]) == (str(title_id), None)
    kinds = "SELECT source_type || ' ' || kind FROM user_entitlements"
    assert await scalar(runtime, kinds) == "gift buy"


async def test_a_title_one_owns_uses_no_code_up(runtime: Runtime, household: Household) -> None:
    title_id = await make_title(runtime)
    for code in ("ONE", "TWO"):
        await make_code(runtime, code, kind="gift", title_id=title_id)
    await redeem(household, "ONE")
    assert code_of(await redeem(household, "TWO")) == (409, "already_owned")
    assert await scalar(runtime, "SELECT sum(redeemed)::int FROM promo_codes") == 1


@pytest.mark.usefixtures("promo_id")
async def test_a_household_uses_a_code_once(runtime: Runtime, household: Household) -> None:
    await redeem(household)
    again = await redeem(household)
    assert code_of(again) == (409, "conflict")
    assert again.json()["error"]["details"]["redeemed_at"]
    assert await scalar(runtime, USED) == 1


async def test_days_of_several_codes_follow_one_another(
    runtime: Runtime, household: Household, packages: Packages
) -> None:
    for code in ("ONE", "TWO"):
        await make_code(runtime, code, package_id=packages.basic, days=30)
    first = (await redeem(household, "ONE")).json()
    second = (await redeem(household, "TWO")).json()
    assert second["starts_at"] == first["expires_at"]


@pytest.mark.usefixtures("promo_id")
async def test_what_goes_on_by_itself_needs_no_code(runtime: Runtime, household: Household) -> None:
    begun = await household.subscribe("basic")
    assert code_of(await redeem(household)) == (409, "conflict")
    await household.post(f"/subscriptions/{begun['id']}/cancel")
    given = (await redeem(household)).json()
    assert given["starts_at"] == begun["current_period_end"]
    assert await scalar(runtime, USED) == 1


@pytest.mark.usefixtures("promo_id")
async def test_a_package_one_has_for_good_uses_no_code_up(
    runtime: Runtime, household: Household, packages: Packages
) -> None:
    await grant_package(runtime, household.user_id, packages.basic, source_type="admin")
    assert code_of(await redeem(household)) == (409, "conflict")
    assert await scalar(runtime, USED) == 0


@pytest.mark.parametrize(
    "columns",
    [
        {"valid_until": AGO + timedelta(hours=1)},
        {"valid_from": datetime.now(UTC) + DAYS},
    ],
)
async def test_a_code_out_of_its_time_is_none(
    runtime: Runtime, household: Household, packages: Packages, columns: dict[str, Any]
) -> None:
    await make_code(runtime, package_id=packages.basic, days=30, **columns)
    assert code_of(await redeem(household)) == (404, "not_found")


@pytest.mark.usefixtures("promo_id")
async def test_guessing_is_slowed_down(household: Household) -> None:
    for number in range(CODE_TRIES.amount):
        assert code_of(await redeem(household, f"guess-{number}")) == (404, "not_found")
    assert code_of(await redeem(household)) == (429, "rate_limited")


async def test_codes_that_are_good_are_not_counted_as_guesses(
    runtime: Runtime, household: Household, packages: Packages
) -> None:
    for number in range(CODE_TRIES.amount + 1):
        await make_code(runtime, f"CODE{number}", package_id=packages.basic, days=1)
        assert (await redeem(household, f"code {number}")).status_code == 200


@pytest.mark.usefixtures("promo_id")
async def test_a_held_household_redeems_nothing(runtime: Runtime, household: Household) -> None:
    await hold(runtime, household.user_id)
    assert code_of(await redeem(household)) == (403, "account_held")


@pytest.mark.usefixtures("promo_id")
async def test_children_and_strangers_redeem_nothing(runtime: Runtime, client: AsyncClient) -> None:
    kid = await as_viewer(runtime, client, "kid@example.com", kind="kids", max_maturity=9)
    body = {"code": "WINTER-2027"}
    answer = await client.post("/api/v1/codes/redeem", json=body, headers=kid)
    assert code_of(answer) == (403, "purchase_not_allowed")
    assert code_of(await client.post("/api/v1/codes/redeem", json=body)) == (
        401,
        "not_authenticated",
    )


@pytest.mark.usefixtures("crowded")
async def test_of_a_hundred_that_come_at_once_as_many_as_allowed_are_served(
    runtime: Runtime, client: AsyncClient, household: Household, promo_id: UUID
) -> None:
    users = [await make_user(runtime, f"u{number}@example.com") for number in range(100)]

    async def one(user_id: UUID) -> str:
        async with runtime.database.write() as tx:
            await redeeming.use_code(tx, user_id, RedeemCode(code="winter 2027"))
        return "served"

    outcomes = await asyncio.gather(*(one(user) for user in users), return_exceptions=True)
    exhausted = [one for one in outcomes if isinstance(one, redeeming.PromoExhausted)]
    assert outcomes.count("served") == 10
    assert len(exhausted) == 90
    assert await scalar(runtime, USED) == 10
    assert await scalar(runtime, "SELECT count(*) FROM user_entitlements") == 10
    assert await scalar(runtime, "SELECT count(*) FROM promo_redemptions") == 10
    assert code_of(await redeem(household)) == (409, "promo_exhausted")


@pytest.mark.usefixtures("crowded")
async def test_one_household_that_comes_at_once_is_served_once(
    runtime: Runtime, household: Household, promo_id: UUID
) -> None:
    answers = await asyncio.gather(*(redeem(household) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert await scalar(runtime, USED) == 1


@pytest.mark.usefixtures("crowded")
async def test_days_of_codes_that_come_at_once_follow_one_another(
    runtime: Runtime, household: Household, packages: Packages
) -> None:
    codes = [f"CODE{number}" for number in range(4)]
    for code in codes:
        await make_code(runtime, code, package_id=packages.basic, days=30)
    answers = await asyncio.gather(*(redeem(household, code) for code in codes))
    spans = sorted((one.json()["starts_at"], one.json()["expires_at"]) for one in answers)
    assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]


async def test_a_code_that_was_not_given_leaves_no_trace(
    runtime: Runtime, household: Household, promo_id: UUID
) -> None:
    await execute(runtime, "UPDATE promo_codes SET redeemed = max_redemptions")
    assert code_of(await redeem(household)) == (409, "promo_exhausted")
    for table in ("user_entitlements", "promo_redemptions"):
        assert await scalar(runtime, f"SELECT count(*) FROM {table}") == 0
