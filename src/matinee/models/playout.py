"""Tables of our own linear channels: media on the segment grid, plans and what plays when."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from matinee.models.base import EMPTY_OBJECT, FALSE, REFERENCE, Base, key, moment, one_of
from matinee.models.live import channel_key

SEGMENT_SECONDS = 4
"""Length of a segment; the grid of everything that our own origin plays."""

PLAN_KINDS = ("loop", "shuffle", "blocks", "day_parts")


class MediaFile(Base):
    """Media in the folder of the built-in origin, in segments of `SEGMENT_SECONDS`, by its slug.

    A title plays one by a media asset of protocol `builtin`, whose `url` is the slug.
    """

    __tablename__ = "media_files"
    __table_args__ = (
        CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'", "slug"),
        CheckConstraint("segment_count > 0", "segment_count"),
        {"info": REFERENCE},
    )

    slug: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    segment_count: Mapped[int]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=EMPTY_OBJECT)
    created_at: Mapped[datetime] = moment()


class LinearPlan(Base):
    """How a linear channel is filled; `filler` plays where a slot has time left."""

    __tablename__ = "linear_plans"
    __table_args__ = (
        CheckConstraint(one_of("kind", *PLAN_KINDS), "kind"),
        CheckConstraint("slot_minutes IN (5, 10, 15, 30, 60)", "slot_minutes"),
        {"info": REFERENCE},
    )

    channel_id: Mapped[UUID] = channel_key(primary_key=True)
    kind: Mapped[str]
    plan: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=EMPTY_OBJECT)
    filler: Mapped[str] = mapped_column(ForeignKey("media_files.slug"))
    slot_minutes: Mapped[int] = mapped_column(SmallInteger, server_default="30")
    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[datetime] = moment()


class LinearSlot(Base):
    """A planned airing of a linear channel and the media that fill it; `locked` ones have runs.

    The media are played in turn, again and again, for `content_segments`; what is left of the slot
    is filler. `asset_id` is the media asset of the catalogue that it plays, without foreign key: a
    slot outlives it until it is planned anew. `plan_version` is that of the plan which it follows.
    """

    __tablename__ = "linear_slots"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", "duration"),
        CheckConstraint("content_segments >= 0", "content_segments"),
        {"info": REFERENCE},
    )

    channel_id: Mapped[UUID] = channel_key(primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    ends_at: Mapped[datetime]
    programme_id: Mapped[int] = mapped_column(ForeignKey("programmes.id"))
    media: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    content_segments: Mapped[int]
    asset_id: Mapped[UUID | None]
    plan_version: Mapped[int]
    locked: Mapped[bool] = mapped_column(server_default=FALSE)


class PlayoutRun(Base):
    """What a linear channel plays from media sequence number `first_sequence` on, never changed.

    A channel's runs follow each other without gap; the oldest are deleted, but for recordings.

    `media` are played in turn, again and again, until `segment_count` segments are over; each has
    as many as `media_segments` says. Where one begins there is a discontinuity, the first numbered
    `first_discontinuity`. Sequence numbers count segments since the epoch of 2026-01-01T00:00:00Z.
    """

    __tablename__ = "playout_runs"
    __table_args__ = (
        CheckConstraint("segment_count > 0", "segment_count"),
        CheckConstraint("cardinality(media) = cardinality(media_segments)", "media_segments"),
        CheckConstraint("cardinality(media) > 0", "media"),
        Index("playout_runs_end", "channel_id", text("(first_sequence + segment_count)")),
        {"info": REFERENCE},
    )

    channel_id: Mapped[UUID] = channel_key(primary_key=True)
    first_sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    segment_count: Mapped[int]
    media: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    media_segments: Mapped[list[int]] = mapped_column(ARRAY(Integer()))
    first_discontinuity: Mapped[int] = mapped_column(BigInteger)


class ChannelRecording(Base):
    """A time of a linear channel that stays to be watched: as long as it is there, its runs are."""

    __tablename__ = "channel_recordings"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", "window"),
        Index("channel_recordings_channel", "channel_id", "starts_at"),
        {"info": REFERENCE},
    )

    id: Mapped[UUID] = key()
    channel_id: Mapped[UUID] = channel_key()
    name: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    created_at: Mapped[datetime] = moment()
