"""Seasons and episodes as editors send and see them."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from matinee.catalog.editing.schemas import AssetOut, Status
from matinee.catalog.importers.rows import AssetRow, Minutes, Name, Segments
from matinee.catalog.schemas import Segment
from matinee.core.schema import Input, Integer, Output, Prose, Year

SeasonNumber = Annotated[Integer, Field(ge=0, le=10_000, description="0 holds the specials.")]
EpisodeNumber = Annotated[Integer, Field(ge=0, le=100_000)]
Assets = Annotated[list[AssetRow], Field(max_length=20)]


class CreateSeason(Input):
    """A new season."""

    number: SeasonNumber
    name: Name | None = None
    synopsis: Prose | None = None
    year: Year | None = None


class UpdateSeason(Input):
    """What changes; another number moves the season."""

    number: SeasonNumber | None = None
    name: Name | None = None
    synopsis: Prose | None = None
    year: Year | None = None


class AdminSeason(Output):
    """A season as editors see it."""

    id: UUID
    title_id: UUID
    number: int
    name: str | None
    synopsis: str | None
    year: int | None
    episode_count: int = Field(description="Drafts included.")
    version: int


class AdminSeasons(Output):
    """All seasons of a series, specials last."""

    items: list[AdminSeason]


class CreateEpisode(Input):
    """A new episode; a draft unless it is published at once."""

    number: EpisodeNumber
    name: Name
    synopsis: Prose | None = None
    air_date: date | None = None
    runtime_minutes: Minutes | None = None
    segments: Segments = []
    assets: Assets = []
    status: Status = "draft"


class UpdateEpisode(Input):
    """What changes; a list replaces the list there was."""

    season_id: UUID | None = Field(None, description="Moves the episode to another season.")
    number: EpisodeNumber | None = None
    name: Name | None = None
    synopsis: Prose | None = None
    air_date: date | None = None
    runtime_minutes: Minutes | None = None
    segments: Segments | None = None
    assets: Assets | None = None
    status: Status | None = None


class EpisodeOrder(Input):
    """All episodes of a season in their new order; the numbers in use are dealt out anew."""

    episode_ids: Annotated[list[UUID], Field(max_length=5000)]


class AdminEpisode(Output):
    """An episode as editors see it."""

    id: UUID
    title_id: UUID
    season_id: UUID
    number: int
    name: str
    synopsis: str | None
    air_date: date | None
    runtime_minutes: int | None
    segments: list[Segment]
    assets: list[AssetOut]
    status: Status
    version: int


class AdminEpisodes(Output):
    """Episodes of a season, drafts included, by number."""

    items: list[AdminEpisode]
