"""What packages carry as staff sends and sees it: titles by name, and rules."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from matinee.core.schema import Input, Output, Page, Year, text
from matinee.entitlements.packages.windows import Window, WindowOut

TitleKind = Literal["movie", "series"]
Label = Annotated[str, *text(max_length=100)]
Labels = Annotated[list[Label], Field(max_length=50)]
MOST_TITLES = 1000


class AssignTitles(Window):
    """Titles that a package is to carry, all in the same window."""

    title_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_TITLES)]


class RemoveTitles(Input):
    """Titles that a package is not to carry any more, in whatever window."""

    title_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_TITLES)]


class Assigned(Output):
    """What became of an assignment; or of its removal."""

    changed: int = Field(description="Windows that were added, or removed.")
    unchanged: int = Field(description="Titles that were as wished already.")


class TitleWindows(Input):
    """All windows of one title in a package; none takes it out."""

    windows: Annotated[list[Window], Field(max_length=100)]


class TitleWindowsOut(Output):
    """All windows of one title in a package, by territory and time."""

    package_id: UUID
    title_id: UUID
    windows: list[WindowOut]


class ContentSearch(Input):
    """Which titles of a package to list."""

    q: Annotated[str, *text(max_length=100)] | None = Field(None, description="Part of the name.")
    title_id: UUID | None = Field(None, description="Only windows of this title.")
    territory: Annotated[str, *text(max_length=2)] | None = Field(
        None, description="Only windows of this territory; `**` are those of everywhere."
    )
    cursor: Annotated[str, Field(max_length=500)] | None = None
    page_size: Annotated[int, Field(ge=1, le=100)] = 50


class ContentRow(WindowOut):
    """A title in a package, for one window."""

    id: UUID
    title_id: UUID
    name: str = Field(examples=["Metropolis"])
    kind: TitleKind
    status: str = Field(description="Of the title: only published ones are shown.")


class Contents(Page[ContentRow]):
    """One page of what a package lists, by the names of the titles."""


class Conditions(Input):
    """What titles must be like; nothing given: all. Of genres and tags one is enough."""

    kind: TitleKind | None = None
    genres: Labels = Field([], description="Slugs.", examples=[["drama"]])
    tags: Labels = []
    year_from: Year | None = None
    year_to: Year | None = None

    @model_validator(mode="after")
    def _years_in_order(self) -> Self:
        if (
            self.year_from is not None
            and self.year_to is not None
            and self.year_from > self.year_to
        ):
            raise PydanticCustomError("years", "The first year must not come after the last")
        return self


class WriteRule(Conditions, Window):
    """A rule: a package carries whatever fulfils the conditions, in the window."""


class RuleOut(WindowOut):
    """A rule of a package."""

    id: UUID
    kind: TitleKind | None
    genres: list[str]
    tags: list[str]
    year_from: int | None
    year_to: int | None


class Rules(Output):
    """All rules of a package; it carries what any of them matches."""

    items: list[RuleOut]


class MatchedTitle(Output):
    """A title that fulfils the conditions."""

    id: UUID
    name: str = Field(examples=["Metropolis"])
    kind: TitleKind
    year: int | None = Field(examples=[1927])
    status: str


class RulePreview(Output):
    """What a rule would carry at this moment."""

    titles: int = Field(description="How many fulfil the conditions, in whatever state.")
    published: int = Field(description="How many of them are published.")
    sample: list[MatchedTitle] = Field(description="The newest, 24 at most.")
