"""It plays: a real browser and hls.js on the demo, live, back in time, as films, and no longer."""

import time
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient

from tests.e2e.player import Player

FEWEST_CHANNELS = 12
DVR_SECONDS = 60
LONGEST_CLIP_SECONDS = 32
PROMISED_SECONDS = 6
"""How long a stream plays on, at most, that was taken over."""
STATES_ARE_REMEMBERED_SECONDS = 1.5
"""How long the origin may go by what it knew of a session, and a little."""

Answer = dict[str, Any]


async def asked(api: AsyncClient, path: str, **body: Any) -> Answer:
    """What a POST that begins to play answers; each call is a device of its own."""
    device = {"device_id": uuid4().hex, "device_name": "Browser"}
    answer = await api.post(path, json=device | body)
    assert answer.status_code == 201, answer.text
    started: Answer = answer.json()
    return started


async def stop(api: AsyncClient, started: Answer) -> None:
    """End the session, which gives its stream back."""
    answer = await api.post(f"/viewing/sessions/{started['session_id']}/stop")
    assert answer.status_code == 204, answer.text


async def linear_channels(api: AsyncClient) -> list[Answer]:
    """Channels of ours that Ana may play, with what is on."""
    items = (await api.get("/epg/channels?page_size=100")).json()["items"]
    ours = [item for item in items if item["start_over"] and item["catch_up_days"]]
    able = [item for item in ours if item["access"]["playable"]]
    details = [(await api.get(f"/epg/channels/{item['id']}")).json() for item in able]
    return [detail for detail in details if detail["now"] and not detail["blocked"]]


async def watch(api: AsyncClient, channel: Answer, **wish: Any) -> Answer:
    """Begin to watch a channel."""
    return await asked(api, f"/epg/channels/{channel['id']}/playback", **wish)


def seconds_between(earlier: str, later: str) -> float:
    """How much later it is."""
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


async def test_live_plays_with_picture_and_sound(api: AsyncClient, player: Player) -> None:
    started = await watch(api, (await linear_channels(api))[0])
    await player.play(started["playback"]["url"])
    before = await player.state()
    await player.plays_on(6)
    after = await player.state()
    assert after["live"]
    assert after["frames"] > before["frames"]
    assert after["sound_bytes"] > before["sound_bytes"]
    assert after["width"] in (426, 640)
    assert (after["errors"], player.refused()) == ([], [])
    assert seconds_between(started["server_time"], after["date"]) == pytest.approx(0, abs=60)
    await stop(api, started)


async def test_every_channel_of_the_demo_plays(api: AsyncClient, player: Player) -> None:
    channels = await linear_channels(api)
    assert len(channels) >= FEWEST_CHANNELS
    for channel in channels:
        await player.open()
        started = await watch(api, channel)
        await player.play(started["playback"]["url"])
        assert (channel["slug"], (await player.state())["errors"]) == (channel["slug"], [])
        await stop(api, started)
    assert player.refused() == []


async def test_live_goes_on_across_the_end_of_a_clip(api: AsyncClient, player: Player) -> None:
    started = await watch(api, (await linear_channels(api))[1])
    await player.play(started["playback"]["url"])
    await player.plays_on(LONGEST_CLIP_SECONDS + 2)
    state = await player.state()
    assert state["clips"] >= 2
    assert state["errors"] == []
    await stop(api, started)


async def test_live_can_be_wound_back(api: AsyncClient, player: Player) -> None:
    started = await watch(api, (await linear_channels(api))[0])
    await player.play(started["playback"]["url"])
    live = await player.state()
    assert live["time"] - live["seekable_from"] > DVR_SECONDS
    await player.seek(f"video.currentTime - {DVR_SECONDS}")
    await player.plays_on()
    back = await player.state()
    assert seconds_between(back["date"], live["date"]) == pytest.approx(DVR_SECONDS, abs=15)
    assert back["errors"] == []
    await stop(api, started)


