"""HLS playlists of our own media: from what plays when, the same bytes whoever writes them.

Media sequence numbers are those of the grid, so a playlist follows from the clock alone. An address
in it never changes: until when it is good follows from its place on the grid, or from the ticket.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from matinee.integrations.playback.signers import SignedFolder
from matinee.models.playout import SEGMENT_SECONDS
from matinee.playback.grid import seconds_at
from matinee.playback.media.library import MediaFile, Rendition
from matinee.playback.runs import Clip

Kind = Literal["live", "event", "vod"]

EXPIRY_STEP = 300
"""Seconds: segments whose addresses expire together are signed together."""
SPARE_SECONDS = 300
"""How long a segment's address is good after it has left the window."""
SKIP_SECONDS = 6 * SEGMENT_SECONDS
"""What is this close to the end is never skipped by an update (RFC 8216bis: six durations)."""
HOLD_BACK_SECONDS = 3 * SEGMENT_SECONDS

_PREFIX, _SUFFIX = "\0", "\1"

Media = Callable[[str], MediaFile | None]
Signed = Callable[[str, int | None], SignedFolder]
"""The addresses of a medium until a moment (Unix); None: as long as the ticket says."""


@dataclass(frozen=True, slots=True)
class Window:
    """What a playlist lists: the segments from `first` until before `end`, all in these clips.

    `keep_seconds`: how long segments stay in the window; None where that is up to the ticket.
    """

    kind: Kind
    clips: tuple[Clip, ...]
    first: int
    end: int
    ended: bool = False
    keep_seconds: int | None = None
    start_offset: float | None = None
    """Where players begin, in seconds from the first segment; None: where they like."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Part of a playlist whose addresses are signed together."""

    text: str
    slug: str
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class Template:
    """A playlist without its viewer: the same for everybody who asks at the same moment.

    `chunks` are texts with the number of the grant, out of `grants`, that their addresses have.
    """

    head: str
    chunks: tuple[tuple[str, int], ...]
    grants: tuple[tuple[str, int | None], ...]
    foot: str

    def filled(self, signed: Signed) -> bytes:
        """The playlist of one viewer."""
        folders = [signed(slug, expires_at) for slug, expires_at in self.grants]
        parts = [self.head]
        for text, number in self.chunks:
            folder = folders[number]
            addressed = text.replace(_PREFIX, folder.prefix)
            parts.append(addressed.replace(_SUFFIX, folder.suffix))
        parts.append(self.foot)
        return "".join(parts).encode()


def _template(head: Iterable[str], chunks: Iterable[Chunk], foot: str) -> Template:
    """Chunks that are signed alike and follow each other become one."""
    grants: dict[tuple[str, int | None], int] = {}
    merged: list[tuple[str, int]] = []
    for chunk in chunks:
        number = grants.setdefault((chunk.slug, chunk.expires_at), len(grants))
        if merged and merged[-1][1] == number:
            merged[-1] = (merged[-1][0] + chunk.text, number)
        else:
            merged.append((chunk.text, number))
    return Template("\n".join(head) + "\n", tuple(merged), tuple(grants), foot)


