"""Tables of households: users, how they sign in, their profiles, and the staff."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, SmallInteger, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from matinee.models.base import (
    DISTRIBUTED,
    FALSE,
    LOCAL,
    LOOKUP,
    NEW_ID,
    Base,
    key,
    labels,
    moment,
    one_of,
)

PROFILE_KINDS = ("standard", "kids")
STAFF_ROLES = ("admin", "editor", "support", "analyst")


class User(Base):
    """The paying account (household).

    `subscription_tier` is a label for people; nothing is decided by it.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint(one_of("status", "active", "disabled", "deleted"), "status"),
        {"info": DISTRIBUTED},
    )

    user_id: Mapped[UUID] = key()
    email: Mapped[str]
    password_hash: Mapped[str | None]
    country: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="active")
    purchase_pin_hash: Mapped[str | None]
    subscription_tier: Mapped[str | None]
    deletion_requested_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = moment()
    updated_at: Mapped[datetime] = moment()


class LoginIdentity(Base):
    """Who signs in with which e-mail address: folded address -> user."""

    __tablename__ = "login_identities"
    __table_args__ = (Index(None, "user_id"), {"info": LOOKUP})

    identity: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]


class Staff(Base):
    """A user who works for the operator, and as what."""

    __tablename__ = "staff"
    __table_args__ = (CheckConstraint(one_of("role", *STAFF_ROLES), "role"), {"info": LOCAL})

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str]
    created_at: Mapped[datetime] = moment()


class SetupToken(Base):
    """The one-time token with which the first administrator introduces himself."""

    __tablename__ = "setup_tokens"
    __table_args__ = ({"info": LOCAL},)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    expires_at: Mapped[datetime]


class AuthSession(Base):
    """One signed-in device; what its cookie or tokens refer to."""

    __tablename__ = "auth_sessions"
    __table_args__ = (
        CheckConstraint(one_of("kind", "web", "app", "tv"), "kind"),
        Index("auth_sessions_live", "user_id", postgresql_where=text("revoked_at IS NULL")),
        {"info": LOOKUP},
    )

    id: Mapped[UUID] = key()
    user_id: Mapped[UUID]
    kind: Mapped[str]
    profile_id: Mapped[UUID | None]
    secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    generation: Mapped[int] = mapped_column(server_default="1")
    rotated_at: Mapped[datetime] = moment()
    device_name: Mapped[str | None]
    user_agent: Mapped[str | None]
    last_ip: Mapped[str | None] = mapped_column(INET)
    last_seen_at: Mapped[datetime] = moment()
    created_at: Mapped[datetime] = moment()
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoke_reason: Mapped[str | None]


class DeviceCode(Base):
    """A television that waits to be signed in (RFC 8628)."""

    __tablename__ = "device_codes"
    __table_args__ = (
        CheckConstraint(one_of("state", "pending", "approved", "denied", "used"), "state"),
        {"info": LOOKUP},
    )

    device_code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_code: Mapped[str] = mapped_column(unique=True)
    client_name: Mapped[str]
    user_id: Mapped[UUID | None]
    state: Mapped[str] = mapped_column(server_default="pending")
    interval_seconds: Mapped[int] = mapped_column(server_default="5")
    last_poll_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]


class PasswordReset(Base):
    """A link with which a forgotten password can be replaced once."""

    __tablename__ = "password_resets"
    __table_args__ = (Index(None, "user_id"), {"info": LOOKUP})

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[UUID]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Profile(Base):
    """A person in the household: ceiling, PIN, languages, where its taste begins.

    `share_taste` says whether what it likes counts for the household's rail; without a wish it
    does, unless the profile has a PIN.
    """

    __tablename__ = "profiles"
    __table_args__ = (
        ForeignKeyConstraint(["user_id"], ["users.user_id"], ondelete="CASCADE"),
        CheckConstraint(one_of("kind", *PROFILE_KINDS), "kind"),
        CheckConstraint("max_maturity BETWEEN 0 AND 21", "max_maturity"),
        CheckConstraint("cardinality(blocked_tags) <= 100", "blocked_tags"),
        {"info": DISTRIBUTED},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=NEW_ID)
    name: Mapped[str]
    avatar_id: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default="standard")
    max_maturity: Mapped[int] = mapped_column(SmallInteger, server_default="21")
    block_unrated: Mapped[bool] = mapped_column(server_default=FALSE)
    allow_list_only: Mapped[bool] = mapped_column(server_default=FALSE)
    blocked_tags: Mapped[list[str]] = labels()
    ui_language: Mapped[str] = mapped_column(server_default="en")
    audio_languages: Mapped[list[str]] = labels()
    subtitle_languages: Mapped[list[str]] = labels()
    preferred_language: Mapped[str | None]
    autoplay: Mapped[bool] = mapped_column(server_default=text("true"))
    time_zone: Mapped[str] = mapped_column(server_default="UTC")
    share_taste: Mapped[bool | None]
    taste_reset_at: Mapped[datetime | None]
    pin_hash: Mapped[str | None]
    pin_failures: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    pin_failed_at: Mapped[datetime | None]
    pin_locked_until: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = moment()
    updated_at: Mapped[datetime] = moment()


class ProfileAllowedTitle(Base):
    """A title that a profile with an allow-list may see."""

    __tablename__ = "profile_allowed_titles"
    __table_args__ = (
        ForeignKeyConstraint(
            ["user_id", "profile_id"], ["profiles.user_id", "profiles.id"], ondelete="CASCADE"
        ),
        {"info": DISTRIBUTED},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(primary_key=True)
    title_id: Mapped[UUID] = mapped_column(primary_key=True)
    added_at: Mapped[datetime] = moment()


class ProfilePreference(Base):
    """What a profile says it likes or dislikes (P-01)."""

    __tablename__ = "profile_preferences"
    __table_args__ = (
        ForeignKeyConstraint(
            ["user_id", "profile_id"], ["profiles.user_id", "profiles.id"], ondelete="CASCADE"
        ),
        CheckConstraint(one_of("kind", "genre", "mood", "theme"), "kind"),
        {"info": DISTRIBUTED},
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    profile_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(primary_key=True)
    liked: Mapped[bool]
