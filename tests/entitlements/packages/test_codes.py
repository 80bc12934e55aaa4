"""Staff makes promo and gift codes, shown once, and disables them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from matinee.entitlements.packages.codes import ALPHABET, hash_of, new_code
from matinee.runtime import Runtime
from tests.entitlements.makers import make_package
from tests.entitlements.packages.conftest import Seller, actions, refusal
from tests.makers import as_viewer, execute, make_title, scalar

NOBODY = "00000000-0000-0000-0000-000000000000"
WINTER: dict[str, Any] = {"label": "Winter", "package": "basic", "days": 30}


@pytest.fixture
async def package(runtime: Runtime) -> str:
    await make_package(runtime)
    return "basic"


def iso(days: float) -> str:
    """The moment so many days from now."""
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


async def redeem(client: AsyncClient, headers: dict[str, str], code: str) -> int:
    path = "/api/v1/codes/redeem"
    return (await client.post(path, json={"code": code}, headers=headers)).status_code


def test_a_code_is_long_and_easy_to_read_out() -> None:
    code = new_code()
    assert [len(group) for group in code.split("-")] == [4, 4, 4, 4]
    assert set(code) <= {*ALPHABET, "-"}
    assert not set("01OILSUAEY") & set(ALPHABET)


def test_no_two_codes_are_alike() -> None:
    assert len({new_code() for _ in range(10_000)}) == 10_000


def test_case_spaces_and_hyphens_do_not_matter() -> None:
    code = new_code()
    assert hash_of(code) == hash_of(f" {code.lower().replace('-', ' ')}")


@pytest.mark.usefixtures("package")
async def test_codes_are_shown_once_and_only_their_hashes_are_kept(
    runtime: Runtime, seller: Seller
) -> None:
    made = await seller.make("/codes", **WINTER, count=3)
    kept = await scalar(runtime, "SELECT array_agg(code_hash) FROM promo_codes")
    assert {bytes(one) for one in kept} == {hash_of(one["code"]) for one in made["items"]}
    listed = await seller.ask("GET", "/codes")
    log = await scalar(runtime, "SELECT string_agg(l::text, '') FROM admin_audit_log l")
    assert not any(one["code"] in listed.text + log for one in made["items"])


@pytest.mark.usefixtures("package")
async def test_a_household_can_use_it(
    runtime: Runtime, client: AsyncClient, seller: Seller
) -> None:
    [made] = (await seller.make("/codes", **WINTER))["items"]
    ana = await as_viewer(runtime, client, "ana@example.com")
    ben = await as_viewer(runtime, client, "ben@example.com")
    assert await redeem(client, ana, made["code"]) == 200
    assert await redeem(client, ben, made["code"]) == 409
    [listed] = (await seller.get("/codes"))["items"]
    assert (listed["redeemed"], listed["state"]) == (1, "used_up")
    assert (listed["package"]["slug"], listed["days"]) == ("basic", 30)


async def test_a_gift_gives_a_title(runtime: Runtime, client: AsyncClient, seller: Seller) -> None:
    title_id = await make_title(runtime)
    [made] = (await seller.make("/codes", label="Gift", kind="gift", title_id=str(title_id)))[
        "items"
    ]
    assert await redeem(client, await as_viewer(runtime, client), made["code"]) == 200
    assert await scalar(runtime, "SELECT title_id FROM user_entitlements") == title_id


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"package": None}, "validation_failed", None),
        ({"days": None}, "validation_failed", None),
        ({"title_id": NOBODY}, "validation_failed", None),
        ({"title_id": NOBODY, "package": None, "days": None}, "invalid_value", "title_id"),
        ({"package": "gold"}, "invalid_value", "package"),
        ({"days": 0}, "validation_failed", "days"),
        ({"count": 0}, "validation_failed", "count"),
        ({"count": 1001}, "validation_failed", "count"),
        ({"max_redemptions": 0}, "validation_failed", "max_redemptions"),
        ({"label": "a\u0000b"}, "validation_failed", "label"),
        ({"valid_until": "2020-01-01T00:00:00Z"}, "rule_violated", "valid_until"),
        ({"code": "WINTER"}, "unknown_field", "code"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    runtime: Runtime, seller: Seller, change: dict[str, Any], code: str, field: str | None
) -> None:
    answer = await seller.ask("POST", "/codes", WINTER | change)
    assert refusal(answer) == (422, code, field)
    assert await scalar(runtime, "SELECT count(*) FROM promo_codes") == 0


@pytest.mark.usefixtures("package")
async def test_a_disabled_code_is_of_no_use(
    runtime: Runtime, client: AsyncClient, seller: Seller
) -> None:
    [open_now] = (await seller.make("/codes", **WINTER))["items"]
    [to_come] = (await seller.make("/codes", **WINTER, valid_from=iso(1), valid_until=iso(2)))[
        "items"
    ]
    answer = await seller.ask("POST", "/codes/disable", {"label": "Winter"})
    assert answer.json() == {"disabled": 2}
    assert {one["state"] for one in (await seller.get("/codes"))["items"]} == {"over"}
    headers = await as_viewer(runtime, client)
    assert [await redeem(client, headers, one["code"]) for one in (open_now, to_come)] == [404, 404]
    again = await seller.ask("POST", "/codes/disable", {"label": "Winter"})
    assert again.json() == {"disabled": 0}


@pytest.mark.usefixtures("package")
async def test_some_codes_of_a_label_are_disabled_by_id(seller: Seller) -> None:
    made = (await seller.make("/codes", **WINTER, count=3))["items"]
    wish = {"code_ids": [made[0]["id"], NOBODY]}
    assert (await seller.ask("POST", "/codes/disable", wish)).json() == {"disabled": 1}
    still = (await seller.get("/codes?state=open"))["items"]
    assert {one["id"] for one in still} == {made[1]["id"], made[2]["id"]}


@pytest.mark.parametrize("body", [{}, {"label": "X", "code_ids": [NOBODY]}, {"code_ids": []}])
async def test_disabling_needs_ids_or_a_label(seller: Seller, body: dict[str, Any]) -> None:
    answer = await seller.ask("POST", "/codes/disable", body)
    assert refusal(answer)[:2] == (422, "validation_failed")


@pytest.mark.usefixtures("package")
async def test_codes_are_listed_by_what_they_are(runtime: Runtime, seller: Seller) -> None:
    await make_package(runtime, "gold")
    await seller.make("/codes", **WINTER, count=2)
    await seller.make("/codes", label="Gold", kind="gift", package="gold", days=7)
    await seller.make("/codes", label="Soon", package="gold", days=7, valid_from=iso(1))
    for query, count in [
        ("", 4),
        ("label=Winter", 2),
        ("package=gold", 2),
        ("kind=gift", 1),
        ("state=upcoming", 1),
        ("state=over", 0),
    ]:
        assert len((await seller.get(f"/codes?{query}"))["items"]) == count, query


@pytest.mark.usefixtures("package")
async def test_the_list_goes_on_where_it_stopped(seller: Seller) -> None:
    made = (await seller.make("/codes", **WINTER, count=5))["items"]
    ids, cursor = [], ""
    while cursor is not None:
        page = await seller.get(f"/codes?page_size=2{cursor}")
        ids += [one["id"] for one in page["items"]]
        cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
    assert ids == sorted((one["id"] for one in made), reverse=True)


@pytest.mark.usefixtures("package")
async def test_what_ended_by_itself_is_over(runtime: Runtime, seller: Seller) -> None:
    await seller.make("/codes", **WINTER)
    await execute(
        runtime,
        "UPDATE promo_codes SET valid_from = valid_from - interval '2 days',"
        " valid_until = valid_from - interval '1 day'",
    )
    [listed] = (await seller.get("/codes"))["items"]
    assert listed["state"] == "over"


@pytest.mark.usefixtures("package")
async def test_making_and_disabling_is_written_down(runtime: Runtime, seller: Seller) -> None:
    made = (await seller.make("/codes", **WINTER, count=2))["items"]
    await seller.ask("POST", "/codes/disable", {"label": "Winter"})
    assert await actions(runtime) == ["code.create", "code.disable"]
    ids = "SELECT changes -> 'code_ids' -> 1 FROM admin_audit_log WHERE action = 'code.create'"
    assert await scalar(runtime, ids) == [one["id"] for one in made]
