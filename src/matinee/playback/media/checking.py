"""Looking whether the media folder holds what it says, and what the database says."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import orjson

from matinee.playback.media.boxes import NotFragmentedMp4
from matinee.playback.media.ingest import measure
from matinee.playback.media.library import MANIFEST, Library, MediaDamaged
from matinee.playback.media.probing import IngestFailed


class Fault(NamedTuple):
    """What is wrong with media."""

    slug: str
    text: str


def check_library(library: Library, registered: set[str], *, deep: bool) -> Iterator[Fault]:
    """All faults: files that miss or have another size, folders without rows, rows without folders.

    A deep look also reads every segment and measures the grid.
    """
    present = library.slugs()
    for slug in present:
        yield from (Fault(slug, text) for text in _faults_of(library, slug, deep=deep))
        if slug not in registered:
            yield Fault(slug, "is not registered: matinee media register " + slug)
    for slug in sorted(registered.difference(present)):
        yield Fault(slug, "is registered, but not in the folder")
    if library.root.is_dir():
        for path in sorted(library.root.glob(".*.*")):
            yield Fault(path.name, "is a leftover of an ingest that was killed, or one that runs")


def _faults_of(library: Library, slug: str, *, deep: bool) -> Iterator[str]:
    try:
        library.get(slug)
    except MediaDamaged as error:
        yield str(error)
        return
    folder = library.root / slug
    for rendition in orjson.loads((folder / MANIFEST).read_bytes())["renditions"]:
        name = rendition["name"]
        expected = {rendition["init"]: rendition["init_size"]} | {
            rendition["segments"] % number: size for number, size in enumerate(rendition["sizes"])
        }
        wrong = [file for file, size in expected.items() if _size(folder / name / file) != size]
        if wrong:
            yield f"{name}: {len(wrong)} files miss or are cut off, the first is {wrong[0]}"
        elif deep:
            yield from _measured(folder / name, rendition["durations"])


def _measured(folder: Path, durations: list[int]) -> Iterator[str]:
    try:
        if measure(folder)["durations"] != durations:
            yield f"{folder.name}: segments are of other lengths than {MANIFEST} says"
    except (IngestFailed, NotFragmentedMp4) as error:
        yield f"{folder.name}: {error}"


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None
