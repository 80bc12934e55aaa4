"""What recommendations look like on the wire: rails, reasons, the layout of the home screen."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from matinee.catalog.filters import Mood
from matinee.catalog.schemas import Card, EpisodeRef
from matinee.core.schema import Input, Integer, Language, Output, text
from matinee.epg.guide.schemas import AiringOut, GuideChannel

Audience = Literal["standard", "kids"]
Wish = Literal["mood", "duration_max", "language", "fresh", "unseen", "playable"]
RailName = Annotated[str, *text(max_length=120), Field(examples=["genre:western"])]


class ReasonOut(Output):
    """Why a title is there (R-08)."""

    code: str = Field(examples=["because_liked"])
    text: str = Field(examples=["Because you liked Metropolis"])
    title_id: UUID | None = Field(None, description="The title that the reason names.")
    strength: float = Field(description="From 0 to 1: how much of the choice it explains.")


class RailItem(Output):
    """A title and why it is there."""

    card: Card
    reason: ReasonOut
    new_episodes: int | None = Field(None, description="How many there are, where that is why.")
    episode_id: UUID | None = Field(None, description="The first of the new episodes.")


class LiveItem(Output):
    """Something that is on television now."""

    channel: GuideChannel
    airing: AiringOut
    playable: bool = Field(description="Whether the household may play the channel.")


class Rail(Output):
    """A titled, ordered list of titles; the rail `on-now` has airings in their place.

    Send its `recommendation_id` when it was shown (`POST /recommendations/impressions`) and when
    something in it is played.
    """

    id: str = Field(examples=["genre:western"])
    code: str = Field(description="What kind of rail it is.", examples=["genre"])
    heading: str = Field(examples=["Western"])
    title_id: UUID | None = Field(None, description="The title that the heading names.")
    recommendation_id: UUID
    variant: str = Field(description="Which way of recommending this profile gets (A/B).")
    items: list[RailItem]
    live: list[LiveItem] = Field([], description="What is on now; of the rail `on-now`.")
    next_cursor: str | None = Field(
        None, description="For `GET /recommendations/rails/{id}`; null where there is no more."
    )


class Home(Output):
    """The home screen; `partial` where a rail was left out because it failed."""

    rails: list[Rail]
    partial: bool = False


class MoodWish(Input):
    """What somebody is in the mood for."""

    mood: Mood | None = Field(None, description="See `GET /catalog/moods`.", examples=["cozy"])
    duration_max: Annotated[Integer, Field(ge=1, le=1440)] | None = Field(
        None, description="Minutes, of an episode where it is a series.", examples=[90]
    )
    language: Language | None = Field(None, description="Original language.", examples=["fr"])


class MoodAnswer(Output):
    """Something to play now (S-04)."""

    card: Card
    reason: ReasonOut
    episode: EpisodeRef | None = Field(None, description="Where it is a series.")
    recommendation_id: UUID
    variant: str
    relaxed: list[Wish] = Field(
        description="Wishes that nothing fulfilled. `fresh`: it was answered before; `unseen`: it"
        " was watched; `playable`: there is nothing to play yet."
    )


class PostPlay(Output):
    """What to offer at the end (R-04): what comes next, else more of the franchise, then more."""

    kind: Literal["next_episode", "next_airs", "related"] = Field(
        description="An episode can be played; or is known to come; or neither."
    )
    episode: EpisodeRef | None = Field(None, description="The next one.")
    resume_seconds: int = Field(0, description="Where to begin in the episode.")
    next_airs_at: datetime | None = None
    recommendation_id: UUID
    variant: str
    items: list[RailItem] = Field(description="Other titles, later parts of the franchise first.")


class LayoutRail(Input):
    """A place in the layout."""

    rail: RailName
    enabled: bool = True


class PutLayout(Input):
    """The rails of an audience in order; what is left out is not shown."""

    audience: Audience
    rails: Annotated[list[LayoutRail], Field(max_length=100)] = Field(
        description="Empty: the layout that the product comes with."
    )


class Layout(Output):
    """The rails of an audience in order."""

    audience: Audience
    is_default: bool
    rails: list[LayoutRail]


class Layouts(Output):
    """The layouts of all audiences."""

    items: list[Layout]


class PutHeroPins(Input):
    """Titles that come first in the hero, in order."""

    title_ids: Annotated[list[UUID], Field(max_length=20)]


class HeroPins(Output):
    """Titles that come first in the hero, in order."""

    title_ids: list[UUID]


class RecordImpressions(Input):
    """A rail that is on the screen; say it again with all titles when it is scrolled."""

    recommendation_id: UUID = Field(description="That of the rail.")
    rail: RailName
    title_ids: Annotated[list[UUID], Field(min_length=1, max_length=100)] = Field(
        description="The titles that were visible, in order."
    )
