"""Genres, people and collections as editors send and see them."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from matinee.catalog.filters import Filters
from matinee.core.schema import (
    Input,
    Integer,
    Language,
    Line,
    Moment,
    Output,
    Page,
    Prose,
    Slug,
    text,
)

NamesByLanguage = Annotated[dict[Language, Line], Field(max_length=50)]
ImageUrl = Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2000)]
Position = Annotated[Integer, Field(ge=0, le=100_000, description="Lower ones come first.")]


class CreateGenre(Input):
    """A new genre; its slug comes from its name."""

    name: Line = Field(examples=["Science Fiction"])
    names: NamesByLanguage = Field({}, examples=[{"de": "Science-Fiction"}])


class UpdateGenre(Input):
    """Other names; the slug stays."""

    name: Line | None = Field(None, examples=["Sci-Fi"])
    names: NamesByLanguage | None = Field(None, examples=[{"de": "Science-Fiction"}])


class MergeGenre(Input):
    """The genre that takes the titles."""

    into: Annotated[str, *text(max_length=80)] = Field(examples=["science-fiction"])


class AdminGenre(Output):
    """A genre as editors see it."""

    slug: str = Field(examples=["science-fiction"])
    name: str = Field(examples=["Science Fiction"])
    names: dict[str, str]
    titles: int = Field(description="In whatever state.")


class AdminGenres(Output):
    """All genres, by name."""

    items: list[AdminGenre]


class PeopleSearch(Input):
    """Which people editors want to see."""

    q: Annotated[str, *text(max_length=100)] | None = Field(None, description="Part of the name.")
    cursor: Annotated[str, Field(max_length=500)] | None = None
    page_size: Annotated[int, Field(ge=1, le=100)] = 24


class UpdatePerson(Input):
    """Another name, other identifiers."""

    name: Line | None = Field(None, examples=["Fritz Lang"])
    external_ids: Annotated[dict[Line, Line], Field(max_length=50)] | None = None


class MergePerson(Input):
    """The person who takes the credits."""

    into: UUID


class AdminPerson(Output):
    """Somebody as editors see him or her."""

    id: UUID
    name: str = Field(examples=["Fritz Lang"])
    external_ids: dict[str, str]
    credits: int


class AdminPeople(Page[AdminPerson]):
    """One page of people, by name."""


class CollectionFields(Input):
    """What an editor may say about a collection."""

    name: Line | None = Field(None, examples=["Silent wonders"])
    description: Prose | None = None
    image_url: ImageUrl | None = None
    position: Position | None = None
    status: Literal["draft", "published"] | None = None
    published_from: Moment | None = None
    published_until: Moment | None = None
    filter: Filters | None = Field(
        None, description="Makes the collection a smart one: all titles that match, newest first."
    )

    @model_validator(mode="after")
    def _open_before_closing(self) -> Self:
        start, end = self.published_from, self.published_until
        if start is not None and end is not None and start >= end:
            raise PydanticCustomError("window", "The window must open before it closes")
        return self


class CreateCollection(CollectionFields):
    """A new collection; a draft unless it is published at once."""

    slug: Slug = Field(examples=["silent-wonders"])
    name: Line = Field(examples=["Silent wonders"])


class UpdateCollection(CollectionFields):
    """What changes; null clears, and a null filter makes the collection one made by hand."""

    slug: Slug | None = None


class CollectionItems(Input):
    """The titles of a collection made by hand, in order."""

    title_ids: Annotated[list[UUID], Field(max_length=1000)]


class AdminCollection(Output):
    """A collection as editors see it."""

    id: UUID
    slug: str = Field(examples=["silent-wonders"])
    name: str = Field(examples=["Silent wonders"])
    description: str | None
    kind: Literal["manual", "smart"]
    filter: dict[str, Any] | None
    image_url: str | None
    position: int
    status: Literal["draft", "published"]
    published_from: datetime | None
    published_until: datetime | None
    title_ids: list[UUID] = Field(description="Of a collection made by hand, in order.")
    version: int


class AdminCollections(Output):
    """All collections, in the operator's order."""

    items: list[AdminCollection]
