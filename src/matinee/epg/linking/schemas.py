"""Programmes and the titles that they are or could be, as the operator's staff sees them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from matinee.core.schema import Input, Output, Page, text

LinkMethod = Literal["external_id", "title_year", "episode", "manual"]


class LinkSearch(Input):
    """Which programmes to list; only such that are still to come."""

    state: Literal["suggested", "linked", "unlinked"] = "suggested"
    q: Annotated[str, *text(max_length=100)] | None = Field(None, description="Part of the title.")
    cursor: Annotated[str, Field(max_length=500)] | None = None
    page_size: Annotated[int, Field(ge=1, le=100)] = 50


class PutLink(Input):
    """The title that a programme is; null: none of ours, whatever is suggested."""

    title_id: UUID | None
    episode_id: UUID | None = Field(None, description="Of a series.")


class LinkedTitle(Output):
    """A title that a programme is."""

    title_id: UUID
    episode_id: UUID | None
    kind: Literal["movie", "series"]
    name: str
    year: int | None


class SuggestedTitle(LinkedTitle):
    """A title that a programme could be."""

    score: float = Field(description="How alike they are, up to 1.")


class ProgrammeLink(Output):
    """A programme that is still to come, and its title."""

    programme_id: int
    title: str
    sub_title: str | None
    season: int | None
    episode: int | None
    year: int | None
    next_airing_at: datetime | None
    linked: LinkedTitle | None
    method: LinkMethod | None
    suggestions: list[SuggestedTitle] = Field(description="The likeliest first.")


class ProgrammeLinks(Page[ProgrammeLink]):
    """One page of programmes, the newest in the guide first."""
