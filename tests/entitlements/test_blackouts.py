"""Staff says when a channel must not be shown somewhere."""

from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.entitlements.packages.conftest import Seller, actions, refusal
from tests.epg.makers import at, black_out, make_channel
from tests.makers import as_staff, scalar
from tests.viewing.progress.makers import make_somebody
from tests.viewing.sessions.calls import ask_channel, code_of

BLACKOUTS = "/epg/blackouts"
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
async def seller(runtime: Runtime, client: AsyncClient) -> Seller:
    return Seller(client, await as_staff(runtime, client, "editor"))


@pytest.fixture
async def channel(runtime: Runtime) -> UUID:
    return await make_channel(runtime)


def blackout(channel_id: UUID | str, starts: float = -10, ends: float = 60) -> dict[str, Any]:
    return {
        "channel_id": str(channel_id),
        "territory": "US",
        "starts_at": at(starts).isoformat(),
        "ends_at": at(ends).isoformat(),
        "reason": "The rights are with somebody else.",
    }


async def test_a_blackout_holds_from_its_beginning_until_it_is_deleted(
    runtime: Runtime, client: AsyncClient, seller: Seller, channel: UUID
) -> None:
    viewer = await make_somebody(runtime, client)
    made = await seller.make(BLACKOUTS, **blackout(channel))
    assert made["channel_name"] == "One"
    assert code_of(await ask_channel(client, viewer.headers, channel)) == (403, "blackout")
    assert (await seller.ask("DELETE", f"{BLACKOUTS}/{made['id']}")).status_code == 204
    assert (await ask_channel(client, viewer.headers, channel)).status_code == 201
    assert await actions(runtime) == ["blackout.create", "blackout.delete"]


async def test_a_blackout_is_moved(
    runtime: Runtime, client: AsyncClient, seller: Seller, channel: UUID
) -> None:
    viewer = await make_somebody(runtime, client)
    made = await seller.make(BLACKOUTS, **blackout(channel))
    wish = blackout(channel, 30)
    put = await seller.ask("PUT", f"{BLACKOUTS}/{made['id']}", wish)
    assert put.json()["starts_at"] > made["starts_at"]
    assert (await ask_channel(client, viewer.headers, channel)).status_code == 201
    changes = "SELECT changes FROM admin_audit_log WHERE action = 'blackout.put'"
    assert "starts_at" in await scalar(runtime, changes)


async def test_those_to_come_are_listed_page_by_page(
    runtime: Runtime, seller: Seller, channel: UUID
) -> None:
    other = await make_channel(runtime, "Two")
    ids = [str(await black_out(runtime, channel, n, n + 10)) for n in (-100, -5, 10, 20)]
    await black_out(runtime, other, 30, 40)
    first = await seller.get(f"{BLACKOUTS}?channel_id={channel}&page_size=2")
    assert [one["id"] for one in first["items"]] == ids[1:3]
    second = await seller.get(
        f"{BLACKOUTS}?channel_id={channel}&page_size=2&cursor={first['next_cursor']}"
    )
    assert [one["id"] for one in second["items"]] == ids[3:]
    assert second["next_cursor"] is None
    everything = await seller.get(f"{BLACKOUTS}?past=true")
    assert len(everything["items"]) == 5


WRONG: dict[str, tuple[dict[str, Any], tuple[int, str]]] = {
    "over before it begins": (
        {"starts_at": "2026-02-01T00:00:00Z", "ends_at": "2026-02-01T00:00:00Z"},
        (422, "validation_failed"),
    ),
    "no reason": ({"reason": ""}, (422, "validation_failed")),
    "no such channel": ({"channel_id": NOBODY}, (422, "invalid_value")),
    "no country": ({"territory": "USA"}, (422, "validation_failed")),
    "an unknown field": ({"price": 1}, (422, "unknown_field")),
}


@pytest.mark.parametrize("case", WRONG)
async def test_what_makes_no_sense_is_refused(seller: Seller, channel: UUID, case: str) -> None:
    fields, expected = WRONG[case]
    answer = await seller.ask("POST", BLACKOUTS, blackout(channel) | fields)
    assert refusal(answer)[:2] == expected


async def test_what_is_missing_is_not_found(seller: Seller, channel: UUID) -> None:
    answers = [
        await seller.ask("PUT", f"{BLACKOUTS}/{NOBODY}", blackout(channel)),
        await seller.ask("DELETE", f"{BLACKOUTS}/{NOBODY}"),
    ]
    assert [refusal(answer)[:2] for answer in answers] == [(404, "not_found")] * 2
