"""Staff sees what providers told, applies what was stuck, and lets be what is not ours."""

from typing import Any

import pytest
from httpx import AsyncClient, Response

from matinee.integrations.payments.protocol import Reference
from matinee.runtime import Runtime
from tests.entitlements.makers import make_payment_event
from tests.entitlements.purchases.conftest import rows
from tests.entitlements.webhooks.conftest import (
    CAPTURED,
    HEARD,
    Provider,
    event,
    later,
    purchase,
    witnesses,
)
from tests.makers import as_staff, execute, scalar

PAYMENTS = "/api/v1/admin/payments"
WHY = {"reason": "The order was restored"}

Headers = dict[str, str]


@pytest.fixture
async def support(runtime: Runtime, client: AsyncClient) -> Headers:
    return await as_staff(runtime, client, "support")


async def look(client: AsyncClient, headers: Headers, path: str, **query: Any) -> Any:
    answer = await client.get(f"{PAYMENTS}{path}", params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ids(client: AsyncClient, headers: Headers, **query: Any) -> list[str]:
    """The names of the events that a list holds."""
    page = await look(client, headers, "/events", **query)
    return [item["event_id"] for item in page["items"]]


async def decide(
    client: AsyncClient, headers: Headers, action: str, event_id: str = "evt_1", **body: str
) -> Response:
    path = f"{PAYMENTS}/events/sandbox/{event_id}/{action}"
    return await client.post(path, json=body or WHY, headers=headers)


async def changes(runtime: Runtime, action: str) -> list[Any]:
    """What the audit log says of an action."""
    sql = "SELECT changes, reason FROM admin_audit_log WHERE action = $1"
    return [tuple(row) for row in await rows(runtime, sql, action)]


@pytest.fixture
async def events(provider: Provider, runtime: Runtime, order: Reference) -> None:
    """One that was applied, one that is parked, one that is dead; in this order."""
    await provider.tell(CAPTURED, order, "evt_1")
    await make_payment_event(runtime, "evt_2")
    await make_payment_event(runtime, "evt_3")
    await execute(runtime, "UPDATE payment_events SET state = 'dead' WHERE event_id = 'evt_3'")


@pytest.mark.usefixtures("events")
class TestLooking:
    async def test_all_are_listed_newest_first(self, client: AsyncClient, support: Headers) -> None:
        assert await ids(client, support) == ["evt_3", "evt_2", "evt_1"]

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"state": "parked"}, ["evt_2"]),
            ({"state": "dead"}, ["evt_3"]),
            ({"object_ref": "pay_lost"}, ["evt_3", "evt_2"]),
            ({"object_ref": "pay_lost", "state": "dead"}, ["evt_3"]),
            ({"provider": "sandbox", "object_ref": "pay_1"}, ["evt_1"]),
            ({"provider": "stripe"}, []),
        ],
    )
    async def test_filters_apply_together(
        self, client: AsyncClient, support: Headers, query: dict[str, str], expected: list[str]
    ) -> None:
        assert await ids(client, support, **query) == expected

    async def test_those_of_a_household_are_found(
        self, client: AsyncClient, support: Headers, order: Reference
    ) -> None:
        assert await ids(client, support, user_id=str(order.user_id)) == ["evt_1"]

    async def test_pages_together_are_the_whole(
        self, client: AsyncClient, support: Headers
    ) -> None:
        found, cursor = [], ""
        while cursor is not None:
            query = {"cursor": cursor} if cursor else {}
            page = await look(client, support, "/events", page_size=1, **query)
            found += [item["event_id"] for item in page["items"]]
            cursor = page["next_cursor"]
        assert found == ["evt_3", "evt_2", "evt_1"]

    async def test_one_is_shown_with_what_it_says(
        self, client: AsyncClient, support: Headers, order: Reference
    ) -> None:
        shown = await look(client, support, "/events/sandbox/evt_1")
        assert shown["facts"]["payment"]["captured_cents"] == 1000
        assert shown["payload"]["data"]["reference"] == str(order)
        assert (shown["subject"], shown["subject_id"]) == ("purchase", str(order.id))
        assert (shown["state"], shown["next_attempt_at"]) == ("applied", None)

    async def test_what_nobody_told_is_not_found(
        self, client: AsyncClient, support: Headers
    ) -> None:
        path = f"{PAYMENTS}/events/sandbox/evt_9"
        assert (await client.get(path, headers=support)).status_code == 404
        assert (await decide(client, support, "replay", "evt_9")).status_code == 404
        assert (await decide(client, support, "ignore", "evt_9")).status_code == 404


async def test_a_dead_event_is_applied_when_staff_says_so(
    provider: Provider, runtime: Runtime, order: Reference, client: AsyncClient, support: Headers
) -> None:
    await provider.tell(CAPTURED)
    await later(runtime, "8 days")
    await provider.tell(HEARD, order, "evt_2")
    answer = await decide(client, support, "replay")
    assert (answer.json()["state"], answer.json()["last_error"]) == ("applied", None)
    assert (await purchase(runtime, order))["status"] == "paid"
    [(changed, reason)] = await changes(runtime, "payment_event.replay")
    assert (changed["state"], reason) == (["dead", "applied"], WHY["reason"])


async def test_what_still_cannot_be_applied_says_why(
    runtime: Runtime, client: AsyncClient, support: Headers
) -> None:
    await make_payment_event(runtime, "evt_1")
    answer = await decide(client, support, "replay")
    assert answer.json()["state"] == "parked"
    assert answer.json()["last_error"] == "Nothing here is known by the provider's name for it."


@pytest.mark.parametrize("action", ["replay", "ignore"])
async def test_an_applied_event_stays_as_it_is(
    provider: Provider, runtime: Runtime, order: Reference, client: AsyncClient, support: Headers,
    action: str,
) -> None:  # fmt: skip
    await provider.tell(CAPTURED, order)
    before, kept = await witnesses(runtime), await event(runtime)
    assert (await decide(client, support, action)).status_code == 200
    assert (await witnesses(runtime), await event(runtime)) == (before, kept)
    assert await changes(runtime, f"payment_event.{action}") == [({}, WHY["reason"])]


async def test_what_is_not_ours_is_ignored_from_then_on(
    runtime: Runtime, client: AsyncClient, support: Headers
) -> None:
    await make_payment_event(runtime, "evt_1")
    assert (await decide(client, support, "ignore")).json()["state"] == "ignored"
    await later(runtime)
    assert (await event(runtime))["attempts"] == 0
    [(changed, _)] = await changes(runtime, "payment_event.ignore")
    assert changed == {"state": ["parked", "ignored"]}


@pytest.mark.parametrize("action", ["replay", "ignore"])
async def test_a_reason_must_be_given(
    runtime: Runtime, client: AsyncClient, support: Headers, action: str
) -> None:
    await make_payment_event(runtime, "evt_1")
    answer = await decide(client, support, action, reason=" ")
    assert answer.status_code == 422
    assert (await event(runtime))["attempts"] == 0


async def test_asking_the_providers_is_a_job_and_written_down(
    runtime: Runtime, client: AsyncClient, support: Headers
) -> None:
    answer = await client.post(f"{PAYMENTS}/reconcile", json=WHY, headers=support)
    assert answer.status_code == 202
    await runtime.worker.drain()
    done = "SELECT status::text FROM procrastinate_jobs WHERE id = $1"
    assert await scalar(runtime, done, answer.json()["job_id"]) == "succeeded"
    assert await scalar(runtime, "SELECT count(reconciled_until) FROM payment_reconciliations") == 2
    assert len(await changes(runtime, "payments.reconcile")) == 1
