"""Starting to play: what a player is told, and who is refused."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import make_asset, make_rights
from tests.makers import execute, make_title, scalar
from tests.viewing.makers import counted
from tests.viewing.progress.makers import Somebody, make_numbered_series, make_somebody, watch
from tests.viewing.sessions.calls import LENGTH, Player, ask, bookmark, code_of, start


async def test_a_player_is_told_where_to_find_the_film(player: Player) -> None:
    playback = player.started["playback"]
    assert playback["url"] == "https://media.example.com/a.m3u8"
    assert playback["type"] == "hls"
    lasts = moment(playback["expires_at"]) - moment(player.started["server_time"])
    assert lasts.total_seconds() == pytest.approx(90, abs=1)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_a_player_is_told_how_often_to_report(player: Player) -> None:
    assert player.started["next_heartbeat_seconds"] == 30


async def test_a_player_is_told_of_segments_and_pictures_of_the_timeline(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    credits = {"kind": "credits", "from_seconds": 5000, "to_seconds": 5400}
    title_id = await make_title(runtime, segments=[credits])
    await make_asset(runtime, title_id, trickplay_url="https://media.example.com/sheet.jpg")
    started = (await start(runtime, client, ana.headers, title_id)).started
    assert started["segments"] == [credits]
    assert started["trickplay_url"] == "https://media.example.com/sheet.jpg"


async def test_playback_goes_on_where_it_stopped(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, player: Player
) -> None:
    await player.stop(1200)
    assert (await start(runtime, client, ana.headers, film)).started["resume_seconds"] == 1200


async def test_what_was_finished_starts_from_the_beginning(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, player: Player
) -> None:
    await player.stop(LENGTH)
    assert (await start(runtime, client, ana.headers, film)).started["resume_seconds"] == 0


async def test_a_shorter_cut_than_the_one_that_was_left_starts_from_the_beginning(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, player: Player
) -> None:
    await player.stop(1200)
    await execute(runtime, "UPDATE media_assets SET duration_seconds = 1000")
    assert (await start(runtime, client, ana.headers, film)).started["resume_seconds"] == 0


async def test_languages_are_remembered_for_the_whole_series(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=2)
    for episode_id in episodes.values():
        await make_asset(runtime, series, episode_id=episode_id)
    first = await start(runtime, client, ana.headers, series, episode_id=str(episodes[1, 1]))
    await first.heard(audio_language="fr", subtitle_language="off")
    second = await start(runtime, client, ana.headers, series, episode_id=str(episodes[1, 2]))
    assert second.started["audio_language"] == "fr"
    assert second.started["subtitle_language"] == "off"


async def test_a_series_goes_on_with_its_next_episode(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=3)
    for episode_id in episodes.values():
        await make_asset(runtime, series, episode_id=episode_id)
    await watch(runtime, ana, series, episodes[1, 1])
    started = (await start(runtime, client, ana.headers, series)).started
    assert started["episode_id"] == str(episodes[1, 2])
    assert started["next_up"]["episode"]["id"] == str(episodes[1, 3])


async def test_an_episode_plays_its_own_media(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=1)
    await make_asset(runtime, series, url="https://media.example.com/series.m3u8")
    url = "https://media.example.com/episode.mpd"
    await make_asset(runtime, series, episode_id=episodes[1, 1], url=url, protocol="dash")
    started = (await start(runtime, client, ana.headers, series)).started
    assert (started["playback"]["url"], started["playback"]["type"]) == (url, "dash")


async def test_what_has_no_media_cannot_be_played(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    title_id = await make_title(runtime)
    await make_asset(runtime, title_id, kind="trailer")
    assert code_of(await ask(client, ana.headers, title_id)) == (409, "not_playable")


async def test_a_series_without_episodes_cannot_be_played(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    title_id = await make_title(runtime, kind="series")
    assert code_of(await ask(client, ana.headers, title_id)) == (409, "not_playable")


HIDDEN: dict[str, dict[str, Any]] = {
    "draft": {"status": "draft"},
    "takedown": {"status": "takedown"},
    "for adults": {"maturity_score": 18},
    "unrated": {"maturity_score": None},
    "blocked": {"tags": ["gore"]},
}


@pytest.mark.parametrize("reason", HIDDEN)
async def test_what_is_hidden_is_answered_like_what_is_missing(
    runtime: Runtime, client: AsyncClient, reason: str
) -> None:
    child = await make_somebody(
        runtime, client, kind="kids", max_maturity=12, block_unrated=True, blocked_tags=["gore"]
    )
    title_id = await make_title(runtime, **HIDDEN[reason])
    await make_asset(runtime, title_id)
    assert code_of(await ask(client, child.headers, title_id)) == (404, "not_found")


async def test_a_closed_rights_window_hides_a_title(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    await make_rights(runtime, film, closes=-1)
    assert code_of(await ask(client, ana.headers, film)) == (404, "not_found")


async def test_missing_titles_and_episodes_are_not_found(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    other, episodes = await make_numbered_series(runtime, s1=1)
    await make_asset(runtime, other, episode_id=episodes[1, 1])
    for title_id, episode_id in ((uuid4(), None), (other, uuid4()), (film, episodes[1, 1])):
        wish = {} if episode_id is None else {"episode_id": str(episode_id)}
        assert code_of(await ask(client, ana.headers, title_id, **wish)) == (404, "not_found")


async def test_a_draft_episode_is_not_found(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=1)
    await make_asset(runtime, series, episode_id=episodes[1, 1])
    await execute(runtime, "UPDATE episodes SET status = 'draft'")
    answer = await ask(client, ana.headers, series, episode_id=str(episodes[1, 1]))
    assert code_of(answer) == (404, "not_found")


async def test_a_device_plays_one_thing_at_a_time(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, player: Player
) -> None:
    await start(runtime, client, ana.headers, film)
    await player.beat()
    await runtime.buffers.flush()
    assert code_of(await player.beat()) == (409, "stream_taken_over")


async def test_another_device_may_play_at_the_same_time(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, player: Player
) -> None:
    await start(runtime, client, ana.headers, film, device_id="tablet")
    await player.heard()
    assert (await player.beat()).status_code == 200


async def test_each_start_counts_for_the_bookmark(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID, player: Player
) -> None:
    await start(runtime, client, ana.headers, film)
    await runtime.buffers.flush()
    assert await scalar(runtime, "SELECT starts FROM bookmarks") == 2


async def test_a_start_is_an_event_of_its_moment(runtime: Runtime, player: Player) -> None:
    await runtime.buffers.flush()
    kinds = await scalar(runtime, "SELECT array_agg(kind) FROM play_events")
    assert kinds == ["start"]
    assert await scalar(runtime, "SELECT at FROM play_events") == await player.column("started_at")


async def test_a_start_that_is_written_after_its_stop_moves_nothing(
    runtime: Runtime, player: Player
) -> None:
    await player.stop(1200)
    assert await bookmark(runtime) == 1200
    await runtime.buffers.flush()
    assert await bookmark(runtime) == 1200
    assert await scalar(runtime, "SELECT starts FROM bookmarks") == 1
    kinds = await scalar(runtime, "SELECT array_agg(kind ORDER BY kind) FROM play_events")
    assert kinds == ["start", "stop"]


async def test_a_start_that_was_refused_leaves_nothing(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    assert (await ask(client, ana.headers, await make_title(runtime))).status_code == 409
    await runtime.buffers.flush()
    assert await scalar(runtime, "SELECT count(*) FROM play_events") == 0


async def test_a_process_that_stops_writes_the_starts_it_has_heard_of(
    runtime: Runtime, player: Player
) -> None:
    await runtime.buffers.aclose()
    assert await scalar(runtime, "SELECT starts FROM bookmarks") == 1


async def test_a_start_is_five_statements(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    await client.get("/api/v1/viewing/sessions", headers=ana.headers)
    with counted(runtime) as statements:
        await start(runtime, client, ana.headers, film)
    assert len(statements) == 5
