"""What is read of the media folder, and what never is."""

import os
from pathlib import Path

import pytest

from matinee.playback.media.library import Library, MediaDamaged
from tests.playback.media.makers import write_media


@pytest.fixture
def library(tmp_path: Path) -> Library:
    write_media(tmp_path, "clip")
    return Library(tmp_path)


def test_media_have_renditions_of_equally_many_segments(library: Library) -> None:
    media = library.get("clip")
    assert media is not None
    assert media.segment_count == 4
    assert [(r.name, r.kind, len(r.segments)) for r in media.renditions] == [
        ("v360", "video", 4),
        ("audio", "audio", 4),
    ]


def test_lengths_are_exact_and_sound_ends_with_the_picture(library: Library) -> None:
    media = library.get("clip")
    assert media is not None
    video, audio = (dict(rendition.segments) for rendition in media.renditions)
    assert video == {f"00{n}.m4s": 4.0 for n in range(4)}
    assert audio["000.m4s"] == 188 * 1024 / 48_000
    assert sum(audio.values()) == pytest.approx(16.0, abs=1e-9)


def test_there_is_nothing_of_a_slug_without_a_folder(library: Library) -> None:
    assert library.get("other") is None
    assert library.path("other", "v360", "000.m4s") is None


def test_no_folder_means_no_media(tmp_path: Path) -> None:
    assert Library(tmp_path / "none").slugs() == []


def test_a_file_of_a_rendition_has_a_path(library: Library) -> None:
    path = library.path("clip", "v360", "003.m4s")
    assert path is not None
    assert path.read_text() == "clip/v360/3"
    assert library.path("clip", "audio", "init.mp4") is not None


@pytest.mark.parametrize(
    ("slug", "rendition", "file"),
    [
        ("clip", "v360", "004.m4s"),
        ("clip", "v360", "../audio/000.m4s"),
        ("clip", "v360/../audio", "000.m4s"),
        ("clip", "..", "media.json"),
        ("clip", ".", "media.json"),
        ("clip", "v360", ""),
        ("clip/../clip", "v360", "000.m4s"),
        ("..", "clip", "media.json"),
        ("", "clip", "media.json"),
        ("clip\0", "v360", "000.m4s"),
        ("Clip", "v360", "000.m4s"),
        ("clip\n", "v360", "000.m4s"),
        ("/etc", "v360", "000.m4s"),
    ],
)
def test_what_the_manifest_does_not_name_has_no_path(
    library: Library, slug: str, rendition: str, file: str
) -> None:
    assert library.path(slug, rendition, file) is None


def test_media_are_read_once_until_their_manifest_is_another(
    library: Library, tmp_path: Path
) -> None:
    first = library.get("clip")
    assert library.get("clip") is first
    write_media(tmp_path / "new", "clip", segments=6)
    os.replace(tmp_path / "new" / "clip" / "media.json", tmp_path / "clip" / "media.json")
    renewed = library.get("clip")
    assert renewed is not None
    assert renewed.segment_count == 6


def test_media_that_are_gone_are_gone(library: Library, tmp_path: Path) -> None:
    library.get("clip")
    (tmp_path / "clip" / "media.json").unlink()
    assert library.get("clip") is None
    assert library.path("clip", "v360", "000.m4s") is None


@pytest.mark.parametrize("content", ["", "{}", "[]", "null", '{"segment_count": 4}', "\x00"])
def test_a_damaged_manifest_is_called_so(library: Library, tmp_path: Path, content: str) -> None:
    (tmp_path / "clip" / "media.json").write_text(content)
    with pytest.raises(MediaDamaged, match=r"clip/media\.json"):
        library.get("clip")


def test_folders_that_are_being_made_are_not_listed(library: Library, tmp_path: Path) -> None:
    write_media(tmp_path, ".clip.x1")
    assert library.slugs() == ["clip"]
