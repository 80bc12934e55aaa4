"""Checking rows before anything is written: what they say, repeats, what is unchanged."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from matinee.catalog.importers.loader import Numbered, Ratings, rating_is_known
from matinee.catalog.importers.problems import InvalidRow
from matinee.catalog.importers.reading import RawRow
from matinee.catalog.importers.rows import RowError, TitleRow, row_error, title_of


@dataclass
class Checked:
    """A batch of a file: rows to write, and what is to be said of the others."""

    end: int
    """How many rows of the file have been read up to here."""

    unchanged: int = 0
    changed: list[Numbered] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)


class Checker:
    """Checks the batches of one file, one after the other."""

    def __init__(self, ratings: Ratings) -> None:
        self._ratings = ratings
        self._seen: set[str] = set()

    def remember(self, rows: Iterable[RawRow]) -> None:
        """Rows that an earlier run took; they count as seen."""
        self._seen.update(row.external_id for row in rows if row.external_id is not None)

    def check(self, rows: Iterable[RawRow], known: dict[str, bytes | None]) -> Checked:
        """Sort a batch out; `known` holds the fingerprints of titles that exist."""
        batch = Checked(end=0)
        for raw in rows:
            batch.end = raw.number + 1
            try:
                if self._is_unchanged(raw, known):
                    batch.unchanged += 1
                else:
                    row = self._title(raw)
                    exists = row.external_id in known
                    batch.changed.append(Numbered(raw.number, row, raw.hash, exists))
            except InvalidRow as problem:
                batch.errors.append(row_error(raw.number, raw.external_id, problem))
        return batch

    def _is_unchanged(self, raw: RawRow, known: dict[str, bytes | None]) -> bool:
        """Whether the title's last import said the same; then it needs no check either."""
        identity = raw.external_id
        if identity is None or not raw.hash or known.get(identity) != raw.hash:
            return False
        self._see(identity)
        return True

    def _title(self, raw: RawRow) -> TitleRow:
        row = title_of(raw.said)
        self._see(row.external_id)
        if not rating_is_known(row, self._ratings):
            raise InvalidRow("invalid_value", "There is no such age rating.", "maturity")
        return row

    def _see(self, external_id: str) -> None:
        if external_id in self._seen:
            raise InvalidRow(
                "conflict",
                "This external id stands in the file twice; the first row counts.",
                "external_id",
            )
        self._seen.add(external_id)
