"""Every title of the demo plays a clip that the package ships."""

import json
import os
from pathlib import Path

import pytest

from matinee.core.text import slugify
from matinee.demo.media import CLIPS, OTHERWISE, SLATE, SUITING, give_media, place_clips
from matinee.demo.seed import DATA
from matinee.playback.media.checking import check_library
from matinee.playback.media.library import Library
from matinee.runtime import Runtime
from tests.catalog.makers import make_episode, make_season
from tests.makers import execute, insert, make_title, scalar

MOST_BYTES = 6_000_000


def test_the_clips_are_whole_and_on_the_grid() -> None:
    library = Library(CLIPS)
    slugs = library.slugs()
    assert len(slugs) >= 8
    assert list(check_library(library, set(slugs), deep=True)) == []


def test_clips_can_be_joined_without_drift() -> None:
    library = Library(CLIPS)
    for slug in library.slugs():
        media = library.get(slug)
        assert media is not None
        assert {rendition.name for rendition in media.renditions} == {"v240", "v360", "audio"}
        lengths = [sum(seconds for _, seconds in r.segments) for r in media.renditions]
        assert lengths == pytest.approx([4 * media.segment_count] * 3, abs=1e-9)


def test_the_clips_are_a_small_part_of_the_package() -> None:
    assert sum(path.stat().st_size for path in CLIPS.rglob("*") if path.is_file()) < MOST_BYTES


def test_every_clip_but_the_slate_suits_a_genre() -> None:
    played = {slug for slugs in (*SUITING.values(), OTHERWISE) for slug in slugs}
    assert played == set(Library(CLIPS).slugs()) - {SLATE}


def test_every_genre_of_the_demo_has_clips() -> None:
    rows = [
        json.loads(line)
        for path in DATA.glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    genres = {slugify(genre) for row in rows for genre in row["genres"]}
    assert genres == SUITING.keys()


async def give_to_some(runtime: Runtime) -> None:
    await make_title(runtime, "Cops", external_id="demo:cops", genres=["comedy"])
    await make_title(runtime, "Nothing", external_id="demo:nothing")
    series_id = await make_title(
        runtime, "Fantômas", external_id="demo:fantomas", kind="series", genres=["drama", "crime"]
    )
    season_id = await make_season(runtime, series_id, 1)
    for number in (1, 2):
        await make_episode(runtime, series_id, season_id, number)
    await make_title(runtime, "Mine", external_id="mine:1")
    await give_media(runtime)


async def test_movies_and_episodes_of_the_demo_play_what_suits_them(runtime: Runtime) -> None:
    await give_to_some(runtime)
    sql = """
        SELECT array_agg(a.url ORDER BY t.external_id)
        FROM media_assets a JOIN titles t ON t.id = a.title_id
        WHERE a.kind = 'main' AND a.protocol = 'builtin' AND a.duration_seconds IN (24, 32)
          AND (t.kind = 'series') = (a.episode_id IS NOT NULL)
    """
    given = await scalar(runtime, sql)
    suiting = [SUITING["comedy"], SUITING["crime"], SUITING["crime"], OTHERWISE]
    assert [slug in clips for slug, clips in zip(given, suiting, strict=True)] == [True] * 4


async def test_what_was_changed_in_the_demo_stays_changed(runtime: Runtime) -> None:
    await give_to_some(runtime)
    await execute(runtime, "DELETE FROM media_assets")
    await give_media(runtime)
    assert await scalar(runtime, "SELECT count(*) FROM media_assets") == 0


async def test_a_title_that_has_something_to_play_keeps_it(runtime: Runtime) -> None:
    title_id = await make_title(runtime, "Own", external_id="demo:own")
    await insert(runtime, "media_assets", title_id=title_id, protocol="hls", url="https://x/y")
    await give_media(runtime)
    assert await scalar(runtime, "SELECT array_agg(url) FROM media_assets") == ["https://x/y"]


def test_clips_are_copied_once_and_again_when_they_are_others(tmp_path: Path) -> None:
    place_clips(tmp_path)
    before = (tmp_path / SLATE / "media.json").stat().st_ino
    other = Library(CLIPS).slugs()[1]
    (tmp_path / other / "media.json").write_text("{}")
    place_clips(tmp_path)
    assert (tmp_path / SLATE / "media.json").stat().st_ino == before
    assert sorted(os.listdir(tmp_path)) == Library(CLIPS).slugs()
    assert Library(tmp_path).get(other) is not None
