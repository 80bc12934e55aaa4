"""How much what a profile did to a title says about its taste, as an operator can set it."""

from pydantic import BaseModel, ConfigDict, Field


class SignalWeights(BaseModel):
    """How loudly each kind of signal speaks for a title, or against it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    loved: float = Field(1.3, ge=0, le=10)
    liked: float = Field(1.0, ge=0, le=10)
    completed: float = Field(0.6, ge=0, le=10)
    watched: float = Field(0.3, ge=0, le=10)
    listed: float = Field(0.4, ge=0, le=10)
    neutral: float = Field(0.15, ge=0, le=10)
    abandoned: float = Field(-0.15, ge=-10, le=0)
    disliked: float = Field(-0.5, ge=-10, le=0)
