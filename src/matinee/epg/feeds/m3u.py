"""Reading M3U channel lists as a stream, with the dialects of Kodi, VLC and their providers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from matinee.epg.feeds.directives import (
    CatchUp,
    attributes_of,
    catch_up_of,
    groups_of,
    headers_of_option,
    headers_of_suffix,
    is_true,
    number_of,
    scheme_of,
    shift_of,
)
from matinee.epg.feeds.elements import address, tidied
from matinee.epg.feeds.lines import lines_of
from matinee.epg.feeds.problems import Malformed, TooMuch, at
from matinee.epg.feeds.unpacking import Limits, unpacked

MOST_ENTRIES = 100_000
LONGEST_URL = 2_048
LONGEST_ID = 255
PLAYABLE = frozenset({"http", "https"})
STREAM_PLAYLIST = ("#EXT-X-TARGETDURATION", "#EXT-X-STREAM-INF", "#EXT-X-MEDIA-SEQUENCE")


class PlaylistHeader(NamedTuple):
    """What a list says of all its channels: where their guide is, its shift, catch-up."""

    guide_urls: tuple[str, ...] = ()
    shift_minutes: int = 0
    catch_up: CatchUp | None = None


class PlaylistEntry(NamedTuple):
    """A channel of a list; `line` is that of its address.

    `number` is what viewers enter, `guide_name` what the guide calls the channel, `shift_minutes`
    what is to be added to the guide's times. `headers` are to be sent to the stream's server.
    `protected`: the stream has DRM. `playable`: players on the web can take the address.
    """

    line: int
    name: str
    url: str
    scheme: str
    playable: bool
    tvg_id: str | None
    guide_name: str | None
    logo_url: str | None
    number: int | None
    groups: tuple[str, ...]
    radio: bool
    shift_minutes: int
    catch_up: CatchUp | None
    headers: dict[str, str]
    protected: bool


@dataclass(slots=True)
class PlaylistSummary:
    """What a reader has met so far."""

    entries: int = 0
    without_url: int = 0
    without_header: int = 0
    """Addresses that no `#EXTINF` describes."""

    without_name: int = 0
    unknown_urls: int = 0
    """Addresses of kinds that no player takes: files, plugins, what is no address."""

    not_playable: int = 0
    """Entries whose addresses are known, but not for players on the web."""


@dataclass(slots=True)
class _Pending:
    """What was said since the last address."""

    described: bool = False
    name: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    protected: bool = False


class Playlist:
    """The entries of a channel list, to be iterated once; `header` and `summary` grow meanwhile."""

    def __init__(self, pieces: Iterable[bytes], *, limits: Limits | None = None) -> None:
        self.header = PlaylistHeader()
        self.summary = PlaylistSummary()
        self._lines = lines_of(unpacked(pieces, limits))
        self._pending = _Pending()
        self._group: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[PlaylistEntry]:
        """Entries in the order of the list.

        Raises:
            FeedRefused: it is no channel list, or longer than one may be.
        """
        begun = False
        for line, text in self._lines:
            if not begun:
                _check_start(text)
                begun = True
            if text.startswith("#"):
                self._take_directive(text)
            elif entry := self._take_address(line, text):
                yield entry
        if not begun:
            raise Malformed("The list is empty.")
        self.summary.without_url += self._pending.described

    def _take_directive(self, text: str) -> None:
        name, _, value = text.partition(":")
        match name.upper():
            case "#EXTINF":
                self._describe(value)
            case "#EXTGRP":
                self._take_group(groups_of(value))
            case "#EXTVLCOPT" | "#KODIPROP":
                self._take_option(value)
            case start if start.startswith("#EXTM3U"):
                self._take_header(text[len("#EXTM3U") :])
            case start if start in STREAM_PLAYLIST:
                raise Malformed("This is the playlist of one stream, not a list of channels.")

    def _take_header(self, text: str) -> None:
        said, _ = attributes_of(text)
        urls = said.get("url-tvg") or said.get("x-tvg-url") or ""
        self.header = PlaylistHeader(
            tuple(filter(None, map(address, urls.split(","))))[:20],
            shift_of(said.get("tvg-shift", "")),
            catch_up_of(said, None),
        )

    def _describe(self, value: str) -> None:
        pending = self._pending
        if pending.described:
            self.summary.without_url += 1
            pending = self._pending = _Pending()
        pending.described = True
        pending.attributes, name = attributes_of(value)
        pending.name = tidied(name)

    def _take_group(self, groups: tuple[str, ...]) -> None:
        """Within an entry the group is the entry's, before all entries that of all that follow."""
        if self._pending.described:
            self._pending.groups = groups
        else:
            self._group = groups

    def _take_option(self, value: str) -> None:
        headers, protected = headers_of_option(value)
        self._pending.headers |= headers
        self._pending.protected |= protected

    def _take_address(self, line: int, text: str) -> PlaylistEntry | None:
        pending, self._pending = self._pending, _Pending()
        url, _, suffix = text.partition("|")
        url = url.strip()
        scheme = scheme_of(url)
        said = pending.attributes
        name = pending.name or tidied(said.get("tvg-name", "") or said.get("tvg-id", ""))
        if not pending.described:
            self.summary.without_header += 1
        elif scheme is None or len(url) > LONGEST_URL:
            self.summary.unknown_urls += 1
        elif not name:
            self.summary.without_name += 1
        else:
            self._count(line, scheme)
            return self._entry(line, name, url, scheme, pending, headers_of_suffix(suffix))
        return None

    def _count(self, line: int, scheme: str) -> None:
        self.summary.entries += 1
        self.summary.not_playable += scheme not in PLAYABLE
        if self.summary.entries > MOST_ENTRIES:
            raise TooMuch(f"The list holds more than {MOST_ENTRIES:,} channels, at {at(line)}.")

    def _entry(
        self, line: int, name: str, url: str, scheme: str, pending: _Pending,
        headers: dict[str, str],
    ) -> PlaylistEntry:  # fmt: skip
        said = pending.attributes
        tvg_id = said.get("tvg-id", "").strip()
        return PlaylistEntry(
            line=line,
            name=name,
            url=url,
            scheme=scheme,
            playable=scheme in PLAYABLE and not pending.protected,
            tvg_id=tvg_id if 0 < len(tvg_id) <= LONGEST_ID else None,
            guide_name=tidied(said.get("tvg-name", "")) or None,
            logo_url=address(said.get("tvg-logo", "")),
            number=number_of(said.get("tvg-chno") or said.get("channel-number") or ""),
            groups=groups_of(said.get("group-title", "")) or pending.groups or self._group,
            radio=is_true(said.get("radio", "")),
            shift_minutes=(
                shift_of(said["tvg-shift"]) if "tvg-shift" in said else self.header.shift_minutes
            ),
            catch_up=catch_up_of(said, self.header.catch_up),
            headers=pending.headers | headers,
            protected=pending.protected,
        )


def _check_start(text: str) -> None:
    if not text.upper().startswith(("#EXTM3U", "#EXTINF")):
        raise Malformed(f"The list begins with {text[:40]!r}, not with #EXTM3U.")
