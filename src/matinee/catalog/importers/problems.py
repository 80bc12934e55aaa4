"""What can be wrong with an imported file, and with one row of it."""

from dataclasses import dataclass

from matinee.core.errors import Problem, RuleViolated


class UnreadableFile(Problem):
    """The file could not be read to its end."""

    status = 400


class RowsRefused(RuleViolated):
    """Some rows are wrong, so nothing was imported."""


class InvalidRow(ValueError):
    """A row that cannot be imported, and why."""

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.field = field


@dataclass(frozen=True)
class Unreadable:
    """Stands for a row that could not be read; the rows after it can."""

    message: str


NOT_JSON = Unreadable("The row is not valid JSON.")
NOT_CSV = Unreadable("The row is not valid CSV, or has more cells than the header.")
