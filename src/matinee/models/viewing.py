"""Tables of what profiles watched and said about it: sessions, slots, bookmarks, signals, time."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from matinee.models.base import (
    DISTRIBUTED,
    FALSE,
    NEW_ID,
    Base,
    moment,
    one_of,
)

PLAYER_STATES = ("playing", "paused", "buffering")
END_REASONS = (
    "stopped",
    "stopped_remotely",
    "taken_over",
    "not_entitled",
    "viewing_limit",
    "gone",
    "signed_out",
    "blackout",
    "parental_blocked",
)
SIGNAL_KINDS = (
    "loved",
    "liked",
    "completed",
    "watched",
    "listed",
    "neutral",
    "abandoned",
    "disliked",
    "ignored",
)
PLAY_EVENT_KINDS = ("start", "progress", "stop", "finish", "error")

# room on each page for the next version of all its rows: what began in one second lies together
# and is written in the same transactions, every few seconds (HOT updates)
BUSY = {"fillfactor": 45}


def of_profile() -> ForeignKeyConstraint:
    """The rows of a profile go with it."""
    return ForeignKeyConstraint(
        ["user_id", "profile_id"], ["profiles.user_id", "profiles.id"], ondelete="CASCADE"
    )


class ViewingSession(Base):
    """One playback by one device, alive while its lease runs; no index on what beats change.

    `client_at` orders positions by the clock of the client, which may be wrong. `entitled_until` is
    when the grant that it plays by ends, `play_until` when the session itself has to;
    `unlocked_until` is until when a PIN opened what the profile's rating shuts. `airing_id` is the
    airing of a channel that is watched from its beginning or after it was on; without one a channel
    is watched live.
    """

    __tablename__ = "viewing_sessions"
    __table_args__ = (
        of_profile(),
        CheckConstraint("num_nonnulls(title_id, channel_id) = 1", "subject"),
        CheckConstraint(one_of("state", *PLAYER_STATES), "state"),
        CheckConstraint(one_of("end_reason", *END_REASONS), "end_reason"),
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", "ended"),
        Index("viewing_sessions_profile", "user_id", "profile_id", "started_at"),
        Index("viewing_sessions_open", "user_id", postgresql_where=text("ended_at IS NULL")),
        Index(
            "viewing_sessions_key",
            "user_id",
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        {"info": DISTRIBUTED, "postgresql_with": BUSY},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    profile_id: Mapped[UUID]
    title_id: Mapped[UUID | None]
    episode_id: Mapped[UUID | None]
    channel_id: Mapped[UUID | None]
    auth_session_id: Mapped[UUID | None]
    device_id: Mapped[str]
    device_name: Mapped[str]
    territory: Mapped[str]
    incognito: Mapped[bool] = mapped_column(server_default=FALSE)
    recommendation_id: Mapped[UUID | None]
    access_via: Mapped[str | None]
    grant_id: Mapped[UUID | None]
    entitled_until: Mapped[datetime | None]
    play_until: Mapped[datetime | None]
    unlocked_until: Mapped[datetime | None]
    airing_id: Mapped[int | None] = mapped_column(BigInteger)
    idempotency_key: Mapped[str | None]
    request_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(server_default="playing")
    position_seconds: Mapped[int] = mapped_column(server_default="0")
    client_at: Mapped[datetime | None]
    duration_seconds: Mapped[int | None]
    watched_seconds: Mapped[int] = mapped_column(server_default="0")
    started_at: Mapped[datetime] = moment()
    heartbeat_at: Mapped[datetime] = moment()
    lease_until: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]


class StreamSlot(Base):
    """One of the streams a household may have at once (E-07), held by an open viewing session.

    It has no lease of its own: it is free as soon as its session ended or went silent.
    `stream_limit` is how many there could be when it was taken; it may be less by now.
    """

    __tablename__ = "stream_slots"
    __table_args__ = (
        CheckConstraint("slot BETWEEN 1 AND 20", "slot"),
        CheckConstraint("slot <= stream_limit", "stream_limit"),
        ForeignKeyConstraint(
            ["user_id", "session_id"],
            ["viewing_sessions.user_id", "viewing_sessions.id"],
            ondelete="CASCADE",
        ),
        Index("stream_slots_session", "user_id", "session_id", unique=True),
        Index("stream_slots_device", "user_id", "device_id", unique=True),
        Index(
            "stream_slots_rental",
            "user_id",
            "grant_id",
            unique=True,
            postgresql_where=text("grant_id IS NOT NULL"),
        ),
        {"info": DISTRIBUTED},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    stream_limit: Mapped[int] = mapped_column(SmallInteger)
    session_id: Mapped[UUID]
    device_id: Mapped[str]
    grant_id: Mapped[UUID | None]
    taken_at: Mapped[datetime] = moment()


class Bookmark(Base):
    """The resume position of a profile in a movie or an episode; `item_id` is the one played.

    `position_seconds` is where to go on, 0 from the beginning; `finished` once it was watched to
    its end, for good: who watches it again is at a position, and has finished it all the same.
    """

    __tablename__ = "bookmarks"
    __table_args__ = (
        of_profile(),
        CheckConstraint("item_id = coalesce(episode_id, title_id)", "item"),
        CheckConstraint("position_seconds >= 0", "position_seconds"),
        {"info": DISTRIBUTED, "postgresql_with": BUSY},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(primary_key=True)
    title_id: Mapped[UUID] = mapped_column(primary_key=True)
    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    episode_id: Mapped[UUID | None]
    position_seconds: Mapped[int]
    duration_seconds: Mapped[int | None]
    finished: Mapped[bool] = mapped_column(server_default=FALSE)
    starts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    watched_seconds: Mapped[int] = mapped_column(server_default="0")
    audio_language: Mapped[str | None]
    subtitle_language: Mapped[str | None]
    dismissed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = moment()
    updated_at: Mapped[datetime] = moment()


class WatchlistItem(Base):
    """A title on "My List"."""

    __tablename__ = "watchlist"
    __table_args__ = (of_profile(), {"info": DISTRIBUTED})

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(primary_key=True)
    title_id: Mapped[UUID] = mapped_column(primary_key=True)
    added_at: Mapped[datetime] = moment()


class Rating(Base):
    """A profile's opinion of a title: -1 thumbs down, +1 thumbs up, +2 love it; latest wins."""

    __tablename__ = "ratings"
    __table_args__ = (
        of_profile(),
        CheckConstraint("value IN (-1, 1, 2)", "value"),
        {"info": DISTRIBUTED},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(primary_key=True)
    title_id: Mapped[UUID] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(SmallInteger)
    rated_at: Mapped[datetime] = moment()


class ProfileSuppression(Base):
    """A title that a profile never wants to be offered again (R-09)."""

    __tablename__ = "profile_suppressions"
    __table_args__ = (of_profile(), {"info": DISTRIBUTED})

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(primary_key=True)
    title_id: Mapped[UUID] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = moment()


class TitleView(Base):
    """When a profile last opened a title's page (S-06)."""

    __tablename__ = "title_views"
    __table_args__ = (of_profile(), {"info": DISTRIBUTED})

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(primary_key=True)
    title_id: Mapped[UUID] = mapped_column(primary_key=True)
    viewed_at: Mapped[datetime] = moment()


class ProfileSignal(Base):
    """What a profile's behaviour says about a title, in one word; `ignored` by its own wish."""

    __tablename__ = "profile_signals"
    __table_args__ = (
        of_profile(),
        CheckConstraint(one_of("kind", *SIGNAL_KINDS), "kind"),
        {"info": DISTRIBUTED},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(primary_key=True)
    title_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    at: Mapped[datetime]


class WatchTime(Base):
    """Confirmed seconds per profile, half hour (UTC) and title or channel."""

    __tablename__ = "watch_time"
    __table_args__ = (of_profile(), {"info": DISTRIBUTED, "postgresql_with": BUSY})

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(primary_key=True)
    half_hour: Mapped[datetime] = mapped_column(primary_key=True)
    watched_id: Mapped[UUID] = mapped_column(primary_key=True)
    live: Mapped[bool] = mapped_column(server_default=FALSE)
    seconds: Mapped[int]


class ViewingLimit(Base):
    """When, and for how long a day, a profile may watch on one weekday (0 = Monday)."""

    __tablename__ = "viewing_limits"
    __table_args__ = (
        of_profile(),
        CheckConstraint("weekday BETWEEN 0 AND 6", "weekday"),
        CheckConstraint("minutes BETWEEN 0 AND 1440", "minutes"),
        CheckConstraint(
            "0 <= from_minute AND from_minute < until_minute AND until_minute <= 1440", "hours"
        ),
        {"info": DISTRIBUTED},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(primary_key=True)
    weekday: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    minutes: Mapped[int | None] = mapped_column(SmallInteger)
    from_minute: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    until_minute: Mapped[int] = mapped_column(SmallInteger, server_default="1440")


class PlayEvent(Base):
    """What happened in a session, and how well it played; one partition a month."""

    __tablename__ = "play_events"
    __table_args__: Any = (
        CheckConstraint(one_of("kind", *PLAY_EVENT_KINDS), "kind"),
        {"info": DISTRIBUTED, "postgresql_partition_by": "RANGE (at)"},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    profile_id: Mapped[UUID]
    session_id: Mapped[UUID]
    title_id: Mapped[UUID | None]
    episode_id: Mapped[UUID | None]
    channel_id: Mapped[UUID | None]
    kind: Mapped[str]
    position_seconds: Mapped[int]
    watched_seconds: Mapped[int]
    startup_ms: Mapped[int | None]
    rebuffer_ms: Mapped[int | None]
    bitrate: Mapped[int | None]
    dropped_frames: Mapped[int | None]
    error_code: Mapped[str | None]
    device_kind: Mapped[str | None]
    territory: Mapped[str]
    recommendation_id: Mapped[UUID | None]
