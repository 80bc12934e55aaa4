"""Staff says which channels a package carries, where and when (E-01, A9)."""

from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.entitlements.makers import make_package
from tests.entitlements.packages.conftest import Seller, actions, refusal
from tests.epg.makers import carry_channel, make_channel
from tests.makers import as_staff, as_viewer, scalar

SUMMER = {"available_from": "2026-06-01T00:00:00Z", "available_until": "2026-09-01T00:00:00Z"}
JULY = {"available_from": "2026-07-01T00:00:00Z", "available_until": "2026-08-01T00:00:00Z"}
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
async def package_id(runtime: Runtime) -> UUID:
    return await make_package(runtime)


@pytest.fixture
async def channel_ids(runtime: Runtime) -> list[UUID]:
    return [await make_channel(runtime, f"Channel {n}", number=10 - n) for n in range(3)]


async def test_many_channels_are_added_at_once(
    runtime: Runtime, seller: Seller, package_id: UUID, channel_ids: list[UUID]
) -> None:
    path = f"/packages/{package_id}/channels"
    body = {"channel_ids": [str(one) for one in channel_ids], "territory": "US", **SUMMER}
    done = await seller.ask("POST", path, body)
    assert done.json() == {"changed": 3, "unchanged": 0}
    again = await seller.ask("POST", path, body)
    assert again.json() == {"changed": 0, "unchanged": 3}
    listed = (await seller.get(path))["items"]
    assert [row["name"] for row in listed] == ["Channel 2", "Channel 1", "Channel 0"]
    assert (await seller.get(f"/packages/{package_id}"))["channels"] == 3
    assert await actions(runtime) == ["package.assign_channels"] * 2


async def test_windows_that_clash_are_refused_and_nothing_is_added(
    runtime: Runtime, seller: Seller, package_id: UUID, channel_ids: list[UUID]
) -> None:
    path = f"/packages/{package_id}/channels"
    first = {"channel_ids": [str(channel_ids[0])], **SUMMER}
    assert (await seller.ask("POST", path, first)).status_code == 200
    clash = {"channel_ids": [str(one) for one in channel_ids], **JULY}
    answer = await seller.ask("POST", path, clash)
    assert refusal(answer) == (409, "window_overlap", "channel_ids")
    assert answer.json()["error"]["details"]["overlaps"][0]["channel_id"] == str(channel_ids[0])
    assert await scalar(runtime, "SELECT count(*) FROM package_channels") == 1


async def test_unknown_channels_and_packages_are_told(
    seller: Seller, package_id: UUID, channel_ids: list[UUID]
) -> None:
    body = {"channel_ids": [str(channel_ids[0]), NOBODY]}
    answer = await seller.ask("POST", f"/packages/{package_id}/channels", body)
    assert refusal(answer) == (422, "invalid_value", "channel_ids")
    missing = await seller.ask("POST", f"/packages/{NOBODY}/channels", body)
    assert refusal(missing)[:2] == (404, "not_found")
    path = f"/packages/{package_id}/channels/{NOBODY}"
    assert refusal(await seller.ask("PUT", path, {"windows": []}))[:2] == (404, "not_found")


async def test_all_windows_of_a_channel_are_replaced(
    runtime: Runtime, seller: Seller, package_id: UUID, channel_ids: list[UUID]
) -> None:
    await carry_channel(runtime, package_id, channel_ids[0])
    path = f"/packages/{package_id}/channels/{channel_ids[0]}"
    wish = {"windows": [{"territory": "US", **SUMMER}, {"territory": "DE"}]}
    put = (await seller.ask("PUT", path, wish)).json()
    assert [window["territory"] for window in put["windows"]] == ["DE", "US"]
    clash = {"windows": [SUMMER, JULY]}
    assert refusal(await seller.ask("PUT", path, clash)) == (409, "window_overlap", "windows.1")
    await seller.ask("PUT", path, {"windows": []})
    assert await scalar(runtime, "SELECT count(*) FROM package_channels") == 0


async def test_channels_are_taken_out_with_all_their_windows(
    runtime: Runtime, seller: Seller, package_id: UUID, channel_ids: list[UUID]
) -> None:
    for channel_id in channel_ids[:2]:
        await carry_channel(runtime, package_id, channel_id, territory="US")
        await carry_channel(runtime, package_id, channel_id, territory="DE")
    body = {"channel_ids": [str(one) for one in channel_ids]}
    done = await seller.ask("POST", f"/packages/{package_id}/remove-channels", body)
    assert done.json() == {"changed": 4, "unchanged": 1}


async def test_a_package_that_nobody_had_goes_with_its_channels(
    runtime: Runtime, seller: Seller, package_id: UUID, channel_ids: list[UUID]
) -> None:
    await carry_channel(runtime, package_id, channel_ids[0])
    answer = await seller.ask("DELETE", f"/packages/{package_id}")
    assert answer.status_code == 204


async def test_viewers_are_told_which_channels_a_package_has(
    runtime: Runtime, client: AsyncClient, package_id: UUID, channel_ids: list[UUID]
) -> None:
    hidden = await make_channel(runtime, "Hidden", status="hidden")
    for channel_id in (*channel_ids, hidden):
        await carry_channel(runtime, package_id, channel_id)
    headers = await as_viewer(runtime, client)
    detail = (await client.get("/api/v1/packages/basic", headers=headers)).json()
    assert [one["name"] for one in detail["channels"]] == ["Channel 2", "Channel 1", "Channel 0"]
    assert detail["channel_count"] == 3


async def test_support_reads_and_does_not_write(
    runtime: Runtime, client: AsyncClient, package_id: UUID, channel_ids: list[UUID]
) -> None:
    support = Seller(client, await as_staff(runtime, client, "support"))
    path = f"/packages/{package_id}/channels"
    assert await support.get(path) == {"items": []}
    body = {"channel_ids": [str(channel_ids[0])]}
    assert (await support.ask("POST", path, body)).status_code == 403
