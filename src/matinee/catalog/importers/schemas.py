"""What an import looks like on the wire."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from matinee.catalog.importers.rows import RowError
from matinee.catalog.importers.service import Wish
from matinee.catalog.importers.shapes import FileFormat
from matinee.core.schema import Input, Output, Page

State = Literal["uploading", "queued", "running", "done", "failed", "canceled"]


class ImportWish(Input):
    """How to import."""

    format: FileFormat = Field("auto", description="Whose rows; `auto` looks at the first one.")
    dry_run: bool = Field(False, description="Change nothing; say what would change.")
    all_or_nothing: bool = Field(False, description="Store nothing where any row is wrong.")

    def as_options(self) -> Wish:
        """The same for whoever imports."""
        return Wish(self.format, self.dry_run, self.all_or_nothing)


class ImportReport(Output):
    """What became of the rows of a file."""

    dry_run: bool = False
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    error_count: int = 0
    errors: list[RowError] = Field([], description="The first 200.")
    differences: list[dict[str, Any]] = Field(
        [], description="Dry run: the first 100 changes, each field as `[old, new]`."
    )
    reason: str | None = Field(None, description="Why it ended early, where it did.")


class ImportSummary(Output):
    """An import in a list."""

    id: UUID
    kind: str = Field(examples=["titles"])
    format: str = Field(examples=["auto"])
    state: State
    job_id: int | None
    rows_done: int
    rows_total: int | None = Field(None, description="Rows of the file, once it has arrived.")
    created_at: datetime
    finished_at: datetime | None


class ImportOut(ImportSummary):
    """An import; finished at once for up to 500 rows, else followed by its job."""

    report: ImportReport

    @property
    def status_code(self) -> int:
        """202 while the work goes on."""
        return 202 if self.finished_at is None else 200


class Imports(Page[ImportSummary]):
    """One page of the imports, newest first."""
