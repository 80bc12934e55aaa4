"""What rails are made of before they have names and pictures: picks, their reasons, drafts."""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Self
from uuid import UUID

ReasonCode = Literal[
    "next_after",
    "because_liked",
    "because_watched",
    "because_listed",
    "more_genre",
    "you_picked_genre",
    "trending",
    "new_for_fans_of",
    "popular",
    "top_pick",
    "similar",
    "continue_watching",
    "on_my_list",
    "new_episodes",
    "top_rated",
    "household",
    "featured",
    "new",
    "leaving_soon",
    "recently_browsed",
    "in_collection",
]
"""The first eleven are about the title; the others say which list it stands on."""


class Reason(NamedTuple):
    """Why a title is there (R-08), not yet in words (see `reasons.wording`)."""

    code: ReasonCode
    title_id: UUID | None = None
    """The title that the reason names; the viewer sees it, and it is still in the history."""
    strength: float = 0.0
    """From 0 to 1: how much of the choice it explains."""
    genre: str | None = None
    """Slug of the genre that the reason names."""


class Pick(NamedTuple):
    """A title in a rail. Scores are comparable within one rail only."""

    title_id: UUID
    score: float
    reason: Reason
    genres: tuple[str, ...] = ()


@dataclass(frozen=True)
class Draft:
    """A rail that is not dressed yet: its name, its picks in order, what its heading names."""

    rail: str
    picks: tuple[Pick, ...] = ()
    title_id: UUID | None = None
    genre: str | None = None

    @property
    def code(self) -> str:
        """What kind of rail it is: its name without what stands behind the colon."""
        return self.rail.partition(":")[0]

    @property
    def title_ids(self) -> list[UUID]:
        """The titles in order."""
        return [pick.title_id for pick in self.picks]

    def with_picks(self, picks: tuple[Pick, ...]) -> Self:
        """The same rail with other picks."""
        return replace(self, picks=picks)
