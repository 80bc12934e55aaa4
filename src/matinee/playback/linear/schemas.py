"""Plans of linear channels on the wire, their slots, and recordings."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from matinee.core.schema import (
    Input,
    Int4,
    Integer,
    Language,
    Line,
    Moment,
    Output,
    Page,
    Prose,
    Reason,
    Year,
)
from matinee.playback.media.schemas import MediaSlug

MOST_ITEMS, MOST_PARTS = 500, 48
LONGEST_RECORDING = timedelta(days=7)

Word = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True)]
Minutes = Annotated[Integer, Field(ge=1, le=1440)]
SlotMinutes = Literal[5, 10, 15, 30, 60]
Order = Literal["loop", "shuffle"]


class PlannedItem(Input):
    """A programme made of media of ours: what the guide says, and what plays."""

    title: Line
    media: list[MediaSlug] = Field(min_length=1, max_length=100)
    minutes: Minutes | None = Field(
        None,
        description="How long the media are played, again and again; left out: once.",
    )
    sub_title: Line | None = None
    description: Prose | None = None
    season: Int4 | None = Field(None, le=32_767)
    episode: Int4 | None = None
    genres: list[Word] = Field([], max_length=8)
    maturity_label: Word | None = None
    language: Language | None = None
    year: Year | None = None
    start_over: bool | None = Field(None, description="Whether it may be started over.")
    catch_up: bool | None = Field(None, description="Whether it may be watched afterwards.")


class Pick(Input):
    """Titles of the catalogue that are published and play media of ours.

    They fulfil all that is said; a list is fulfilled by any of its words.
    """

    kind: Literal["movie", "series"] | None = None
    genres: list[Word] = Field([], max_length=20)
    moods: list[Word] = Field([], max_length=20)
    year_from: Year | None = None
    year_to: Year | None = None
    max_maturity: Annotated[Integer, Field(ge=0, le=21)] | None = Field(
        None, description="Leaves out titles that are for older people, and those without rating."
    )
    length: Literal["media", "runtime"] = Field(
        "media",
        description="How long a title plays: its media once, or as long as the catalogue says.",
    )


class Filling(Input):
    """What is played: items as they are listed, or what is picked from the catalogue."""

    items: list[PlannedItem] = Field([], max_length=MOST_ITEMS)
    pick: Pick | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "Filling":
        if bool(self.items) == (self.pick is not None):
            raise PydanticCustomError("filling", "Give either items or a pick")
        return self


class LoopPlan(Filling):
    """Everything in turn, then from the beginning."""

    kind: Literal["loop"]


class ShufflePlan(Filling):
    """Round after round, each in another order; nothing comes again before half of the others."""

    kind: Literal["shuffle"]


class BlockPlan(Filling):
    """A stretch of time with one kind of programme."""

    minutes: Minutes
    order: Order = "shuffle"


class BlocksPlan(Input):
    """Blocks in turn, day and night."""

    kind: Literal["blocks"]
    blocks: list[BlockPlan] = Field(min_length=1, max_length=MOST_PARTS)


class DayPartPlan(Filling):
    """A part of the day, from a time of the channel's time zone until the next part begins."""

    starts: Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][05]$")]
    order: Order = "shuffle"


class DayPartsPlan(Input):
    """Other programmes at other times of the day."""

    kind: Literal["day_parts"]
    parts: list[DayPartPlan] = Field(min_length=1, max_length=MOST_PARTS)

    @model_validator(mode="after")
    def _distinct(self) -> "DayPartsPlan":
        starts = [part.starts for part in self.parts]
        if len(set(starts)) < len(starts):
            raise PydanticCustomError("parts", "Two parts begin at the same time")
        return self


Plan = Annotated[LoopPlan | ShufflePlan | BlocksPlan | DayPartsPlan, Field(discriminator="kind")]


class WritePlan(Input):
    """A whole plan: what was there before is replaced."""

    plan: Plan
    filler: MediaSlug = Field(description="What plays where a slot has time left.")
    slot_minutes: SlotMinutes = Field(30, description="Programmes begin every so many minutes.")

    @model_validator(mode="after")
    def _on_the_grid(self) -> "WritePlan":
        if isinstance(self.plan, BlocksPlan) and any(
            block.minutes % self.slot_minutes for block in self.plan.blocks
        ):
            raise PydanticCustomError("blocks", "Blocks last a whole number of slots")
        return self


class PutPlan(WritePlan):
    """A whole plan, and why it is changed."""

    reason: Reason | None = None


class LinearPlanOut(Output):
    """The plan of a linear channel."""

    channel_id: UUID
    plan: dict[str, Any] = Field(description="As it was written: its kind and what it is made of.")
    filler: str
    slot_minutes: int
    version: int
    updated_at: datetime


class SlotOut(Output):
    """A programme of the plan on air."""

    starts_at: datetime
    ends_at: datetime
    title: str
    sub_title: str | None
    media: list[str]
    content_seconds: int = Field(description="How long the media play; the rest is filler.")
    locked: bool = Field(description="Whether it is settled what plays.")


class Slots(Page[SlotOut]):
    """Slots in the order of time."""


class Preview(Output):
    """What a plan would make of the next 24 hours, were the channel new."""

    items: list[SlotOut]


class CreateRecording(Input):
    """A time of a channel, of what it played or will have played."""

    name: Line
    starts_at: Moment
    ends_at: Moment

    @model_validator(mode="after")
    def _is_a_time(self) -> "CreateRecording":
        if not timedelta(0) < self.ends_at - self.starts_at <= LONGEST_RECORDING:
            raise PydanticCustomError("window", "A recording lasts up to 7 days")
        return self


class Recording(Output):
    """A time of a channel that stays to be watched."""

    id: UUID
    channel_id: UUID
    name: str
    starts_at: datetime
    ends_at: datetime
    created_at: datetime


class Recordings(Page[Recording]):
    """Recordings of a channel, the newest first."""


def fillings_of(plan: LoopPlan | ShufflePlan | BlocksPlan | DayPartsPlan) -> Iterator[Filling]:
    """All that a plan plays."""
    if isinstance(plan, BlocksPlan):
        yield from plan.blocks
    elif isinstance(plan, DayPartsPlan):
        yield from plan.parts
    else:
        yield plan


def media_of(wish: WritePlan) -> set[str]:
    """The media that a plan names."""
    items = [item for filling in fillings_of(wish.plan) for item in filling.items]
    return {wish.filler, *(slug for item in items for slug in item.media)}
