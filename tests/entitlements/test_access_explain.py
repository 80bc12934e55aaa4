"""Why a title may be played or not, told to households and to the operator's support."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient, Response

from matinee.runtime import Runtime
from tests.catalog.makers import Headers, make_season, make_series
from tests.entitlements.makers import (
    LONG_AGO,
    carry,
    grant_package,
    grant_title,
    hold,
    make_offer,
    make_package,
    make_rule,
)
from tests.makers import (
    as_staff,
    choose_profile,
    execute,
    make_profile,
    make_title,
    make_user,
    sign_in,
)

EXPLAIN = "/api/v1/access/explain"
SOON = datetime.now(UTC) + timedelta(days=30)


@pytest.fixture
async def household(runtime: Runtime) -> UUID:
    return await make_user(runtime)


@pytest.fixture
async def profile_id(runtime: Runtime, household: UUID) -> UUID:
    return await make_profile(runtime, household)


@pytest.fixture
async def headers(client: AsyncClient, profile_id: UUID) -> Headers:
    return await choose_profile(client, await sign_in(client), profile_id)


async def ask(client: AsyncClient, headers: Headers, **params: Any) -> Response:
    return await client.get(EXPLAIN, params=params, headers=headers)


async def explained(client: AsyncClient, headers: Headers, **params: Any) -> Any:
    answer = await ask(client, headers, **params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def reasons(client: AsyncClient, headers: Headers, **params: Any) -> dict[str, str]:
    """The reasons of all rows by their ids."""
    told = await explained(client, headers, **params)
    return {row["id"]: row["reason"] for row in told["rows"]}


async def test_the_rows_that_decided_come_first(
    runtime: Runtime, client: AsyncClient, household: UUID, headers: Headers
) -> None:
    title_id, package_id = await make_title(runtime), await make_package(runtime)
    listed = await carry(runtime, package_id, title_id)
    grant = await grant_package(runtime, household, package_id)
    offer = await make_offer(runtime, title_id)
    told = await explained(client, headers, title_id=title_id)
    assert told["access"]["via"] == "svod"
    assert [(row["id"], row["reason"]) for row in told["rows"]] == [
        (str(grant), "decided"),
        (str(listed), "decided"),
        (str(offer), "for_sale"),
    ]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"expires_at": LONG_AGO + timedelta(days=1)}, "expired"),
        ({"starts_at": SOON, "expires_at": SOON + timedelta(days=1)}, "not_started"),
        ({"revoked_at": LONG_AGO, "revoke_reason": "refund"}, "revoked"),
    ],
)
async def test_a_grant_that_does_not_count_says_why(
    runtime: Runtime,
    client: AsyncClient,
    household: UUID,
    headers: Headers,
    columns: dict[str, Any],
    reason: str,
) -> None:
    title_id = await make_title(runtime)
    grant = await grant_title(runtime, household, title_id, "rent", **columns)
    assert await reasons(client, headers, title_id=title_id) == {str(grant): reason}


async def test_of_two_rights_the_weaker_one_says_so(
    runtime: Runtime, client: AsyncClient, household: UUID, headers: Headers
) -> None:
    title_id = await make_title(runtime)
    bought = await grant_title(runtime, household, title_id)
    rented = await grant_title(runtime, household, title_id, "rent")
    found = await reasons(client, headers, title_id=title_id)
    assert found == {str(bought): "decided", str(rented): "weaker_right"}


async def test_a_package_without_the_title_says_so(
    runtime: Runtime, client: AsyncClient, household: UUID, headers: Headers
) -> None:
    title_id = await make_title(runtime)
    grant = await grant_package(runtime, household, await make_package(runtime))
    assert await reasons(client, headers, title_id=title_id) == {str(grant): "not_in_package"}


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({}, "not_held"),
        ({"territory": "DE"}, "other_territory"),
        ({"available_from": SOON}, "not_started"),
        ({"available_until": LONG_AGO}, "window_closed"),
    ],
)
@pytest.mark.parametrize("how", ["listed", "rule"])
async def test_a_package_of_others_says_why_it_does_not_help(
    runtime: Runtime,
    client: AsyncClient,
    headers: Headers,
    columns: dict[str, Any],
    reason: str,
    how: str,
) -> None:
    title_id, package_id = await make_title(runtime), await make_package(runtime)
    if how == "listed":
        row_id = await carry(runtime, package_id, title_id, **columns)
    else:
        row_id = await make_rule(runtime, package_id, kind="movie", **columns)
    [row] = (await explained(client, headers, title_id=title_id))["rows"]
    assert (row["kind"], row["id"], row["reason"]) == (how, str(row_id), reason)


async def test_archived_packages_and_withdrawn_offers_say_so(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    title_id = await make_title(runtime)
    package_id = await make_package(runtime, active=False)
    listed = await carry(runtime, package_id, title_id)
    offer = await make_offer(runtime, title_id, active=False)
    found = await reasons(client, headers, title_id=title_id)
    assert found == {str(listed): "archived", str(offer): "archived"}


async def test_a_free_offer_decides(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    title_id = await make_title(runtime)
    free = await make_offer(runtime, title_id, "free")
    assert await reasons(client, headers, title_id=title_id) == {str(free): "decided"}


async def test_an_offer_for_everywhere_gives_way_to_one_for_here(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    title_id = await make_title(runtime)
    here = await make_offer(runtime, title_id, territory="US")
    everywhere = await make_offer(runtime, title_id)
    found = await reasons(client, headers, title_id=title_id)
    assert found == {str(here): "for_sale", str(everywhere): "weaker_right"}


async def test_a_right_to_another_season_says_so(
    runtime: Runtime, client: AsyncClient, household: UUID, headers: Headers
) -> None:
    series = await make_series(runtime)
    second, third = [await make_season(runtime, series, number) for number in (2, 3)]
    grant = await grant_title(runtime, household, series, season_id=second)
    asked = {"title_id": series, "season_id": third}
    assert await reasons(client, headers, **asked) == {str(grant): "other_season"}


async def test_a_hold_overrules_rights(
    runtime: Runtime, client: AsyncClient, household: UUID, headers: Headers
) -> None:
    title_id = await make_title(runtime)
    grant = await grant_title(runtime, household, title_id)
    held = await hold(runtime, household)
    lifted = await hold(runtime, household, lifted_at=datetime.now(UTC))
    buying = await hold(runtime, household, blocks_playback=False)
    told = await explained(client, headers, title_id=title_id)
    assert told["access"]["via"] == "account_held"
    assert {row["id"]: row["reason"] for row in told["rows"]} == {
        str(held): "decided",
        str(lifted): "lifted",
        str(buying): "purchases_only",
        str(grant): "overruled",
    }


async def test_another_moment_can_be_looked_at(
    runtime: Runtime, client: AsyncClient, household: UUID, headers: Headers
) -> None:
    title_id = await make_title(runtime)
    await make_offer(runtime, title_id)
    await grant_title(runtime, household, title_id, "rent", expires_at=SOON)
    for at, via in ((SOON - timedelta(microseconds=1), "rent"), (SOON, "locked")):
        told = await explained(client, headers, title_id=title_id, at=at.isoformat())
        assert told["access"]["via"] == via
        assert datetime.fromisoformat(told["at"]) == at


async def test_only_staff_look_at_other_moments_in_earnest(
    runtime: Runtime, client: AsyncClient, headers: Headers, profile_id: UUID, household: UUID
) -> None:
    runtime.settings = runtime.settings.model_copy(update={"environment": "development"})
    title_id = await make_title(runtime)
    asked = {"title_id": title_id, "at": SOON.isoformat()}
    assert (await ask(client, headers, **asked)).status_code == 403
    support = await as_staff(runtime, client, "support")
    about = {"user_id": household, "profile_id": profile_id}
    assert (await ask(client, support, **asked, **about)).status_code == 200


@pytest.mark.parametrize("role", ["support", "admin"])
async def test_support_asks_for_any_profile(
    runtime: Runtime, client: AsyncClient, household: UUID, role: str
) -> None:
    child = await make_profile(runtime, household, "Kim", kind="kids", max_maturity=7)
    title_id = await make_title(runtime, maturity_score=18)
    staff = await as_staff(runtime, client, role)
    about = {"title_id": title_id, "user_id": household}
    assert (await explained(client, staff, **about, profile_id=child))["access"][
        "via"
    ] == "parental"
    assert (await explained(client, staff, **about))["access"]["via"] == "free"


@pytest.mark.parametrize("role", ["editor", "analyst"])
async def test_other_staff_do_not(
    runtime: Runtime, client: AsyncClient, household: UUID, role: str
) -> None:
    staff = await as_staff(runtime, client, role)
    title_id = await make_title(runtime)
    assert (await ask(client, staff, title_id=title_id, user_id=household)).status_code == 403


async def test_a_household_asks_for_itself_alone(
    runtime: Runtime, client: AsyncClient, household: UUID, headers: Headers
) -> None:
    title_id = await make_title(runtime)
    assert (await ask(client, headers, title_id=title_id, user_id=household)).status_code == 403


async def test_a_profile_of_another_household_is_not_found(
    runtime: Runtime, client: AsyncClient, household: UUID
) -> None:
    other = await make_user(runtime, "bob@example.com")
    theirs = await make_profile(runtime, other)
    staff, title_id = await as_staff(runtime, client, "support"), await make_title(runtime)
    asked = {"title_id": title_id, "user_id": household, "profile_id": theirs}
    assert (await ask(client, staff, **asked)).status_code == 404
    answer = await ask(client, staff, title_id=title_id, profile_id=theirs)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "user_id")


async def test_what_a_viewer_may_not_see_is_not_explained_to_him(
    runtime: Runtime, client: AsyncClient, headers: Headers, profile_id: UUID
) -> None:
    await execute(runtime, "UPDATE profiles SET max_maturity = 12 WHERE id = $1", profile_id)
    hidden = await make_title(runtime, maturity_score=18)
    draft = await make_title(runtime, status="draft")
    for title_id in (hidden, draft, uuid4()):
        assert (await ask(client, headers, title_id=title_id)).status_code == 404


async def test_a_season_of_another_title_is_not_found(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    season = await make_season(runtime, await make_series(runtime), 5)
    title_id = await make_title(runtime)
    assert (await ask(client, headers, title_id=title_id, season_id=season)).status_code == 404


async def test_kids_are_told_no_prices(
    runtime: Runtime, client: AsyncClient, household: UUID
) -> None:
    child = await make_profile(runtime, household, "Kim", kind="kids")
    headers = await choose_profile(client, await sign_in(client), child)
    answer = await ask(client, headers, title_id=await make_title(runtime))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "purchase_not_allowed")
