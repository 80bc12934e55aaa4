"""Films of the media folder, and the files that all playlists lead to."""

import re
import time
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.makers import execute, insert, make_title
from tests.playback.origin.conftest import MEDIA, Player, make_player


@pytest.fixture
async def film(runtime: Runtime, device: AsyncClient) -> Player:
    """Somebody who plays a film."""
    title_id = await make_title(runtime)
    asset_id = await insert(
        runtime, "media_assets", title_id=title_id, protocol="builtin", url="night-city"
    )
    player = await make_player(runtime, device, title_id=title_id)
    player.kind, player.subject = "asset", asset_id
    return player


def segments(playlist: str) -> list[str]:
    return [line for line in playlist.splitlines() if line and not line.startswith("#")]


async def test_a_film_is_a_whole_playlist_of_exact_lengths(film: Player) -> None:
    playlist = (await film.get("audio")).text
    lengths = [float(length) for length in re.findall(r"EXTINF:([\d.]+)", playlist)]
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in playlist
    assert playlist.endswith("#EXT-X-ENDLIST\n")
    assert round(sum(lengths), 4) == 32.0
    assert lengths[:2] == [4.01067, 3.98933]


async def test_the_master_of_a_film_leads_to_its_renditions(film: Player) -> None:
    master = (await film.get()).text
    assert segments(master) == ["v240.m3u8", "v360.m3u8"]


async def test_a_rendition_that_a_film_has_not_is_missing(film: Player) -> None:
    assert (await film.get("v4320")).status_code == 404


async def test_a_film_that_is_not_in_the_folder_says_so(runtime: Runtime, film: Player) -> None:
    await execute(runtime, "UPDATE media_assets SET url = 'nowhere'")
    answer = await film.get("v360")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "media_missing")


async def test_media_of_other_kinds_are_not_ours(runtime: Runtime, film: Player) -> None:
    await execute(runtime, "UPDATE media_assets SET protocol = 'hls'")
    assert (await film.get()).status_code == 404


async def test_an_address_of_a_film_stays_the_same(film: Player) -> None:
    assert (await film.get("v360")).content == (await film.get("v360")).content


async def test_a_segment_is_good_for_the_film_and_twelve_hours_of_pauses(film: Player) -> None:
    address = segments((await film.get("v360")).text)[0]
    expires_at = int(address.split("/")[4])
    assert 12 * 3600 <= expires_at - time.time() <= 12 * 3600 + 32 + 301


async def refusal(film: Player, address: str) -> int:
    answer = await film.client.get(address)
    assert answer.headers["access-control-allow-origin"] == "*"
    return answer.status_code


async def test_an_address_that_somebody_changed_is_refused(film: Player) -> None:
    parts = segments((await film.get("v360")).text)[0].split("/")
    changes = {
        2: "0badkey",
        3: "A" * 22,
        4: str(int(parts[4]) + 1),
        5: uuid4().hex,
        6: "deep-space",
    }
    for place, value in changes.items():
        changed = [*parts[:place], value, *parts[place + 1 :]]
        assert await refusal(film, "/".join(changed)) == 403


async def test_an_address_of_yesterday_has_expired(film: Player) -> None:
    folder = film.runtime.playback.media("night-city", film.session_id, int(time.time()) - 1)
    assert await refusal(film, folder.url("v360/000.m4s")) == 410


async def test_a_good_address_opens_all_of_the_film_and_nothing_else(film: Player) -> None:
    folder = film.runtime.playback.media("night-city", film.session_id, int(time.time()) + 60)
    assert await refusal(film, folder.url("v240/init.mp4")) == 200
    for file in ("v240/099.m4s", "v9/000.m4s", "media.json", "v240/../media.json", "v240/"):
        assert await refusal(film, folder.url(file)) == 404


@pytest.mark.parametrize(
    "path",
    ["", "x", "../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "a/b/c/d/e/f/g", "%00", "k//e/s/"],
)
async def test_no_other_path_leads_anywhere(device: AsyncClient, path: str) -> None:
    answer = await device.get(f"/media/{path}")
    assert answer.status_code == 404
    assert "error" in answer.json()


async def test_the_head_of_a_segment_tells_its_size(film: Player) -> None:
    address = segments((await film.get("v360")).text)[0]
    answer = await film.client.head(address)
    assert answer.content == b""
    assert answer.headers["content-length"] == str(
        (MEDIA / "night-city/v360/000.m4s").stat().st_size
    )


async def test_the_signature_is_for_one_session_alone(film: Player) -> None:
    mine = film.runtime.playback.media("night-city", film.session_id, 2_000_000_000)
    theirs = film.runtime.playback.media("night-city", UUID(int=1), 2_000_000_000)
    assert mine.prefix.split("/")[3] != theirs.prefix.split("/")[3]
