"""Makes the clips of the demo (src/matinee/demo/media): draws, plays and encodes them.

Run by hand after a change of the scenes; the clips are committed. It needs the package of this
repository, Pillow, and ffmpeg on the PATH:

    python tools/make_demo_media.py [--only SLUG] [--to FOLDER]
"""

import argparse
import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from demo_media import landscapes, sounds, wonders
from demo_media.drawing import AMBER, CREAM, HEIGHT, NIGHT, WIDTH, Draw, text
from PIL import Image, ImageDraw

from matinee.playback.media.encoding import Quality, Rung
from matinee.playback.media.ingest import ingest

TARGET = Path(__file__).parents[1] / "src" / "matinee" / "demo" / "media"
SIZE = (640, 360)
RATE = 25
QUALITY = Quality(
    ladder=(Rung(426, 240, 150), Rung(640, 360, 260)), crf=31, preset="slower", audio_kbits=36
)
"""Small: all clips together are part of the package."""
CAPTION_SECONDS = 5


@dataclass(frozen=True)
class Clip:
    """A scene, its sound, and how long they take to come back to their beginning."""

    slug: str
    name: str
    seconds: int
    scene: Callable[[], Draw]
    sound: sounds.MakeSound


CLIPS = (
    Clip("night-city", "Night City", 32, landscapes.night_city, sounds.city),
    Clip("evening-tide", "Evening Tide", 32, landscapes.evening_tide, sounds.tide),
    Clip("red-desert", "Red Desert", 32, landscapes.red_desert, sounds.desert),
    Clip("night-train", "Night Train", 32, landscapes.night_train, sounds.train),
    Clip("deep-space", "Deep Space", 32, wonders.deep_space, sounds.space),
    Clip("rain-on-glass", "Rain on Glass", 24, wonders.rain_on_glass, sounds.rain),
    Clip("paper-theatre", "Paper Theatre", 32, wonders.paper_theatre, sounds.music_box),
    Clip("turntable", "Turntable", 32, wonders.turntable, sounds.record),
    Clip("firefly-forest", "Firefly Forest", 32, wonders.firefly_forest, sounds.forest),
    Clip("film-leader", "Film Leader", 24, wonders.film_leader, sounds.projector),
    Clip("back-soon", "Back Soon", 24, wonders.back_soon, sounds.waiting),
)
UNNAMED = {"back-soon"}
"""Its scene says already what it is."""


def main() -> None:
    """Make all clips, or one."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", choices=[clip.slug for clip in CLIPS])
    parser.add_argument("--to", type=Path, default=TARGET)
    wanted = parser.parse_args()
    for clip in CLIPS:
        if wanted.only in (None, clip.slug):
            make(clip, wanted.to)
            print(f"{clip.slug:16} {_bytes_in(wanted.to / clip.slug):>9,} bytes", file=sys.stderr)
    print(f"{'all':16} {_bytes_in(wanted.to):>9,} bytes", file=sys.stderr)


def make(clip: Clip, target: Path) -> None:
    """Draw a clip without loss, and ingest that as any film is."""
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mkv"
        record(clip, film)
        shutil.rmtree(target / clip.slug, ignore_errors=True)
        ingest(film, target, clip.slug, clip.name, QUALITY)


def record(clip: Clip, film: Path) -> None:
    """Write all frames and the sound of a clip."""
    track = film.with_suffix(".pcm")
    track.write_bytes(sounds.pcm(clip.sound(clip.seconds)))
    frames = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{SIZE[0]}x{SIZE[1]}", "-r", str(RATE)]
    samples = ["-f", "s16le", "-ar", str(sounds.RATE), "-ac", "2"]
    lossless = ["-c:v", "libx264", "-qp", "0", "-preset", "ultrafast", "-c:a", "pcm_s16le"]
    arguments = ["ffmpeg", "-v", "error", "-y", *frames, "-i", "-", *samples, "-i", str(track)]
    with encoder([*arguments, *lossless, str(film)]) as write:
        show = clip.scene()
        for number in range(clip.seconds * RATE):
            write(frame(clip, show, number / RATE).tobytes())


@contextlib.contextmanager
def encoder(arguments: list[str]) -> Iterator[Callable[[bytes], int]]:
    """What takes the frames of a running ffmpeg."""
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE)
    assert process.stdin is not None
    yield process.stdin.write
    process.stdin.close()
    if process.wait():
        raise SystemExit("ffmpeg failed")


def frame(clip: Clip, show: Draw, moment: float) -> Image.Image:
    """One picture, `moment` seconds into the clip."""
    image = show(moment / clip.seconds)
    brush = ImageDraw.Draw(image)
    brush.rectangle((0, HEIGHT - 6, WIDTH * moment / clip.seconds, HEIGHT), fill=AMBER)
    image = image.resize(SIZE, Image.Resampling.BOX)
    fade = min(moment, CAPTION_SECONDS - moment, 1)
    if fade <= 0 or clip.slug in UNNAMED:
        return image
    return Image.blend(image, captioned(clip, image), fade)


def captioned(clip: Clip, image: Image.Image) -> Image.Image:
    """The picture with the name of the clip at the lower left."""
    image = image.copy()
    brush = ImageDraw.Draw(image)
    for size, y, line, colour in ((13, 270, "MATINEE", AMBER), (34, 286, clip.name, CREAM)):
        brush.text((33, y + 1), line, NIGHT, text(size))
        brush.text((32, y), line, colour, text(size))
    return image


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
