"""Playlists of a linear channel over HTTP: live, from the beginning, afterwards."""

import re
import time
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from matinee.integrations.playback.tickets import PlaybackTicket
from matinee.main import create_app
from matinee.playback.grid import seconds_at, sequence_at
from matinee.playback.media.library import Library
from matinee.playback.own import OwnMedia
from matinee.runtime import Runtime
from tests.makers import execute
from tests.playback.origin.conftest import HOUR, MEDIA, Player, add_run, make_player


def tag(playlist: str, name: str) -> str:
    """The value of a tag."""
    found = re.search(rf"^#EXT-X-{name}:(.*)$", playlist, re.MULTILINE)
    assert found, f"no {name} in {playlist[:400]}"
    return found[1]


def addresses(playlist: str) -> list[str]:
    """The segments of a playlist."""
    return [line for line in playlist.splitlines() if line and not line.startswith("#")]


async def test_the_master_lists_every_rendition_of_what_was_sent(player: Player) -> None:
    answer = await player.get()
    assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert addresses(answer.text) == ["v240.m3u8", "v360.m3u8"]
    assert 'CODECS="avc1.4d401e,mp4a.40.2",RESOLUTION=640x360,AUDIO="audio"' in answer.text
    assert 'URI="audio.m3u8"' in answer.text


async def test_a_live_playlist_shows_the_look_back_up_to_now(player: Player) -> None:
    before = sequence_at(time.time())
    playlist = (await player.get("v360")).text
    first = int(tag(playlist, "MEDIA-SEQUENCE"))
    assert first + 150 in (before, before + 1)
    assert len(addresses(playlist)) == 150
    assert "ENDLIST" not in playlist


async def test_playlists_are_never_kept(player: Player) -> None:
    answer = await player.get("v360")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-request-id"]


async def test_every_segment_of_it_can_be_fetched_and_kept(player: Player) -> None:
    playlist = (await player.get("audio")).text
    maps = re.findall(r'MAP:URI="([^"]+)"', playlist)
    for url in {*maps, *addresses(playlist)[-10:]}:
        answer = await player.client.get(url)
        path = MEDIA.joinpath(*url.split("/")[-3:])
        assert (answer.status_code, answer.content) == (200, path.read_bytes())
        assert answer.headers["content-type"] == "audio/mp4"
        assert "immutable" in answer.headers["cache-control"]


async def test_a_programme_from_its_start_grows_and_is_begun_at_its_start(player: Player) -> None:
    now = int(time.time())
    start = seconds_at(sequence_at(now - 120))
    playlist = (await player.get("v360", start, now + 600)).text
    assert tag(playlist, "PLAYLIST-TYPE") == "EVENT"
    assert tag(playlist, "START") == "TIME-OFFSET=0.000,PRECISE=YES"
    assert len(addresses(playlist)) in (30, 31)
    assert "ENDLIST" not in playlist


async def test_a_programme_that_ended_while_it_was_watched_ends(player: Player) -> None:
    now = int(time.time())
    ticket = player.url("v360", now - 600, now + 1)
    growing = (await player.client.get(ticket)).text
    assert "ENDLIST" not in growing
    await player.change("lease_until = lease_until")
    over = (await player.get("v360", now - 600, now - 300)).text
    assert over.endswith("#EXT-X-ENDLIST\n")


async def test_what_is_past_is_a_whole_film(player: Player) -> None:
    start = seconds_at(sequence_at(time.time()) - HOUR)
    playlist = (await player.get("v240", start, start + 1800)).text
    assert tag(playlist, "PLAYLIST-TYPE") == "VOD"
    assert len(addresses(playlist)) == 450
    assert playlist.endswith("#EXT-X-ENDLIST\n")


async def test_nothing_is_shown_of_what_has_not_begun(player: Player) -> None:
    later = int(time.time()) + 100
    answer = await player.get("v360", later, later + 100)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "channel_off_air"


async def test_a_channel_without_a_run_is_off_air(
    runtime: Runtime, player: Player, channel: UUID
) -> None:
    await execute(runtime, "DELETE FROM playout_runs")
    answer = await player.get("v360")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "channel_off_air")


