"""Matching a whole source: which of its channels fill which of ours, one for each."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from matinee.epg.matching import names
from matinee.epg.matching.ladder import Candidate, Index, Match, best_first


class SourceChannel(NamedTuple):
    """A channel as a source names it."""

    xmltv_id: str
    names: Sequence[str]


class Pair(NamedTuple):
    """A source's channel and one of ours."""

    xmltv_id: str
    channel_id: Hashable


@dataclass(frozen=True)
class Known:
    """What somebody said already: pairs that were chosen, and pairs that are wrong."""

    chosen: frozenset[Pair] = frozenset()
    rejected: frozenset[Pair] = frozenset()


def match_all(
    theirs: Iterable[SourceChannel], ours: Iterable[Candidate], country: str | None, known: Known
) -> dict[Pair, Match]:
    """Matches of all channels of a source that nobody has chosen for.

    No two of a source fill the same channel: the more certain one does, the other is suggested. One
    that somebody chose for our channel is the most certain.
    """
    index = Index(ours)
    decided = {pair.xmltv_id for pair in known.chosen}
    found: dict[Pair, Match] = {}
    for channel in theirs:
        if channel.xmltv_id not in decided:
            found.update(_matches(index, channel, country, known))
    return _once_each(found, {pair.channel_id for pair in known.chosen})


def _matches(
    index: Index, channel: SourceChannel, country: str | None, known: Known
) -> Iterable[tuple[Pair, Match]]:
    called = list(channel.names) or [channel.xmltv_id]
    likely = names.country_of_id(channel.xmltv_id) or country
    for match in index.match(channel.xmltv_id, called, likely):
        pair = Pair(channel.xmltv_id, match.channel.id)
        if pair not in known.rejected:
            yield pair, match


def _once_each(found: dict[Pair, Match], taken: set[Hashable]) -> dict[Pair, Match]:
    once: dict[Pair, Match] = {}
    taken = set(taken)
    for pair, match in sorted(found.items(), key=lambda item: (best_first(item[1]), item[0][0])):
        if match.applied:
            once[pair] = match._replace(applied=pair.channel_id not in taken)
            taken.add(pair.channel_id)
        else:
            once[pair] = match
    return once
