"""Channels of others: by redirect to a signed address, or by way of us."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import AsyncClient, Response

from matinee.core.settings import Settings
from matinee.runtime import Runtime
from tests.epg.makers import make_channel
from tests.playback.origin.conftest import Player, make_player
from tests.playback.origin.upstream import Upstream, upstream

MASTER = b"""#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",URI="audio/en.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"
720p/index.m3u8?x=1
"""
MEDIA = b"""#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-KEY:METHOD=AES-128,URI="../key.bin"
#EXTINF:4,
seg7.ts
#EXT-X-PART:DURATION=1,URI="part.ts"
"""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With a signer for channels of others."""
    return settings.model_copy(update={"playback_secrets": ["n:a-secret-of-more-than-24-letters"]})


@pytest.fixture
async def site(runtime: Runtime) -> AsyncIterator[Upstream]:
    """The server of the channel."""
    async with upstream() as site:
        site.files = {"/one/master.m3u8": MASTER, "/one/720p/index.m3u8?x=1": MEDIA}
        runtime.reach = site.reach
        yield site


async def watcher(runtime: Runtime, device: AsyncClient, url: str, **columns: Any) -> Player:
    """Somebody who watches a channel of others."""
    channel_id = await make_channel(runtime, "Theirs", hls_live_url=url, **columns)
    return await make_player(runtime, device, channel_id=channel_id)


@pytest.fixture
async def viewer(runtime: Runtime, device: AsyncClient, site: Upstream) -> Player:
    """Somebody who watches it by way of us."""
    return await watcher(runtime, device, site.url("/one/master.m3u8"))


def last_line(answer: Response) -> str:
    assert answer.status_code == 200, answer.text
    return answer.text.splitlines()[-1]


async def variant(player: Player) -> Response:
    """The playlist that the master leads to."""
    master = await player.get()
    return await player.client.get(player.url().replace("master.m3u8", last_line(master)))


async def test_the_master_leads_to_us(viewer: Player, site: Upstream) -> None:
    master = await viewer.get()
    assert master.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert master.text.count("variant/") == 2
    assert "tv.example" not in master.text


async def test_segments_go_straight_to_their_server(viewer: Player, site: Upstream) -> None:
    playlist = await variant(viewer)
    assert playlist.text == (
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n"
        f'#EXT-X-KEY:METHOD=AES-128,URI="{site.url("/one/key.bin")}"\n'
        f"#EXTINF:4,\n{site.url('/one/720p/seg7.ts')}\n"
    )


async def test_segments_come_by_way_of_us_where_the_channel_has_headers(
    runtime: Runtime, device: AsyncClient, site: Upstream
) -> None:
    headers = {"referer": "https://tv.example/", "user-agent": "Box/1"}
    player = await watcher(runtime, device, site.url("/one/master.m3u8"), stream_headers=headers)
    site.files["/one/720p/seg7.ts"] = b"G" * 300_000
    playlist = await variant(player)
    address = last_line(playlist)
    assert address.startswith("../part/")
    segment = await player.client.get(str(playlist.url.join(address)))
    assert segment.content == b"G" * 300_000
    assert all(asked["user-agent"] == "box/1" for _, asked in site.asked)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("video/MP2T", "video/MP2T"),
        ("audio/aac", "audio/aac"),
        ("text/vtt; charset=utf-8", "text/vtt; charset=utf-8"),
        ("text/html", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
async def test_no_page_of_theirs_is_shown_as_ours(
    runtime: Runtime, device: AsyncClient, site: Upstream, theirs: str, ours: str
) -> None:
    player = await watcher(
        runtime, device, site.url("/one/master.m3u8"), stream_headers={"referer": "x"}
    )
    site.files["/one/720p/seg7.ts"] = b"<script>"
    playlist = await variant(player)
    site.content_type = theirs
    segment = await player.client.get(str(playlist.url.join(last_line(playlist))))
    assert (segment.status_code, segment.headers["content-type"]) == (200, ours)
    assert segment.headers["x-content-type-options"] == "nosniff"


async def test_a_segment_that_their_server_has_not_is_its_error(
    runtime: Runtime, device: AsyncClient, site: Upstream
) -> None:
    player = await watcher(
        runtime, device, site.url("/one/master.m3u8"), stream_headers={"referer": "x"}
    )
    playlist = await variant(player)
    answer = await player.client.get(str(playlist.url.join(last_line(playlist))))
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_error")
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_many_viewers_ask_their_server_once_a_second(
    runtime: Runtime, device: AsyncClient, site: Upstream, viewer: Player
) -> None:
    site.delay = 0.1
    answers = await asyncio.gather(*(viewer.get() for _ in range(20)))
    assert {answer.content for answer in answers} == {answers[0].content}
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"\0" * 100, b"#EXTM3U" + b"x" * 1_100_000], ids=range(4)
)
async def test_what_is_no_playlist_is_an_error_of_their_server(
    viewer: Player, site: Upstream, content: bytes
) -> None:
    site.files["/one/master.m3u8"] = content
    answer = await viewer.get()
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_error")


