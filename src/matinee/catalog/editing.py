"""Shapes of the operator's catalogue: what editors send and see."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from matinee.catalog.browse import Filters
from matinee.catalog.importers.rows import (
    AssetRow,
    CreditRow,
    ImageRow,
    Languages,
    LocalizationRow,
    Minutes,
    Mood,
    Name,
    Names,
    RatingRow,
    RightsRow,
    SegmentRow,
    Theme,
)
from matinee.core.schema import (
    Country,
    Input,
    Language,
    Line,
    Moment,
    Output,
    Page,
    Prose,
    Reason,
    Slug,
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
    genres: Names | None = Field(None, examples=[["Science Fiction"]])
    countries: Annotated[list[Country], Field(max_length=50)] | None = None
    studios: Names | None = None
    tags: Names | None = None
    mood_tags: Annotated[list[Mood], Field(max_length=24)] | None = None
    theme_tags: Annotated[list[Theme], Field(max_length=60)] | None = None
    maturity: RatingRow | None = None
    is_featured: bool | None = None
    external_ids: Annotated[dict[Line, Line], Field(max_length=50)] | None = None
    people: Annotated[list[CreditRow], Field(max_length=500)] | None = None
    localizations: Annotated[list[LocalizationRow], Field(max_length=100)] | None = None
    rights: Annotated[list[RightsRow], Field(max_length=500)] | None = None
    images: Annotated[list[ImageRow], Field(max_length=100)] | None = None
    assets: Annotated[list[AssetRow], Field(max_length=100)] | None = None


class CreateTitle(TitleFields):
    """A new title; a draft until it is published."""

    kind: Literal["movie", "series"] = "movie"
    external_id: Annotated[str, *text(max_length=200)] | None = None
    name: Name = Field(examples=["Metropolis"])
    status: Literal["draft", "published"] = "draft"


class UpdateTitle(TitleFields):
    """What changes; the rest stays, and null clears where that is possible."""

    reason: Reason | None = None


class ChangeStatus(Input):
    """Publish, withdraw to draft, or take down at once (rights, law)."""

    status: Status
    reason: Reason | None = Field(None, description="Needed for a takedown.")


class AdminTitle(Output):
    """A title as editors see it."""

    id: UUID
    external_id: str | None
    kind: Literal["movie", "series"]
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
    maturity_system: str | None
    maturity_label: str | None
    maturity_score: int | None
    is_featured: bool
    external_ids: dict[str, str]
    people: list[dict[str, Any]]
    localizations: list[dict[str, Any]]
    rights: list[dict[str, Any]]
    images: list[dict[str, Any]]
    assets: list[dict[str, Any]]
    version: int
    added_at: datetime
    updated_at: datetime


class AdminTitleRow(Output):
    """A title in the editors' list."""

    id: UUID
    external_id: str | None
    kind: Literal["movie", "series"]
    status: Status
    name: str
    year: int | None
    genres: list[str]
    maturity_score: int | None
    version: int
    updated_at: datetime


class AdminTitles(Page[AdminTitleRow]):
    """One page of the editors' list."""


class SeasonFields(Input):
    """A season; number 0 holds the specials."""

    number: Annotated[int, Field(ge=0, le=10_000)]
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
    version: int


class EpisodeFields(Input):
    """An episode of a season."""

    number: Annotated[int, Field(ge=0, le=100_000)]
    name: Name
    synopsis: Prose | None = None
    air_date: date | None = None
    runtime_minutes: Minutes | None = None
    segments: Annotated[list[SegmentRow], Field(max_length=20)] = []
    status: Status = "published"


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
    segments: list[dict[str, Any]]
    status: Status
    version: int


class GenreFields(Input):
    """A genre's shown name, and its names in other languages."""

    name: Line = Field(examples=["Science Fiction"])
    names: Annotated[dict[Language, Line], Field(max_length=50)] = Field(
        {}, examples=[{"de": "Science-Fiction"}]
    )


class AdminGenre(Output):
    """A genre as editors see it."""

    slug: str
    name: str
    names: dict[str, str]


class CollectionFields(Input):
    """An editorial collection: `filter` makes it a smart one."""

    slug: Slug = Field(examples=["silent-wonders"])
    name: Line = Field(examples=["Silent wonders"])
    description: Prose | None = None
    image_url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2000)] | None = (
        None
    )
    position: Annotated[int, Field(ge=0, le=100_000)] = 0
    status: Literal["draft", "published"] = "draft"
    published_from: Moment | None = None
    published_until: Moment | None = None
    filter: Filters | None = None


class CollectionItems(Input):
    """The titles of a collection made by hand, in order."""

    title_ids: Annotated[list[UUID], Field(max_length=1000)]


class AdminCollection(Output):
    """A collection as editors see it."""

    id: UUID
    slug: str
    name: str
    description: str | None
    kind: Literal["manual", "smart"]
    filter: dict[str, Any] | None
    image_url: str | None
    position: int
    status: Literal["draft", "published"]
    published_from: datetime | None
    published_until: datetime | None
    title_ids: list[UUID]
    version: int


class AdminCollections(Output):
    """All collections."""

    items: list[AdminCollection]
