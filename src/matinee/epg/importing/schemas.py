"""Sources of guides and their imports, as staff sends and sees them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from matinee.core.safe_fetch import LONGEST_URL
from matinee.core.schema import Country, Input, Integer, Line, Output, Page, Reason

SourceKind = Literal["url", "upload"]
ImportState = Literal["running", "done", "refused", "failed"]
WebAddress = Annotated[
    str,
    StringConstraints(pattern=r"^https?://[^\s]+$", max_length=LONGEST_URL, ascii_only=True),
    Field(description="Of an XMLTV guide, plain or packed.", examples=["https://epg.example/g.gz"]),
]


class SourceFields(Input):
    """Everything that staff may say about a source."""

    name: Line | None = Field(None, examples=["National guide"])
    url: WebAddress | None = Field(None, description="Only of a source that is fetched.")
    priority: Annotated[Integer, Field(ge=-1000, le=1000)] | None = Field(
        None, description="Where several sources know a channel, the highest fills it."
    )
    country: Country | None = Field(None, description="Decides what ambiguous ratings mean.")
    default_offset_minutes: Annotated[Integer, Field(ge=-840, le=840)] | None = Field(
        None, description="East of UTC, of times that name no zone."
    )
    refresh_minutes: Annotated[Integer, Field(ge=15, le=10_080)] | None = Field(
        None, description="How often it is fetched."
    )
    active: bool | None = Field(None, description="False: not fetched, and below all others.")


class CreateSource(SourceFields):
    """A new source."""

    name: Line = Field(examples=["National guide"])
    kind: SourceKind = Field("url", description="Whether it is fetched, or uploaded.")


class UpdateSource(SourceFields):
    """What shall change."""

    reason: Reason | None = None


class GuideSource(Output):
    """A source of guide data."""

    id: UUID
    name: str
    kind: SourceKind
    url: str | None
    priority: int
    country: str | None
    default_offset_minutes: int
    refresh_minutes: int
    active: bool
    programmes: int | None = Field(description="Of the channels that were mapped, at the last run.")
    channels: int = Field(description="How many channels it names.")
    mapped_channels: int = Field(description="How many of them fill channels of ours.")
    importing: bool = Field(description="Whether it is being imported now.")
    last_run_at: datetime | None
    last_success_at: datetime | None
    version: int
    created_at: datetime


class GuideSources(Output):
    """All sources, the highest first."""

    items: list[GuideSource]


class GuideReport(Output):
    """What an import found, and what became of the guide."""

    dry_run: bool = False
    not_modified: bool = Field(False, description="The source had nothing new.")
    programmes: int = Field(0, description="In the feed.")
    wanted_programmes: int = Field(0, description="Of channels that fill one of ours.")
    created: int = Field(0, description="Airings that are new.")
    updated: int = Field(0, description="Airings that changed at the same time.")
    moved: int = Field(0, description="Airings that begin at another time.")
    deleted: int = Field(0, description="Airings that are gone.")
    channels_changed: int = 0
    bad_times: int = Field(0, description="Programmes left out: their start is no time.")
    without_end: int = Field(0, description="Programmes without an end, or one that cannot be.")
    without_title: int = 0
    clipped: int = Field(0, description="Airings that ran into the next, or for more than a day.")
    duplicates: int = Field(0, description="Programmes that begin with another one.")
    gaps: int = 0
    unknown_channels: list[str] = Field([], description="Have programmes, but are not named.")
    unknown_channel_count: int = 0
    unmapped_channels: list[str] = Field([], description="The first 50.")
    unmapped_channel_count: int = 0
    problems: list[str] = Field([], description="With lines of the feed, where it has them.")
    reason: str | None = Field(None, description="Why it was refused or failed, where it was.")
    seconds: float = 0


class GuideImport(Output):
    """An import of a source."""

    id: UUID
    source_id: UUID
    source: str | None = Field(description="Its name, while it exists.")
    state: ImportState
    report: GuideReport
    started_at: datetime
    finished_at: datetime | None


class GuideImports(Page[GuideImport]):
    """One page of the imports, newest first."""


class GuideImportAccepted(Output):
    """The finished import of an upload; for a source that is fetched, the job that does it."""

    job_id: int | None = None
    finished: GuideImport | None = None


class ImportGuideWish(Input):
    """Which source, and how."""

    source_id: UUID
    accept_shrink: bool = Field(
        False, description="Import it although it has less than half of its programmes."
    )
    dry_run: bool = Field(False, description="Change nothing; say what would change.")