async def test_a_server_that_fails_is_told_and_asked_again(viewer: Player, site: Upstream) -> None:
    del site.files["/one/master.m3u8"]
    assert (await viewer.get()).status_code == 502
    site.files["/one/master.m3u8"] = MASTER
    assert (await viewer.get()).status_code == 200


async def test_nobody_is_led_into_our_own_network(viewer: Player, site: Upstream) -> None:
    site.redirects["/one/master.m3u8"] = "http://internal.example/secret"
    answer = await viewer.get()
    assert answer.json()["error"]["code"] == "upstream_error"
    assert "internal" not in answer.text


async def test_addresses_are_those_of_where_the_playlist_was_found(
    viewer: Player, site: Upstream
) -> None:
    site.redirects["/one/master.m3u8"] = site.url("/two/list.m3u8")
    site.files["/two/list.m3u8"] = MEDIA
    assert last_line(await viewer.get()) == site.url("/two/seg7.ts")


async def test_a_reference_of_another_channel_is_refused(
    runtime: Runtime, device: AsyncClient, site: Upstream, viewer: Player
) -> None:
    mine = last_line(await viewer.get())
    other_id = await make_channel(runtime, "Other")
    viewer.subject = other_id
    answer = await viewer.client.get(viewer.url().replace("master.m3u8", mine))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "playback_url_invalid")


async def test_a_session_that_ended_gets_nothing_of_them_either(
    viewer: Player, site: Upstream
) -> None:
    reference = last_line(await viewer.get())
    await viewer.change("ended_at = clock_timestamp(), end_reason = 'taken_over'")
    await asyncio.sleep(1.05)
    answer = await viewer.client.get(viewer.url().replace("master.m3u8", reference))
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "stream_taken_over")


async def test_what_is_over_is_asked_for_in_the_way_of_their_server(
    runtime: Runtime, device: AsyncClient, site: Upstream
) -> None:
    player = await watcher(
        runtime,
        device,
        site.url("/one/index.m3u8"),
        catch_up={"mode": "flussonic"},
    )
    site.files["/one/timeshift_abs-1795635900.m3u8"] = MEDIA
    answer = await player.get("master", 1_795_635_900, 1_795_639_500)
    assert last_line(answer) == site.url("/one/seg7.ts")


async def test_a_direct_channel_is_a_redirect_to_its_signed_address(
    runtime: Runtime, device: AsyncClient, site: Upstream
) -> None:
    url = "https://cdn.example.com/one/master.m3u8"
    player = await watcher(runtime, device, url, delivery="direct", signer="nginx")
    answer = await player.get()
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("https://cdn.example.com/n/")
    assert answer.headers["location"].endswith("/one/master.m3u8")
    assert not site.asked


async def test_a_direct_channel_whose_signer_is_gone_plays_nothing(
    runtime: Runtime, device: AsyncClient
) -> None:
    url = "https://cdn.example.com/one/master.m3u8"
    player = await watcher(runtime, device, url, delivery="direct", signer="akamai")
    assert (await player.get()).status_code == 404
