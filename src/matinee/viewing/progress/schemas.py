"""What progress looks like on the wire: what comes next, history, bookmarks sent in bulk."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from matinee.catalog.schemas import Card, EpisodeRef, Progress
from matinee.core.schema import Input, Int4, Language, Moment, Output, Page

SubtitleLanguage = Language | Literal["off"]


class ContinueWatching(Page[Card]):
    """One page of what was begun, last watched first; `progress` says where to go on."""


class NextUp(Output):
    """What to play after an episode, or now (R-04)."""

    kind: Literal["next_episode", "next_airs", "related"] = Field(
        description="An episode can be played; or is known to come; or neither: offer others."
    )
    title_id: UUID
    episode: EpisodeRef | None = None
    resume_seconds: int = Field(0, description="Where to begin in the episode.")
    next_airs_at: datetime | None = Field(
        None, description="The beginning of the episode's day, where it has yet to come."
    )


class HistoryItem(Progress):
    """A movie or an episode that was watched."""

    item_id: UUID = Field(description="The movie or the episode: what to delete.")
    title: Card
    episode: EpisodeRef | None


class History(Page[HistoryItem]):
    """One page of what was watched, latest first."""


class BookmarkRow(Input):
    """Where the profile was in a movie or an episode, and when."""

    title_id: UUID
    episode_id: UUID | None = Field(None, description="Needed for a series.")
    position_seconds: Int4
    duration_seconds: Annotated[Int4, Field(ge=1)] | None = None
    finished: bool = Field(False, description="It was watched to its end.")
    audio_language: Language | None = None
    subtitle_language: SubtitleLanguage | None = None
    at: Moment


class BookmarkRows(Input):
    """Bookmarks of a device that was offline, or of an import."""

    bookmarks: Annotated[list[BookmarkRow], Field(min_length=1, max_length=500)]


class BookmarkResult(Output):
    """What became of one row."""

    index: int
    status: Literal["saved", "outdated", "not_found", "episode_required", "in_future"] = Field(
        description="`outdated`: a later one is known already."
    )


class BookmarkResults(Output):
    """What became of each row, in their order."""

    saved: int
    items: list[BookmarkResult]
