"""Favourite channels and the order of channels."""

import asyncio
from uuid import UUID, uuid4

from httpx import AsyncClient

from matinee.core.jobs import JobRun
from matinee.epg.marks.views import forget_views
from matinee.runtime import Runtime
from tests.epg.makers import EPG, make_channel
from tests.epg.marks.conftest import Headers
from tests.makers import as_viewer, execute, scalar


async def favourites(client: AsyncClient, viewer: Headers) -> list[str]:
    answer = await client.get(f"{EPG}/favourites", headers=viewer)
    assert answer.status_code == 200, answer.text
    return [channel["name"] for channel in answer.json()["items"]]


async def add(client: AsyncClient, viewer: Headers, channel_id: UUID) -> int:
    answer = await client.put(f"{EPG}/favourites/{channel_id}", headers=viewer)
    return answer.status_code


async def channels(client: AsyncClient, viewer: Headers) -> list[str]:
    answer = await client.get(f"{EPG}/channels", headers=viewer)
    return [channel["name"] for channel in answer.json()["items"]]


async def watched(runtime: Runtime, channel_id: UUID, seconds: int, days_ago: int) -> None:
    """Let Ana have watched a channel."""
    await execute(
        runtime,
        """
        INSERT INTO channel_views (user_id, profile_id, channel_id, day, seconds)
        SELECT user_id, id, $1, current_date - $2::int, $3 FROM profiles LIMIT 1
        """,
        channel_id,
        days_ago,
        seconds,
    )


async def test_favourites_come_in_the_order_they_were_added(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    one, two = [await make_channel(runtime, name, number=7) for name in ("One", "Two")]
    assert [await add(client, viewer, two), await add(client, viewer, one)] == [204, 204]
    assert await favourites(client, viewer) == ["Two", "One"]


async def test_one_that_is_added_again_keeps_its_place(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    for channel_id in (ids := [await make_channel(runtime, name) for name in ("One", "Two")]):
        await add(client, viewer, channel_id)
    await add(client, viewer, ids[0])
    assert await favourites(client, viewer) == ["One", "Two"]


async def test_the_profile_puts_them_in_its_own_order(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    ids = [await make_channel(runtime, name) for name in ("One", "Two", "Three")]
    for channel_id in ids:
        await add(client, viewer, channel_id)
    wish = {"channel_ids": [str(ids[2]), str(ids[0])]}
    answer = await client.put(f"{EPG}/favourites", headers=viewer, json=wish)
    assert answer.status_code == 204
    assert await favourites(client, viewer) == ["Three", "One", "Two"]


async def test_only_favourites_can_be_put_in_order_each_once(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    one = str(await make_channel(runtime, "One"))
    await add(client, viewer, UUID(one))
    for ids in ([str(uuid4())], [one, one]):
        answer = await client.put(f"{EPG}/favourites", headers=viewer, json={"channel_ids": ids})
        assert answer.status_code == 422


async def test_a_channel_is_taken_off(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    one = await make_channel(runtime, "One")
    await add(client, viewer, one)
    for _ in range(2):
        answer = await client.delete(f"{EPG}/favourites/{one}", headers=viewer)
        assert answer.status_code == 204
    assert await favourites(client, viewer) == []


async def test_a_hidden_channel_cannot_be_a_favourite_and_comes_back_when_it_is_shown(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    one = await make_channel(runtime, "One")
    await add(client, viewer, one)
    await execute(runtime, "UPDATE channels SET status = 'hidden'")
    assert await favourites(client, viewer) == []
    assert await add(client, viewer, one) == 404
    await execute(runtime, "UPDATE channels SET status = 'published'")
    assert await favourites(client, viewer) == ["One"]


async def test_clicks_at_once_give_each_its_own_place(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    ids = [await make_channel(runtime, f"Channel {n}") for n in range(12)]
    await asyncio.gather(*(add(client, viewer, channel_id) for channel_id in ids * 2))
    places = await scalar(runtime, "SELECT count(DISTINCT position) FROM channel_favourites")
    assert (places, len(await favourites(client, viewer))) == (12, 12)


async def test_channels_come_by_favour_then_by_what_was_watched_then_by_number(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    names = ("Rest", "Seldom", "Often", "Dear")
    ids = [await make_channel(runtime, name, number=n + 1) for n, name in enumerate(names)]
    await watched(runtime, ids[1], 600, days_ago=0)
    await watched(runtime, ids[2], 900, days_ago=3)
    await add(client, viewer, ids[3])
    assert await channels(client, viewer) == ["Dear", "Often", "Seldom", "Rest"]


async def test_what_was_watched_long_ago_counts_less(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    old, new = [await make_channel(runtime, name) for name in ("Old", "New")]
    await watched(runtime, old, 1900, days_ago=14)
    await watched(runtime, new, 1000, days_ago=0)
    assert await channels(client, viewer) == ["New", "Old"]


async def test_what_weighs_nothing_any_more_is_forgotten(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    channel = await make_channel(runtime)
    for days_ago in (1, 179, 181, 400):
        await watched(runtime, channel, 60, days_ago)
    await forget_views(runtime, JobRun(0, 1, runtime.database))
    assert await scalar(runtime, "SELECT count(*) FROM channel_views") == 2


async def test_the_order_of_one_profile_is_nobody_elses(
    runtime: Runtime, client: AsyncClient, viewer: Headers
) -> None:
    ids = [await make_channel(runtime, name, number=n) for n, name in ((1, "One"), (2, "Two"))]
    await add(client, viewer, ids[1])
    other = await as_viewer(runtime, client, "ben@example.com")
    assert await channels(client, viewer) == ["Two", "One"]
    assert await channels(client, other) == ["One", "Two"]
    assert await channels(client, {}) == ["One", "Two"]