async def test_what_is_on_starts_over_at_its_beginning(api: AsyncClient, player: Player) -> None:
    channel = (await linear_channels(api))[0]
    started = await watch(api, channel)
    assert started["start_over_url"]
    await player.play(started["start_over_url"])
    state = await player.state()
    begun = channel["now"]["starts_at"]
    assert state["type"] == "EVENT"
    assert seconds_between(begun, state["date"]) == pytest.approx(state["time"], abs=4)
    assert state["time"] < 8
    await stop(api, started)


async def past_airing(api: AsyncClient) -> Answer:
    """The airing before the one that is on, on a channel that keeps it."""
    for channel in await linear_channels(api):
        begun = datetime.fromisoformat(channel["now"]["starts_at"])
        window = {"from": (begun - timedelta(hours=6)).isoformat(), "to": begun.isoformat()}
        answer = await api.get(
            "/epg/schedule/multi", params={"channel_ids": channel["id"], **window}
        )
        (guide,) = answer.json()["channels"]
        kept: list[Answer] = [airing for airing in guide["airings"] if airing["catch_up"]]
        if kept:
            return kept[-1]
    pytest.fail("no channel of the demo has anything to catch up")


async def test_what_is_over_plays_to_its_end(api: AsyncClient, player: Player) -> None:
    airing = await past_airing(api)
    started = await asked(api, f"/epg/airings/{airing['id']}/playback")
    await player.play(started["playback"]["url"])
    state = await player.state()
    length = seconds_between(airing["starts_at"], airing["ends_at"])
    assert (state["live"], state["type"]) == (False, "VOD")
    assert state["duration"] == pytest.approx(length, abs=4)
    assert seconds_between(airing["starts_at"], state["date"]) == pytest.approx(
        state["time"], abs=4
    )
    await player.seek("video.duration - 5")
    await player.until("video.ended")
    assert (await player.state())["errors"] == []
    await stop(api, started)


async def test_a_film_plays_to_its_end(api: AsyncClient, player: Player) -> None:
    titles = (await api.get("/catalog/titles?kind=movie&page_size=50")).json()["items"]
    open_one = next(title for title in titles if title["access"]["playable"])
    started = await asked(api, "/viewing/sessions", title_id=open_one["id"])
    await player.play(started["playback"]["url"])
    state = await player.state()
    assert (state["live"], state["type"]) == (False, "VOD")
    assert state["duration"] == pytest.approx(started["duration_seconds"], abs=0.1)
    await player.seek("video.duration - 5")
    await player.until("video.ended")
    assert (await player.state())["errors"] == []
    await stop(api, started)


async def test_a_stream_that_is_taken_over_stops_within_seconds(
    api: AsyncClient, player: Player, record_property: Any
) -> None:
    channel = (await linear_channels(api))[0]
    started = await watch(api, channel)
    await player.play(started["playback"]["url"])
    await player.plays_on(5)
    other = await watch(api, channel, take_over=started["session_id"])
    taken_over_at = time.time()
    await player.until("errors.some(error => error.fatal)")
    errors = (await player.state())["errors"]
    waited = next(error["at"] for error in errors if error["fatal"]) - taken_over_at
    record_property("seconds_to_eviction", round(waited, 2))
    print(f"\n  TAKEN OVER: the player gave up after {waited:.1f} s of {PROMISED_SECONDS} s")
    reloads = player.playlists(since=taken_over_at + STATES_ARE_REMEMBERED_SECONDS)
    assert {reload.status for reload in reloads} == {410}
    assert {error["status"] for error in errors} == {410}
    assert waited <= PROMISED_SECONDS
    await stop(api, other)


async def test_an_address_that_was_changed_opens_nothing(
    server: str, api: AsyncClient, player: Player
) -> None:
    started = await watch(api, (await linear_channels(api))[0])
    await player.play(started["playback"]["url"])
    segment = next(one.path for one in player.loaded if one.path.endswith(".m4s"))
    playlist = player.playlists()[-1].path
    async with AsyncClient(base_url=server) as outside:
        for path in (segment, playlist):
            assert (await outside.get(altered(path))).status_code == 403
    await stop(api, started)


def altered(path: str) -> str:
    """The same address with another letter in its signed part."""
    place = len(path) // 2
    return path[:place] + ("A" if path[place] != "A" else "B") + path[place + 1 :]
