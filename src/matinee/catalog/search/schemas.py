"""Questions and answers of search on the wire."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from matinee.catalog.filters import ViewerFilters
from matinee.catalog.schemas import Card, CollectionCard
from matinee.core.schema import Input, Output, Page, text

Match = Literal["exact", "prefix", "fuzzy", "text", "semantic"]
SuggestedType = Literal["title", "person", "collection"]
HitType = Literal[SuggestedType, "channel", "programme"]
Scope = Literal["all", "missing"]

QueryText = Annotated[str, *text(max_length=200)]
"""What somebody types."""

Found = Field(
    description="By its name as it is, by the beginning of the name or of a word in it, by a name"
    " that is alike, by the words of its texts and people, or by meaning."
)


class Search(Input):
    """What is looked for."""

    q: QueryText = Field(description="Words, part of a name, a plot.", examples=["metroplis"])
    type: Annotated[list[HitType], Field(max_length=5)] = Field(
        [], description="Only hits of these types."
    )
    page_size: Annotated[int, Field(ge=1, le=50)] = 20
    remember: bool = Field(True, description="Whether the profile's history may keep it.")


class Suggest(Input):
    """What somebody has typed so far."""

    q: QueryText = Field(examples=["metr"])
    page_size: Annotated[int, Field(ge=1, le=20)] = 8


class SemanticSearch(ViewerFilters):
    """What titles are about, among those that pass a filter (S-01)."""

    q: QueryText = Field(examples=["a heist that goes wrong"])
    cursor: Annotated[str, Field(max_length=500)] | None = Field(
        None, description="`next_cursor` of the page before."
    )
    page: Annotated[int, Field(ge=1, le=200)] | None = Field(
        None, description="Instead of a cursor."
    )
    page_size: Annotated[int, Field(ge=1, le=100)] = 24


class Span(Output):
    """A part of the shown name, in Unicode characters: from `start` to before `end`."""

    start: int
    end: int


class Hit(Output):
    """What every hit says of itself."""

    match: Match = Found
    span: Span | None = Field(None, description="Where the shown name matches.")
    matched_name: str | None = Field(
        None, description="Another name, or that of a person, by which it was found."
    )


class TitleHit(Hit):
    """A title."""

    type: Literal["title"] = "title"
    pinned: bool = Field(False, description="Put here by the editors.")
    title: Card


class PersonRef(Output):
    """Somebody; `/catalog/people/{id}` has the titles."""

    id: UUID
    name: str = Field(examples=["Buster Keaton"])
    roles: list[str] = Field(examples=[["actor", "director"]])


class PersonHit(Hit):
    """Somebody with titles that this viewer may see."""

    type: Literal["person"] = "person"
    person: PersonRef


class CollectionHit(Hit):
    """A collection."""

    type: Literal["collection"] = "collection"
    collection: CollectionCard


class ChannelRef(Output):
    """A live channel; `/epg/channels/{id}` has more."""

    id: UUID
    number: int | None = Field(examples=[7])
    name: str = Field(examples=["Matinee Classics"])
    logo_url: str | None


class ChannelHit(Hit):
    """A live channel that this viewer may see."""

    type: Literal["channel"] = "channel"
    channel: ChannelRef


class AiringRef(Output):
    """What is on a channel, or will be; `/epg/airings/{id}` has more."""

    id: int
    title: str = Field(examples=["Harbour Lights"])
    sub_title: str | None
    starts_at: datetime
    ends_at: datetime
    channel: ChannelRef


class ProgrammeHit(Hit):
    """A programme, with the airing that is on or comes next."""

    type: Literal["programme"] = "programme"
    airing: AiringRef


AnyHit = Annotated[
    TitleHit | PersonHit | CollectionHit | ChannelHit | ProgrammeHit, Field(discriminator="type")
]
"""More types may come: leave out those that you do not know."""


class SearchResults(Output):
    """Hits of all types in one ranking, best first."""

    items: list[AnyHit]
    did_you_mean: str | None = Field(
        None, description="The query with misspelt words put right.", examples=["metropolis"]
    )
    by_meaning: bool = Field(description="Whether the meaning of the query was looked at, too.")


class Suggestion(Output):
    """Something whose name goes on as typed."""

    type: SuggestedType
    id: UUID | None = Field(description="Of a title or a person.")
    slug: str | None = Field(description="Of a collection.")
    text: str = Field(description="Its name.", examples=["Metropolis"])
    match: Match = Found
    span: Span | None


class Suggestions(Output):
    """What could be meant, best first."""

    items: list[Suggestion]


class SemanticPage(Page[Card]):
    """Titles nearest in meaning first, 200 at most; the pages of one search stay as they are."""

    by_meaning: bool = Field(
        description="False where there is no embedding model: then titles with the words."
    )


class PastSearch(Output):
    """What a profile searched for."""

    query: str
    searched_at: datetime


class SearchHistory(Output):
    """What a profile searched for, latest first."""

    items: list[PastSearch]


class Rebuild(Input):
    """Which titles are indexed anew."""

    scope: Scope = "all"


class QueryCount(Output):
    """How often something was asked."""

    query: str = Field(description="Folded: lower case, without accents and punctuation.")
    searches: int
    without_hits: int
    last_day: date


class QueryCounts(Output):
    """Queries of all viewers, most frequent first; names nobody."""

    items: list[QueryCount]


class PutPin(Input):
    """Which titles come first when somebody asks for this, in order; none removes the pin."""

    query: QueryText = Field(examples=["halloween"])
    title_ids: Annotated[list[UUID], Field(max_length=20)]


class Pin(Output):
    """Titles that come first in the answer to a query."""

    query: str = Field(description="Folded: it is the same however somebody writes it.")
    title_ids: list[UUID]


class Pins(Output):
    """All pins, by query."""

    items: list[Pin]
