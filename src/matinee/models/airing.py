"""Tables of the guide: where it comes from, programmes, their airings, what changed when."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pgvector.sqlalchemy import Vector
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from matinee.models.base import (
    EMPTY_OBJECT,
    FALSE,
    LOCAL,
    REFERENCE,
    Base,
    key,
    labels,
    moment,
    one_of,
)
from matinee.models.catalog import EMBEDDING_DIMS
from matinee.models.live import channel_key

SOURCE_KINDS = ("url", "upload")
MAP_METHODS = ("tvg_id", "name", "squashed", "fuzzy", "alias", "manual")
MAP_STATES = ("applied", "suggested", "rejected")
IMPORT_STATES = ("running", "done", "refused", "failed")
LINK_METHODS = ("external_id", "title_year", "episode", "manual")
SUGGESTION_STATES = ("suggested", "rejected")


class EpgSource(Base):
    """A feed of guide data; where several know a channel, the highest `priority` fills it.

    `lease_until`: some process imports it now.
    """

    __tablename__ = "epg_sources"
    __table_args__ = (
        CheckConstraint(one_of("kind", *SOURCE_KINDS), "kind"),
        CheckConstraint("(kind = 'url') = (url IS NOT NULL)", "url"),
        CheckConstraint("default_offset_minutes BETWEEN -840 AND 840", "default_offset_minutes"),
        CheckConstraint("refresh_minutes BETWEEN 15 AND 10080", "refresh_minutes"),
        {"info": REFERENCE},
    )

    id: Mapped[UUID] = key()
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    url: Mapped[str | None]
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    country: Mapped[str | None]
    default_offset_minutes: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    refresh_minutes: Mapped[int] = mapped_column(server_default="720")
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    http_etag: Mapped[str | None]
    http_last_modified: Mapped[str | None]
    programmes: Mapped[int | None]
    last_run_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    lease_id: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = moment()


class EpgSourceChannel(Base):
    """A channel as a source names it; kept for mapping whether or not it is mapped."""

    __tablename__ = "epg_source_channels"
    __table_args__ = ({"info": REFERENCE},)

    source_id: Mapped[UUID] = mapped_column(
        ForeignKey("epg_sources.id", ondelete="CASCADE"), primary_key=True
    )
    xmltv_id: Mapped[str] = mapped_column(primary_key=True)
    names: Mapped[list[str]] = labels()
    number: Mapped[str | None]
    icon_url: Mapped[str | None]
    programmes: Mapped[int] = mapped_column(server_default="0")
    seen_at: Mapped[datetime] = moment()


class ChannelEpgMap(Base):
    """Which of our channels a source's channel fills, or could fill.

    `locked`: somebody chose it; no matching changes it. A channel without number can be fed by a
    source's channel an hour later: `shift_minutes`.
    """

    __tablename__ = "channel_epg_map"
    __table_args__ = (
        ForeignKeyConstraint(
            ["source_id", "xmltv_id"],
            ["epg_source_channels.source_id", "epg_source_channels.xmltv_id"],
            ondelete="CASCADE",
        ),
        CheckConstraint(one_of("method", *MAP_METHODS), "method"),
        CheckConstraint(one_of("state", *MAP_STATES), "state"),
        CheckConstraint("shift_minutes BETWEEN -1440 AND 1440", "shift_minutes"),
        CheckConstraint("score BETWEEN 0 AND 1", "score"),
        Index("channel_epg_map_channel", "channel_id"),
        {"info": REFERENCE},
    )

    source_id: Mapped[UUID] = mapped_column(primary_key=True)
    xmltv_id: Mapped[str] = mapped_column(primary_key=True)
    channel_id: Mapped[UUID] = channel_key(primary_key=True)
    shift_minutes: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    method: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="applied")
    score: Mapped[float] = mapped_column(server_default="1")
    locked: Mapped[bool] = mapped_column(server_default=FALSE)
    changed_at: Mapped[datetime] = moment()


class Programme(Base):
    """What is broadcast, once for however many airings; `content_key` is a hash of all it says.

    `series_key` is the same for all episodes of a series. `title_id` is the title of our catalogue
    that it is, by `link_method`; both stay empty where none was found when it was looked for, at
    `linked_at`.
    """

    __tablename__ = "programmes"
    __table_args__ = (
        CheckConstraint("maturity_score BETWEEN 0 AND 21", "maturity_score"),
        CheckConstraint(one_of("link_method", *LINK_METHODS), "link_method"),
        CheckConstraint("title_id IS NULL OR link_method IS NOT NULL", "link"),
        Index(
            "programmes_folded_title",
            "folded_title",
            postgresql_using="gin",
            postgresql_ops={"folded_title": "gin_trgm_ops"},
        ),
        Index("programmes_series_key", "series_key"),
        Index("programmes_title_id", "title_id", postgresql_where=text("title_id IS NOT NULL")),
        Index("programmes_not_linked", "id", postgresql_where=text("linked_at IS NULL")),
        {"info": REFERENCE},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    content_key: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    title: Mapped[str]
    folded_title: Mapped[str]
    sub_title: Mapped[str | None]
    description: Mapped[str | None]
    season: Mapped[int | None] = mapped_column(SmallInteger)
    episode: Mapped[int | None]
    series_key: Mapped[str | None]
    language: Mapped[str | None]
    categories: Mapped[list[str]] = labels()
    genres: Mapped[list[str]] = labels()
    maturity_label: Mapped[str | None]
    maturity_score: Mapped[int | None] = mapped_column(SmallInteger)
    year: Mapped[int | None] = mapped_column(SmallInteger)
    original_air_date: Mapped[date | None]
    image_url: Mapped[str | None]
    credits: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    external_ids: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=EMPTY_OBJECT)
    title_id: Mapped[UUID | None] = mapped_column(ForeignKey("titles.id", ondelete="SET NULL"))
    episode_id: Mapped[UUID | None] = mapped_column(ForeignKey("episodes.id", ondelete="SET NULL"))
    link_method: Mapped[str | None]
    linked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = moment()


class ProgrammeSuggestion(Base):
    """A title that a programme could be; somebody has to say whether it is."""

    __tablename__ = "programme_suggestions"
    __table_args__ = (
        CheckConstraint(one_of("state", *SUGGESTION_STATES), "state"),
        CheckConstraint("score BETWEEN 0 AND 1", "score"),
        Index("programme_suggestions_title", "title_id"),
        {"info": REFERENCE},
    )

    programme_id: Mapped[int] = mapped_column(
        ForeignKey("programmes.id", ondelete="CASCADE"), primary_key=True
    )
    title_id: Mapped[UUID] = mapped_column(
        ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True
    )
    episode_id: Mapped[UUID | None] = mapped_column(ForeignKey("episodes.id", ondelete="SET NULL"))
    state: Mapped[str] = mapped_column(server_default="suggested")
    score: Mapped[float]
    created_at: Mapped[datetime] = moment()


class ScheduleEntry(Base):
    """An airing: a programme on a channel from `starts_at` until before `ends_at`.

    Two of one channel never overlap. `flags` are bits: 1 new, 2 premiere, 4 repeat, 8 live, 16 last
    chance, 32 subtitles, 64 audio described. One that moves keeps its id.
    """

    __tablename__ = "schedule_entries"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", "duration"),
        ExcludeConstraint(
            ("channel_id", "="),
            (text("tstzrange(starts_at, ends_at)"), "&&"),
            name="schedule_entries_no_overlap",
            using="gist",
            deferrable=True,
            initially="DEFERRED",
        ),
        Index("schedule_entries_channel", "channel_id", "starts_at"),
        Index("schedule_entries_programme", "programme_id", "starts_at"),
        Index("schedule_entries_start", "starts_at"),
        {"info": REFERENCE},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    channel_id: Mapped[UUID] = channel_key()
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    programme_id: Mapped[int] = mapped_column(ForeignKey("programmes.id"))
    flags: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    source_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("epg_sources.id", ondelete="SET NULL")
    )
    start_over: Mapped[bool] = mapped_column(server_default=text("true"))
    catch_up: Mapped[bool] = mapped_column(server_default=text("true"))


class GuideDay(Base):
    """The revision in which the guide of a channel last changed on a day (UTC)."""

    __tablename__ = "guide_days"
    __table_args__ = ({"info": REFERENCE},)

    channel_id: Mapped[UUID] = channel_key(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    rev: Mapped[int] = mapped_column(BigInteger)


class GuideRevision(Base):
    """The one row that counts revisions of the guide.

    Whoever changes airings raises it as the last thing in his transaction: revisions become visible
    in their order, and nobody who asks for what came after one misses another.
    """

    __tablename__ = "guide_revision"
    __table_args__ = (CheckConstraint("id = 1", "single"), {"info": REFERENCE})

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    rev: Mapped[int] = mapped_column(BigInteger)


class EpgImport(Base):
    """A run of an import of a guide, with its report."""

    __tablename__ = "epg_imports"
    __table_args__ = (
        CheckConstraint(one_of("state", *IMPORT_STATES), "state"),
        Index("epg_imports_source", "source_id", "started_at"),
        {"info": LOCAL},
    )

    id: Mapped[UUID] = key()
    source_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(server_default="running")
    started_by: Mapped[UUID | None]
    report: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=EMPTY_OBJECT)
    started_at: Mapped[datetime] = moment()
    finished_at: Mapped[datetime | None]


class ProgrammeEmbedding(Base):
    """What a programme's text means, once for all its airings."""

    __tablename__ = "programme_embeddings"
    __table_args__ = ({"info": REFERENCE},)

    programme_id: Mapped[int] = mapped_column(
        ForeignKey("programmes.id", ondelete="CASCADE"), primary_key=True
    )
    model: Mapped[str] = mapped_column(primary_key=True)
    embedding: Mapped[Any] = mapped_column(Vector(EMBEDDING_DIMS))
