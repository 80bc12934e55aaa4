"""Reading XMLTV guides as a stream: bounded memory, nothing hostile followed, dirt tidied up."""

from collections.abc import Container, Iterable, Iterator
from xml.parsers import expat

from matinee.epg.feeds.collecting import Collector
from matinee.epg.feeds.elements import Attributes, Elements
from matinee.epg.feeds.entries import FeedChannel, FeedProgramme, GuideSummary
from matinee.epg.feeds.problems import FeedRefused, Malformed, TooMuch, Unreadable, at
from matinee.epg.feeds.programmes import channel_of, programme_of
from matinee.epg.feeds.scrubbing import LONGEST_TOKEN, scrubbed
from matinee.epg.feeds.times import epoch_of
from matinee.epg.feeds.unpacking import Limits, unpacked

LARGEST_ENTRY = 1 << 20
"""Bytes of one `<channel>` or `<programme>`."""

MOST_PROGRAMMES = 5_000_000
MOST_CHANNELS = 50_000
MOST_PROBLEMS = 50
"""Those that a summary tells one by one."""

LONGEST_CHANNEL_ID = 255
LONGEST_STAMP = 40
"""Characters."""

Entry = FeedChannel | FeedProgramme


class Guide:
    """The channels and programmes of a guide, to be iterated once; `summary` grows meanwhile.

    `wanted` names the channels whose programmes are built; None wants all. Channels come whether
    they are wanted or not. `default_offset` is the zone, in minutes east of UTC, of times that name
    none.
    """

    def __init__(
        self,
        pieces: Iterable[bytes],
        *,
        wanted: Container[str] | None = None,
        default_offset: int = 0,
        limits: Limits | None = None,
    ) -> None:
        self.summary = GuideSummary()
        self._pieces = scrubbed(unpacked(pieces, limits))
        self._wanted = wanted
        self._default_offset = default_offset
        self._in_root = False
        self._ready: list[Entry] = []
        self._entry_began = 0
        self._skipped = ""
        self._open = False
        self._collector = Collector(
            self._start, self._end_entry, self._end_outside, self._refuse_depth
        )
        self._parser = self._new_parser()

    def __iter__(self) -> Iterator[Entry]:
        """Entries in the order of the feed.

        Raises:
            FeedRefused: it cannot be read on; what came before it did count as read.
        """
        fed = 0
        for piece in self._pieces:
            self._parse(piece)
            fed += len(piece)
            yield from self._ready
            self._ready.clear()
            self._check_sizes(fed)
        if not fed:
            raise Unreadable("The feed is empty.")
        self._parse(b"", last=True)
        yield from self._ready
        self._ready.clear()

    def _new_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.buffer_size = 65_536
        # an external document type is named, but never opened
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartDoctypeDeclHandler = self._check_doctype
        self._collector.listen(parser)
        return parser

    def _parse(self, piece: bytes, last: bool = False) -> None:
        try:
            self._parser.Parse(piece, last)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            place = at(error.lineno, error.offset + 1)
            raise Malformed(f"Not well-formed at {place}: {reason}; {self._progress()}") from None
        except FeedRefused:
            raise
        except (ValueError, LookupError) as error:
            raise Unreadable(f"The encoding of the feed is not read here: {error}.") from None

    def _progress(self) -> str:
        return f"{self.summary.programmes:,} programmes were read until there."

    def _here(self) -> str:
        return at(self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1)

    def _check_sizes(self, fed: int) -> None:
        """Between two pieces: what is being held, because it is not complete yet."""
        seen = self._parser.CurrentByteIndex
        if fed - seen > LONGEST_TOKEN:
            raise TooMuch(f"A token at {self._here()} is longer than 1 MiB; {self._progress()}")
        if (self._open or self._skipped) and fed - self._entry_began > LARGEST_ENTRY:
            raise TooMuch(f"An entry at {self._here()} is longer than 1 MiB; {self._progress()}")
        if not self._open:
            self._collector.forget_texts()

    def _check_doctype(
        self, _name: str, _system: str | None, _public: str | None, own_declarations: bool
    ) -> None:
        if own_declarations:
            raise Malformed("The feed declares entities of its own; such feeds are refused.")

    def _start(self, name: str, attributes: Attributes) -> bool:
        """Whether an element outside of entries is one that is collected."""
        if self._in_root:
            return self._start_entry(name, attributes)
        if name != "tv":
            raise Malformed(f"The root element is <{name[:60]}>; a guide begins with <tv>.")
        self._in_root = True
        return False

    def _start_entry(self, name: str, attributes: Attributes) -> bool:
        self._entry_began = self._parser.CurrentByteIndex
        if name == "programme":
            self._open = self._is_wanted(attributes)
        else:
            self._open = name == "channel"
            self._count_channel(self._open)
        self._collector.forget_texts()
        if not self._open:
            self._skip(name)
        return self._open

    def _is_wanted(self, attributes: Attributes) -> bool:
        summary = self.summary
        summary.programmes += 1
        if summary.programmes > MOST_PROGRAMMES:
            raise TooMuch(f"The feed holds more than {MOST_PROGRAMMES:,} programmes.")
        channel = attributes.get("channel", "")
        if self._wanted is not None and channel not in self._wanted:
            summary.unwanted += 1
            return False
        if not channel.strip() or len(channel) > LONGEST_CHANNEL_ID:
            summary.without_channel += 1
            return False
        return True

    def _count_channel(self, is_channel: bool) -> None:
        self.summary.channels += is_channel
        if self.summary.channels > MOST_CHANNELS:
            raise TooMuch(f"The feed holds more than {MOST_CHANNELS:,} channels.")

    def _skip(self, name: str) -> None:
        """Hear nothing until the element ends."""
        self._skipped = name
        self._parser.StartElementHandler = None
        self._parser.CharacterDataHandler = None
        self._parser.EndElementHandler = self._end_skipped

    def _end_skipped(self, name: str) -> None:
        if name == self._skipped:
            self._skipped = ""
            self._collector.listen(self._parser)

    def _end_outside(self, name: str) -> None:
        if name != "tv":
            raise Malformed(f"An entry within an entry ends at {self._here()}.")

    def _refuse_depth(self) -> None:
        raise TooMuch(f"Elements at {self._here()} lie too deep; {self._progress()}")

    def _end_entry(self, name: str, attributes: Attributes, elements: Elements) -> None:
        self._open = False
        if name == "channel":
            self._finish_channel(attributes, elements)
        else:
            self._finish_programme(attributes, elements)

    def _finish_channel(self, attributes: Attributes, elements: Elements) -> None:
        xmltv_id = attributes.get("id", "")
        if xmltv_id.strip() and len(xmltv_id) <= LONGEST_CHANNEL_ID:
            self._ready.append(channel_of(xmltv_id, elements))

    def _finish_programme(self, attributes: Attributes, elements: Elements) -> None:
        starts_at = self._time(attributes.get("start", ""))
        if starts_at is None:
            self.summary.bad_times += 1
            self._note(f"the start is no time: {attributes.get('start', '')[:LONGEST_STAMP]!r}")
            return
        ends_at = self._end_of(starts_at, attributes.get("stop", ""))
        if "clumpidx" in attributes and ends_at is not None:
            starts_at, ends_at = share_of_clump(starts_at, ends_at, attributes["clumpidx"])
        built = programme_of(attributes["channel"], starts_at, ends_at, elements)
        if built is None:
            self.summary.without_title += 1
            self._note("a programme without a title")
        else:
            self._ready.append(built)

    def _time(self, stamp: str) -> int | None:
        if not stamp or len(stamp) > LONGEST_STAMP:
            return None
        try:
            return epoch_of(stamp, self._default_offset)
        except ValueError:
            return None

    def _end_of(self, starts_at: int, stop: str) -> int | None:
        if not stop:
            return None
        ends_at = self._time(stop)
        if ends_at is None or ends_at <= starts_at:
            self.summary.bad_stops += 1
            self._note(f"the end is no time, or not after the start: {stop[:LONGEST_STAMP]!r}")
            return None
        return ends_at

    def _note(self, problem: str) -> None:
        if len(self.summary.problems) < MOST_PROBLEMS:
            self.summary.problems.append(f"{self._here()}: {problem}")


def share_of_clump(starts_at: int, ends_at: int, index: str) -> tuple[int, int]:
    """The part of a slot that several programmes share (`1/2`: the second of two), cut evenly.

    >>> share_of_clump(0, 3600, "1/2")
    (1800, 3600)
    """
    number, _, count = index.partition("/")
    if not (number.isdecimal() and count.isdecimal() and len(index) < 6):
        return starts_at, ends_at
    part, parts = int(number), int(count)
    if part >= parts or ends_at - starts_at < parts:
        return starts_at, ends_at
    length = ends_at - starts_at
    return starts_at + length * part // parts, starts_at + length * (part + 1) // parts
