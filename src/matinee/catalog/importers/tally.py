"""What became of the rows of a file so far, and the report made of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matinee.catalog.importers.checking import Checked
from matinee.catalog.importers.loader import Written
from matinee.catalog.importers.rows import RowError

SHOWN_ERRORS = 200
SHOWN_DIFFERENCES = 100

Difference = dict[str, Any]


@dataclass(frozen=True)
class Tally:
    """Counts of rows; each batch makes a new tally, which holds once the batch is stored."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    error_count: int = 0
    errors: tuple[RowError, ...] = ()
    differences: tuple[Difference, ...] = ()

    def after(
        self,
        batch: Checked,
        written: Written,
        refused: Sequence[RowError] = (),
        differences: Sequence[Difference] = (),
    ) -> "Tally":
        """The tally with one more batch; only the first errors and differences are kept."""
        errors = sorted([*batch.errors, *refused], key=lambda error: error.index)
        return Tally(
            rows=batch.end,
            created=self.created + written.created,
            updated=self.updated + written.updated,
            unchanged=self.unchanged + written.unchanged + batch.unchanged,
            error_count=self.error_count + len(errors),
            errors=(*self.errors, *errors)[:SHOWN_ERRORS],
            differences=(*self.differences, *differences)[:SHOWN_DIFFERENCES],
        )

    @property
    def room(self) -> int:
        """How many more differences will be shown."""
        return SHOWN_DIFFERENCES - len(self.differences)

    def report(self, *, dry_run: bool = False) -> dict[str, Any]:
        """The tally ready for the wire."""
        return {
            "dry_run": dry_run,
            "rows": self.rows,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "error_count": self.error_count,
            "errors": [error.model_dump() for error in self.errors],
            "differences": list(self.differences),
        }

    @classmethod
    def of_report(cls, report: dict[str, Any]) -> "Tally":
        """The tally that an interrupted run had reached."""
        counts = {name: report.get(name, 0) for name in COUNTS}
        errors = (RowError(**error) for error in report.get("errors", ()))
        return cls(**counts, errors=tuple(errors))


COUNTS = ("rows", "created", "updated", "unchanged", "error_count")
