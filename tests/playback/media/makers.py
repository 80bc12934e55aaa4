"""Makers of media on disk: folders as `matinee media ingest` leaves them, without the pictures."""

from pathlib import Path
from typing import Any

import orjson

CLOCK = {"video": 12_800, "audio": 48_000}


def write_media(
    root: Path, slug: str, *, segments: int = 4, renditions: tuple[str, ...] = ("v360", "audio")
) -> Path:
    """A folder of media; each segment is the few bytes of its own name."""
    folder = root / slug
    entries = []
    for name in renditions:
        (folder / name).mkdir(parents=True)
        files = {f"{number:03d}.m4s": f"{slug}/{name}/{number}" for number in range(segments)}
        for file, content in (files | {"init.mp4": f"{slug}/{name}/init"}).items():
            (folder / name / file).write_text(content)
        entries.append(_rendition(name, slug, segments, files))
    manifest = {
        "name": slug.title(),
        "segment_seconds": 4,
        "segment_count": segments,
        "duration_seconds": 4.0 * segments,
        "renditions": entries,
    }
    (folder / "media.json").write_bytes(orjson.dumps(manifest))
    return folder


def _rendition(name: str, slug: str, segments: int, files: dict[str, str]) -> dict[str, Any]:
    kind = "audio" if name.startswith("audio") else "video"
    height = int(name[1:]) if kind == "video" else None
    return {
        "name": name,
        "kind": kind,
        "width": height and height * 16 // 9,
        "height": height,
        "codecs": "avc1.4d401e" if kind == "video" else "mp4a.40.2",
        "bandwidth": (height or 100) * 1000,
        "average_bandwidth": (height or 100) * 900,
        "timescale": CLOCK[kind],
        "init": "init.mp4",
        "init_size": len(f"{slug}/{name}/init"),
        "segments": "%03d.m4s",
        "durations": _durations(kind, segments),
        "sizes": [len(content) for content in files.values()],
    }


def _durations(kind: str, segments: int) -> list[int]:
    """Sound is cut at whole AAC frames: 188 of them, then 187."""
    if kind == "video":
        return [4 * CLOCK[kind]] * segments
    return [(188 - number % 2) * 1024 for number in range(segments)]
