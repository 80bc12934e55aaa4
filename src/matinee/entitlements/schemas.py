"""What access to a title, and the ways to get it, look like to viewers."""

from datetime import datetime
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from matinee.core.schema import Output, made
from matinee.entitlements.access import (
    BillingPeriod,
    Decision,
    Option,
    OptionType,
    Quality,
    Via,
)
from matinee.entitlements.explaining import Reason


class PackageRef(Output):
    """A package by what it is called."""

    id: UUID
    slug: str = Field(examples=["premium"])
    name: str = Field(examples=["Premium"])


class TitleAccess(Output):
    """Whether a title may be played, and why or why not."""

    playable: bool = Field(description="Whether the household may play it now.")
    via: Via = Field(
        description="By which right; or why not. `free` costs nothing, `svod` is in a package of"
        " the household; `locked` has options, `not_in_territory` has none here;"
        " `blackout`: a channel that must not be shown here until then."
    )
    until: datetime | None = Field(description="When that ends; null where no end is known.")
    starts_clock: bool = Field(description="Whether playing begins the time of a rental.")
    changes_at: datetime | None = Field(
        None, exclude=True, description="How long this may be remembered; not told to anybody."
    )


class AccessOption(Output):
    """One way to be allowed to play: held already, or to be had."""

    type: OptionType
    package: PackageRef | None = Field(None, description="Of `svod`.")
    offer_id: UUID | None = Field(None, description="Of all others.")
    season_id: UUID | None = Field(None, description="Where it is for one season alone.")
    price_cents: int = Field(description="In the smallest unit of the currency.", examples=[399])
    currency: str = Field(examples=["USD"])
    billing_period: BillingPeriod | None = Field(
        None, description="How often a package costs its price."
    )
    rental_window_hours: int | None = Field(
        None, description="How long a rental lasts from its first play."
    )
    quality: Quality | None = None
    state: Literal["active", "available"] = Field(
        description="`active`: the household has it already, or it is free."
    )
    expires_at: datetime | None = Field(None, description="Of what is held, where it ends.")
    start_by: datetime | None = Field(
        None, description="Of a rental that was not begun: when it must be at the latest."
    )


class Access(Output):
    """What a viewer is told about access to a title or a season."""

    access: TitleAccess
    access_options: list[AccessOption] = Field(
        description="What lets play: packages, the household's own first, then cheapest first;"
        " then offers. Empty for kids profiles, who see no prices, and where nothing helps."
    )
    best_option: AccessOption | None = Field(
        description="The option that is held already, else the first."
    )


class ExplainedRow(Output):
    """A row that has to do with the title or channel and the household, and what it did."""

    kind: Literal["hold", "grant", "listed", "rule", "offer", "blackout"] = Field(
        description="`listed` and `rule`: a package carries the title, by name or by a rule."
    )
    id: UUID
    reason: Reason = Field(
        description="`decided`, or why it did not: `overruled` by the title, the profile, a hold or"
        " a blackout; `weaker_right`: another one goes first; `for_sale`: a price alone lets nobody"
        " play."
    )
    type: str | None = Field(None, description="Of a grant or an offer: what kind; of a hold: why.")
    source: str | None = Field(None, description="Of a grant: where it comes from.")
    package: PackageRef | None = None
    season_id: UUID | None = None
    territory: str | None = None
    quality: Quality | None = None
    price_cents: int | None = None
    currency: str | None = None
    starts_at: datetime | None = Field(None, description="Null: always so.")
    ends_at: datetime | None = Field(None, description="Null: no end is known.")
    revoke_reason: str | None = None


class AccessExplanation(Access):
    """A decision, and every row that could have had a say in it."""

    title_id: UUID | None
    season_id: UUID | None
    channel_id: UUID | None
    at: datetime = Field(description="The moment that was looked at: the server's now, or `at`.")
    territory: str
    shown: bool = Field(description="Published, and inside its rights window here.")
    suitable: bool = Field(description="The profile's settings let it see the title.")
    sold: bool = Field(description="In some package, or offered, somewhere at some time.")
    rows: list[ExplainedRow] = Field(description="Those that decided come first.")


def access_fields(decision: Decision) -> dict[str, Any]:
    """The fields of `Access`; what comes from us needs no validation."""
    options = [_option(option) for option in decision.options]
    best = decision.best_option
    return {
        "access": made(
            TitleAccess,
            playable=decision.playable,
            via=decision.via,
            until=decision.until,
            starts_clock=decision.starts_clock,
            changes_at=decision.changes_at,
        ),
        "access_options": options,
        "best_option": options[decision.options.index(best)] if best else None,
    }


def _option(option: Option) -> AccessOption:
    package, offer = option.package, option.offer
    return made(
        AccessOption,
        type=option.type,
        package=package_ref(package.id, package.slug, package.name) if package else None,
        offer_id=offer.id if offer else None,
        season_id=offer.season_id if offer else None,
        price_cents=option.price_cents,
        currency=option.currency,
        billing_period=package.billing_period if package else None,
        rental_window_hours=offer.rental_window_hours if offer else None,
        quality=offer.quality if offer else package.max_quality if package else None,
        state=option.state,
        expires_at=option.expires_at,
        start_by=option.start_by,
    )


@lru_cache(maxsize=1024)
def package_ref(package_id: UUID, slug: str, name: str) -> PackageRef:
    """A package by what it is called; a page names the same few many times."""
    return made(PackageRef, id=package_id, slug=slug, name=name)
