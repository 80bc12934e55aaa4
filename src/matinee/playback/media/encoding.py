"""How media are encoded: the rungs, and the one ffmpeg command that makes all of them.

All media are encoded alike, so that runs of a linear channel can be joined: H.264 main and AAC-LC
in fragmented MP4; closed groups of pictures as long as a segment, without B frames; 48 kHz stereo.
Lengths are whole multiples of 8 s, where segments of 4 s and AAC frames of 1024 samples both end,
so that sound and picture never drift apart, however often media are repeated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matinee.models.playout import SEGMENT_SECONDS
from matinee.playback.media.probing import Source

SAMPLE_RATE = 48_000
AAC_PRIMING = 1024
"""Samples that the encoder puts before the sound; as many are cut off, so that it starts at 0."""
GRID_SECONDS = 8
RATES = (24, 25, 30, 48, 50, 60)
INIT, SEGMENTS = "init.mp4", "%03d.m4s"
QUIET = ("-nostdin", "-hide_banner", "-loglevel", "error")


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of the ladder: pictures that fit into this box, at so many kbit/s at most."""

    width: int
    height: int
    kbits: int

    @property
    def name(self) -> str:
        """The rendition's name: the same in all media, whatever the shape of their picture."""
        return f"v{self.height}"


@dataclass(frozen=True, slots=True)
class Quality:
    """What encoding costs and gives: rungs from small to large, x264's and AAC's settings."""

    ladder: Sequence[Rung] = (
        Rung(426, 240, 400),
        Rung(640, 360, 800),
        Rung(854, 480, 1400),
        Rung(1280, 720, 3200),
        Rung(1920, 1080, 6000),
    )
    crf: int = 21
    preset: str = "medium"
    audio_kbits: int = 128


@dataclass(frozen=True, slots=True)
class Picture:
    """A rung as it is for a source: its size in pixels."""

    rung: Rung
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Sound:
    """A rendition of the sound: which stream it comes from, None for silence."""

    name: str
    stream: int | None
    language: str | None
    label: str | None


def pictures_of(source: Source, ladder: Sequence[Rung]) -> list[Picture]:
    """The rungs a source fills, smallest first: up to the first that holds it whole."""
    pictures: list[Picture] = []
    for rung in ladder:
        shrink = min(rung.width / source.width, rung.height / source.height, 1.0)
        width, height = _even(source.width * shrink), _even(source.height * shrink)
        pictures.append(Picture(rung, width, height))
        if shrink == 1:
            break
    return pictures


def sounds_of(source: Source) -> list[Sound]:
    """One rendition per language, the first named `audio`; silence where there is no sound."""
    sounds: dict[str | None, Sound] = {}
    for stream in source.sounds:
        name = f"audio-{stream.language or stream.index}" if sounds else "audio"
        if stream.language not in sounds:
            sounds[stream.language] = Sound(name, stream.index, stream.language, stream.label)
    return list(sounds.values()) or [Sound("audio", None, None, None)]


def whole_seconds(seconds: float) -> int:
    """The length on the grid; what hangs over by a few frames is cut off."""
    overhang = 0.1
    return max(1, int((seconds - overhang) // GRID_SECONDS) + 1) * GRID_SECONDS


def rate_of(source: Source) -> int:
    """The frame rate nearest to the source's that has whole groups of pictures."""
    return min(RATES, key=lambda rate: abs(rate - source.rate))


def command(source: Source, quality: Quality, folder: Path) -> list[str]:
    """The arguments of ffmpeg: every rendition gets a folder of its own name."""
    pictures, sounds = pictures_of(source, quality.ladder), sounds_of(source)
    arguments = [*QUIET, "-progress", "pipe:1", *source.input]
    arguments += ["-filter_complex", ";".join([*_video(source, pictures), *_audio(source, sounds)])]
    for number, picture in enumerate(pictures):
        kbits = picture.rung.kbits
        arguments += ["-map", f"[v{number}]", *_x264(rate_of(source), quality)]
        arguments += ["-maxrate", f"{kbits}k", "-bufsize", f"{2 * kbits}k"]
        arguments += _segments(folder / picture.rung.name)
    for number, sound in enumerate(sounds):
        arguments += ["-map", f"[a{number}]", "-c:a", "aac", "-b:a", f"{quality.audio_kbits}k"]
        arguments += _segments(folder / sound.name)
    return arguments


def _video(source: Source, pictures: Sequence[Picture]) -> list[str]:
    """Filters: one film, its end held to the grid, in every size."""
    rate, seconds = rate_of(source), whole_seconds(source.seconds)
    split = "".join(f"[s{number}]" for number in range(len(pictures)))
    whole = (
        f"[0:{source.picture}]yadif=deint=interlaced,fps={rate}:start_time=0,"
        f"tpad=stop_mode=clone:stop_duration={GRID_SECONDS + 1},"
        f"trim=end_frame={seconds * rate},split={len(pictures)}{split}"
    )
    sizes = [
        f"[s{number}]scale={picture.width}:{picture.height}:flags=lanczos,setsar=1,"
        f"format=yuv420p[v{number}]"
        for number, picture in enumerate(pictures)
    ]
    return [whole, *sizes]


def _audio(source: Source, sounds: Sequence[Sound]) -> list[str]:
    """Filters: every language in stereo, as long as the picture to the sample."""
    samples = whole_seconds(source.seconds) * SAMPLE_RATE
    form = f"aformat=sample_fmts=fltp:sample_rates={SAMPLE_RATE}:channel_layouts=stereo"
    exact = f"apad,atrim=start_sample={AAC_PRIMING}:end_sample={samples}"
    return [f"{_heard(sound)},{form},{exact}[a{number}]" for number, sound in enumerate(sounds)]


def _heard(sound: Sound) -> str:
    """A stream of the file from its beginning, gaps filled, or silence."""
    if sound.stream is None:
        return f"anullsrc=r={SAMPLE_RATE}:cl=stereo"
    return f"[0:{sound.stream}]aresample={SAMPLE_RATE}:async=1:first_pts=0"


def _x264(rate: int, quality: Quality) -> list[str]:
    group = str(rate * SEGMENT_SECONDS)
    return [
        *("-c:v", "libx264", "-profile:v", "main", "-preset", quality.preset),
        *("-crf", str(quality.crf), "-g", group, "-keyint_min", group, "-sc_threshold", "0"),
        *("-bf", "0", "-refs", "4", "-flags", "+cgop", "-fps_mode", "cfr"),
    ]


def _segments(folder: Path) -> list[str]:
    return [
        *("-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-f", "hls"),
        *("-hls_time", str(SEGMENT_SECONDS), "-hls_playlist_type", "vod"),
        *("-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", INIT),
        *("-hls_segment_filename", str(folder / SEGMENTS), str(folder / "index.m3u8")),
    ]


def _even(pixels: float) -> int:
    """H.264 in 4:2:0 has even sizes."""
    return max(2, round(pixels / 2) * 2)
