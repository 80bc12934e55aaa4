"""Tables of live channels: what they are, who may watch them, what profiles made of them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from matinee.models.base import (
    DISTRIBUTED,
    EMPTY_OBJECT,
    FALSE,
    LOOKUP,
    NEW_ID,
    REFERENCE,
    Base,
    key,
    labels,
    moment,
    one_of,
)
from matinee.models.entitlement import WINDOW, licence_window, package_key
from matinee.models.viewing import BUSY, of_profile

CHANNEL_KINDS = ("external", "linear")
CHANNEL_STATES = ("draft", "published", "hidden")
DELIVERIES = ("proxy", "direct")
REMINDER_KINDS = ("airing", "series")


def channel_key(**options: Any) -> Mapped[Any]:
    """A reference to a channel; the row goes with it."""
    return mapped_column(ForeignKey("channels.id", ondelete="CASCADE"), **options)


class Channel(Base):
    """A live channel: `external` ones come from `hls_live_url`, `linear` ones from our own media.

    `delivery` says how an external stream reaches players: its playlists through us (`proxy`), or
    by an address that the channel's `signer` signs (`direct`). `stream_number` names the channel
    where clients can only take a small number. `edited_fields` were set by hand: an import of a
    channel list leaves them alone. `guide_shift_minutes` are added to the times of its guide.
    """

    __tablename__ = "channels"
    __table_args__ = (
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'", "slug"),
        CheckConstraint(one_of("kind", *CHANNEL_KINDS), "kind"),
        CheckConstraint(one_of("status", *CHANNEL_STATES), "status"),
        CheckConstraint(one_of("delivery", *DELIVERIES), "delivery"),
        CheckConstraint("number BETWEEN 1 AND 99999", "number"),
        CheckConstraint("maturity_score BETWEEN 0 AND 21", "maturity_score"),
        CheckConstraint("catch_up_days BETWEEN 0 AND 30", "catch_up_days"),
        CheckConstraint("dvr_minutes BETWEEN 1 AND 360", "dvr_minutes"),
        CheckConstraint("guide_shift_minutes BETWEEN -1440 AND 1440", "guide_shift_minutes"),
        Index("channels_order", text("coalesce(number, 2147483647)"), "name", "id"),
        Index("channels_folded_name", "folded_name"),
        {"info": REFERENCE},
    )

    id: Mapped[UUID] = key()
    stream_number: Mapped[int] = mapped_column(
        BigInteger, unique=True, server_default=text("nextval('channel_stream_numbers')")
    )
    slug: Mapped[str] = mapped_column(unique=True)
    tvg_id: Mapped[str | None] = mapped_column(unique=True)
    number: Mapped[int | None]
    name: Mapped[str]
    folded_name: Mapped[str]
    description: Mapped[str | None]
    kind: Mapped[str] = mapped_column(server_default="external")
    status: Mapped[str] = mapped_column(server_default="draft")
    group_title: Mapped[str | None]
    genres: Mapped[list[str]] = labels()
    tags: Mapped[list[str]] = labels()
    language: Mapped[str | None]
    country: Mapped[str | None]
    logo_url: Mapped[str | None]
    radio: Mapped[bool] = mapped_column(server_default=FALSE)
    maturity_score: Mapped[int | None] = mapped_column(SmallInteger)
    hls_live_url: Mapped[str | None]
    delivery: Mapped[str] = mapped_column(server_default="proxy")
    signer: Mapped[str | None]
    stream_headers: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=EMPTY_OBJECT)
    catch_up: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=EMPTY_OBJECT)
    catch_up_days: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    start_over: Mapped[bool] = mapped_column(server_default=FALSE)
    dvr_minutes: Mapped[int] = mapped_column(SmallInteger, server_default="10")
    time_zone: Mapped[str] = mapped_column(server_default="UTC")
    guide_shift_minutes: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    edited_fields: Mapped[list[str]] = labels()
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = moment()
    updated_at: Mapped[datetime] = moment()


class ChannelAlias(Base):
    """Another name of a channel, folded; choices that somebody confirmed become aliases."""

    __tablename__ = "channel_aliases"
    __table_args__ = (Index("channel_aliases_name", "folded_name"), {"info": REFERENCE})

    channel_id: Mapped[UUID] = channel_key(primary_key=True)
    folded_name: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = moment()


class PackageChannel(Base):
    """A channel that a package carries in a territory for a time."""

    __tablename__ = "package_channels"
    __table_args__ = (
        *licence_window(),
        ExcludeConstraint(
            ("channel_id", "="),
            ("package_id", "="),
            ("territory", "="),
            (text(WINDOW), "&&"),
            name="package_channels_no_overlap",
            using="gist",
        ),
        Index("package_channels_channel", "channel_id"),
        Index("package_channels_package", "package_id", "channel_id"),
        {"info": REFERENCE},
    )

    id: Mapped[UUID] = key()
    package_id: Mapped[UUID] = package_key()
    channel_id: Mapped[UUID] = channel_key()
    territory: Mapped[str] = mapped_column(server_default="**")
    available_from: Mapped[datetime] = mapped_column(server_default="-infinity")
    available_until: Mapped[datetime] = mapped_column(server_default="infinity")


class Blackout(Base):
    """A time in which a channel must not be played in a territory."""

    __tablename__ = "blackouts"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", "window"),
        CheckConstraint("territory = '**' OR territory ~ '^[A-Z]{2}$'", "territory"),
        Index("blackouts_channel", "channel_id", "ends_at"),
        {"info": REFERENCE},
    )

    id: Mapped[UUID] = key()
    channel_id: Mapped[UUID] = channel_key()
    territory: Mapped[str] = mapped_column(server_default="**")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str]
    created_at: Mapped[datetime] = moment()


class ChannelFavourite(Base):
    """A channel that a profile put first, at a place of its own list."""

    __tablename__ = "channel_favourites"
    __table_args__ = (of_profile(), {"info": DISTRIBUTED})

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(primary_key=True)
    channel_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int]
    added_at: Mapped[datetime] = moment()


class ChannelView(Base):
    """Seconds a profile watched a channel live on a day (UTC), zapping left out (L-06)."""

    __tablename__ = "channel_views"
    __table_args__ = (of_profile(), {"info": DISTRIBUTED, "postgresql_with": BUSY})

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(primary_key=True)
    channel_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    seconds: Mapped[int]


class ReminderSeries(Base):
    """A wish to be reminded of every airing of a series, on one channel or wherever it comes."""

    __tablename__ = "reminder_series"
    __table_args__ = (
        of_profile(),
        CheckConstraint("lead_minutes BETWEEN 0 AND 1440", "lead_minutes"),
        Index("reminder_series_key", "series_key"),
        Index("reminder_series_profile", "user_id", "profile_id"),
        {"info": DISTRIBUTED},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    profile_id: Mapped[UUID]
    series_key: Mapped[str]
    title: Mapped[str]
    channel_id: Mapped[UUID | None]
    lead_minutes: Mapped[int] = mapped_column(SmallInteger, server_default="10")
    created_at: Mapped[datetime] = moment()


class ScheduleReminder(Base):
    """A profile wants to hear before one airing begins (L-08); when that is, the guide says.

    What the airing was is kept here for the day that the guide drops it. `deleted_at`: an
    occurrence that was deleted stays so, though its series goes on.
    """

    __tablename__ = "schedule_reminders"
    __table_args__ = (
        of_profile(),
        CheckConstraint(one_of("kind", *REMINDER_KINDS), "kind"),
        CheckConstraint("lead_minutes BETWEEN 0 AND 1440", "lead_minutes"),
        Index("schedule_reminders_airing", "user_id", "profile_id", "airing_id", unique=True),
        Index("schedule_reminders_due", "airing_id", postgresql_where=text("deleted_at IS NULL")),
        {"info": DISTRIBUTED},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    profile_id: Mapped[UUID]
    airing_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(server_default="airing")
    series_id: Mapped[UUID | None]
    channel_id: Mapped[UUID]
    title: Mapped[str]
    starts_at: Mapped[datetime]
    lead_minutes: Mapped[int] = mapped_column(SmallInteger, server_default="10")
    sent_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = moment()


class ExportCredential(Base):
    """A user name and password by which a household's device reads its guide and channels."""

    __tablename__ = "export_credentials"
    __table_args__ = (
        Index("export_credentials_household", "user_id"),
        {"info": LOOKUP},
    )

    username: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(server_default=NEW_ID)
    user_id: Mapped[UUID]
    profile_id: Mapped[UUID]
    name: Mapped[str]
    password_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = moment()
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
