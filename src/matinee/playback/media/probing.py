"""The programs of ffmpeg on this machine, and what ffprobe says of a file."""

import json
import math
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from matinee.catalog.importers.labels import language_code

FORMATS = "asf,avi,flv,matroska,mov,mpeg,mpegts,mxf,nut,ogg"
"""Containers we open: none that names other files, which would be opened too."""
PROBE_SECONDS = 60


class IngestFailed(RuntimeError):
    """A file could not be made into media; the message says why."""


@dataclass(frozen=True, slots=True)
class SoundStream:
    """A stream of sound in a file."""

    index: int
    language: str | None
    label: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be ingested: the size of its picture as shown, its streams."""

    path: Path
    seconds: float
    width: float
    height: float
    rate: float
    picture: int
    sounds: Sequence[SoundStream]

    @property
    def input(self) -> list[str]:
        """The arguments that make a program of ffmpeg open it, and nothing else."""
        return input_of(self.path)


def input_of(path: Path) -> list[str]:
    """Arguments that open this very file, by none but the formats that we know."""
    return [
        *("-protocol_whitelist", "file,pipe", "-format_whitelist", FORMATS),
        *("-i", f"file:{path.resolve()}"),
    ]


def program(name: str) -> str:
    """Where ffmpeg or ffprobe is.

    Raises:
        IngestFailed: it is not installed.
    """
    found = shutil.which(name)
    if found is None:
        raise IngestFailed(
            f"{name} is not installed. Install ffmpeg (Debian and Ubuntu: apt-get install ffmpeg,"
            " macOS: brew install ffmpeg); it is needed to ingest media, not to serve them."
        )
    return found


def probe(path: Path) -> Source:
    """What is in a file.

    Raises:
        IngestFailed: it is not there, has no picture, or is of a kind that we do not open.
    """
    if not path.is_file():
        raise IngestFailed(f"There is no file {path}.")
    asked = ("-v", "error", "-show_format", "-show_streams", "-of", "json")
    done = subprocess.run(
        [program("ffprobe"), *asked, *input_of(path)],
        capture_output=True,
        check=False,
        timeout=PROBE_SECONDS,
    )
    if done.returncode:
        raise IngestFailed(f"{path}: {last_line(done.stderr)}")
    return _source(path, json.loads(done.stdout))


def last_line(output: bytes) -> str:
    """What a program said at last."""
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no reason given"


def _source(path: Path, found: dict[str, Any]) -> Source:
    streams = found.get("streams", [])
    picture = next((stream for stream in streams if _is_picture(stream)), None)
    if picture is None:
        raise IngestFailed(f"{path}: there is no picture in it.")
    length = picture.get("duration") or found.get("format", {}).get("duration")
    if length is None or float(length) <= 0:
        raise IngestFailed(f"{path}: it does not say how long it is; remux it first.")
    width, height = _shown_size(picture)
    return Source(
        path=path,
        seconds=float(length),
        width=width,
        height=height,
        rate=_ratio(picture.get("avg_frame_rate")) or _ratio(picture.get("r_frame_rate")) or 25.0,
        picture=picture["index"],
        sounds=[_sound(stream) for stream in streams if stream.get("codec_type") == "audio"],
    )


def _is_picture(stream: dict[str, Any]) -> bool:
    """Whether it is the film, not a cover or a thumbnail."""
    return stream.get("codec_type") == "video" and not stream.get("disposition", {}).get(
        "attached_pic"
    )


def _shown_size(picture: dict[str, Any]) -> tuple[float, float]:
    """Width and height with square pixels, upright."""
    width, height = float(picture["width"]), float(picture["height"])
    width *= _ratio(str(picture.get("sample_aspect_ratio", "1:1")).replace(":", "/")) or 1.0
    turned = any(
        round(float(data.get("rotation", 0))) % 180 for data in picture.get("side_data_list", [])
    )
    return (height, width) if turned else (width, height)


def _sound(stream: dict[str, Any]) -> SoundStream:
    tags = {name.lower(): value for name, value in stream.get("tags", {}).items()}
    return SoundStream(
        stream["index"], language_code(str(tags.get("language", "")).lower()), tags.get("title")
    )


def _ratio(text: str | None) -> float | None:
    """A fraction such as `30000/1001`; None where it is none."""
    try:
        ratio = float(Fraction(text or ""))
    except (ValueError, ZeroDivisionError):
        return None
    return ratio if math.isfinite(ratio) and ratio > 0 else None
