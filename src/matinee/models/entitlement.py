"""Tables of what may be watched: packages, offers, grants, holds, codes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from matinee.models.base import (
    DISTRIBUTED,
    LOOKUP,
    NEW_ID,
    REFERENCE,
    Base,
    key,
    labels,
    moment,
    one_of,
)
from matinee.models.catalog import TITLE_KINDS, title_key

PACKAGE_KINDS = ("base", "addon")
BILLING_PERIODS = ("month", "year")
QUALITIES = ("sd", "hd", "uhd")
"""Worst first."""

OFFER_TYPES = ("rent", "buy", "free")
GRANT_KINDS = ("package", "rent", "buy")
GRANT_SOURCES = ("svod", "tvod", "promo", "trial", "gift", "admin")

MOST_CENTS = 100_000_000
WINDOW = "tstzrange(available_from, available_until)"
WHOLE_TITLE = "coalesce(season_id, '00000000-0000-0000-0000-000000000000'::uuid)"
"""A key of what an offer or a grant is for; `NULL` would equal nothing."""


def licence_window() -> tuple[CheckConstraint, CheckConstraint]:
    """Where and when something may be played or sold; `**` is everywhere."""
    return (
        CheckConstraint("available_from < available_until", "window"),
        CheckConstraint("territory = '**' OR territory ~ '^[A-Z]{2}$'", "territory"),
    )


def price() -> tuple[CheckConstraint, CheckConstraint]:
    """An amount in the smallest unit of a currency."""
    return (
        CheckConstraint(f"price_cents BETWEEN 0 AND {MOST_CENTS}", "price_cents"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", "currency"),
    )


def package_key(**options: Any) -> Mapped[Any]:
    """A reference to a package; one that is in use cannot be deleted."""
    return mapped_column(ForeignKey("content_packages.id"), **options)


class ContentPackage(Base):
    """What can be subscribed to: a base package or an add-on; archived ones are not sold anew."""

    __tablename__ = "content_packages"
    __table_args__ = (
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'", "slug"),
        CheckConstraint(one_of("kind", *PACKAGE_KINDS), "kind"),
        *price(),
        CheckConstraint(one_of("billing_period", *BILLING_PERIODS), "billing_period"),
        CheckConstraint("trial_days BETWEEN 0 AND 90", "trial_days"),
        CheckConstraint("grace_days BETWEEN 0 AND 30", "grace_days"),
        CheckConstraint("max_streams BETWEEN 1 AND 20", "max_streams"),
        CheckConstraint("max_profiles BETWEEN 1 AND 20", "max_profiles"),
        CheckConstraint(one_of("max_quality", *QUALITIES), "max_quality"),
        {"info": REFERENCE},
    )

    id: Mapped[UUID] = key()
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    description: Mapped[str | None]
    tier: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default="base")
    rank: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    price_cents: Mapped[int]
    currency: Mapped[str]
    billing_period: Mapped[str] = mapped_column(server_default="month")
    trial_days: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    grace_days: Mapped[int] = mapped_column(SmallInteger, server_default="7")
    max_streams: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    max_profiles: Mapped[int | None] = mapped_column(SmallInteger)
    max_quality: Mapped[str] = mapped_column(server_default="hd")
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = moment()
    updated_at: Mapped[datetime] = moment()


class PackageContent(Base):
    """A title that a package carries in a territory for a time; its episodes come with it.

    The window is two plain columns, not a range: so the planner uses the b-tree.
    """

    __tablename__ = "package_contents"
    __table_args__ = (
        *licence_window(),
        ExcludeConstraint(
            ("title_id", "="),
            ("package_id", "="),
            ("territory", "="),
            (text(WINDOW), "&&"),
            name="package_contents_no_overlap",
            using="gist",
        ),
        Index(
            "package_contents_title",
            "title_id",
            postgresql_include=["package_id", "territory", "available_from", "available_until"],
        ),
        Index("package_contents_package", "package_id", "title_id"),
        {"info": REFERENCE},
    )

    id: Mapped[UUID] = key()
    package_id: Mapped[UUID] = package_key()
    title_id: Mapped[UUID] = title_key()
    territory: Mapped[str] = mapped_column(server_default="**")
    available_from: Mapped[datetime] = mapped_column(server_default="-infinity")
    available_until: Mapped[datetime] = mapped_column(server_default="infinity")


class PackageRule(Base):
    """Titles that a package carries because of what they are; a rule without conditions: all.

    A title must fulfil every condition given; of genres and tags one is enough.
    """

    __tablename__ = "package_rules"
    __table_args__ = (
        CheckConstraint(one_of("kind", *TITLE_KINDS), "kind"),
        CheckConstraint("year_from <= year_to", "years"),
        *licence_window(),
        Index(None, "package_id"),
        {"info": REFERENCE},
    )

    id: Mapped[UUID] = key()
    package_id: Mapped[UUID] = package_key()
    kind: Mapped[str | None]
    genres: Mapped[list[str]] = labels()
    tags: Mapped[list[str]] = labels()
    year_from: Mapped[int | None] = mapped_column(SmallInteger)
    year_to: Mapped[int | None] = mapped_column(SmallInteger)
    territory: Mapped[str] = mapped_column(server_default="**")
    available_from: Mapped[datetime] = mapped_column(server_default="-infinity")
    available_until: Mapped[datetime] = mapped_column(server_default="infinity")


class TitleOffer(Base):
    """A title or a season for rent, for sale or free; never two prices for one thing at a time.

    `start_within_hours` is how long a rental may wait for its first play; with 0 its window
    begins at the purchase.
    """

    __tablename__ = "title_offers"
    __table_args__ = (
        CheckConstraint(one_of("offer_type", *OFFER_TYPES), "offer_type"),
        *price(),
        CheckConstraint("(offer_type = 'free') = (price_cents = 0)", "free"),
        CheckConstraint("(offer_type = 'rent') = (rental_window_hours IS NOT NULL)", "rent"),
        CheckConstraint("rental_window_hours BETWEEN 1 AND 8760", "rental_window_hours"),
        CheckConstraint("start_within_hours BETWEEN 0 AND 8760", "start_within_hours"),
        CheckConstraint(one_of("quality", *QUALITIES), "quality"),
        *licence_window(),
        ExcludeConstraint(
            ("title_id", "="),
            (text(WHOLE_TITLE), "="),
            ("offer_type", "="),
            ("quality", "="),
            ("territory", "="),
            ("currency", "="),
            (text(WINDOW), "&&"),
            name="title_offers_no_overlap",
            using="gist",
            where=text("active"),
        ),
        Index("title_offers_title", "title_id"),
        Index(
            "title_offers_free",
            "title_id",
            postgresql_where=text("offer_type = 'free' AND active"),
        ),
        {"info": REFERENCE},
    )

    id: Mapped[UUID] = key()
    title_id: Mapped[UUID] = title_key()
    season_id: Mapped[UUID | None] = mapped_column(ForeignKey("seasons.id", ondelete="CASCADE"))
    offer_type: Mapped[str]
    price_cents: Mapped[int]
    currency: Mapped[str]
    rental_window_hours: Mapped[int | None]
    start_within_hours: Mapped[int] = mapped_column(server_default="720")
    quality: Mapped[str] = mapped_column(server_default="hd")
    territory: Mapped[str] = mapped_column(server_default="**")
    available_from: Mapped[datetime] = mapped_column(server_default="-infinity")
    available_until: Mapped[datetime] = mapped_column(server_default="infinity")
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = moment()
    updated_at: Mapped[datetime] = moment()


class UserEntitlement(Base):
    """A grant: what a household may play, from when to when, and where that comes from.

    It is live iff `revoked_at IS NULL AND starts_at <= now AND (expires_at IS NULL OR now <
    expires_at)`. `rental_window_hours` runs from `first_played_at`.
    """

    __tablename__ = "user_entitlements"
    __table_args__ = (
        CheckConstraint(one_of("source_type", *GRANT_SOURCES), "source_type"),
        CheckConstraint(one_of("kind", *GRANT_KINDS), "kind"),
        CheckConstraint("(kind = 'package') = (package_id IS NOT NULL)", "package"),
        CheckConstraint("(kind <> 'package') = (title_id IS NOT NULL)", "title"),
        CheckConstraint("season_id IS NULL OR title_id IS NOT NULL", "season"),
        CheckConstraint(
            "kind <> 'rent' OR (expires_at IS NOT NULL AND rental_window_hours IS NOT NULL)", "rent"
        ),
        CheckConstraint("kind <> 'buy' OR expires_at IS NULL", "buy"),
        CheckConstraint("expires_at >= starts_at", "window"),
        CheckConstraint("(revoked_at IS NULL) = (revoke_reason IS NULL)", "revoked"),
        ExcludeConstraint(
            ("user_id", "="),
            ("title_id", "="),
            (text(WHOLE_TITLE), "="),
            (text("tstzrange(starts_at, expires_at)"), "&&"),
            name="user_entitlements_one_live_rent",
            using="gist",
            where=text("kind = 'rent' AND revoked_at IS NULL"),
        ),
        Index(
            "user_entitlements_one_live_buy",
            "user_id",
            "title_id",
            "season_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("kind = 'buy' AND revoked_at IS NULL"),
        ),
        Index(
            "user_entitlements_one_per_source",
            "user_id",
            "source_type",
            "source_id",
            unique=True,
            postgresql_where=text("source_id IS NOT NULL"),
        ),
        Index(
            "user_entitlements_live",
            "user_id",
            "title_id",
            postgresql_where=text("revoked_at IS NULL"),
        ),
        {"info": DISTRIBUTED},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    source_type: Mapped[str]
    source_id: Mapped[UUID | None]
    kind: Mapped[str]
    package_id: Mapped[UUID | None] = package_key()
    title_id: Mapped[UUID | None]
    season_id: Mapped[UUID | None]
    quality: Mapped[str | None]
    starts_at: Mapped[datetime] = moment()
    expires_at: Mapped[datetime | None]
    rental_window_hours: Mapped[int | None]
    first_played_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoke_reason: Mapped[str | None]
    created_at: Mapped[datetime] = moment()


class AccountHold(Base):
    """Why a household may not play or buy for now: a dispute, or staff; live until lifted."""

    __tablename__ = "account_holds"
    __table_args__ = (
        CheckConstraint("blocks_playback OR blocks_purchase", "blocks"),
        Index("account_holds_live", "user_id", postgresql_where=text("lifted_at IS NULL")),
        Index(
            "account_holds_one_per_source",
            "user_id",
            "source_id",
            unique=True,
            postgresql_where=text("source_id IS NOT NULL"),
        ),
        {"info": DISTRIBUTED},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    blocks_playback: Mapped[bool]
    blocks_purchase: Mapped[bool]
    reason: Mapped[str]
    source_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = moment()
    lifted_at: Mapped[datetime | None]


class PromoCode(Base):
    """A code that gives a package for some days, or a title for good; only its hash is kept."""

    __tablename__ = "promo_codes"
    __table_args__ = (
        CheckConstraint(one_of("kind", "promo", "gift"), "kind"),
        CheckConstraint("num_nonnulls(package_id, title_id) = 1", "gives"),
        CheckConstraint("(package_id IS NULL) = (days IS NULL)", "days"),
        CheckConstraint("days BETWEEN 1 AND 3660", "length"),
        CheckConstraint("max_redemptions > 0", "max_redemptions"),
        CheckConstraint("redeemed BETWEEN 0 AND max_redemptions", "redeemed"),
        CheckConstraint("valid_from < valid_until", "window"),
        {"info": LOOKUP},
    )

    id: Mapped[UUID] = key()
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    label: Mapped[str]
    kind: Mapped[str]
    package_id: Mapped[UUID | None] = package_key()
    days: Mapped[int | None]
    title_id: Mapped[UUID | None]
    max_redemptions: Mapped[int]
    redeemed: Mapped[int] = mapped_column(server_default="0")
    valid_from: Mapped[datetime] = moment()
    valid_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = moment()


class PromoRedemption(Base):
    """A household has used a code; once."""

    __tablename__ = "promo_redemptions"
    __table_args__ = ({"info": DISTRIBUTED},)

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    promo_id: Mapped[UUID] = mapped_column(primary_key=True)
    grant_id: Mapped[UUID]
    created_at: Mapped[datetime] = moment()


class TrialRedemption(Base):
    """A trial was begun by this household, or with this means of payment (hashed); once each."""

    __tablename__ = "trial_redemptions"
    __table_args__ = ({"info": LOOKUP},)

    package_id: Mapped[UUID] = package_key(primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[UUID]
    created_at: Mapped[datetime] = moment()
