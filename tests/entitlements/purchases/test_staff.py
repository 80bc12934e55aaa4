"""What staff can do about purchases and holds: looking, refunding, payments by hand; audited."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response

from matinee.entitlements.purchases.settling import apply_payment
from matinee.integrations.payments.protocol import PaymentFacts, Reference
from matinee.runtime import Runtime
from tests.entitlements.purchases.conftest import Buyer, balances, code_of, rows, take_over
from tests.makers import as_staff, execute, scalar

WHY = {"reason": "The film would not play."}


@pytest.fixture
async def support(runtime: Runtime, client: AsyncClient) -> dict[str, str]:
    return await as_staff(runtime, client, "support")


class Desk:
    """Support, looking at one household."""

    def __init__(self, client: AsyncClient, headers: dict[str, str], buyer: Buyer) -> None:
        self._client = client
        self._headers = headers
        self._base = f"/api/v1/admin/users/{buyer.user_id}"

    async def get(self, path: str) -> Any:
        """Read something."""
        answer = await self._client.get(f"{self._base}{path}", headers=self._headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: dict[str, Any], key: str = "a-key") -> Response:
        """Change something."""
        headers = self._headers | {"Idempotency-Key": key}
        return await self._client.post(f"{self._base}{path}", json=body, headers=headers)

    async def delete(self, path: str) -> Response:
        """Take something away."""
        return await self._client.delete(f"{self._base}{path}", headers=self._headers)

    async def refund(self, purchase: Any, cents: int | None = None, key: str = "a-key") -> Response:
        """Give money back."""
        body = WHY | ({"amount_cents": cents} if cents else {})
        return await self.post(f"/purchases/{purchase['id']}/refund", body, key)


@pytest.fixture
def desk(client: AsyncClient, support: dict[str, str], buyer: Buyer) -> Desk:
    return Desk(client, support, buyer)


async def actions(runtime: Runtime) -> list[tuple[str, str]]:
    """What the audit log has, and why."""
    found = await rows(runtime, "SELECT action, reason FROM admin_audit_log ORDER BY id")
    return [tuple(row) for row in found]


async def test_support_finds_purchases(buyer: Buyer, desk: Desk) -> None:
    rental, bought = await buyer.buy("rent"), await buyer.buy("buy")
    first = await desk.get("/purchases?page_size=1")
    second = await desk.get(f"/purchases?page_size=1&cursor={first['next_cursor']}")
    found = [first["items"][0]["id"], second["items"][0]["id"]]
    assert found == [bought["id"], rental["id"]]
    assert (await desk.get("/purchases?status=refunded"))["items"] == []
    assert len((await desk.get(f"/purchases?title_id={buyer.film}"))["items"]) == 2


async def test_support_sees_what_moved(buyer: Buyer, desk: Desk) -> None:
    rental = await buyer.buy("rent")
    seen = await desk.get(f"/purchases/{rental['id']}")
    [line] = seen["ledger"]
    assert (line["debit"], line["credit"], line["amount_cents"]) == (
        "provider:sandbox",
        "revenue:rent",
        399,
    )


async def test_all_that_is_left_goes_back_also_when_played(
    runtime: Runtime, buyer: Buyer, desk: Desk
) -> None:
    rental = await buyer.buy("rent")
    await execute(runtime, "UPDATE user_entitlements SET first_played_at = now()")
    answer = await desk.refund(rental)
    assert (answer.status_code, answer.json()["grant"]["revoke_reason"]) == (
        202,
        "refund_requested",
    )
    await runtime.worker.drain()
    seen = await desk.get(f"/purchases/{rental['id']}")
    assert (seen["status"], seen["refunds"][0]["status"]) == ("refunded", "done")
    assert await balances(runtime) == {}
    assert await actions(runtime) == [("purchase.refund", WHY["reason"])]


async def test_a_part_goes_back_and_it_can_still_be_played(
    runtime: Runtime, buyer: Buyer, desk: Desk
) -> None:
    rental = await buyer.buy("rent")
    await desk.refund(rental, 100)
    await runtime.worker.drain()
    seen = await desk.get(f"/purchases/{rental['id']}")
    assert (seen["status"], seen["refunded_cents"]) == ("paid", 100)
    assert seen["grant"]["revoked_at"] is None
    assert await balances(runtime) == {"provider:sandbox": 299, "revenue:rent": -299}


async def test_parts_can_follow_until_nothing_is_left(
    runtime: Runtime, buyer: Buyer, desk: Desk
) -> None:
    rental = await buyer.buy("rent")
    await desk.refund(rental, 100, "one")
    await runtime.worker.drain()
    answer = await desk.refund(rental, 300, "two")
    assert code_of(answer) == (422, "invalid_value")
    assert answer.json()["error"]["details"]["most_cents"] == 299
    await desk.refund(rental, 299, "three")
    await runtime.worker.drain()
    assert code_of(await desk.refund(rental, None, "four")) == (409, "not_refundable")
    assert await balances(runtime) == {}


async def test_a_part_that_was_paid_goes_back_and_gives_nothing(
    runtime: Runtime, buyer: Buyer, desk: Desk
) -> None:
    order = (await buyer.order("buy", "tok_needs_action")).json()
    reference = Reference("purchase", buyer.user_id, UUID(order["id"]))
    ref = await scalar(runtime, "SELECT provider_ref FROM purchases")
    some = PaymentFacts(ref, "USD", captured_cents=1)
    gone = replace(some, refunded_cents=1)

    async def refund(*_args: object, **_more: object) -> PaymentFacts:
        return gone

    take_over(runtime, refund=refund)
    async with runtime.database.write() as tx:
        assert await apply_payment(tx, reference, "sandbox", some)
    assert (await desk.refund(order)).status_code == 202
    await runtime.worker.drain()
    shown = await buyer.get(f"/purchases/{order['id']}")
    assert (shown["status"], shown["grant"]) == ("refunded", None)
    assert await balances(runtime) == {}


async def test_the_rest_that_comes_while_a_part_goes_back_pays(
    runtime: Runtime, buyer: Buyer, desk: Desk
) -> None:
    order = (await buyer.order("buy", "tok_needs_action")).json()
    reference = Reference("purchase", buyer.user_id, UUID(order["id"]))
    ref = await scalar(runtime, "SELECT provider_ref FROM purchases")
    some = PaymentFacts(ref, "USD", captured_cents=1)
    async with runtime.database.write() as tx:
        assert await apply_payment(tx, reference, "sandbox", some)
    await desk.refund(order)
    async with runtime.database.write() as tx:
        assert await apply_payment(tx, reference, "sandbox", replace(some, captured_cents=999))
    shown = await buyer.get(f"/purchases/{order['id']}")
    assert (shown["status"], shown["refund_requested_at"]) == ("paid", None)
    assert shown["grant"]["revoked_at"] is None


async def test_a_repeated_request_refunds_once(runtime: Runtime, buyer: Buyer, desk: Desk) -> None:
    rental = await buyer.buy("rent")
    for _ in range(2):
        assert (await desk.refund(rental, 100)).status_code == 202
        await runtime.worker.drain()
    assert code_of(await desk.refund(rental, 200)) == (422, "idempotency_key_reused")
    assert await balances(runtime) == {"provider:sandbox": 299, "revenue:rent": -299}
    assert len(await actions(runtime)) == 1


async def test_one_refund_at_a_time(runtime: Runtime, buyer: Buyer, desk: Desk) -> None:
    rental = await buyer.buy("rent")
    await desk.refund(rental, 100, "one")
    assert code_of(await desk.refund(rental, 100, "two")) == (409, "request_in_progress")
    answer = await buyer.post(f"/purchases/{rental['id']}/refund")
    assert code_of(answer) == (409, "request_in_progress")
    assert (await buyer.get(f"/purchases/{rental['id']}"))["grant"]["revoked_at"] is None


async def test_a_reason_is_needed(buyer: Buyer, desk: Desk) -> None:
    rental = await buyer.buy("rent")
    for path in (f"/purchases/{rental['id']}/refund", "/holds"):
        assert code_of(await desk.post(path, {}))[0] == 422


async def test_what_was_never_paid_is_not_refunded(buyer: Buyer, desk: Desk) -> None:
    order = (await buyer.order("rent", "tok_needs_action")).json()
    assert code_of(await desk.refund(order)) == (409, "not_refundable")


@pytest.fixture
def by_hand(runtime: Runtime) -> None:
    runtime.payments.default = runtime.payments.named("manual")


@pytest.mark.usefixtures("by_hand")
async def test_a_payment_by_hand_waits_for_staff(
    runtime: Runtime, buyer: Buyer, desk: Desk
) -> None:
    order = await buyer.order("buy")
    assert (order.status_code, order.json()["status"]) == (202, "pending")
    path = f"/purchases/{order.json()['id']}/confirm"
    for _ in range(2):
        answer = await desk.post(path, {"reason": "Paid at the counter."})
        assert (answer.status_code, answer.json()["status"]) == (200, "paid")
    assert (await buyer.get(f"/catalog/titles/{buyer.film}"))["access"]["via"] == "buy"
    assert await balances(runtime) == {"provider:manual": 999, "revenue:buy": -999}
    assert await actions(runtime) == [("purchase.confirm", "Paid at the counter.")]


@pytest.mark.usefixtures("by_hand")
async def test_a_payment_by_hand_can_be_given_up(buyer: Buyer, desk: Desk) -> None:
    order = (await buyer.order("buy")).json()
    answer = await desk.post(f"/purchases/{order['id']}/cancel", WHY)
    assert answer.json()["status"] == "canceled"
    again = await buyer.order("buy")
    assert again.status_code == 202
    assert again.json()["id"] != order["id"]


@pytest.mark.usefixtures("by_hand")
async def test_what_was_paid_by_hand_is_given_back_by_hand(
    runtime: Runtime, buyer: Buyer, desk: Desk
) -> None:
    order = (await buyer.order("buy")).json()
    await desk.post(f"/purchases/{order['id']}/confirm", WHY)
    assert code_of(await desk.post(f"/purchases/{order['id']}/cancel", WHY))[0] == 409
    wished = await buyer.post(f"/purchases/{order['id']}/refund")
    assert (wished.status_code, wished.json()["status"]) == (202, "paid")
    assert (await desk.refund(order)).json()["status"] == "refunded"
    assert await balances(runtime) == {}
    assert await scalar(runtime, "SELECT status FROM purchase_refunds") == "done"


async def test_a_provider_decides_on_its_own_payments(buyer: Buyer, desk: Desk) -> None:
    order = (await buyer.order("rent", "tok_needs_action")).json()
    answer = await desk.post(f"/purchases/{order['id']}/confirm", WHY)
    assert code_of(answer) == (409, "not_by_hand")


@pytest.mark.parametrize(
    "blocks", [(True, False), (False, True), (True, True)], ids=["playing", "buying", "both"]
)
async def test_a_hold_blocks_what_it_says_until_it_is_lifted(
    runtime: Runtime, buyer: Buyer, desk: Desk, blocks: tuple[bool, bool]
) -> None:
    playback, purchase = blocks
    body = {"blocks_playback": playback, "blocks_purchase": purchase, "reason": "Stolen card."}
    hold = (await desk.post("/holds", body)).json()
    detail = await buyer.get(f"/catalog/titles/{buyer.film}")
    assert (detail["access"]["via"] == "account_held") == playback
    assert code_of(await buyer.order()) == (403, "account_held")
    assert [one["id"] for one in (await desk.get("/holds"))["items"]] == [hold["id"]]
    for _ in range(2):
        answer = await desk.delete(f"/holds/{hold['id']}?reason=Cleared+up")
        assert answer.status_code == 204
    assert (await buyer.order()).status_code == 201
    assert await actions(runtime) == [("hold.place", "Stolen card."), ("hold.lift", "Cleared up")]


async def test_a_hold_blocks_something(desk: Desk) -> None:
    body = {"blocks_playback": False, "blocks_purchase": False, "reason": "For nothing."}
    assert code_of(await desk.post("/holds", body)) == (422, "rule_violated")
