"""What an import looks like on the wire."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from matinee.catalog.importers.rows import RowError
from matinee.core.schema import Output


class ImportReport(Output):
    """What became of the rows of a file."""

    dry_run: bool = False
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    error_count: int = 0
    errors: list[RowError] = Field([], description="The first 200.")
    differences: list[dict[str, Any]] = Field([], description="Dry run: the first 100 changes.")
    reason: str | None = Field(None, description="Why it failed, where it did.")


class ImportOut(Output):
    """An import; finished at once for up to 500 rows, else followed by its job."""

    id: UUID
    kind: str = Field(examples=["titles"])
    format: str = Field(examples=["auto"])
    state: Literal["uploading", "queued", "running", "done", "failed", "canceled"]
    job_id: int | None
    rows_done: int
    report: ImportReport | None
    created_at: datetime
    finished_at: datetime | None
