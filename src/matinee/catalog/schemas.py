"""What titles, people, genres and collections look like to viewers."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from matinee.core.schema import Output, Page
from matinee.entitlements.schemas import Access

TitleKind = Literal["movie", "series"]


class Maturity(Output):
    """A national age rating and the age it stands for."""

    system: str = Field(examples=["US-MPAA"])
    label: str = Field(examples=["PG-13"])
    score: int = Field(examples=[13])


class Artwork(Output):
    """Addresses of pictures; null where there is none."""

    poster: str | None = None
    backdrop: str | None = None
    thumb: str | None = None
    logo: str | None = None


class GenreRef(Output):
    """A genre by slug and shown name."""

    slug: str = Field(examples=["science-fiction"])
    name: str = Field(examples=["Science Fiction"])


class EpisodeRef(Output):
    """Which episode of a series."""

    id: UUID
    season_number: int = Field(description="0 holds the specials.")
    number: int
    name: str
    air_date: date | None
    runtime_minutes: int | None


class Progress(Output):
    """How far the profile is in a movie or an episode."""

    position_seconds: int = Field(description="Where to go on; 0 from the beginning.")
    duration_seconds: int | None
    finished: bool = Field(
        description="Watched to its end, if not this time; of a series: nothing is left to watch."
    )
    watched_at: datetime


class TitleProgress(Progress):
    """How far the profile is in a title; of a series, in the episode to watch now."""

    episode: EpisodeRef | None = Field(
        description="The episode in progress, else the next one; null for movies."
    )


class Card(Access):
    """A title as every list shows it."""

    id: UUID
    kind: TitleKind
    name: str = Field(examples=["Metropolis"])
    tagline: str | None
    year: int | None = Field(examples=[1927])
    runtime_minutes: int | None = Field(examples=[153])
    language: str | None = Field(examples=["de"])
    genres: list[GenreRef]
    maturity: Maturity | None
    artwork: Artwork
    is_featured: bool
    added_at: datetime
    available_until: datetime | None = Field(
        None, description="End of the rights window in the viewer's territory, where there is one."
    )
    progress: TitleProgress | None = Field(
        None, description="Null where the profile has not watched it."
    )
    in_watchlist: bool | None = Field(None, description="Null where nobody signed in.")
    rating: Literal[-1, 1, 2] | None = Field(
        None, description="The profile's own: thumbs down, thumbs up, love it."
    )


class ComingSoonCard(Card):
    """A title that cannot be seen yet."""

    available_from: datetime = Field(description="When it opens in the viewer's territory.")


class ComingSoon(Page[ComingSoonCard]):
    """One page of announced titles, next to open first."""


class FacetCount(Output):
    """How many titles of the list have a value."""

    value: str = Field(examples=["science-fiction"])
    label: str = Field(examples=["Science Fiction"])
    count: int = Field(examples=[12])


class Facets(Output):
    """Counts over the whole filtered list, not the page."""

    kind: list[FacetCount]
    genre: list[FacetCount]
    mood: list[FacetCount]
    theme: list[FacetCount]
    language: list[FacetCount]
    decade: list[FacetCount]


class TitlePage(Page[Card]):
    """One page of titles."""

    facets: Facets | None = Field(None, description="With `facets=true`.")


class Credit(Output):
    """Somebody's part in a title."""

    person_id: UUID
    name: str = Field(examples=["Fritz Lang"])
    role: str = Field(examples=["director"])
    character: str | None


class Segment(Output):
    """A stretch of an episode or movie in seconds."""

    kind: Literal["intro", "recap", "credits", "preview"]
    from_seconds: int
    to_seconds: int


class EpisodeOut(Output):
    """An episode of a season."""

    id: UUID
    season_number: int
    number: int
    name: str
    synopsis: str | None
    air_date: date | None
    runtime_minutes: int | None
    segments: list[Segment]
    playable: bool = Field(description="Whether there is something to play.")
    progress: Progress | None = Field(
        None, description="Null where the profile has not watched it."
    )


class SeasonOut(Access):
    """A season that has episodes to show, and whether it may be played."""

    id: UUID
    number: int
    name: str | None
    synopsis: str | None
    year: int | None
    episode_count: int


class ExtraOut(Output):
    """A trailer or extra."""

    id: UUID
    kind: Literal["trailer", "extra"]
    name: str | None
    duration_seconds: int | None


class TitleDetail(Card):
    """Everything a viewer is told about a title."""

    original_name: str | None
    synopsis: str | None
    ai_description: str | None
    countries: list[str]
    studios: list[str]
    audio_languages: list[str]
    subtitle_languages: list[str]
    mood_tags: list[str]
    theme_tags: list[str]
    external_ids: dict[str, str]
    credits: list[Credit]
    seasons: list[SeasonOut]
    segments: list[Segment] = Field(description="Of a movie; an episode has its own.")
    next_episode: EpisodeRef | None = Field(
        description="What to play of a series: the episode in progress, else the next one, else"
        " the first; null for movies."
    )
    has_trailer: bool
    playable: bool = Field(description="Whether there is something to play.")
    version: int


class Seasons(Output):
    """The seasons of a series, specials last."""

    items: list[SeasonOut]


class Episodes(Page[EpisodeOut]):
    """One page of episodes, specials last."""


class Extras(Output):
    """Trailers and extras of a title."""

    items: list[ExtraOut]


class GenreOut(GenreRef):
    """A genre and how many visible titles have it."""

    titles: int


class Genres(Output):
    """All genres with at least one visible title."""

    items: list[GenreOut]


class Labels(Output):
    """Moods or themes with at least one visible title."""

    items: list[FacetCount]


class PersonOut(Output):
    """Somebody, and the latest 200 visible titles he or she took part in, newest first."""

    id: UUID
    name: str
    roles: list[str]
    titles: list[Card]


class CollectionCard(Output):
    """A collection in a list."""

    slug: str
    name: str
    description: str | None
    image_url: str | None
    titles: int = Field(description="Visible ones, counted up to 1 000.")


class Collections(Output):
    """Published collections with at least three visible titles."""

    items: list[CollectionCard]


class CollectionOut(CollectionCard):
    """A collection and the titles in it, in its order."""

    items: list[Card]
    next_cursor: str | None = None


class RatingOut(Output):
    """One label of a national rating system."""

    label: str = Field(examples=["PG-13"])
    score: int = Field(description="The age it stands for.", examples=[13])
    description: str = Field(examples=["Parents strongly cautioned."])


class RatingSystem(Output):
    """A national rating system, its labels from the youngest age on."""

    system: str = Field(examples=["US-MPAA"])
    country: str = Field(examples=["US"])
    ratings: list[RatingOut]


class RatingSystems(Output):
    """All rating systems that titles may be rated in."""

    items: list[RatingSystem]
