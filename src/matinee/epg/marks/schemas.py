"""What favourites and reminders look like on the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from matinee.core.schema import Input, Output, Page
from matinee.epg.guide.schemas import ChannelOut, GuideChannel

ReminderKind = Literal["airing", "series"]
LeadMinutes = Annotated[int, Field(ge=0, le=1440, description="How long before, in minutes.")]


class FavouriteChannels(Output):
    """A profile's favourites, in its order."""

    items: list[ChannelOut]


class OrderFavourites(Input):
    """Favourites in the order that they should have; others of them follow."""

    channel_ids: Annotated[list[UUID], Field(max_length=500)]


class CreateReminder(Input):
    """What to be reminded of."""

    airing_id: Annotated[int, Field(ge=1, lt=2**63)]
    kind: ReminderKind = Field(
        "airing", description="Of this airing alone, or of all that come of its series."
    )
    on_any_channel: bool = Field(
        False, description="Of a series: wherever it comes, not only on this channel."
    )
    lead_minutes: LeadMinutes = 10


class ReminderOut(Output):
    """A reminder of one airing; its times are those of the guide now."""

    id: UUID
    kind: ReminderKind
    series_id: UUID | None = Field(description="Of the series that it comes from.")
    airing_id: int
    title: str = Field(examples=["Harbour Lights"])
    sub_title: str | None
    channel: GuideChannel
    starts_at: datetime
    ends_at: datetime
    remind_at: datetime
    lead_minutes: int


class ReminderPage(Page[ReminderOut]):
    """Reminders of what is still to come, soonest first."""


class ReminderSeriesOut(Output):
    """A series that a profile is reminded of."""

    id: UUID
    title: str
    channel_id: UUID | None = Field(description="Null: wherever it comes.")
    lead_minutes: int
    created_at: datetime


class ReminderSeriesList(Output):
    """All of them, newest first."""

    items: list[ReminderSeriesOut]
