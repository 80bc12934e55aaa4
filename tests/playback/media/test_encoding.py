"""Which renditions a source gets, and how long they are."""

from pathlib import Path

import pytest

from matinee.playback.media.encoding import (
    Quality,
    pictures_of,
    rate_of,
    sounds_of,
    whole_seconds,
)
from matinee.playback.media.probing import SoundStream, Source


def source(
    width: float = 1920,
    height: float = 1080,
    rate: float = 25,
    sounds: tuple[SoundStream, ...] = (),
) -> Source:
    return Source(Path("film.mkv"), 10, width, height, rate, 0, sounds)


@pytest.mark.parametrize(
    ("width", "height", "sizes"),
    [
        (3840, 2160, ["v240 426x240", "v360 640x360", "v480 854x480", "v720 1280x720",
                      "v1080 1920x1080"]),
        (1280, 720, ["v240 426x240", "v360 640x360", "v480 854x480", "v720 1280x720"]),
        (1920, 800, ["v240 426x178", "v360 640x266", "v480 854x356", "v720 1280x534",
                     "v1080 1920x800"]),
        (640, 480, ["v240 320x240", "v360 480x360", "v480 640x480"]),
        (720, 576, ["v240 300x240", "v360 450x360", "v480 600x480", "v720 720x576"]),
        (160, 121, ["v240 160x120"]),
        (1080, 1920, ["v240 136x240", "v360 202x360", "v480 270x480", "v720 404x720",
                      "v1080 608x1080"]),
    ],
)  # fmt: skip
def test_pictures_fit_into_their_rungs_and_are_never_enlarged(
    width: int, height: int, sizes: list[str]
) -> None:
    pictures = pictures_of(source(width, height), Quality().ladder)
    assert [f"{p.rung.name} {p.width}x{p.height}" for p in pictures] == sizes


@pytest.mark.parametrize(
    ("rate", "made"),
    [(23.976, 24), (24, 24), (25, 25), (29.97, 30), (59.94, 60), (12, 24), (50, 50), (120, 60)],
)
def test_rates_have_whole_groups_of_pictures(rate: float, made: int) -> None:
    assert rate_of(source(rate=rate)) == made


@pytest.mark.parametrize(
    ("seconds", "made"),
    [(0.04, 8), (8, 8), (8.05, 8), (8.2, 16), (32.021, 32), (5400.0, 5400), (5401, 5408)],
)
def test_lengths_are_where_segments_and_aac_frames_both_end(seconds: float, made: int) -> None:
    assert whole_seconds(seconds) == made
    assert made * 48_000 % 1024 == 0


def test_every_language_is_kept_once() -> None:
    streams = (
        SoundStream(1, "de", "Stereo"),
        SoundStream(2, "de", "Commentary"),
        SoundStream(3, "en", None),
        SoundStream(4, None, None),
    )
    made = [(sound.name, sound.stream) for sound in sounds_of(source(sounds=streams))]
    assert made == [("audio", 1), ("audio-en", 3), ("audio-4", 4)]


def test_silent_films_get_silence_so_that_all_media_have_the_same_tracks() -> None:
    assert [(sound.name, sound.stream) for sound in sounds_of(source())] == [("audio", None)]
