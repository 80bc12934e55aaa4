"""What guides and channel lists hold, as plain typed records."""

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

NEW, PREMIERE, REPEAT, LIVE, LAST_CHANCE, SUBTITLES, AUDIO_DESCRIBED = 1, 2, 4, 8, 16, 32, 64
"""Flags of an airing, as bits; the same as in `schedule_entries.flags`."""


class FeedChannel(NamedTuple):
    """A channel as a guide names it; `number` as written, such as `5` or `5.1`."""

    xmltv_id: str
    names: tuple[str, ...]
    icon_url: str | None
    number: str | None


class Rating(NamedTuple):
    """An age rating as written; many guides leave the system out."""

    system: str | None
    label: str


class Credit(NamedTuple):
    """Somebody who took part: `actor`, `director`, `presenter` …, and whom an actor plays."""

    role: str
    name: str
    character: str | None


class FeedProgramme(NamedTuple):
    """A programme of a guide, tidied up; times in seconds since 1970.

    `ends_at` is None where the guide gives no end, or one that cannot be. `language` is that of
    `title`; `titles` holds every title by language, `""` where none is given. `star_rating` is on a
    scale to ten. `external_ids` has the names of `episodes.external_id`.
    """

    channel: str
    starts_at: int
    ends_at: int | None
    title: str
    titles: dict[str, str]
    language: str | None
    sub_title: str | None
    description: str | None
    categories: tuple[str, ...]
    season: int | None
    episode: int | None
    ratings: tuple[Rating, ...]
    star_rating: float | None
    icon: str | None
    year: int | None
    original_air_date: date | None
    credits: tuple[Credit, ...]
    external_ids: dict[str, str]
    flags: int

    @property
    def rating(self) -> Rating | None:
        """The first age rating."""
        return self.ratings[0] if self.ratings else None


@dataclass(slots=True)
class GuideSummary:
    """What a reader has met so far; times and titles of wanted programmes only."""

    channels: int = 0
    programmes: int = 0
    unwanted: int = 0
    bad_times: int = 0
    """Programmes left out, because their start is no time."""

    bad_stops: int = 0
    """Programmes whose end is no time, or not after their start."""

    without_title: int = 0
    without_channel: int = 0
    problems: list[str] = field(default_factory=list, compare=False)
    """The first of these, with their lines."""
