"""What is in the media folder: each file's renditions and segments, as its `media.json` says.

The folder holds `<slug>/media.json` and `<slug>/<rendition>/{init.mp4,000.m4s,001.m4s,…}`. A folder
appears and is replaced whole, by renaming.
"""

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import orjson

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
MANIFEST = "media.json"

Kind = Literal["video", "audio"]


class MediaDamaged(ValueError):
    """A `media.json` that is not one."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """One encoding of the picture, or the sound in one language; bandwidths are in bits/s."""

    name: str
    kind: Kind
    bandwidth: int
    average_bandwidth: int
    width: int | None
    height: int | None
    codecs: str
    language: str | None
    label: str | None
    init: str
    segments: tuple[tuple[str, float], ...]
    """The file and the exact length in seconds of each."""


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A film, an episode, a clip: every rendition has the same number of segments."""

    slug: str
    segment_count: int
    segment_seconds: int
    renditions: tuple[Rendition, ...]
    name: str = ""
    seconds: float = 0
    """The length of what was ingested; segments go on to the end of the grid."""
    size_bytes: int = 0


class _Known(NamedTuple):
    stamp: tuple[int, int, int]
    media: MediaFile
    files: dict[str, frozenset[str]]
    """The files of each rendition."""


class Library:
    """The media folder; what was read once is kept until its `media.json` is another."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known: dict[str, _Known] = {}

    def get(self, slug: str) -> MediaFile | None:
        """The media of this slug, or None.

        Raises:
            MediaDamaged: its `media.json` is not one.
        """
        known = self._look_up(slug)
        return known.media if known else None

    def path(self, slug: str, rendition: str, file: str) -> Path | None:
        """Where a file of a rendition is, or None where `media.json` does not name it.

        Raises:
            MediaDamaged: the `media.json` is not one.
        """
        known = self._look_up(slug)
        if known is None or file not in known.files.get(rendition, ()):
            return None
        return self.root / slug / rendition / file

    def slugs(self) -> list[str]:
        """All media that are there, by slug."""
        if not self.root.is_dir():
            return []
        return sorted(
            path.parent.name
            for path in self.root.glob(f"*/{MANIFEST}")
            if SLUG.fullmatch(path.parent.name)
        )

    def _look_up(self, slug: str) -> _Known | None:
        if not SLUG.fullmatch(slug):
            return None
        manifest = self.root / slug / MANIFEST
        try:
            stat = os.stat(manifest)
        except FileNotFoundError:
            self._known.pop(slug, None)
            return None
        stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        known = self._known.get(slug)
        if known is None or known.stamp != stamp:
            known = self._known[slug] = _read(slug, manifest, stamp)
        return known


@lru_cache(maxsize=8)
def library_at(root: Path) -> Library:
    """The library of a folder, the same one for all who ask in this process."""
    return Library(root)


def _read(slug: str, manifest: Path, stamp: tuple[int, int, int]) -> _Known:
    media = read_manifest(slug, manifest.read_bytes())
    files = {
        rendition.name: frozenset([rendition.init, *(file for file, _ in rendition.segments)])
        for rendition in media.renditions
    }
    return _Known(stamp, media, files)


def read_manifest(slug: str, content: bytes) -> MediaFile:
    """The media that a `media.json` describes.

    Raises:
        MediaDamaged: it is not one.
    """
    try:
        manifest = orjson.loads(content)
        media = MediaFile(
            slug=slug,
            segment_count=manifest["segment_count"],
            segment_seconds=manifest["segment_seconds"],
            renditions=tuple(_rendition(entry) for entry in manifest["renditions"]),
            name=manifest["name"],
            seconds=manifest["duration_seconds"],
            size_bytes=sum(
                entry["init_size"] + sum(entry["sizes"]) for entry in manifest["renditions"]
            ),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise MediaDamaged(f"{slug}/{MANIFEST}: {error!r}") from error
    for rendition in media.renditions:
        if len(rendition.segments) != media.segment_count:
            raise MediaDamaged(f"{slug}/{MANIFEST}: {rendition.name} has another segment count")
    return media


def _rendition(entry: dict[str, Any]) -> Rendition:
    """A rendition of `media.json`: durations are in units of its timescale."""
    timescale = entry["timescale"]
    segments = (
        (entry["segments"] % number, ticks / timescale)
        for number, ticks in enumerate(entry["durations"])
    )
    return Rendition(
        name=entry["name"],
        kind=entry["kind"],
        bandwidth=entry["bandwidth"],
        average_bandwidth=entry["average_bandwidth"],
        width=entry.get("width"),
        height=entry.get("height"),
        codecs=entry["codecs"],
        language=entry.get("language"),
        label=entry.get("label"),
        init=entry["init"],
        segments=tuple(segments),
    )
