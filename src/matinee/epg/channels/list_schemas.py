"""What an import of a channel list takes and reports."""

from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from matinee.core.schema import Input, Output

Refusal = Literal["duplicate_id", "duplicate_name", "ambiguous_name", "not_playable", "own_channel"]


class ImportListWish(Input):
    """How to import a channel list."""

    dry_run: bool = Field(False, description="Only say what would change.")
    publish: bool = Field(False, description="Publish channels of the list that are drafts.")


class ChannelChange(Output):
    """What becomes of a channel of the list."""

    line: int = Field(description="Of its address in the list.")
    action: Literal["created", "updated"]
    channel_id: UUID | None = Field(description="Null where it is only to be created.")
    name: str
    fields: dict[str, list[Any]] = Field(description="What changes, as `[old, new]`.")


class RefusedEntry(Output):
    """An entry of the list that was left out."""

    line: int
    name: str
    reason: Refusal


class MissingChannel(Output):
    """An external channel that the list does not hold; it stays as it is."""

    channel_id: UUID
    name: str


class SkippedLines(Output):
    """What could not be read as an entry."""

    without_url: int
    without_header: int = Field(description="Addresses that no `#EXTINF` describes.")
    without_name: int
    unknown_urls: int = Field(description="Addresses that no player takes.")


class ListReport(Output):
    """What an import of a channel list did, or would do; long lists are cut to 500."""

    dry_run: bool
    entries: int
    created: int
    updated: int
    unchanged: int
    refused: int
    missing: int
    published: int = Field(description="Channels that became visible.")
    changes: list[ChannelChange]
    refusals: list[RefusedEntry]
    missing_channels: list[MissingChannel]
    skipped: SkippedLines
    guide_urls: list[str] = Field(description="Guides that the list names; add them as sources.")
