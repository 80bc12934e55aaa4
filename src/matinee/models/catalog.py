"""Tables of the catalogue: titles and all that belongs to them, people, genres, collections."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pgvector.sqlalchemy import Vector
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from matinee.models.base import (
    EMPTY_OBJECT,
    FALSE,
    REFERENCE,
    Base,
    key,
    labels,
    moment,
    one_of,
)

TITLE_KINDS = ("movie", "series")
TITLE_STATES = ("draft", "published", "takedown")
CREDIT_ROLES = ("director", "writer", "actor", "composer", "producer", "cinematographer", "editor")
IMAGE_KINDS = ("poster", "backdrop", "thumb", "logo")
ASSET_KINDS = ("main", "trailer", "extra")
ASSET_PROTOCOLS = ("hls", "dash", "file", "builtin")
EMBEDDING_DIMS = 384


class MaturityRating(Base):
    """One label of a national rating system and the age it stands for (0..21)."""

    __tablename__ = "maturity_ratings"
    __table_args__ = (CheckConstraint("score BETWEEN 0 AND 21", "score"), {"info": REFERENCE})

    system: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(primary_key=True)
    country: Mapped[str]
    score: Mapped[int] = mapped_column(SmallInteger)
    description: Mapped[str]


class Genre(Base):
    """A genre; titles name it by its slug."""

    __tablename__ = "genres"
    __table_args__ = ({"info": REFERENCE},)

    slug: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    names: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=EMPTY_OBJECT)


class Title(Base):
    """A movie or a series; `number` is its short name in learned tables.

    `segments` of a movie are intro, recap, credits, preview in seconds.
    """

    __tablename__ = "titles"
    __table_args__ = (
        CheckConstraint(one_of("kind", *TITLE_KINDS), "kind"),
        CheckConstraint(one_of("status", *TITLE_STATES), "status"),
        CheckConstraint("maturity_score BETWEEN 0 AND 21", "maturity_score"),
        Index(
            "titles_browse_newest", "added_at", "id", postgresql_where=text("status = 'published'")
        ),
        Index(
            "titles_browse_name", "sort_name", "id", postgresql_where=text("status = 'published'")
        ),
        Index(
            "titles_browse_year",
            text("coalesce(year, 0)"),
            "id",
            postgresql_where=text("status = 'published'"),
        ),
        Index(
            "titles_browse_oldest",
            text("coalesce(year, 32767)"),
            "id",
            postgresql_where=text("status = 'published'"),
        ),
        Index("titles_genres", "genres", postgresql_using="gin"),
        Index("titles_mood_tags", "mood_tags", postgresql_using="gin"),
        Index("titles_theme_tags", "theme_tags", postgresql_using="gin"),
        Index("titles_language", "language"),
        Index("titles_featured", "id", postgresql_where=text("is_featured")),
        Index(
            "titles_folded_name",
            "folded_name",
            postgresql_using="gin",
            postgresql_ops={"folded_name": "gin_trgm_ops"},
        ),
        Index(
            "titles_name_prefix",
            func.substr(text("folded_name"), text("1"), text("64")).label("prefix"),
            "id",
            postgresql_ops={"prefix": "text_pattern_ops"},
            postgresql_where=text("status = 'published'"),
        ),
        {"info": REFERENCE},
    )

    id: Mapped[UUID] = key()
    number: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    external_id: Mapped[str | None] = mapped_column(unique=True)
    kind: Mapped[str]
    name: Mapped[str]
    original_name: Mapped[str | None]
    sort_name: Mapped[str]
    folded_name: Mapped[str]
    tagline: Mapped[str | None]
    synopsis: Mapped[str | None]
    year: Mapped[int | None] = mapped_column(SmallInteger)
    runtime_minutes: Mapped[int | None]
    language: Mapped[str | None]
    audio_languages: Mapped[list[str]] = labels()
    subtitle_languages: Mapped[list[str]] = labels()
    genres: Mapped[list[str]] = labels()
    countries: Mapped[list[str]] = labels()
    studios: Mapped[list[str]] = labels()
    tags: Mapped[list[str]] = labels()
    mood_tags: Mapped[list[str]] = labels()
    theme_tags: Mapped[list[str]] = labels()
    ai_description: Mapped[str | None]
    maturity_system: Mapped[str | None]
    maturity_label: Mapped[str | None]
    maturity_score: Mapped[int | None] = mapped_column(SmallInteger)
    is_featured: Mapped[bool] = mapped_column(server_default=FALSE)
    segments: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    external_ids: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=EMPTY_OBJECT)
    status: Mapped[str] = mapped_column(server_default="draft")
    rights_managed: Mapped[bool] = mapped_column(server_default=FALSE)
    import_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    version: Mapped[int] = mapped_column(server_default="1")
    added_at: Mapped[datetime] = moment()
    updated_at: Mapped[datetime] = moment()


def title_key(**options: Any) -> Mapped[Any]:
    """A reference to the title that a row belongs to; goes with it."""
    return mapped_column(ForeignKey("titles.id", ondelete="CASCADE"), **options)


class TitleLocalization(Base):
    """Name and texts of a title in one language."""

    __tablename__ = "title_localizations"
    __table_args__ = ({"info": REFERENCE},)

    title_id: Mapped[UUID] = title_key(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    tagline: Mapped[str | None]
    synopsis: Mapped[str | None]


class TitleRights(Base):
    """When and where a title may be shown; a title without rows may be shown everywhere, always."""

    __tablename__ = "title_rights"
    __table_args__ = (
        CheckConstraint("available_from < available_until", "window"),
        CheckConstraint("territory = '**' OR territory ~ '^[A-Z]{2}$'", "territory"),
        ExcludeConstraint(
            ("title_id", "="),
            ("territory", "="),
            (text("tstzrange(available_from, available_until)"), "&&"),
            name="title_rights_no_overlap",
            using="gist",
        ),
        Index(None, "available_until"),
        Index("title_rights_announced", "available_from", postgresql_where=text("announced")),
        {"info": REFERENCE},
    )

    id: Mapped[UUID] = key()
    title_id: Mapped[UUID] = title_key()
    territory: Mapped[str] = mapped_column(server_default="**")
    available_from: Mapped[datetime] = mapped_column(server_default="-infinity")
    available_until: Mapped[datetime] = mapped_column(server_default="infinity")
    announced: Mapped[bool] = mapped_column(server_default=FALSE)


class Person(Base):
    """Somebody who made or played in titles; `name_key` is the folded name."""

    __tablename__ = "people"
    __table_args__ = (
        Index(
            "people_name_key_trgm",
            "name_key",
            postgresql_using="gin",
            postgresql_ops={"name_key": "gin_trgm_ops"},
        ),
        {"info": REFERENCE},
    )

    id: Mapped[UUID] = key()
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(unique=True)
    external_ids: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=EMPTY_OBJECT)


class TitlePerson(Base):
    """A credit: who did what in a title."""

    __tablename__ = "title_people"
    __table_args__ = (
        CheckConstraint(one_of("role", *CREDIT_ROLES), "role"),
        Index(None, "person_id", "title_id"),
        {"info": REFERENCE},
    )

    title_id: Mapped[UUID] = title_key(primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    role: Mapped[str]
    character: Mapped[str | None]


class Season(Base):
    """A season of a series; number 0 holds the specials."""

    __tablename__ = "seasons"
    __table_args__ = (
        CheckConstraint("number BETWEEN 0 AND 10000", "number"),
        Index("seasons_title_number", "title_id", "number", unique=True),
        {"info": REFERENCE},
    )

    id: Mapped[UUID] = key()
    title_id: Mapped[UUID] = title_key()
    number: Mapped[int]
    name: Mapped[str | None]
    synopsis: Mapped[str | None]
    year: Mapped[int | None] = mapped_column(SmallInteger)
    version: Mapped[int] = mapped_column(server_default="1")


class Episode(Base):
    """An episode of a season; `segments` are intro, recap, credits, preview in seconds."""

    __tablename__ = "episodes"
    __table_args__ = (
        CheckConstraint("number BETWEEN 0 AND 100000", "number"),
        CheckConstraint(one_of("status", *TITLE_STATES), "status"),
        Index("episodes_season_number", "season_id", "number", unique=True),
        Index(None, "title_id"),
        {"info": REFERENCE},
    )

    id: Mapped[UUID] = key()
    title_id: Mapped[UUID] = title_key()
    season_id: Mapped[UUID] = mapped_column(ForeignKey("seasons.id", ondelete="CASCADE"))
    number: Mapped[int]
    name: Mapped[str]
    synopsis: Mapped[str | None]
    air_date: Mapped[date | None]
    runtime_minutes: Mapped[int | None]
    segments: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    status: Mapped[str] = mapped_column(server_default="published")
    version: Mapped[int] = mapped_column(server_default="1")
    added_at: Mapped[datetime] = moment()


class TitleImage(Base):
    """Uploaded or linked artwork; the lowest position of a kind wins over generated art."""

    __tablename__ = "title_images"
    __table_args__ = (
        CheckConstraint(one_of("kind", *IMAGE_KINDS), "kind"),
        Index(None, "title_id", "kind", "position"),
        {"info": REFERENCE},
    )

    id: Mapped[UUID] = key()
    title_id: Mapped[UUID] = title_key()
    kind: Mapped[str]
    url: Mapped[str]
    language: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    position: Mapped[int] = mapped_column(SmallInteger, server_default="0")


class MediaAsset(Base):
    """Something that can be played: a film, an episode, a trailer, an extra."""

    __tablename__ = "media_assets"
    __table_args__ = (
        CheckConstraint(one_of("kind", *ASSET_KINDS), "kind"),
        CheckConstraint(one_of("protocol", *ASSET_PROTOCOLS), "protocol"),
        Index(None, "title_id", "kind"),
        Index(
            "media_assets_episode", "episode_id", postgresql_where=text("episode_id IS NOT NULL")
        ),
        {"info": REFERENCE},
    )

    id: Mapped[UUID] = key()
    title_id: Mapped[UUID] = title_key()
    episode_id: Mapped[UUID | None] = mapped_column(ForeignKey("episodes.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(server_default="main")
    name: Mapped[str | None]
    protocol: Mapped[str]
    url: Mapped[str]
    quality: Mapped[str | None]
    duration_seconds: Mapped[int | None]
    trickplay_url: Mapped[str | None]
    position: Mapped[int] = mapped_column(SmallInteger, server_default="0")


class Collection(Base):
    """An editorial list (S-07): items by hand, or by a saved filter."""

    __tablename__ = "collections"
    __table_args__ = (
        CheckConstraint(one_of("kind", "manual", "smart"), "kind"),
        CheckConstraint(one_of("status", "draft", "published"), "status"),
        CheckConstraint("(kind = 'smart') = (filter IS NOT NULL)", "filter"),
        CheckConstraint("published_from < published_until", "window"),
        {"info": REFERENCE},
    )

    id: Mapped[UUID] = key()
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    description: Mapped[str | None]
    kind: Mapped[str] = mapped_column(server_default="manual")
    filter: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    image_url: Mapped[str | None]
    position: Mapped[int] = mapped_column(server_default="0")
    status: Mapped[str] = mapped_column(server_default="draft")
    published_from: Mapped[datetime] = mapped_column(server_default="-infinity")
    published_until: Mapped[datetime] = mapped_column(server_default="infinity")
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = moment()
    updated_at: Mapped[datetime] = moment()


class CollectionItem(Base):
    """A title's place in a collection made by hand."""

    __tablename__ = "collection_items"
    __table_args__ = (Index(None, "title_id"), {"info": REFERENCE})

    collection_id: Mapped[UUID] = mapped_column(
        ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True
    )
    title_id: Mapped[UUID] = title_key(primary_key=True)
    position: Mapped[int]


class ContentEmbedding(Base):
    """What a title is about, as a vector; stale when the hash of its source text differs (A-05)."""

    __tablename__ = "content_embeddings"
    __table_args__ = (
        CheckConstraint(one_of("purpose", "search", "taste"), "purpose"),
        Index(
            "content_embeddings_search",
            "embedding",
            postgresql_using="hnsw",
            postgresql_with={"m": 16, "ef_construction": 64},
            postgresql_ops={"embedding": "vector_cosine_ops"},
            postgresql_where=text("purpose = 'search'"),
        ),
        {"info": REFERENCE},
    )

    title_id: Mapped[UUID] = title_key(primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True, server_default="search")
    model: Mapped[str]
    dims: Mapped[int] = mapped_column(SmallInteger)
    embedding: Mapped[Any] = mapped_column(Vector(EMBEDDING_DIMS))
    content_hash: Mapped[bytes] = mapped_column(LargeBinary)
    updated_at: Mapped[datetime] = moment()
