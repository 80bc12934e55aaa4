"""Files of every sort become media on the grid; needs ffmpeg, and says so where it is absent."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from matinee.playback.media import probing
from matinee.playback.media.checking import check_library
from matinee.playback.media.encoding import Quality, Rung
from matinee.playback.media.ingest import ingest
from matinee.playback.media.library import Library, MediaFile
from matinee.playback.media.probing import IngestFailed

needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None,
    reason="FFMPEG IS NOT INSTALLED: nothing of ingesting is tested (apt-get install ffmpeg)",
)
QUICK = Quality(ladder=(Rung(128, 72, 100), Rung(256, 144, 200)), preset="ultrafast")


def film(path: Path, *arguments: str, size: str = "192x108", rate: str = "25") -> Path:
    """A test picture of five seconds, and what the arguments say."""
    picture = ("-f", "lavfi", "-i", f"testsrc=s={size}:r={rate}:d=5")
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", *picture, *arguments, "-pix_fmt", "yuv420p", str(path)],
        check=True,
    )
    return path


def tones(*languages: str, channels: int = 2) -> list[str]:
    """Inputs of sound of nearly five seconds, a stream for each language."""
    arguments = []
    for number, _ in enumerate(languages):
        arguments += ["-f", "lavfi", "-i", f"sine=f={440 + 110 * number}:d=4.7"]
    arguments += ["-map", "0:v", "-ac", str(channels)]
    for number, language in enumerate(languages):
        arguments += ["-map", f"{number + 1}:a", f"-metadata:s:a:{number}", f"language={language}"]
    return arguments


def made_of(path: Path, root: Path) -> MediaFile:
    """The media of a file, after a deep look at them."""
    media = ingest(path, root, "film", "Film", QUICK)
    assert list(check_library(Library(root), {"film"}, deep=True)) == []
    return media


@needs_ffmpeg
@pytest.mark.parametrize(
    ("name", "arguments", "size", "rate"),
    [
        ("film.mp4", ["-c:v", "mpeg4"], "192x108", "25"),
        ("film.mkv", [], "192x108", "24000/1001"),
        ("film.mkv", ["-bf", "3", "-g", "13"], "320x180", "30000/1001"),
        ("film.ts", [], "190x106", "50"),
        ("film.avi", ["-c:v", "mpeg4"], "100x100", "12"),
        ("film.webm", ["-c:v", "libvpx", "-deadline", "realtime"], "192x108", "60"),
        ("film.mkv", ["-vf", "setsar=4/3,setfield=tff"], "144x108", "25"),
    ],
)
def test_any_picture_comes_onto_the_grid(
    tmp_path: Path, name: str, arguments: list[str], size: str, rate: str
) -> None:
    path = film(tmp_path / name, *arguments, size=size, rate=rate)
    media = made_of(path, tmp_path / "media")
    assert media.segment_count == 2
    for rendition in media.renditions:
        assert sum(seconds for _, seconds in rendition.segments) == pytest.approx(8, abs=1e-9)
        if rendition.kind == "video":
            assert [seconds for _, seconds in rendition.segments] == [4, 4]


@needs_ffmpeg
def test_every_segment_of_a_picture_can_be_played_by_itself(tmp_path: Path) -> None:
    made_of(film(tmp_path / "film.mkv", "-g", "999"), tmp_path / "media")
    folder = tmp_path / "media" / "film" / "v144"
    for number in range(2):
        part = tmp_path / "part.mp4"
        part.write_bytes(
            (folder / "init.mp4").read_bytes() + (folder / f"00{number}.m4s").read_bytes()
        )
        shown = ("-show_entries", "frame=key_frame,pict_type", "-of", "csv=p=0")
        frames = subprocess.run(
            ["ffprobe", "-v", "error", *shown, str(part)], capture_output=True, check=True
        ).stdout.split()
        assert len(frames) == 100
        assert frames[0].startswith(b"1,I")
        assert [frame for frame in frames[1:] if not frame.startswith(b"0,P")] == []


@needs_ffmpeg
def test_languages_are_kept_with_their_names(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mkv", *tones("ger", "eng", "und"))
    media = made_of(path, tmp_path / "media")
    sounds = [(r.name, r.language) for r in media.renditions if r.kind == "audio"]
    assert sounds == [("audio", "de"), ("audio-en", "en"), ("audio-3", None)]
    assert {r.codecs for r in media.renditions if r.kind == "audio"} == {"mp4a.40.2"}


@needs_ffmpeg
def test_sound_in_six_channels_becomes_stereo(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mkv", *tones("eng", channels=6))
    made_of(path, tmp_path / "media")
    init = tmp_path / "media" / "film" / "audio" / "init.mp4"
    assert probe_channels(init) == "2"


def probe_channels(path: Path) -> str:
    shown = ("-show_entries", "stream=channels", "-of", "csv=p=0")
    command = ["ffprobe", "-v", "error", *shown, str(path)]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()


@needs_ffmpeg
@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"no film at all", "film.mp4"),
        (b"", "film.mkv"),
        (b"#EXTM3U\n#EXTINF:4,\nfile:///etc/hostname\n", "film.m3u8"),
        (b"ffconcat version 1.0\nfile '/etc/hostname'\n", "film.txt"),
    ],
)
def test_what_is_no_film_is_refused_and_leaves_nothing(
    tmp_path: Path, content: bytes, name: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(IngestFailed):
        ingest(tmp_path / name, tmp_path / "media", "film", "Film", QUICK)
    assert not (tmp_path / "media").exists()


@needs_ffmpeg
def test_a_film_that_breaks_off_leaves_nothing(tmp_path: Path, monkeypatch) -> None:
    path = film(tmp_path / "film.mkv")
    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(IngestFailed, match="No space left"):
        ingest(path, tmp_path / "media", "film", "Film", QUICK)
    assert os.listdir(tmp_path / "media") == []


def refuse(_source: Path, _target: Path) -> None:
    raise OSError(28, "No space left on device")


@needs_ffmpeg
def test_media_are_never_replaced(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mkv")
    made_of(path, tmp_path / "media")
    with pytest.raises(IngestFailed, match="There is a film already"):
        made_of(path, tmp_path / "media")


@pytest.mark.parametrize("slug", ["", "../film", "Film", "a/b", "-a", "x" * 64, "film\n"])
def test_a_slug_is_one_before_anything_is_done(tmp_path: Path, slug: str) -> None:
    with pytest.raises(IngestFailed, match="no slug"):
        ingest(tmp_path / "none.mkv", tmp_path, slug, "Film")


def test_without_ffmpeg_it_says_what_to_install(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "film.mkv").write_bytes(b"film")
    with pytest.raises(IngestFailed, match="apt-get install ffmpeg"):
        probing.probe(tmp_path / "film.mkv")
