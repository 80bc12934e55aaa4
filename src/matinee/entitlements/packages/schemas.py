"""Packages as the operator's staff sends and sees them, and as viewers see them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from matinee.core.schema import (
    Input,
    Integer,
    Line,
    Output,
    Prose,
    Reason,
    Stamped,
    text,
)
from matinee.entitlements.access import BillingPeriod, Quality
from matinee.models.entitlement import MOST_CENTS

PackageKind = Literal["base", "addon"]
Cents = Annotated[
    Integer,
    Field(
        ge=0, le=MOST_CENTS, description="In the smallest unit of the currency.", examples=[1299]
    ),
]
Currency = Annotated[
    str, StringConstraints(pattern=r"^[A-Z]{3}$"), Field(description="ISO 4217.", examples=["USD"])
]
PackageSlug = Annotated[
    str, *text(max_length=63, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$"), Field(examples=["premium"])
]
Tier = Annotated[
    str,
    *text(max_length=40),
    Field(description="What households that have it are labelled by.", examples=["premium"]),
]


class PackageFields(Input):
    """Everything that staff may say about a package, whoever has it already."""

    name: Line | None = Field(None, examples=["Premium"])
    description: Prose | None = Field(None, description="For viewers; null: none.")
    tier: Tier | None = None
    rank: Annotated[Integer, Field(ge=0, le=1000)] | None = Field(
        None, description="Higher is better: orders the list, tells an upgrade from a downgrade."
    )
    price_cents: Cents | None = Field(
        None, description="For those who subscribe from now on; others keep their price."
    )
    trial_days: Annotated[Integer, Field(ge=0, le=90)] | None = None
    grace_days: Annotated[Integer, Field(ge=0, le=30)] | None = Field(
        None, description="How long a household may go on watching after a missed payment."
    )
    max_streams: Annotated[Integer, Field(ge=1, le=20)] | None = Field(
        None, description="How many may watch at once."
    )
    max_profiles: Annotated[Integer, Field(ge=1, le=20)] | None = Field(
        None, description="Null: as many as households may have anyway."
    )
    max_quality: Quality | None = None
    active: bool | None = Field(
        None, description="False archives it: not sold anew, kept by those who have it."
    )


class CreatePackage(PackageFields):
    """A new package."""

    slug: PackageSlug
    name: Line = Field(examples=["Premium"])
    tier: Tier | None = Field(None, description="The slug, where it is left out.")
    kind: PackageKind = Field("base", description="An add-on needs a base package beside it.")
    price_cents: Cents
    currency: Currency
    billing_period: BillingPeriod = "month"


class UpdatePackage(PackageFields):
    """What changes. Kind, currency and period can change while nobody has subscribed to it."""

    slug: PackageSlug | None = None
    kind: PackageKind | None = None
    currency: Currency | None = None
    billing_period: BillingPeriod | None = None
    reason: Reason | None = None


class AdminPackage(Output):
    """A package as staff sees it."""

    id: UUID
    slug: str = Field(examples=["premium"])
    name: str = Field(examples=["Premium"])
    description: str | None
    tier: str = Field(examples=["premium"])
    kind: PackageKind
    rank: int
    price_cents: int = Field(examples=[1299])
    currency: str = Field(examples=["USD"])
    billing_period: BillingPeriod
    trial_days: int
    grace_days: int
    max_streams: int
    max_profiles: int | None
    max_quality: Quality
    active: bool
    titles: int = Field(description="How many are listed in it, here or there, now or later.")
    rules: int
    channels: int = Field(description="How many it carries, here or there, now or later.")
    version: int
    created_at: datetime
    updated_at: datetime


class AdminPackages(Output):
    """All packages: those for sale first, then as viewers see them."""

    items: list[AdminPackage]


class PackageOut(Output):
    """A package as viewers see it."""

    slug: str = Field(examples=["premium"])
    name: str = Field(examples=["Premium"])
    description: str | None
    kind: PackageKind = Field(description="An add-on needs a base package beside it.")
    price_cents: int = Field(description="Per period.", examples=[1299])
    currency: str = Field(examples=["USD"])
    billing_period: BillingPeriod
    trial_days: int = Field(description="0: none, or the household has used it.")
    max_streams: int = Field(description="How many may watch at once.")
    max_profiles: int
    max_quality: Quality
    state: Literal["active", "available"] = Field(description="`active`: the household has it.")
    access_until: datetime | None = Field(
        description="Until when it has it, exclusive; null: it does not, or for good."
    )


class Packages(Stamped):
    """What can be subscribed to: base packages first, each by rank and price."""

    items: list[PackageOut]


class SampleTitle(Output):
    """A title that a package carries."""

    id: UUID
    kind: Literal["movie", "series"]
    name: str = Field(examples=["Metropolis"])
    year: int | None = Field(examples=[1927])
    poster: str | None = Field(description="Address of its picture.")


class PackageChannel(Output):
    """A channel that a package carries."""

    id: UUID
    number: int | None = Field(examples=[7])
    name: str = Field(examples=["Matinee One"])
    logo_url: str | None


class PackageDetail(PackageOut, Stamped):
    """A package, and some of what is in it."""

    titles: list[SampleTitle] = Field(
        description="The newest that this viewer may see, 24 at most."
    )
    channels: list[PackageChannel] = Field(
        description="Those that this viewer may see, by number and name, 100 at most."
    )
    channel_count: int = Field(description="How many of them there are.")
