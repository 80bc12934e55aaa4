"""Titles as editors send and see them; the lists of a title have the same form both ways."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from matinee.catalog.importers.rows import (
    AssetRow,
    CreditRow,
    ExternalId,
    ImageRow,
    Languages,
    LocalizationRow,
    Minutes,
    Mood,
    Name,
    Names,
    RatingRow,
    RightsRow,
    Segments,
    Theme,
)
from matinee.catalog.requirements import Gap
from matinee.catalog.schemas import Segment, TitleKind
from matinee.core.schema import (
    Country,
    Input,
    Language,
    Line,
    Output,
    Page,
    Prose,
    Reason,
    Year,
    text,
)

Status = Literal["draft", "published", "takedown"]


class TitleFields(Input):
    """Everything an editor may say about a title."""

    name: Name | None = Field(None, examples=["Metropolis"])
    original_name: Name | None = None
    tagline: Prose | None = None
    synopsis: Prose | None = None
    year: Year | None = None
    runtime_minutes: Minutes | None = None
    language: Language | None = None
    audio_languages: Languages | None = None
    subtitle_languages: Languages | None = None
    genres: Names | None = Field(
        None, description="Names or slugs; unknown ones are added.", examples=[["Science Fiction"]]
    )
    countries: Annotated[list[Country], Field(max_length=50)] | None = None
    studios: Names | None = None
    tags: Names | None = None
    mood_tags: Annotated[list[Mood], Field(max_length=24)] | None = None
    theme_tags: Annotated[list[Theme], Field(max_length=60)] | None = None
    maturity: RatingRow | None = None
    is_featured: bool | None = None
    segments: Segments | None = Field(None, description="Of a movie; an episode has its own.")
    external_ids: Annotated[dict[Line, Line], Field(max_length=50)] | None = None
    people: Annotated[list[CreditRow], Field(max_length=500)] | None = None
    localizations: Annotated[list[LocalizationRow], Field(max_length=100)] | None = None
    rights: Annotated[list[RightsRow], Field(max_length=500)] | None = Field(
        None, description="Windows per territory; none at all means everywhere and always."
    )
    images: Annotated[list[ImageRow], Field(max_length=100)] | None = Field(
        None, description="The first one of a kind is shown."
    )
    assets: Annotated[list[AssetRow], Field(max_length=100)] | None = None


class CreateTitle(TitleFields):
    """A new title; a draft until it is published."""

    kind: TitleKind = "movie"
    external_id: ExternalId | None = None
    name: Name = Field(examples=["Metropolis"])
    status: Literal["draft", "published"] = "draft"


class UpdateTitle(TitleFields):
    """What changes; the rest stays, null clears, and a list replaces the list there was."""

    reason: Reason | None = None


class ChangeStatus(Input):
    """Publish, withdraw to draft, or take down at once (rights, law)."""

    status: Status
    reason: Reason | None = Field(None, description="Needed for a takedown.")


class TitleSearch(Input):
    """Which titles editors want to see."""

    q: Annotated[str, *text(max_length=100)] | None = Field(None, description="Part of the name.")
    status: Status | None = None
    kind: TitleKind | None = None
    cursor: Annotated[str, Field(max_length=500)] | None = None
    page_size: Annotated[int, Field(ge=1, le=100)] = 24


class CreditOut(Output):
    """Somebody's part."""

    name: str = Field(examples=["Fritz Lang"])
    role: str = Field(examples=["director"])
    character: str | None


class LocalizationOut(Output):
    """Name and texts in one language."""

    language: str = Field(examples=["de"])
    name: str | None
    tagline: str | None
    synopsis: str | None


class RightsOut(Output):
    """When and where the title may be shown; null where a window has no end."""

    territory: str = Field(examples=["DE"])
    available_from: datetime | None
    available_until: datetime | None
    announced: bool


class ImageOut(Output):
    """A picture."""

    kind: str = Field(examples=["poster"])
    url: str
    language: str | None


class AssetOut(Output):
    """Something to play."""

    kind: str = Field(examples=["main"])
    name: str | None
    protocol: str = Field(examples=["hls"])
    url: str
    quality: str | None
    duration_seconds: int | None


class RatingRef(Output):
    """An age rating by system and label."""

    system: str = Field(examples=["US-MPAA"])
    label: str = Field(examples=["PG-13"])


class AdminTitle(Output):
    """A title as editors see it."""

    id: UUID
    external_id: str | None
    kind: TitleKind
    status: Status
    name: str = Field(examples=["Metropolis"])
    original_name: str | None
    tagline: str | None
    synopsis: str | None
    year: int | None
    runtime_minutes: int | None
    language: str | None
    audio_languages: list[str]
    subtitle_languages: list[str]
    genres: list[str] = Field(description="Slugs.")
    countries: list[str]
    studios: list[str]
    tags: list[str]
    mood_tags: list[str]
    theme_tags: list[str]
    ai_description: str | None
    maturity: RatingRef | None
    maturity_score: int | None = Field(description="The age it stands for.")
    is_featured: bool
    segments: list[Segment]
    external_ids: dict[str, str]
    people: list[CreditOut]
    localizations: list[LocalizationOut]
    rights: list[RightsOut]
    images: list[ImageOut]
    assets: list[AssetOut]
    gaps: list[Gap] = Field(
        description="What it lacks; a title with blocking gaps can be published all the same."
    )
    version: int
    added_at: datetime
    updated_at: datetime


class AdminTitleRow(Output):
    """A title in the editors' list."""

    id: UUID
    external_id: str | None
    kind: TitleKind
    status: Status
    name: str
    year: int | None
    genres: list[str]
    maturity_score: int | None
    version: int
    updated_at: datetime


class AdminTitles(Page[AdminTitleRow]):
    """One page of the editors' list."""
