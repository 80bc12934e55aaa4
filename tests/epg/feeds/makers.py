"""Small feeds for tests."""

from collections.abc import Iterable, Iterator

from matinee.epg.feeds.entries import FeedProgramme, GuideSummary
from matinee.epg.feeds.xmltv import Guide

DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>'
TIMES = b'start="20260101000000 +0000" stop="20260101010000 +0000"'


def guide(
    title: bytes = b"x",
    *,
    doctype: bytes = b"",
    attributes: bytes = TIMES + b' channel="a"',
    more: bytes = b"",
) -> bytes:
    """A guide of one channel with one programme."""
    return (
        DECLARATION + doctype + b'<tv><channel id="a"><display-name>A</display-name></channel>'
        b"<programme " + attributes + b'><title lang="en">' + title + b"</title>" + more
        + b"</programme></tv>"
    )  # fmt: skip


def pieces(data: bytes, size: int = 65_536) -> Iterator[bytes]:
    """The bytes, so many at a time."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


def programmes(data: bytes | Iterable[bytes], **options: object) -> list[FeedProgramme]:
    """The programmes of a guide."""
    return read(data, **options)[0]


def read(
    data: bytes | Iterable[bytes], **options: object
) -> tuple[list[FeedProgramme], GuideSummary]:
    """The programmes of a guide, and its summary."""
    reader = Guide(pieces(data) if isinstance(data, bytes) else data, **options)  # type: ignore[arg-type]
    found = [entry for entry in reader if isinstance(entry, FeedProgramme)]
    return found, reader.summary


def only(data: bytes, **options: object) -> FeedProgramme:
    """The only programme of a guide."""
    (found,) = programmes(data, **options)
    return found
