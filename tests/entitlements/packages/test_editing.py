"""Staff makes, changes, archives and deletes packages (E-01)."""

from typing import Any

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.entitlements.makers import (
    carry,
    grant_package,
    make_package,
    make_rule,
    make_subscription,
)
from tests.entitlements.packages.conftest import Seller, actions, refusal
from tests.makers import as_staff, execute, insert, make_title, make_user, scalar

FULL: dict[str, Any] = {
    "slug": "premium",
    "name": "Premium",
    "description": "All there is.",
    "tier": "gold",
    "kind": "base",
    "rank": 3,
    "price_cents": 1599,
    "currency": "EUR",
    "billing_period": "year",
    "trial_days": 14,
    "grace_days": 5,
    "max_streams": 4,
    "max_profiles": 8,
    "max_quality": "uhd",
    "active": False,
}


async def test_a_package_keeps_all_that_is_said_of_it(seller: Seller) -> None:
    made = await seller.make("/packages", **FULL)
    read = await seller.get(f"/packages/{made['id']}")
    assert {name: read[name] for name in FULL} == FULL
    assert (read["titles"], read["rules"]) == (0, 0)


async def test_a_package_needs_little(seller: Seller) -> None:
    made = await seller.package("basic")
    assert (made["tier"], made["kind"], made["billing_period"]) == ("basic", "base", "month")
    assert (made["grace_days"], made["max_streams"], made["active"]) == (7, 1, True)


async def test_the_list_counts_what_is_in_a_package(runtime: Runtime, seller: Seller) -> None:
    package_id = await make_package(runtime)
    title_id = await make_title(runtime)
    await carry(runtime, package_id, title_id, territory="US")
    await carry(runtime, package_id, title_id, territory="FR")
    await make_rule(runtime, package_id)
    [listed] = (await seller.get("/packages"))["items"]
    assert (listed["titles"], listed["rules"]) == (1, 1)


async def test_only_what_is_given_changes(seller: Seller) -> None:
    made = await seller.make("/packages", **FULL)
    answer = await seller.ask("PATCH", f"/packages/{made['id']}", {"price_cents": 1799})
    changed = answer.json()
    assert answer.headers["etag"] == f'"{changed["version"]}"'
    assert {name: changed[name] for name in FULL} == FULL | {"price_cents": 1799}


async def test_a_change_of_nothing_changes_nothing(seller: Seller) -> None:
    made = await seller.make("/packages", **FULL)
    changed = (await seller.ask("PATCH", f"/packages/{made['id']}", {})).json()
    assert {name: changed[name] for name in FULL} == FULL


async def test_null_clears_what_may_be_empty(seller: Seller) -> None:
    made = await seller.make("/packages", **FULL)
    nothing = {"description": None, "max_profiles": None}
    changed = (await seller.ask("PATCH", f"/packages/{made['id']}", nothing)).json()
    assert (changed["description"], changed["max_profiles"]) == (None, None)


@pytest.mark.parametrize("name", ["name", "tier", "rank", "price_cents", "max_streams", "active"])
async def test_null_clears_nothing_else(seller: Seller, name: str) -> None:
    made = await seller.package()
    answer = await seller.ask("PATCH", f"/packages/{made['id']}", {name: None})
    assert refusal(answer) == (422, "invalid_value", name)


async def test_an_old_version_is_refused(seller: Seller) -> None:
    made = await seller.package()
    path = f"/packages/{made['id']}"
    first = await seller.ask("PATCH", path, {"rank": 1}, version=made["version"])
    late = await seller.ask("PATCH", path, {"rank": 2}, version=made["version"])
    deleted = await seller.ask("DELETE", path, version=made["version"])
    assert first.status_code == 200
    assert {answer.status_code for answer in (late, deleted)} == {412}


async def test_a_slug_is_taken_once(seller: Seller) -> None:
    await seller.package("one")
    two = await seller.package("two")
    again = {"slug": "one", "name": "X", "price_cents": 1, "currency": "USD"}
    taken = await seller.ask("POST", "/packages", again)
    renamed = await seller.ask("PATCH", f"/packages/{two['id']}", {"slug": "one"})
    assert refusal(taken) == refusal(renamed) == (409, "conflict", "slug")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "Not A Slug"),
        ("slug", "x" * 64),
        ("name", ""),
        ("tier", "x" * 41),
        ("rank", -1),
        ("rank", 1001),
        ("price_cents", -1),
        ("price_cents", 100_000_001),
        ("price_cents", 9.99),
        ("price_cents", True),
        ("currency", "usd"),
        ("trial_days", 91),
        ("grace_days", 31),
        ("max_streams", 0),
        ("max_profiles", 21),
    ],
)
async def test_what_is_beyond_a_limit_is_refused_by_name(
    seller: Seller, field: str, value: Any
) -> None:
    body = {"slug": "x", "name": "X", "price_cents": 1, "currency": "USD"} | {field: value}
    answer = await seller.ask("POST", "/packages", body)
    assert refusal(answer) == (422, "validation_failed", field)


