"""Shapes of the operator's view: how good recommendations are, and why a title is recommended."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from matinee.core.schema import Output


class ClickThrough(Output):
    """How often something was played from rails of one kind."""

    rail: str = Field(examples=["for-you"])
    variant: str = Field(examples=["a"])
    shown: int = Field(description="Rails that were on a screen.")
    played: int = Field(description="Those from which something was played.")
    rate: float = Field(description="Played of shown.")


class TrainedModel(Output):
    """A learned model and what its guard measured on plays that it had not seen."""

    id: int
    state: str = Field(description="current, previous, or rejected by the guard.")
    source: str
    trained_at: datetime
    report: dict[str, Any] = Field(description="Measures of the guard, as it wrote them.")


class Quality(Output):
    """How good recommendations are: by measure, and by what people make of them."""

    current: TrainedModel | None = Field(None, description="The model in use; none before long.")
    last: TrainedModel | None = Field(None, description="The last one trained, in use or not.")
    ndcg: float | None = Field(None, description="NDCG@10 of the model in use.")
    ndcg_popularity: float | None = Field(None, description="The same of what is watched most.")
    coverage: float | None = Field(None, description="Share of titles that it ever suggests.")
    days: int = Field(description="Click-through is counted over so many days.")
    click_through: list[ClickThrough]


class ScoreParts(Output):
    """What a score is the sum of."""

    together: float = Field(description="Watched by people with the same history.")
    next: float = Field(description="Often watched right after what was watched last.")
    content: float = Field(description="About the same as something liked.")
    trend: float = Field(description="Watched a lot.")
    genre: float = Field(description="Of genres, moods or themes that were picked or rejected.")
    language: float = Field(description="In the preferred language.")


class SeedOut(Output):
    """A title of the history that has the explained one among its neighbours."""

    title_id: UUID
    name: str
    kind: str = Field(description="What it was to the profile.", examples=["liked"])
    weight: float = Field(description="How loudly it speaks; below 0 against its neighbours.")
    together: float = Field(description="What it adds to the sum, before the sum is scaled.")
    next: float = Field(description="How often the title follows it, 0 for never.")
    content: float = Field(description="How alike they are, 0 for not among the nearest.")


class Explanation(Output):
    """Why a profile is recommended a title, or is not."""

    profile_id: UUID
    title_id: UUID
    name: str
    positives: int = Field(description="How many signals speak for some title at all.")
    score: float | None = Field(description="Null where it is left out.")
    parts: ScoreParts | None
    seeds: list[SeedOut] = Field(description="The loudest first.")
    removed_by: list[str] = Field(
        description="Rules that leave it out of what is recommended.", examples=[["watched"]]
    )
