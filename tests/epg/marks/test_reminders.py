"""Reminders of airings and of series (L-08)."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from matinee.core.jobs import JobRun
from matinee.epg.events import guide_changed
from matinee.epg.marks.reminder_series import forget_reminders, join_series
from matinee.runtime import Runtime
from tests.epg.makers import EPG, at, make_airing, make_channel
from tests.epg.marks.conftest import Headers
from tests.makers import as_viewer, execute, scalar


async def remind(
    client: AsyncClient, viewer: Headers, airing_id: int, status: int = 201, **wish: Any
) -> dict[str, Any]:
    answer = await client.post(
        f"{EPG}/reminders", headers=viewer, json={"airing_id": airing_id} | wish
    )
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def reminded(client: AsyncClient, viewer: Headers) -> list[dict[str, Any]]:
    answer = await client.get(f"{EPG}/reminders", headers=viewer)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def airings_of(client: AsyncClient, viewer: Headers) -> list[int]:
    return [one["airing_id"] for one in await reminded(client, viewer)]


async def announce(runtime: Runtime, channel_id: Any) -> None:
    """Say that the guide of a channel changed, and let whoever follows it work."""
    async with runtime.database.write() as tx:
        await guide_changed(tx, [channel_id], 2)
    await runtime.worker.drain()


async def test_a_reminder_tells_the_airing_and_when(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    channel = await make_channel(runtime, "One", number=1)
    airing = await make_airing(runtime, channel, at(60), 30, "Harbour Lights")
    made = await remind(client, viewer, airing, lead_minutes=15)
    assert (made["title"], made["channel"]["name"]) == ("Harbour Lights", "One")
    starts, due = (datetime.fromisoformat(made[key]) for key in ("starts_at", "remind_at"))
    assert starts - due == timedelta(minutes=15)
    assert await reminded(client, viewer) == [made]


async def test_asked_twice_there_is_one_with_the_latest_lead(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    airing = await make_airing(runtime, await make_channel(runtime), at(60))
    first = await remind(client, viewer, airing)
    again = await remind(client, viewer, airing, lead_minutes=0)
    assert (again["id"], again["lead_minutes"]) == (first["id"], 0)
    assert len(await reminded(client, viewer)) == 1


async def test_a_reminder_follows_an_airing_that_moves(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    airing = await make_airing(runtime, await make_channel(runtime), at(60))
    before = await remind(client, viewer, airing)
    await execute(
        runtime,
        "UPDATE schedule_entries SET starts_at = starts_at + interval '40 minutes',"
        " ends_at = ends_at + interval '40 minutes'",
    )
    [after] = await reminded(client, viewer)
    moved = datetime.fromisoformat(after["remind_at"]) - datetime.fromisoformat(before["remind_at"])
    assert moved == timedelta(minutes=40)


async def test_what_has_begun_is_refused(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    airing = await make_airing(runtime, await make_channel(runtime), at(-1))
    assert (await remind(client, viewer, airing, 422))["error"]["field"] == "airing_id"


@pytest.mark.parametrize(
    ("channel", "programme"),
    [({"status": "hidden"}, {}), ({"maturity_score": 18}, {}), ({}, {"maturity_score": 18})],
)
async def test_what_the_profile_may_not_see_is_missing(
    runtime: Runtime,
    client: AsyncClient,
    channel: dict[str, Any],
    programme: dict[str, Any],
) -> None:
    child = await as_viewer(runtime, client, kind="kids", max_maturity=7)
    hidden = await make_channel(runtime, **channel)
    await remind(client, child, await make_airing(runtime, hidden, at(60), **programme), 404)
    await remind(client, child, 123456, 404)


async def test_a_deleted_reminder_is_gone_and_can_be_made_again(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    airing = await make_airing(runtime, await make_channel(runtime), at(60))
    made = await remind(client, viewer, airing)
    for status in (204, 404):
        answer = await client.delete(f"{EPG}/reminders/{made['id']}", headers=viewer)
        assert answer.status_code == status
    assert await reminded(client, viewer) == []
    await remind(client, viewer, airing)
    assert await airings_of(client, viewer) == [airing]


async def test_a_series_has_all_airings_to_come_on_its_channel(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    one, two = [await make_channel(runtime, name) for name in ("One", "Two")]
    show = {"title": "Harbour Lights", "series_key": "harbour lights"}
    await make_airing(runtime, one, at(-300), **show, episode=1)
    first, second = [await make_airing(runtime, one, at(60 * n), **show, episode=n) for n in (2, 3)]
    other = await make_airing(runtime, two, at(60), **show, episode=4)
    await remind(client, viewer, first, kind="series")
    assert await airings_of(client, viewer) == [first, second]
    await remind(client, viewer, first, kind="series", on_any_channel=True)
    assert set(await airings_of(client, viewer)) == {first, second, other}


async def test_new_airings_join_and_deleted_ones_stay_away(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    channel = await make_channel(runtime)
    show = {"title": "Harbour Lights", "series_key": "harbour lights"}
    first = await make_airing(runtime, channel, at(60), **show, episode=1)
    made = await remind(client, viewer, first, kind="series")
    await client.delete(f"{EPG}/reminders/{made['id']}", headers=viewer)
    new = await make_airing(runtime, channel, at(180), **show, episode=2)
    await announce(runtime, channel)
    assert await airings_of(client, viewer) == [new]


async def test_a_series_that_is_left_takes_its_reminders_but_not_those_wanted_by_themselves(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    channel = await make_channel(runtime)
    show = {"title": "Harbour Lights", "series_key": "harbour lights"}
    first, second = [
        await make_airing(runtime, channel, at(60 * n), **show, episode=n) for n in (1, 2)
    ]
    await remind(client, viewer, second)
    await remind(client, viewer, first, kind="series")
    [series] = (await client.get(f"{EPG}/reminder-series", headers=viewer)).json()["items"]
    answer = await client.delete(f"{EPG}/reminder-series/{series['id']}", headers=viewer)
    assert answer.status_code == 204
    assert await airings_of(client, viewer) == [second]


async def test_a_series_that_is_left_takes_those_along_that_join_at_that_moment(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    channel = await make_channel(runtime, "One")
    show = {"title": "Harbour Lights", "series_key": "harbour lights"}
    first = await make_airing(runtime, channel, at(60), 30, **show)
    await remind(client, viewer, first, kind="series")
    await make_airing(runtime, channel, at(120), 30, **show)
    [series] = (await client.get(f"{EPG}/reminder-series", headers=viewer)).json()["items"]
    async with runtime.database.write() as tx:
        await join_series(tx, [channel])
        leaving = asyncio.create_task(
            client.delete(f"{EPG}/reminder-series/{series['id']}", headers=viewer)
        )
        await asyncio.sleep(0.3)
    assert (await leaving).status_code == 204
    assert await reminded(client, viewer) == []


@pytest.mark.parametrize("hidden", ["channel", "programme", "unknown"])
async def test_a_series_that_the_profile_may_not_see_any_more_is_not_listed(
    runtime: Runtime, client: AsyncClient, hidden: str
) -> None:
    child = await as_viewer(runtime, client, max_maturity=9, block_unrated=True)
    channel = await make_channel(runtime, "One", number=1)
    rated = {"series_key": "harbour lights", "maturity_score": 6}
    airing = await make_airing(runtime, channel, at(60), 30, "Harbour Lights", **rated)
    await remind(client, child, airing, kind="series")
    [listed] = (await client.get(f"{EPG}/reminder-series", headers=child)).json()["items"]
    assert listed["title"] == "Harbour Lights"
    for sql in {
        "channel": ["UPDATE channels SET maturity_score = 18"],
        "programme": ["UPDATE programmes SET maturity_score = 18"],
        "unknown": ["DELETE FROM schedule_entries", "DELETE FROM programmes"],
    }[hidden]:
        await execute(runtime, sql)
    assert (await client.get(f"{EPG}/reminder-series", headers=child)).json()["items"] == []


async def test_a_series_that_pauses_is_listed(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    channel = await make_channel(runtime, "One", number=1)
    airing = await make_airing(
        runtime, channel, at(60), 30, "Harbour Lights", series_key="harbour lights"
    )
    await remind(client, viewer, airing, kind="series")
    await execute(runtime, "DELETE FROM schedule_entries")
    await execute(runtime, "DELETE FROM programmes")
    [listed] = (await client.get(f"{EPG}/reminder-series", headers=viewer)).json()["items"]
    assert listed["title"] == "Harbour Lights"


async def test_a_film_is_no_series(runtime: Runtime, client: AsyncClient, viewer: Headers) -> None:
    airing = await make_airing(runtime, await make_channel(runtime), at(60), title="Metropolis")
    answer = await remind(client, viewer, airing, 422, kind="series")
    assert answer["error"]["field"] == "kind"


async def test_pages_of_reminders_hold_each_once(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    ids = []
    for n in range(5):
        channel = await make_channel(runtime, f"Channel {n}")
        ids.append(await make_airing(runtime, channel, at(60 + n // 2)))
        await remind(client, viewer, ids[-1])
    found, cursor = [], None
    while True:
        params = {"page_size": 2} | ({"cursor": cursor} if cursor else {})
        answer = await client.get(f"{EPG}/reminders", headers=viewer, params=params)
        page = answer.json()
        found += [one["airing_id"] for one in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert sorted(found) == sorted(ids)


async def test_reminders_of_what_is_over_are_dropped(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    channel = await make_channel(runtime)
    over = await make_airing(runtime, channel, at(60))
    await remind(client, viewer, over)
    kept = await make_airing(runtime, channel, at(180))
    await remind(client, viewer, kept)
    await execute(
        runtime,
        "UPDATE schedule_reminders SET starts_at = starts_at - interval '3 days';"
        " DELETE FROM schedule_entries WHERE id = " + str(over),
    )
    await forget_reminders(runtime, JobRun(0, 1, runtime.database))
    assert await scalar(runtime, "SELECT array_agg(airing_id) FROM schedule_reminders") == [kept]