@pytest.mark.parametrize(
    ("field", "value"), [("kind", "channel"), ("billing_period", "week"), ("max_quality", "8k")]
)
async def test_unknown_words_are_refused(seller: Seller, field: str, value: str) -> None:
    body = {"slug": "x", "name": "X", "price_cents": 1, "currency": "USD"} | {field: value}
    assert refusal(await seller.ask("POST", "/packages", body)) == (422, "invalid_value", field)


async def test_a_package_that_nobody_had_goes_with_what_is_in_it(
    runtime: Runtime, seller: Seller
) -> None:
    package_id = await make_package(runtime)
    await carry(runtime, package_id, await make_title(runtime))
    await make_rule(runtime, package_id)
    answers = [await seller.ask("DELETE", f"/packages/{package_id}") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 404]
    left = "SELECT (SELECT count(*) FROM package_contents) + (SELECT count(*) FROM package_rules)"
    assert await scalar(runtime, left) == 0
    assert await scalar(runtime, "SELECT count(*) FROM titles") == 1


async def use(runtime: Runtime, by: str) -> None:
    """Let somebody use the one package there is."""
    package_id = await make_package(runtime)
    user_id = await make_user(runtime)
    if by == "subscriptions":
        await make_subscription(runtime, user_id, package_id, status="canceled")
    elif by == "grants":
        await grant_package(runtime, user_id, package_id)
    elif by == "codes":
        await insert(
            runtime,
            "promo_codes",
            code_hash=b"x",
            label="X",
            kind="promo",
            package_id=package_id,
            days=1,
            max_redemptions=1,
        )
    else:
        trial = "INSERT INTO trial_redemptions (package_id, fingerprint, user_id)"
        await execute(runtime, f"{trial} VALUES ($1, 'x', $2)", package_id, user_id)


@pytest.mark.parametrize("by", ["subscriptions", "grants", "codes", "trials"])
async def test_a_package_in_use_is_not_deleted_and_says_by_what(
    runtime: Runtime, seller: Seller, by: str
) -> None:
    await use(runtime, by)
    [package] = (await seller.get("/packages"))["items"]
    answer = await seller.ask("DELETE", f"/packages/{package['id']}")
    assert refusal(answer) == (409, "package_in_use", None)
    assert answer.json()["error"]["details"] == {"by": [by]}
    assert await scalar(runtime, "SELECT count(*) FROM content_packages") == 1


@pytest.mark.parametrize(
    ("field", "value"), [("kind", "addon"), ("currency", "EUR"), ("billing_period", "year")]
)
async def test_what_subscriptions_rely_on_stays_while_there_are_some(
    runtime: Runtime, seller: Seller, field: str, value: str
) -> None:
    unused = await seller.package("unused")
    used = await make_package(runtime, "used")
    await make_subscription(runtime, await make_user(runtime), used)
    answers = [
        await seller.ask("PATCH", f"/packages/{package_id}", {field: value, "rank": 2})
        for package_id in (unused["id"], used)
    ]
    assert answers[0].json()[field] == value
    assert refusal(answers[1]) == (409, "package_in_use", field)


async def test_a_price_changes_for_those_to_come(runtime: Runtime, seller: Seller) -> None:
    package_id = await make_package(runtime, price_cents=999)
    await make_subscription(runtime, await make_user(runtime), package_id)
    answer = await seller.ask("PATCH", f"/packages/{package_id}", {"price_cents": 1299})
    assert answer.json()["price_cents"] == 1299
    assert await scalar(runtime, "SELECT price_cents FROM subscriptions") == 999


async def test_every_change_is_written_down_with_before_and_after(
    runtime: Runtime, seller: Seller
) -> None:
    made = await seller.package()
    path = f"/packages/{made['id']}"
    await seller.ask("PATCH", path, {"price_cents": 1299, "reason": "It costs more to make"})
    changes = "SELECT changes -> 'price_cents' FROM admin_audit_log WHERE action = $1"
    assert await scalar(runtime, changes, "package.update") == [999, 1299]
    why = "SELECT reason FROM admin_audit_log WHERE action = $1"
    assert await scalar(runtime, why, "package.update") == "It costs more to make"
    await seller.ask("DELETE", path)
    assert await actions(runtime) == ["package.create", "package.update", "package.delete"]


async def test_an_editor_reads_packages_but_does_not_price_them(
    runtime: Runtime, client: AsyncClient
) -> None:
    editor = Seller(client, await as_staff(runtime, client, "editor"))
    package_id = await make_package(runtime)
    answer = await editor.ask("PATCH", f"/packages/{package_id}", {"price_cents": 0})
    assert refusal(answer)[:2] == (403, "forbidden")
    assert (await editor.get(f"/packages/{package_id}"))["price_cents"] == 999
