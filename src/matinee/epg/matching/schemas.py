"""What fills which channel, as the operator's staff sends and sees it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from matinee.core.schema import Input, Integer, Output, Page, text

MapState = Literal["applied", "suggested", "rejected"]
MapMethod = Literal["tvg_id", "name", "squashed", "fuzzy", "alias", "manual"]
Shift = Annotated[
    Integer,
    Field(ge=-1440, le=1440, description="Minutes to add to the times of the guide."),
]


class MapSearch(Input):
    """Which channels of sources to list."""

    source_id: UUID | None = None
    state: MapState | None = Field(None, description="Only those with a match in this state.")
    unmatched: bool | None = Field(
        None, description="True: only those that fill no channel; false: only those that do."
    )
    q: Annotated[str, *text(max_length=100)] | None = Field(
        None, description="Part of the identifier or of a name."
    )
    cursor: Annotated[str, Field(max_length=1000)] | None = None
    page_size: Annotated[int, Field(ge=1, le=100)] = 50


class Choice(Input):
    """A channel that a source's channel fills."""

    channel_id: UUID
    shift_minutes: Shift = 0


class PutChoices(Input):
    """All channels that a source's channel fills; whatever else it was matched with goes."""

    channels: Annotated[list[Choice], Field(min_length=1, max_length=20)]


class OneChannel(Input):
    """The channel whose match is meant."""

    channel_id: UUID


class MatchOut(Output):
    """A channel that a source's channel fills, could fill, or does not fill."""

    channel_id: UUID
    channel: str = Field(description="Its name.", examples=["Arte"])
    method: MapMethod
    state: MapState
    score: float = Field(description="How certain it is, up to 1.")
    shift_minutes: int
    locked: bool = Field(description="Somebody chose it; matching leaves it alone.")
    changed_at: datetime


class SourceChannelOut(Output):
    """A channel as a source names it, and what it is matched with, the most certain first."""

    source_id: UUID
    xmltv_id: str = Field(examples=["Arte.de"])
    names: list[str]
    number: str | None
    icon_url: str | None
    programmes: int = Field(description="Programmes for it when it was last imported.")
    seen_at: datetime
    matches: list[MatchOut]


class SourceChannels(Page[SourceChannelOut]):
    """One page of sources' channels, by source and identifier."""
