"""Staff offers titles and seasons for rent, for sale or free (E-02)."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response

from matinee.runtime import Runtime
from tests.catalog.makers import CATALOG, make_season
from tests.entitlements.makers import make_offer, make_purchase
from tests.entitlements.packages.conftest import Seller, actions, refusal
from tests.makers import as_staff, make_title, make_user, scalar

NOBODY = "00000000-0000-0000-0000-000000000000"
RENT: dict[str, Any] = {"offer_type": "rent", "price_cents": 399, "currency": "USD"}
BUY = {"offer_type": "buy", "price_cents": 999, "currency": "USD"}
FREE = {"offer_type": "free", "price_cents": 0, "currency": "USD"}
SUMMER = {"available_from": "2026-06-01T00:00:00Z", "available_until": "2026-09-01T00:00:00Z"}
AUTUMN = {"available_from": "2026-09-01T00:00:00Z", "available_until": None}


@pytest.fixture
async def title_id(runtime: Runtime) -> UUID:
    return await make_title(runtime, kind="series")


async def offer(seller: Seller, title_id: object, *terms: dict[str, Any], **more: Any) -> Response:
    body: dict[str, Any] = {}
    for some in terms:
        body |= some
    return await seller.ask("POST", f"/titles/{title_id}/offers", body | more)


async def offered(
    seller: Seller, title_id: object, *terms: dict[str, Any], **more: Any
) -> dict[str, Any]:
    answer = await offer(seller, title_id, *terms, **more)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_an_offer_keeps_all_that_is_said_of_it(seller: Seller, title_id: UUID) -> None:
    terms = RENT | SUMMER | {
        "rental_window_hours": 72,
        "start_within_hours": 0,
        "quality": "uhd",
        "territory": "FR",
        "active": False,
    }  # fmt: skip
    made = await offered(seller, title_id, terms)
    read = await seller.get(f"/titles/{title_id}/offers/{made['id']}")
    assert {name: read[name] for name in terms} == terms


async def test_a_rental_lasts_48_hours_and_may_wait_30_days_unless_it_says_otherwise(
    seller: Seller, title_id: UUID
) -> None:
    made = await offered(seller, title_id, RENT)
    assert (made["rental_window_hours"], made["start_within_hours"]) == (48, 720)


async def test_what_is_bought_has_no_hours(seller: Seller, title_id: UUID) -> None:
    made = await offered(seller, title_id, BUY)
    assert (made["rental_window_hours"], made["start_within_hours"]) == (None, None)


async def test_a_title_is_for_rent_for_sale_and_free_at_once(
    runtime: Runtime, client: AsyncClient, seller: Seller, title_id: UUID
) -> None:
    for terms in (RENT, BUY, FREE):
        await offered(seller, title_id, terms)
    seen = (await client.get(f"{CATALOG}/titles/{title_id}")).json()
    assert [option["type"] for option in seen["access_options"]] == ["free", "rent", "buy"]


async def test_a_season_is_offered_beside_its_series(
    runtime: Runtime, seller: Seller, title_id: UUID
) -> None:
    season_id = await make_season(runtime, title_id, 1)
    await offered(seller, title_id, BUY)
    made = await offered(seller, title_id, BUY, season_id=str(season_id))
    assert made["season_id"] == str(season_id)
    again = await offer(seller, title_id, BUY, season_id=str(season_id))
    assert refusal(again)[:2] == (409, "window_overlap")


async def test_a_season_of_another_title_is_refused(
    runtime: Runtime, seller: Seller, title_id: UUID
) -> None:
    other = await make_title(runtime, "Other", kind="series")
    season_id = str(await make_season(runtime, other, 1))
    for wrong in (season_id, NOBODY):
        answer = await offer(seller, title_id, BUY, season_id=wrong)
        assert refusal(answer) == (422, "invalid_value", "season_id")


async def test_there_is_never_a_second_price_for_one_thing(
    runtime: Runtime, seller: Seller, title_id: UUID
) -> None:
    first = await offered(seller, title_id, RENT, SUMMER)
    answer = await offer(seller, title_id, RENT, price_cents=499)
    assert refusal(answer) == (409, "window_overlap", "price_cents")
    [overlap] = answer.json()["error"]["details"]["overlaps"]
    assert (overlap["id"], overlap["price_cents"]) == (first["id"], 399)
    assert overlap["available_until"] == "2026-09-01T00:00:00+00:00"
    assert await scalar(runtime, "SELECT count(*) FROM title_offers") == 1


@pytest.mark.parametrize(
    "another",
    [
        {"quality": "uhd"},
        {"territory": "US"},
        {"currency": "EUR"},
        {"active": False},
        AUTUMN,
    ],
)
async def test_what_is_not_the_same_thing_has_its_own_price(
    seller: Seller, title_id: UUID, another: dict[str, Any]
) -> None:
    await offered(seller, title_id, RENT, SUMMER)
    assert (await offer(seller, title_id, RENT, SUMMER, another)).status_code == 201


async def test_of_two_who_price_a_title_at_once_one_is_refused(
    runtime: Runtime, seller: Seller, title_id: UUID
) -> None:
    prices = range(100, 105)
    answers = await asyncio.gather(
        *(offer(seller, title_id, RENT, price_cents=price) for price in prices)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (BUY | {"price_cents": 0}, "price_cents"),
        (FREE | {"price_cents": 1}, "price_cents"),
        (BUY | {"rental_window_hours": 48}, "rental_window_hours"),
        (BUY | {"start_within_hours": 48}, "start_within_hours"),
        (FREE | {"rental_window_hours": 48}, "rental_window_hours"),
        (RENT | SUMMER | {"available_until": "2026-01-01T00:00:00Z"}, "available_until"),
    ],
)
async def test_terms_that_do_not_fit_are_refused_by_name(
    seller: Seller, title_id: UUID, terms: dict[str, Any], field: str
) -> None:
    assert refusal(await offer(seller, title_id, terms)) == (422, "rule_violated", field)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("price_cents", -1),
        ("price_cents", 100_000_001),
        ("price_cents", 3.99),
        ("currency", "dollars"),
        ("rental_window_hours", 0),
        ("rental_window_hours", 8761),
        ("start_within_hours", -1),
        ("territory", "EU-27"),
        ("available_from", 0),
    ],
)
async def test_what_is_beyond_a_limit_is_refused_by_name(
    seller: Seller, title_id: UUID, field: str, value: Any
) -> None:
    answer = await offer(seller, title_id, RENT, {field: value})
    assert refusal(answer) == (422, "validation_failed", field)


async def test_only_what_is_given_changes(seller: Seller, title_id: UUID) -> None:
    made = await offered(seller, title_id, RENT, SUMMER, quality="uhd")
    path = f"/titles/{title_id}/offers/{made['id']}"
    answer = await seller.ask("PATCH", path, {"price_cents": 299}, version=1)
    changed = answer.json()
    expected = made | {"price_cents": 299, "version": 2, "updated_at": changed["updated_at"]}
    assert (changed, answer.headers["etag"]) == (expected, '"2"')
    assert (await seller.ask("PATCH", path, {"price_cents": 1}, version=1)).status_code == 412


async def test_an_open_end_is_set_by_null(seller: Seller, title_id: UUID) -> None:
    made = await offered(seller, title_id, RENT, SUMMER)
    path = f"/titles/{title_id}/offers/{made['id']}"
    changed = (await seller.ask("PATCH", path, {"available_until": None})).json()
    assert (changed["available_from"], changed["available_until"]) == (
        SUMMER["available_from"],
        None,
    )


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"price_cents": 0}, "rule_violated", "price_cents"),
        ({"price_cents": None}, "invalid_value", "price_cents"),
        ({"active": None}, "invalid_value", "active"),
        ({"rental_window_hours": None}, "rule_violated", "rental_window_hours"),
        ({"available_until": "2026-01-01T00:00:00Z"}, "rule_violated", "available_until"),
        ({"offer_type": "buy"}, "unknown_field", "offer_type"),
        ({"season_id": None}, "unknown_field", "season_id"),
    ],
)
async def test_a_change_is_held_to_the_same_rules(
    seller: Seller, title_id: UUID, change: dict[str, Any], code: str, field: str
) -> None:
    made = await offered(seller, title_id, RENT, SUMMER)
    answer = await seller.ask("PATCH", f"/titles/{title_id}/offers/{made['id']}", change)
    assert refusal(answer) == (422, code, field)


async def test_an_archived_offer_makes_room_and_cannot_come_back_beside_another(
    client: AsyncClient, seller: Seller, title_id: UUID
) -> None:
    first = await offered(seller, title_id, RENT)
    path = f"/titles/{title_id}/offers/{first['id']}"
    assert (await seller.ask("PATCH", path, {"active": False})).json()["active"] is False
    assert (await client.get(f"{CATALOG}/titles/{title_id}")).json()["access_options"] == []
    second = await offered(seller, title_id, RENT, price_cents=499)
    back = await seller.ask("PATCH", path, {"active": True})
    assert refusal(back)[:2] == (409, "window_overlap")
    listed = (await seller.get(f"/titles/{title_id}/offers"))["items"]
    assert [one["id"] for one in listed] == [second["id"], first["id"]]


async def test_a_price_change_is_written_down_with_before_and_after(
    runtime: Runtime, seller: Seller, title_id: UUID
) -> None:
    made = await offered(seller, title_id, RENT)
    path = f"/titles/{title_id}/offers/{made['id']}"
    await seller.ask("PATCH", path, {"price_cents": 299, "reason": "A sale"})
    changes = "SELECT changes -> 'price_cents' FROM admin_audit_log WHERE action = $1"
    assert await scalar(runtime, changes, "offer.update") == [399, 299]
    await seller.ask("DELETE", path)
    assert await actions(runtime) == ["offer.create", "offer.update", "offer.delete"]


async def test_an_offer_that_nobody_ordered_is_deleted(
    runtime: Runtime, seller: Seller, title_id: UUID
) -> None:
    offer_id = await make_offer(runtime, title_id)
    path = f"/titles/{title_id}/offers/{offer_id}"
    answers = [(await seller.ask("DELETE", path)).status_code for _ in range(2)]
    assert answers == [204, 404]


async def test_an_offer_that_was_ordered_stays(
    runtime: Runtime, seller: Seller, title_id: UUID
) -> None:
    await make_purchase(runtime, await make_user(runtime), title_id, status="failed")
    offer_id = await scalar(runtime, "SELECT id FROM title_offers")
    answer = await seller.ask("DELETE", f"/titles/{title_id}/offers/{offer_id}")
    assert refusal(answer) == (409, "offer_in_use", None)


async def test_an_offer_of_another_title_is_not_found(
    runtime: Runtime, seller: Seller, title_id: UUID
) -> None:
    other = await make_title(runtime, "Other")
    path = f"/titles/{other}/offers/{await make_offer(runtime, title_id)}"
    answers = [
        await seller.ask("GET", path),
        await seller.ask("PATCH", path, {"price_cents": 1}),
        await seller.ask("DELETE", path),
        await seller.ask("GET", f"/titles/{NOBODY}/offers"),
        await offer(seller, NOBODY, RENT),
    ]
    assert {answer.status_code for answer in answers} == {404}


async def test_an_editor_reads_prices_but_does_not_make_them(
    runtime: Runtime, client: AsyncClient, title_id: UUID
) -> None:
    editor = Seller(client, await as_staff(runtime, client, "editor"))
    assert refusal(await offer(editor, title_id, RENT))[:2] == (403, "forbidden")
    assert await editor.get(f"/titles/{title_id}/offers") == {"items": []}