async def test_after_a_gap_only_what_came_since_is_shown(runtime: Runtime, player: Player) -> None:
    await execute(runtime, "DELETE FROM playout_runs")
    now = sequence_at(time.time())
    await add_run(runtime, player.subject, now - 100, 30)
    await add_run(runtime, player.subject, now - 20, 500, discontinuity=9)
    playlist = (await player.get("v360")).text
    assert int(tag(playlist, "MEDIA-SEQUENCE")) == now - 20
    assert tag(playlist, "DISCONTINUITY-SEQUENCE") == "9"


async def test_what_has_just_been_written_is_sent(runtime: Runtime, player: Player) -> None:
    await execute(runtime, "DELETE FROM playout_runs")
    now = sequence_at(time.time())
    await add_run(runtime, player.subject, now - 100, 100)
    late = await player.get("v360")
    assert late.status_code == 200
    await add_run(runtime, player.subject, now, 900, discontinuity=13)
    past = await player.get("v360", seconds_at(now - 50), seconds_at(now))
    assert len(addresses(past.text)) == 50


async def test_two_workers_send_the_same_bytes(runtime: Runtime, player: Player) -> None:
    start = seconds_at(sequence_at(time.time()) - HOUR)
    mine = await player.get("v360", start, start + 900)
    other = Runtime(runtime.settings)
    await other.open()
    try:
        async with AsyncClient(
            transport=player.client._transport.__class__(app=create_app(runtime=other)),
            base_url="http://testserver",
        ) as client:
            theirs = await client.get(player.url("v360", start, start + 900))
    finally:
        await other.close()
    assert mine.content == theirs.content


async def test_an_update_leaves_out_what_the_player_has(player: Player) -> None:
    whole = (await player.get("v360")).text
    update = (await player.get("v360", query="?_HLS_skip=YES")).text
    skipped = int(tag(update, "SKIP").removeprefix("SKIPPED-SEGMENTS="))
    assert skipped == 144
    assert addresses(update) in (
        addresses(whole)[-6:],
        addresses(whole)[-5:] + addresses(update)[-1:],
    )


async def test_renditions_made_up_are_not_kept(runtime: Runtime, player: Player) -> None:
    own = OwnMedia(runtime, Library(MEDIA))
    ticket = PlaybackTicket(player.user_id, player.session_id, "channel", player.subject)
    for name in ("v360", "v361", "v99999", "nothing"):
        assert b"#EXTINF" in await own.of_channel(ticket, 10, name)
    assert own.kept == 1


@pytest.mark.parametrize(
    "token", ["x", "A" * 108, "A" * 107 + "=", "%00", "A" * 300, "é" * 108], ids=range(6)
)
async def test_a_forged_ticket_is_refused(device: AsyncClient, token: str) -> None:
    answer = await device.get(f"/playback/{token}/master.m3u8")
    assert answer.status_code in (403, 404)
    assert answer.json()["error"]["request_id"] == answer.headers["x-request-id"]


async def test_any_changed_letter_of_a_ticket_is_noticed(player: Player) -> None:
    token = player.url().split("/")[2]
    for place in range(0, len(token), 5):
        other = "A" if token[place] != "A" else "B"
        changed = token[:place] + other + token[place + 1 :]
        answer = await player.client.get(f"/playback/{changed}/master.m3u8")
        assert answer.json()["error"]["code"] == "playback_url_invalid"


async def test_a_missing_channel_is_missing(runtime: Runtime, player: Player) -> None:
    player.subject = uuid4()
    assert (await player.get("v360")).status_code == 404


async def test_another_method_is_refused(player: Player) -> None:
    answer = await player.client.post(player.url())
    assert answer.status_code == 405


async def test_pages_of_others_may_ask(player: Player) -> None:
    answer = await player.client.options(player.url())
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"


async def test_a_head_has_no_body(player: Player) -> None:
    answer = await player.client.head(player.url("v240"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 1000


async def test_reloads_of_many_viewers_are_one_statement_for_sessions_and_few_for_the_rest(
    runtime: Runtime, device: AsyncClient, channel: UUID
) -> None:
    players = [
        await make_player(runtime, device, f"{number}@example.com", channel_id=channel)
        for number in range(5)
    ]
    statements = runtime.metrics.statements._value.get()
    for _ in range(4):
        for one in players:
            assert (await one.get("v360")).status_code == 200
    assert runtime.metrics.statements._value.get() - statements <= 5 + 1 + 2
