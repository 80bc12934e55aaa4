"""Why a channel may be played or not, row by row."""

from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.entitlements.makers import grant_package, make_package
from tests.epg.makers import at, black_out, carry_channel, make_channel
from tests.makers import as_staff
from tests.viewing.progress.makers import Somebody, make_somebody

EXPLAIN = "/api/v1/access/explain"


@pytest.fixture
async def ana(runtime: Runtime, client: AsyncClient) -> Somebody:
    return await make_somebody(runtime, client)


@pytest.fixture
async def channel(runtime: Runtime) -> UUID:
    return await make_channel(runtime)


async def explained(client: AsyncClient, headers: dict[str, str], **params: Any) -> Any:
    answer = await client.get(EXPLAIN, params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_package_decides_and_others_are_told_why_they_do_not(
    runtime: Runtime, client: AsyncClient, ana: Somebody, channel: UUID
) -> None:
    basic, sports = await make_package(runtime), await make_package(runtime, "sports")
    here = await carry_channel(runtime, basic, channel)
    there = await carry_channel(runtime, basic, channel, territory="DE")
    unheld = await carry_channel(runtime, sports, channel)
    grant = await grant_package(runtime, ana.user_id, basic)
    told = await explained(client, ana.headers, channel_id=channel)
    assert (told["access"]["via"], told["channel_id"], told["title_id"]) == (
        "svod",
        str(channel),
        None,
    )
    assert {row["id"]: row["reason"] for row in told["rows"]} == {
        str(grant): "decided",
        str(here): "decided",
        str(there): "other_territory",
        str(unheld): "not_held",
    }


async def test_a_blackout_overrules_the_package(
    runtime: Runtime, client: AsyncClient, ana: Somebody, channel: UUID
) -> None:
    package_id = await make_package(runtime)
    carriage = await carry_channel(runtime, package_id, channel)
    grant = await grant_package(runtime, ana.user_id, package_id)
    running = await black_out(runtime, channel)
    over = await black_out(runtime, channel, -60, -30)
    told = await explained(client, ana.headers, channel_id=channel)
    assert (told["access"]["playable"], told["access"]["via"]) == (False, "blackout")
    assert {row["id"]: row["reason"] for row in told["rows"]} == {
        str(running): "decided",
        str(over): "window_closed",
        str(carriage): "overruled",
        str(grant): "overruled",
    }


async def test_support_looks_at_another_moment(
    runtime: Runtime, client: AsyncClient, ana: Somebody, channel: UUID
) -> None:
    await black_out(runtime, channel, 60, 120)
    support = await as_staff(runtime, client, "support")
    who = {"user_id": ana.user_id, "profile_id": ana.profile_id, "channel_id": channel}
    vias = [
        (await explained(client, support, **who, **when))["access"]["via"]
        for when in ({}, {"at": at(90).isoformat()})
    ]
    assert vias == ["free", "blackout"]


async def test_a_hidden_channel_is_explained_to_staff_alone(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    hidden = await make_channel(runtime, "Hidden", status="hidden")
    answer = await client.get(EXPLAIN, params={"channel_id": hidden}, headers=ana.headers)
    assert answer.status_code == 404
    support = await as_staff(runtime, client, "support")
    who = {"user_id": ana.user_id, "profile_id": ana.profile_id}
    told = await explained(client, support, channel_id=hidden, **who)
    assert (told["shown"], told["access"]["via"]) == (False, "unavailable")


async def test_one_thing_is_explained_at_a_time(
    client: AsyncClient, ana: Somebody, channel: UUID
) -> None:
    for params in ({}, {"channel_id": channel, "title_id": channel}):
        answer = await client.get(EXPLAIN, params=params, headers=ana.headers)
        assert answer.json()["error"]["code"] == "rule_violated"
