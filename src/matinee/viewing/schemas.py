"""What a profile's lists, ratings, taste and statistics look like on the wire."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from matinee.catalog.schemas import Card
from matinee.core.schema import Input, Output, Page, not_a_boolean

RatingValue = Annotated[
    Literal[-1, 1, 2],
    BeforeValidator(not_a_boolean),
    Field(description="-1 thumbs down, 1 thumbs up, 2 love it."),
]
SignalKind = Literal[
    "loved",
    "liked",
    "completed",
    "watched",
    "listed",
    "neutral",
    "abandoned",
    "disliked",
    "ignored",
]
StatsRange = Literal["7d", "30d", "180d", "365d", "all"]


class RateTitle(Input):
    """An opinion of a title."""

    value: RatingValue


class ListedCard(Card):
    """A title on "My List"."""

    listed_at: datetime


class Watchlist(Page[ListedCard]):
    """One page of "My List", newest first."""


class RatedCard(Card):
    """A title with the profile's opinion of it."""

    rated_at: datetime


class RatedTitles(Page[RatedCard]):
    """One page of rated titles, newest rating first."""


class UnwantedCard(Card):
    """A title that is never offered."""

    unwanted_since: datetime


class UnwantedTitles(Page[UnwantedCard]):
    """One page of titles that are never offered, newest first."""


class BrowsedCard(Card):
    """A title whose page was opened."""

    viewed_at: datetime


class BrowsedTitles(Page[BrowsedCard]):
    """One page of titles whose pages were opened, newest first."""


class SignalCard(Card):
    """A title from which something is concluded."""

    signal: SignalKind = Field(description="What the profile's behaviour says about the title.")
    signal_weight: float = Field(
        description="How much that counts for the title, or against it; 0 where it is ignored."
    )
    signal_at: datetime


class TasteOut(Page[SignalCard]):
    """One page of what recommendations of this profile are made from, newest first."""


class DayOut(Output):
    """One day, from midnight to midnight in the profile's time zone."""

    day: date
    seconds: int


class GenreTime(Output):
    """The time that went into a genre; a title with several shares its time among them."""

    slug: str = Field(examples=["comedy"])
    name: str = Field(examples=["Comedy"])
    seconds: int


class WatchedCard(Card):
    """A title and the time that went into it."""

    seconds: int


class ProfileStats(Output):
    """What a profile watched: confirmed playing time, pauses left out (P-03)."""

    range: StatsRange
    time_zone: str
    first_day: date
    last_day: date
    hours: float = Field(description="All of it, in hours.", examples=[12.5])
    seconds: int = Field(description="The same in seconds; live television is part of it.")
    live_seconds: int
    days_watched: int
    longest_streak_days: int = Field(description="Most days in a row on which something was seen.")
    per_day: list[DayOut] = Field(description="Every day of the range, oldest first.")
    by_weekday: list[int] = Field(description="Seconds on Mondays, Tuesdays, …, Sundays.")
    by_hour: list[int] = Field(description="Seconds in the hours from 0 to 23 o'clock.")
    genres: list[GenreTime] = Field(description="Most watched first; live television left out.")
    top_titles: list[WatchedCard]
