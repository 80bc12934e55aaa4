"""Commands for the media of our own origin."""

from pathlib import Path

import pytest

from tests.cli.conftest import Matinee
from tests.playback.media.makers import write_media
from tests.playback.media.test_ingest import film, needs_ffmpeg


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "media"


@needs_ffmpeg
def test_a_film_is_ingested_registered_and_whole(
    matinee: Matinee, tmp_path: Path, root: Path
) -> None:
    path = film(tmp_path / "The Goat (1921).mkv")
    run = matinee("media", "ingest", str(path), "--rendition", "240", media_dir=str(root))
    assert run.exit_code == 0, run.output
    assert run.output.splitlines()[-1].split() == [
        *("the-goat-1921", "0:05", "0.0", "MB", "v240", "audio"),
    ]
    assert matinee("media", "list", media_dir=str(root)).output.startswith("the-goat-1921 ")
    check = matinee("media", "check", "--deep", media_dir=str(root))
    assert (check.exit_code, check.output) == (0, "1 media are whole.\n")


def test_a_folder_from_elsewhere_is_registered(matinee: Matinee, root: Path) -> None:
    write_media(root, "clip")
    assert matinee("media", "register", "clip", media_dir=str(root)).exit_code == 0
    assert matinee("media", "check", media_dir=str(root)).output == "1 media are whole.\n"


def test_what_is_wrong_is_named(matinee: Matinee, root: Path) -> None:
    for slug in ("clip", "lost"):
        write_media(root, slug)
        matinee("media", "register", slug, media_dir=str(root))
    (root / "lost" / "media.json").unlink()
    (root / "clip" / "v360" / "002.m4s").unlink()
    (root / "clip" / "audio" / "001.m4s").write_text("cut off")
    write_media(root, "new")
    run = matinee("media", "check", media_dir=str(root))
    assert run.exit_code == 1
    assert run.output.splitlines() == [
        "clip: v360: 1 files miss or are cut off, the first is 002.m4s",
        "clip: audio: 1 files miss or are cut off, the first is 001.m4s",
        "new: is not registered: matinee media register new",
        "lost: is registered, but not in the folder",
    ]


def test_a_file_that_is_none_is_one_line(matinee: Matinee, root: Path) -> None:
    run = matinee("media", "ingest", "none.mkv", media_dir=str(root))
    assert run.exit_code == 1
    assert "There is no file none.mkv." in run.output


def test_rungs_are_those_of_the_ladder(matinee: Matinee, root: Path) -> None:
    run = matinee("media", "ingest", "x.mkv", "--rendition", "333", media_dir=str(root))
    assert run.exit_code == 1
    assert "--rendition is one of [240, 360, 480, 720, 1080], not 333." in run.output
