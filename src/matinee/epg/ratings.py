"""Age ratings as guides write them: with or without their system, in many spellings."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from matinee.core.database import ReadTx

_RATINGS = "SELECT country, system, label, score FROM maturity_ratings"
_NOT_A_SIGN = re.compile(r"[\W_]+")
_AGE = re.compile(r"(?:FSK|AGE|AB|FROM)?(\d{1,2})(?:PLUS|YEARS|JAHRE)?")
OLDEST = 21

SYSTEMS = {
    "VCHIP": "USTV",
    "TVPG": "USTV",
    "TVGUIDELINES": "USTV",
    "USAPARENTALRATING": "USTV",
    "MOTIONPICTUREASSOCIATIONOFAMERICA": "USMPAA",
    "MPA": "USMPAA",
    "CSA": "FRCSA",
    "ARCOM": "FRCSA",
}
"""What guides call systems that have another name here."""


class Known(NamedTuple):
    """A label of a system of age ratings: `score` is the age it stands for."""

    country: str
    system: str
    label: str
    score: int


class Maturity(NamedTuple):
    """The age rating of a programme: as written, and the age it stands for."""

    label: str | None = None
    score: int | None = None


UNRATED = Maturity()


class Ratings:
    """All age ratings that are known, to look up what guides write.

    Without a system a label is looked up in that of the guide's country, and else taken for the
    strictest one that it can mean: what is unclear must not reach children.
    """

    def __init__(self, known: Iterable[Known], country: str | None = None) -> None:
        self._by_label: defaultdict[str, list[Known]] = defaultdict(list)
        for rating in known:
            self._by_label[_bare(rating.label)].append(rating)
        self._country = country
        self._remembered: dict[tuple[str | None, str], int | None] = {}

    def maturity_of(self, ratings: Sequence[tuple[str | None, str]]) -> Maturity:
        """The strictest of the ratings (system, label) of a programme that say something."""
        best = UNRATED
        for system, label in ratings:
            score = self._score(system, label)
            if best.label is None or (score is not None and score > (best.score or -1)):
                best = Maturity(label, score)
        return best

    def _score(self, system: str | None, label: str) -> int | None:
        key = (system, label)
        if key not in self._remembered:
            if len(self._remembered) > 10_000:
                self._remembered.clear()
            self._remembered[key] = self._looked_up(system, label)
        return self._remembered[key]

    def _looked_up(self, system: str | None, label: str) -> int | None:
        bare = _bare(label)
        found = self._by_label.get(bare) or self._by_label.get(bare.removeprefix("RATED"), [])
        wanted = _bare(system or "")
        wanted = SYSTEMS.get(wanted, wanted)
        same_system = [known for known in found if wanted and _bare(known.system).endswith(wanted)]
        same_country = [known for known in found if known.country == self._country]
        meant = same_system or same_country or found
        if meant:
            return max(known.score for known in meant)
        age = _AGE.fullmatch(bare)
        return min(int(age[1]), OLDEST) if age else None


async def known_ratings(tx: ReadTx, country: str | None) -> Ratings:
    """The age ratings of this installation, for a guide of that country."""
    return Ratings((Known(**row) for row in await tx.all(_RATINGS)), country)


def _bare(text: str) -> str:
    """`PG-13` and `PG13` alike; `16+` keeps its meaning as `16PLUS`.

    >>> _bare("pg-13"), _bare("16+")
    ('PG13', '16PLUS')
    """
    return _NOT_A_SIGN.sub("", text.upper().replace("+", "PLUS"))
