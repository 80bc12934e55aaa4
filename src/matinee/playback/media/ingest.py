"""Making media of a file: encoded by ffmpeg in a folder aside, checked, put in place whole."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from matinee.models.playout import SEGMENT_SECONDS
from matinee.playback.media import boxes
from matinee.playback.media.encoding import (
    INIT,
    SEGMENTS,
    Quality,
    command,
    pictures_of,
    sounds_of,
)
from matinee.playback.media.library import MANIFEST, SLUG, MediaFile, read_manifest
from matinee.playback.media.probing import IngestFailed, Source, last_line, probe, program

Progress = Callable[[float], None]
"""Told which share is done, from 0 to 1."""


def ingest(
    path: Path,
    root: Path,
    slug: str,
    name: str,
    quality: Quality | None = None,
    progress: Progress = lambda _share: None,
) -> MediaFile:
    """Encode a file into `root/slug`; nothing is there until all of it is.

    Raises:
        IngestFailed: ffmpeg is missing or fails, the slug is taken, the disk is full.
    """
    if not SLUG.fullmatch(slug):
        raise IngestFailed(f"{slug!r} is no slug: use lower-case letters, digits and hyphens.")
    if (root / slug).exists():
        raise IngestFailed(f"There is a {slug} already: choose another --slug, or delete that one.")
    source = probe(path)
    quality = quality or Quality()
    try:
        with _aside(root, slug) as folder:
            _encode(source, quality, folder, progress)
            manifest = _manifest(source, quality, folder, name)
            (folder / MANIFEST).write_bytes(orjson.dumps(manifest))
            media = read_manifest(slug, (folder / MANIFEST).read_bytes())
            _put_in_place(folder, root / slug)
    except OSError as error:
        raise IngestFailed(f"{slug}: {error}") from error
    return media


@contextlib.contextmanager
def _aside(root: Path, slug: str) -> Iterator[Path]:
    """A folder on the same file system, gone afterwards unless it was renamed."""
    root.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{slug}.", dir=root))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _encode(source: Source, quality: Quality, folder: Path, progress: Progress) -> None:
    for name in _renditions(source, quality):
        (folder / name).mkdir()
    arguments = [program("ffmpeg"), *command(source, quality, folder)]
    with tempfile.TemporaryFile() as complaints:
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=complaints) as process:
            try:
                _follow(process, source.seconds, progress)
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            complaints.seek(0)
            raise IngestFailed(f"{source.path}: {last_line(complaints.read())}")


def _renditions(source: Source, quality: Quality) -> list[str]:
    pictures = [picture.rung.name for picture in pictures_of(source, quality.ladder)]
    return [*pictures, *(sound.name for sound in sounds_of(source))]


def _follow(process: subprocess.Popen[bytes], seconds: float, progress: Progress) -> None:
    """Pass on how far ffmpeg is until it ends."""
    for line in process.stdout or ():
        key, _, value = line.decode(errors="replace").strip().partition("=")
        if key == "out_time_us" and value.isdecimal():
            progress(min(1.0, int(value) / 1e6 / seconds))


def _manifest(source: Source, quality: Quality, folder: Path, name: str) -> dict[str, Any]:
    """What `media.json` says; see docs/operations/media.md for its fields."""
    renditions = [
        {
            "name": picture.rung.name,
            "kind": "video",
            "width": picture.width,
            "height": picture.height,
            **measure(folder / picture.rung.name),
        }
        for picture in pictures_of(source, quality.ladder)
    ]
    renditions += [
        {
            "name": sound.name,
            "kind": "audio",
            "language": sound.language,
            "label": sound.label,
            **measure(folder / sound.name),
        }
        for sound in sounds_of(source)
    ]
    counts = {len(rendition["durations"]) for rendition in renditions}
    if len(counts) > 1:
        raise IngestFailed(f"{source.path}: renditions have different numbers of segments")
    return {
        "name": name,
        "segment_seconds": SEGMENT_SECONDS,
        "segment_count": counts.pop(),
        "duration_seconds": round(source.seconds, 3),
        "renditions": renditions,
    }


def measure(folder: Path) -> dict[str, Any]:
    """What the files of a rendition are: codec, clock, lengths in its ticks, sizes, bits/s.

    Raises:
        IngestFailed: they are not on the segment grid.
    """
    init = (folder / INIT).read_bytes()
    clock, default = boxes.timescale(init), boxes.default_duration(init)
    durations, sizes = [], []
    position = 0
    for number in range(len(list(folder.glob("*.m4s")))):
        content = (folder / (SEGMENTS % number)).read_bytes()
        start, ticks = boxes.span(content, default)
        if start != position or not on_grid(start, number, clock):
            raise IngestFailed(f"{folder.name}: segment {number} is not on the grid")
        durations.append(ticks)
        sizes.append(len(content))
        position += ticks
    if not on_grid(position, len(durations), clock):
        raise IngestFailed(f"{folder.name}: it does not end on the grid")
    peak = max(size * 8 * clock / ticks for size, ticks in zip(sizes, durations, strict=True))
    return {
        "codecs": boxes.codecs(init),
        "bandwidth": round(peak),
        "average_bandwidth": round(sum(sizes) * 8 * clock / position),
        "timescale": clock,
        "init": INIT,
        "init_size": len(init),
        "segments": SEGMENTS,
        "durations": durations,
        "sizes": sizes,
    }


def on_grid(ticks: int, number: int, clock: int) -> bool:
    """Whether segment `number` may begin at so many ticks: less than an AAC frame off the grid."""
    return abs(ticks - number * SEGMENT_SECONDS * clock) * 1000 < 22 * clock


def _put_in_place(folder: Path, target: Path) -> None:
    """Rename the folder once all that is in it will survive a crash."""
    for path in folder.rglob("index.m3u8"):
        path.unlink()
    for path in [*folder.rglob("*"), folder]:
        _sync(path)
    os.rename(folder, target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
