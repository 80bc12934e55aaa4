"""Blackouts as staff sends and sees them."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from matinee.core.schema import Input, Moment, Output, Page, Reason, Territory


class WriteBlackout(Input):
    """A time in which a channel must not be shown in a territory."""

    channel_id: UUID
    territory: Territory = Field("**", description="A country, or `**` for everywhere.")
    starts_at: Moment
    ends_at: Moment = Field(description="Exclusive.")
    reason: Reason = Field(examples=["The rights of the match are with somebody else."])

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.starts_at >= self.ends_at:
            raise PydanticCustomError("window", "A blackout must begin before it ends")
        return self


class BlackoutOut(Output):
    """A blackout."""

    id: UUID
    channel_id: UUID
    channel_name: str = Field(examples=["Matinee One"])
    territory: str = Field(examples=["DE"])
    starts_at: datetime
    ends_at: datetime
    reason: str
    created_at: datetime


class BlackoutSearch(Input):
    """Which blackouts to list."""

    channel_id: UUID | None = None
    past: bool = Field(False, description="Those that are over, too.")
    cursor: Annotated[str, Field(max_length=500)] | None = None
    page_size: Annotated[int, Field(ge=1, le=100)] = 50


class Blackouts(Page[BlackoutOut]):
    """One page of blackouts, the earliest first."""
