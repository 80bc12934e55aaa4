"""Shapes of how recommendations are received: what was shown, what was played, how good it is."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from matinee.core.schema import Input, Output
from matinee.recommendations.schemas import RailName


class RecordImpressions(Input):
    """A rail that is on the screen; say it again with all titles when it is scrolled."""

    recommendation_id: UUID = Field(description="That of the rail.")
    rail: RailName
    title_ids: Annotated[list[UUID], Field(min_length=1, max_length=100)] = Field(
        description="The titles that were visible, in order."
    )


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
