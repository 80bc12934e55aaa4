"""The ladder of matching: from the identifier down to names that are nearly the same."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from rapidfuzz import fuzz, process

from matinee.epg.matching import names

Method = Literal["tvg_id", "alias", "name", "squashed", "fuzzy"]
LADDER: tuple[Method, ...] = ("tvg_id", "alias", "name", "squashed", "fuzzy")
"""The most certain first."""

LEAST_LIKENESS = 84.0
CLOSE = 4.0
"""Two names as much apart as this in likeness are equally likely."""

MOST_SUGGESTIONS = 3
MOST_NAMES = 12


@dataclass(frozen=True, slots=True)
class Candidate:
    """A channel of ours; `aliases` are spelled as `names.spelled` does, `others` are names."""

    id: Hashable
    name: str
    tvg_id: str | None = None
    country: str | None = None
    aliases: Sequence[str] = ()
    others: Sequence[str] = ()


class Match(NamedTuple):
    """A channel that a guide's channel is (`applied`) or could be; `score` up to 1."""

    channel: Candidate
    method: Method
    score: float
    applied: bool
    same_spelling: bool = False


Pool = dict[tuple[str, ...], tuple[list[str], list[Candidate]]]
"""Names with sorted words and whose they are, by the numbers in them."""


@dataclass
class Index:
    """Our channels by everything that a guide could call them."""

    candidates: Iterable[Candidate]
    _by_id: dict[str, list[Candidate]] = field(default_factory=lambda: defaultdict(list))
    _by_loose_id: dict[str, list[Candidate]] = field(default_factory=lambda: defaultdict(list))
    _by_alias: dict[str, list[Candidate]] = field(default_factory=lambda: defaultdict(list))
    _by_name: dict[str, list[Candidate]] = field(default_factory=lambda: defaultdict(list))
    _squashed: dict[str, list[Candidate]] = field(default_factory=lambda: defaultdict(list))
    _pools: dict[str | None, Pool] = field(default_factory=lambda: defaultdict(dict))

    def __post_init__(self) -> None:
        for candidate in self.candidates:
            if candidate.tvg_id:
                self._by_id[candidate.tvg_id.strip().casefold()].append(candidate)
                self._by_loose_id[names.id_key(candidate.tvg_id)].append(candidate)
            for alias in dict.fromkeys(candidate.aliases):
                self._by_alias[alias].append(candidate)
            called = [candidate.name, *candidate.others]
            _file(self._by_name, map(names.normalised, called), candidate)
            _file(self._squashed, map(names.squashed, called), candidate)
            for name in called:
                self._add_to_pool(name, candidate)

    def _add_to_pool(self, name: str, candidate: Candidate) -> None:
        for country in {candidate.country, None}:
            pool = self._pools[country]
            texts, owners = pool.setdefault(names.numbers(name), ([], []))
            texts.append(names.sorted_words(name))
            owners.append(candidate)

    def match(
        self, xmltv_id: str | None, called: Sequence[str], country: str | None
    ) -> list[Match]:
        """The channel that a guide's channel is, or at most three that it could be.

        `called` are its names, `country` is where it is likely to be from.
        """
        called = [name for name in called if names.normalised(name)][:MOST_NAMES]
        ties: list[Candidate] = []
        tied_by: Method = "name"
        for method, found in self._rungs(xmltv_id, called):
            sure = _only(found, called, country)
            if sure is not None:
                return [Match(sure, method, 1.0, True, _is_spelled(sure, called))]
            if found and not ties:
                ties, tied_by = found, method
        if ties:
            shown = _nearest_first(ties, called, country)[:MOST_SUGGESTIONS]
            return [Match(tie, tied_by, 0.9, False) for tie in shown]
        return self._likely(called, country)

    def _rungs(
        self, xmltv_id: str | None, called: Sequence[str]
    ) -> Iterable[tuple[Method, list[Candidate]]]:
        if xmltv_id:
            yield "tvg_id", self._by_id.get(xmltv_id.strip().casefold(), [])
            yield "tvg_id", self._by_loose_id.get(names.id_key(xmltv_id), [])
        yield "alias", _found(self._by_alias, called, names.spelled)
        yield "name", _found(self._by_name, called, names.normalised)
        yield "squashed", _found(self._squashed, called, names.squashed)

    def _likely(self, called: Sequence[str], country: str | None) -> list[Match]:
        """Channels with nearly the same name and the same numbers, where one stands out."""
        best: dict[Hashable, tuple[float, Candidate]] = {}
        for name in called:
            for score, candidate in self._alike(name, country):
                if score > best.get(candidate.id, (0.0, None))[0]:
                    best[candidate.id] = (score, candidate)
        ranked = sorted(best.values(), key=lambda pair: (-pair[0], str(pair[1].id)))
        if len(ranked) > 1 and ranked[1][0] > ranked[0][0] - CLOSE:
            ranked = [pair for pair in ranked if pair[0] > ranked[0][0] - CLOSE]
            if len(ranked) > MOST_SUGGESTIONS:
                return []
        else:
            ranked = ranked[:1]
        return [Match(candidate, "fuzzy", score / 100, False) for score, candidate in ranked]

    def _alike(self, name: str, country: str | None) -> Iterable[tuple[float, Candidate]]:
        pool = self._pools[country] if country in self._pools else self._pools[None]
        texts, owners = pool.get(names.numbers(name), ((), ()))
        found = process.extract(
            names.sorted_words(name),
            texts,
            scorer=fuzz.ratio,
            score_cutoff=LEAST_LIKENESS,
            limit=MOST_SUGGESTIONS + 1,
        )
        return [(score, owners[place]) for _, score, place in found]


def _file(index: dict[str, list[Candidate]], keys: Iterable[str], candidate: Candidate) -> None:
    for key in dict.fromkeys(keys):
        if key:
            index[key].append(candidate)


def _found(
    index: dict[str, list[Candidate]], called: Sequence[str], key_of: Callable[[str], str]
) -> list[Candidate]:
    """Channels under the first name that leads to any."""
    for name in called:
        if found := index.get(key_of(name)):
            return found
    return []


def _only(
    found: Sequence[Candidate], called: Sequence[str], country: str | None
) -> Candidate | None:
    """The one of several that is meant: of the country, and there the one spelled the same."""
    if len(found) < 2:
        return found[0] if found else None
    near = [candidate for candidate in found if candidate.country == country] or found
    if len(near) > 1 and len({candidate.country for candidate in near}) == 1:
        near = [candidate for candidate in near if _is_spelled(candidate, called)]
    return near[0] if len(near) == 1 and len(near) < len(found) else None


def _nearest_first(
    ties: Sequence[Candidate], called: Sequence[str], country: str | None
) -> list[Candidate]:
    return sorted(
        ties,
        key=lambda tie: (tie.country != country, not _is_spelled(tie, called), str(tie.id)),
    )


def _is_spelled(candidate: Candidate, called: Sequence[str]) -> bool:
    return names.spelled(candidate.name) in map(names.spelled, called)


def best_first(match: Match) -> tuple[int, bool, float]:
    """How certain a match is, to sort by."""
    return (LADDER.index(match.method), not match.same_spelling, -match.score)
