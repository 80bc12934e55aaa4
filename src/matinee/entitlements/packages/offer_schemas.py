"""Offers of titles as staff sends and sees them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from matinee.core.schema import Input, Integer, Moment, Output, Reason, Territory
from matinee.entitlements.access import Quality
from matinee.entitlements.packages.schemas import Cents, Currency
from matinee.entitlements.packages.windows import WindowOut

OfferType = Literal["rent", "buy", "free"]
Hours = Annotated[Integer, Field(ge=0, le=8760)]
DEFAULT_WINDOW_HOURS = 48
DEFAULT_START_HOURS = 720


class OfferTerms(Input):
    """Everything about an offer that can change; orders keep what they agreed on."""

    price_cents: Cents | None = Field(None, description="0 for what is free, and for nothing else.")
    currency: Currency | None = None
    rental_window_hours: Annotated[Hours, Field(ge=1)] | None = Field(
        None, description="Of a rental: how long it lasts from its first play; 48 by default."
    )
    start_within_hours: Hours | None = Field(
        None,
        description="Of a rental: how long it may wait for its first play; 720 by default, with 0"
        " its time begins at the purchase.",
    )
    quality: Quality | None = None
    territory: Territory | None = Field(None, description="A country, or `**` for everywhere.")
    available_from: Moment | None = Field(None, description="Null: always so.")
    available_until: Moment | None = Field(None, description="Exclusive; null: no end is known.")
    active: bool | None = Field(None, description="False archives it: not sold any more.")


class CreateOffer(OfferTerms):
    """A title for rent, for sale or free; or one season of it."""

    offer_type: OfferType
    season_id: UUID | None = Field(None, description="Of a series: that season alone.")
    price_cents: Cents
    currency: Currency
    quality: Quality = "hd"
    territory: Territory = Field("**", description="A country, or `**` for everywhere.")
    active: bool = True


class UpdateOffer(OfferTerms):
    """What changes; the rest stays. For another type or season make another offer."""

    reason: Reason | None = None


class AdminOffer(WindowOut):
    """An offer as staff sees it."""

    id: UUID
    title_id: UUID
    season_id: UUID | None
    offer_type: OfferType
    price_cents: int = Field(examples=[399])
    currency: str = Field(examples=["USD"])
    rental_window_hours: int | None
    start_within_hours: int | None
    quality: Quality
    active: bool
    version: int
    created_at: datetime
    updated_at: datetime


class AdminOffers(Output):
    """All offers of a title: those for sale first."""

    items: list[AdminOffer]
