"""Tables of what to watch next: learned neighbours, trends, scores, impressions, the layout."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    REAL,
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from matinee.models.base import (
    DISTRIBUTED,
    EMPTY_OBJECT,
    FALSE,
    NEW_ID,
    REFERENCE,
    Base,
    moment,
    one_of,
)
from matinee.models.catalog import title_key
from matinee.models.viewing import of_profile

MODEL_STATES = ("training", "current", "previous", "rejected")
AUDIENCES = ("standard", "kids")


def numbers() -> Mapped[Any]:
    """Titles by their `number`, strongest first."""
    return mapped_column(ARRAY(Integer()), server_default=text("'{}'"))


def weights() -> Mapped[Any]:
    """The weights of the numbers beside it."""
    return mapped_column(ARRAY(REAL()), server_default=text("'{}'"))


class RecommendationModel(Base):
    """One learned table of neighbours, where it came from and what its guard measured."""

    __tablename__ = "recommendation_models"
    __table_args__ = (
        CheckConstraint(one_of("state", *MODEL_STATES), "state"),
        Index(
            "recommendation_models_current",
            "state",
            unique=True,
            postgresql_where=text("state = 'current'"),
        ),
        {"info": REFERENCE},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    state: Mapped[str] = mapped_column(server_default="training")
    source: Mapped[str]
    report: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=EMPTY_OBJECT)
    trained_at: Mapped[datetime] = moment()


class TitleNeighbors(Base):
    """Who is watched together with a title, right after it, and what resembles it."""

    __tablename__ = "title_neighbors"
    __table_args__ = ({"info": REFERENCE},)

    model_id: Mapped[int] = mapped_column(
        ForeignKey("recommendation_models.id", ondelete="CASCADE"), primary_key=True
    )
    title_number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    is_virtual: Mapped[bool] = mapped_column(server_default=FALSE)
    together_numbers: Mapped[list[int]] = numbers()
    together_weights: Mapped[list[float]] = weights()
    next_numbers: Mapped[list[int]] = numbers()
    next_weights: Mapped[list[float]] = weights()
    content_numbers: Mapped[list[int]] = numbers()
    content_weights: Mapped[list[float]] = weights()


class TitleTrend(Base):
    """How much a title is watched, counted with decay as landmark keys (base-2 logarithms)."""

    __tablename__ = "title_trends"
    __table_args__ = (
        CheckConstraint(one_of("audience", *AUDIENCES), "audience"),
        Index("title_trends_hot", "territory", "audience", "hot"),
        Index("title_trends_prior", "territory", "audience", "prior"),
        {"info": REFERENCE},
    )

    territory: Mapped[str] = mapped_column(primary_key=True)
    audience: Mapped[str] = mapped_column(primary_key=True)
    title_id: Mapped[UUID] = title_key(primary_key=True)
    hot: Mapped[float] = mapped_column(Double)
    prior: Mapped[float] = mapped_column(Double)
    households: Mapped[int]


class TrendPlay(Base):
    """A play that counts for trends: one per profile, title and day."""

    __tablename__ = "trend_plays"
    __table_args__ = (
        of_profile(),
        CheckConstraint(one_of("audience", *AUDIENCES), "audience"),
        {"info": DISTRIBUTED},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(primary_key=True)
    title_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    territory: Mapped[str]
    audience: Mapped[str]


class TitleScore(Base):
    """How well a title is rated: Bayesian mean of its thumbs, as a job counted them."""

    __tablename__ = "title_scores"
    __table_args__ = (Index("title_scores_best", "score", "title_id"), {"info": REFERENCE})

    title_id: Mapped[UUID] = title_key(primary_key=True)
    down: Mapped[int]
    up: Mapped[int]
    love: Mapped[int]
    score: Mapped[float] = mapped_column(Double)


class TitleUpdateEvent(Base):
    """A new episode or season of a series (S-05)."""

    __tablename__ = "title_update_events"
    __table_args__ = (
        CheckConstraint(one_of("kind", "episode", "season"), "kind"),
        Index("title_update_events_title", "title_id", "occurred_at"),
        {"info": REFERENCE},
    )

    episode_id: Mapped[UUID] = mapped_column(
        ForeignKey("episodes.id", ondelete="CASCADE"), primary_key=True
    )
    title_id: Mapped[UUID] = title_key()
    kind: Mapped[str]
    occurred_at: Mapped[datetime] = moment()


class RailImpression(Base):
    """A rail that was on a profile's screen; its id is the recommendation id that plays echo."""

    __tablename__ = "rail_impressions"
    __table_args__ = (
        of_profile(),
        Index("rail_impressions_profile", "user_id", "profile_id", "shown_at"),
        {"info": DISTRIBUTED},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    profile_id: Mapped[UUID]
    rail: Mapped[str]
    variant: Mapped[str]
    model_id: Mapped[int | None] = mapped_column(BigInteger)
    title_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()))
    shown_at: Mapped[datetime] = moment()


class MoodAnswer(Base):
    """A title that "just play something" answered lately (S-04)."""

    __tablename__ = "mood_answers"
    __table_args__ = (of_profile(), {"info": DISTRIBUTED})

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(primary_key=True)
    title_id: Mapped[UUID] = mapped_column(primary_key=True)
    answered_at: Mapped[datetime] = moment()


class HomeRail(Base):
    """The operator's layout of the home screen: which rails an audience sees, in which order."""

    __tablename__ = "home_rails"
    __table_args__ = (
        CheckConstraint(one_of("audience", *AUDIENCES), "audience"),
        {"info": REFERENCE},
    )

    audience: Mapped[str] = mapped_column(primary_key=True)
    rail: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))


class HeroPin(Base):
    """A title that the operator puts before all others in the hero (R-11)."""

    __tablename__ = "hero_pins"
    __table_args__ = ({"info": REFERENCE},)

    title_id: Mapped[UUID] = title_key(primary_key=True)
    position: Mapped[int]