def expiry(sequence: int, keep_seconds: int) -> int:
    """When the address of a segment ends (Unix) that stays in the window for so long."""
    gone = seconds_at(sequence + 1) + keep_seconds + SPARE_SECONDS
    return -(-gone // EXPIRY_STEP) * EXPIRY_STEP


def rendition_of(media: MediaFile, name: str) -> Rendition:
    """The rendition of that name, or what comes closest where a medium has no such one.

    Media of small pictures have fewer rungs, and fewer languages.
    """
    by_name = {rendition.name: rendition for rendition in media.renditions}
    if name in by_name:
        return by_name[name]
    if not name.startswith("v"):
        return next(one for one in media.renditions if one.kind == "audio")
    rungs = sorted((one for one in media.renditions if one.kind == "video"), key=_height)
    lower = [rung for rung in rungs if _rung(rung.name) <= _rung(name)]
    return lower[-1] if lower else rungs[0]


def _height(rendition: Rendition) -> int:
    return rendition.height or 0


def _rung(name: str) -> int:
    digits = name.removeprefix("v")
    return int(digits) if digits.isdecimal() else 0


def media_playlist(window: Window, name: str, media: Media, *, skip: bool = False) -> Template:
    """A rendition's playlist; with `skip` what was there in the update before is left out.

    Raises:
        LookupError: a medium is missing, or has nothing for that rendition.
    """
    start = _skipped_to(window) if skip and _can_skip(window) else window.first
    head = list(_head(window))
    if start > window.first:
        head.append(f"#EXT-X-SKIP:SKIPPED-SEGMENTS={start - window.first}")
    foot = "#EXT-X-ENDLIST\n" if window.ended else ""
    return _template(head, _chunks(window, start, name, media), foot)


def _can_skip(window: Window) -> bool:
    """Segments are skipped by their number, so none may be missing."""
    listed = sum(min(clip.end, window.end) - max(clip.first, window.first) for clip in window.clips)
    return not window.ended and listed == window.end - window.first


def _skipped_to(window: Window) -> int:
    return max(window.first, window.end - SKIP_SECONDS // SEGMENT_SECONDS)


def _head(window: Window) -> Iterator[str]:
    yield from ("#EXTM3U", "#EXT-X-VERSION:9", f"#EXT-X-TARGETDURATION:{SEGMENT_SECONDS}")
    yield f"#EXT-X-MEDIA-SEQUENCE:{window.first}"
    yield f"#EXT-X-DISCONTINUITY-SEQUENCE:{window.clips[0].discontinuity}"
    yield "#EXT-X-INDEPENDENT-SEGMENTS"
    if window.kind != "live":
        yield f"#EXT-X-PLAYLIST-TYPE:{window.kind.upper()}"
    if window.start_offset is not None:
        yield f"#EXT-X-START:TIME-OFFSET={window.start_offset:.3f},PRECISE=YES"
    if not window.ended:
        skips = f"CAN-SKIP-UNTIL={SKIP_SECONDS}.0," if _can_skip(window) else ""
        yield f"#EXT-X-SERVER-CONTROL:{skips}HOLD-BACK={HOLD_BACK_SECONDS}.0"


def _chunks(window: Window, start: int, name: str, media: Media) -> Iterator[Chunk]:
    for clip in window.clips:
        if clip.end <= start:
            continue
        found = media(clip.slug)
        if found is None:
            raise LookupError(clip.slug)
        rendition = _rendition_or_error(found, name)
        first, end = max(clip.first, start), min(clip.end, window.end)
        yield _opening(window, clip, rendition, first)
        for begin, stop, expires_at in _signed_together(window, first, end):
            lines = _segments(clip, rendition, range(begin, stop))
            yield Chunk("".join(lines), clip.slug, expires_at)


def _rendition_or_error(media: MediaFile, name: str) -> Rendition:
    try:
        return rendition_of(media, name)
    except (StopIteration, IndexError):
        raise LookupError(f"{media.slug}/{name}") from None


def _opening(window: Window, clip: Clip, rendition: Rendition, first: int) -> Chunk:
    """What stands before the segments of a clip; its address is good as long as its last one."""
    lines = []
    if first == clip.first and first > window.first:
        lines.append("#EXT-X-DISCONTINUITY\n")
    lines.append(f'#EXT-X-MAP:URI="{_PREFIX}{rendition.name}/{rendition.init}{_SUFFIX}"\n')
    lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{_moment(first)}\n")
    return Chunk("".join(lines), clip.slug, _expiry_in(window, clip.end - 1))


def _signed_together(window: Window, first: int, end: int) -> Iterator[tuple[int, int, int | None]]:
    """Stretches of segments whose addresses expire at the same moment."""
    begin = first
    while begin < end:
        expires_at = _expiry_in(window, begin)
        stop = begin + 1
        while stop < end and _expiry_in(window, stop) == expires_at:
            stop += 1
        yield begin, stop, expires_at
        begin = stop


def _expiry_in(window: Window, sequence: int) -> int | None:
    return None if window.keep_seconds is None else expiry(sequence, window.keep_seconds)


def _segments(clip: Clip, rendition: Rendition, sequences: Iterable[int]) -> Iterator[str]:
    for sequence in sequences:
        file, seconds = rendition.segments[sequence - clip.first]
        yield f"#EXTINF:{seconds:.5f},\n{_PREFIX}{rendition.name}/{file}{_SUFFIX}\n"


def _moment(sequence: int) -> str:
    return datetime.fromtimestamp(seconds_at(sequence), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def vod_playlist(media: MediaFile, name: str) -> Template:
    """The playlist of one rendition of a film.

    Raises:
        LookupError: it has nothing for that rendition.
    """
    rendition = _rendition_or_error(media, name)
    clip = Clip(0, media.segment_count, media.slug, 0)
    opening = f'#EXT-X-MAP:URI="{_PREFIX}{rendition.name}/{rendition.init}{_SUFFIX}"\n'
    lines = _segments(clip, rendition, range(media.segment_count))
    window = Window("vod", (clip,), 0, media.segment_count, ended=True)
    chunk = Chunk(opening + "".join(lines), media.slug, None)
    return _template(_head(window), [chunk], "#EXT-X-ENDLIST\n")


def master_playlist(media: Sequence[MediaFile]) -> bytes:
    """All renditions of these media, each with the greatest bandwidth that it has in any.

    Raises:
        LookupError: there are none.
    """
    renditions: dict[str, Rendition] = {}
    for rendition in (one for file in media for one in file.renditions):
        known = renditions.get(rendition.name)
        if known is None or rendition.bandwidth > known.bandwidth:
            renditions[rendition.name] = rendition
    if not renditions:
        raise LookupError("no media")
    sounds = [one for one in renditions.values() if one.kind == "audio"]
    pictures = sorted((one for one in renditions.values() if one.kind == "video"), key=_height)
    lines = ["#EXTM3U", "#EXT-X-VERSION:9", "#EXT-X-INDEPENDENT-SEGMENTS"]
    if pictures:
        lines += [_sound(number, sound) for number, sound in enumerate(sounds)]
        lines += [_variant(picture, sounds) for picture in pictures]
    else:
        lines += [_variant(sounds[0], [])]
    return ("\n".join(lines) + "\n").encode()


def _sound(number: int, sound: Rendition) -> str:
    language = f',LANGUAGE="{_quotable(sound.language)}"' if sound.language else ""
    name = _quotable(sound.label or sound.language or "Sound")
    first = "YES" if number == 0 else "NO"
    return (
        f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="{name}"{language},DEFAULT={first},'
        f'AUTOSELECT=YES,CHANNELS="2",URI="{sound.name}.m3u8"'
    )


def _variant(rendition: Rendition, sounds: Sequence[Rendition]) -> str:
    loudest = max((sound.bandwidth for sound in sounds), default=0)
    average = max((sound.average_bandwidth for sound in sounds), default=0)
    codecs = ",".join([rendition.codecs, *({sound.codecs: None for sound in sounds})])
    facts = [
        f"BANDWIDTH={rendition.bandwidth + loudest}",
        f"AVERAGE-BANDWIDTH={rendition.average_bandwidth + average}",
        f'CODECS="{codecs}"',
    ]
    if rendition.width and rendition.height:
        facts.append(f"RESOLUTION={rendition.width}x{rendition.height}")
    if sounds:
        facts.append('AUDIO="audio"')
    return f"#EXT-X-STREAM-INF:{','.join(facts)}\n{rendition.name}.m3u8"


def _quotable(text: str) -> str:
    """Text for an attribute: no quotes and no line ends."""
    return " ".join(text.replace('"', "'").split())
