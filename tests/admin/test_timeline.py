"""The timeline of a household: everything that happened to it, once, in order, and by whom."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from matinee.accounts import audit, personal_data
from matinee.accounts.audit import Actor
from matinee.runtime import Runtime
from tests.admin.operator import Operator
from tests.admin.rules.sales import NOW, purchase, subscription
from tests.entitlements.makers import hold
from tests.makers import as_staff, execute, insert, make_profile, make_title, make_user, scalar

Entry = dict[str, Any]


@pytest.fixture
async def support(runtime: Runtime, client: AsyncClient) -> Operator:
    """Somebody who helps households."""
    return Operator(client, await as_staff(runtime, client, "support"))


async def entries(support: Operator, user_id: UUID, **query: Any) -> list[Entry]:
    """The timeline on one page."""
    found = await support.found(f"/users/{user_id}/entitlements", page_size=100, **query)
    assert found["next_cursor"] is None
    items: list[Entry] = found["items"]
    return items


def what(items: list[Entry]) -> list[tuple[str, str, str]]:
    """What happened, the oldest first."""
    return [(item["kind"], item["action"], item["by"]) for item in reversed(items)]


async def test_a_rental_is_ordered_paid_and_given_back(runtime: Runtime, support: Operator) -> None:
    made = await purchase(runtime, refunded_cents=399)
    items = await entries(support, made.user_id)
    assert sorted(what(items)) == [
        ("grant", "given", "system"),
        ("grant", "revoked", "system"),
        ("payment", "capture", "provider"),
        ("payment", "refund", "provider"),
        ("purchase", "ordered", "household"),
    ]
    assert what(items)[0] == ("purchase", "ordered", "household")
    ordered, revoked = items[-1], next(item for item in items if item["action"] == "revoked")
    assert (ordered["title_name"], ordered["amount_cents"], ordered["currency"]) == (
        "Metropolis",
        399,
        "USD",
    )
    assert ordered["details"]["status"] == "refunded"
    assert revoked["reason"] == "refunded"
    assert {item["amount_cents"] for item in items if item["kind"] == "payment"} == {399}


async def test_a_subscription_is_ordered_paid_and_canceled(
    runtime: Runtime, support: Operator
) -> None:
    made = await subscription(runtime, status="canceled")
    items = await entries(support, made.user_id)
    assert sorted(what(items)) == [
        ("grant", "given", "system"),
        ("payment", "invoice", "provider"),
        ("payment", "invoice_refund", "provider"),
        ("subscription", "canceled", "provider"),
        ("subscription", "ordered", "household"),
    ]
    assert {item["package"] for item in items} == {"basic"}
    [paid] = [item for item in items if item["action"] == "invoice"]
    assert paid["details"] == {"subscription_id": str(made.id), "provider": "sandbox"}


async def test_it_says_who_of_the_staff_did_what_and_why(
    runtime: Runtime, support: Operator
) -> None:
    user_id = await make_user(runtime)
    staff_id = await scalar(runtime, "SELECT user_id FROM staff")
    async with runtime.database.write() as tx:
        await audit.record(
            tx,
            Actor("user", str(staff_id), "support"),
            "hold.place",
            targets={"user": user_id},
            reason="Looks odd",
        )
    [entry] = await entries(support, user_id)
    assert (entry["kind"], entry["action"], entry["by"]) == ("staff", "hold.place", "staff")
    assert (entry["by_id"], entry["by_email"]) == (str(staff_id), "support@example.com")
    assert (entry["reason"], entry["details"]["role"]) == ("Looks odd", "support")


async def test_streams_are_there_without_what_was_watched(
    runtime: Runtime, support: Operator
) -> None:
    user_id = await make_user(runtime)
    title_id = await make_title(runtime, "Secret Film")
    await insert(
        runtime,
        "viewing_sessions",
        user_id=user_id,
        profile_id=await make_profile(runtime, user_id),
        title_id=title_id,
        device_id="tv",
        device_name="TV in the kitchen",
        territory="US",
        lease_until=NOW,
    )
    [entry] = await entries(support, user_id)
    assert (entry["kind"], entry["action"]) == ("stream", "started")
    assert entry["details"]["device_name"] == "TV in the kitchen"
    assert "Secret" not in str(entry)
    assert str(title_id) not in str(entry)


async def test_news_of_providers_and_holds_say_how_they_stand(
    runtime: Runtime, support: Operator
) -> None:
    user_id = await make_user(runtime)
    await hold(runtime, user_id)
    await execute(
        runtime,
        "INSERT INTO payment_events (provider, event_id, type, user_id, occurred_at, payload,"
        " last_error) VALUES ('sandbox', 'evt_1', 'payment.captured', $1, clock_timestamp(), '{}',"
        " 'unknown object')",
        user_id,
    )
    event, held = await entries(support, user_id)
    assert (event["kind"], event["action"], event["by_id"]) == ("event", "parked", "sandbox")
    assert event["reason"] == "unknown object"
    assert (held["kind"], held["action"], held["by"]) == ("hold", "placed", "provider")


async def test_pages_together_are_the_whole(runtime: Runtime, support: Operator) -> None:
    made = await purchase(runtime, refunded_cents=399, dispute="open")
    for number in range(7):  # all at one moment
        await hold(runtime, made.user_id, created_at=NOW, reason=str(number))
    whole = await entries(support, made.user_id)
    pages, cursor = [], None
    while True:
        query = {"cursor": cursor} if cursor else {}
        page = await support.found(f"/users/{made.user_id}/entitlements", page_size=2, **query)
        pages += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert pages == whole
    assert len({item["id"] for item in whole}) == len(whole) >= 13
    assert [item["at"] for item in whole] == sorted((item["at"] for item in whole), reverse=True)


async def test_one_kind_can_be_asked_for(runtime: Runtime, support: Operator) -> None:
    made = await purchase(runtime)
    items = await entries(support, made.user_id, kind="payment")
    assert what(items) == [("payment", "capture", "provider")]


async def test_others_do_not_appear_and_strangers_are_not_found(
    runtime: Runtime, support: Operator
) -> None:
    await purchase(runtime)
    other = await make_user(runtime, "other@example.com")
    assert await entries(support, other) == []
    assert (await support.get(f"/users/{uuid4()}/entitlements")).status_code == 404


async def test_a_deleted_household_still_has_its_books(runtime: Runtime, support: Operator) -> None:
    made = await purchase(runtime)
    async with runtime.database.write() as tx:
        await personal_data.erase(tx, made.user_id)
    assert what(await entries(support, made.user_id)) == [
        ("purchase", "ordered", "household"),
        ("payment", "capture", "provider"),
    ]


async def test_a_wrong_cursor_is_refused(runtime: Runtime, support: Operator) -> None:
    user_id = await make_user(runtime)
    answer = await support.get(f"/users/{user_id}/entitlements", cursor="nonsense")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_cursor")
