"""What profiles look like on the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from matinee.core.schema import Input, Integer, Language, Output, Secret, Stamped, text

ProfileKind = Literal["standard", "kids"]
ProfileName = Annotated[str, *text(max_length=40), Field(examples=["Ana"])]
Pin = Annotated[str, StringConstraints(pattern=r"^[0-9]{4,6}$"), Field(examples=["4711"])]
Ceiling = Annotated[Integer, Field(ge=0, le=21, description="Highest age rating that may be seen.")]
Tag = Annotated[str, *text(max_length=80)]
Tags = Annotated[list[Tag], Field(max_length=100)]
Languages = Annotated[list[Language], Field(max_length=10)]


ZONES = available_timezones()


def _known_zone(name: str) -> str:
    if name not in ZONES:
        raise PydanticCustomError("invalid_time_zone", "Not an IANA time zone")
    return name


TimeZone = Annotated[
    str, StringConstraints(max_length=64), AfterValidator(_known_zone), Field(examples=["UTC"])
]


class CreateProfile(Input):
    """A new person in the household."""

    name: ProfileName
    avatar_id: str | None = Field(None, max_length=60, description="See `GET /catalog/avatars`.")
    kind: ProfileKind = "standard"
    max_maturity: Ceiling | None = Field(None, description="Kids profiles start with 9.")
    allow_list_only: bool = False
    block_unrated: bool | None = Field(None, description="Kids profiles start with true.")
    blocked_tags: Tags = []
    ui_language: Language = "en"
    audio_languages: Languages = []
    subtitle_languages: Languages = []
    preferred_language: Language | None = None
    autoplay: bool = True
    time_zone: TimeZone = "UTC"
    pin: Pin | None = Field(None, description="Asked when the profile is chosen.")
    proof: Secret | None = Field(
        None, description="Account password or a grown-up's PIN, where the household has any PIN."
    )


class UpdateProfile(Input):
    """What changes; the rest stays."""

    name: ProfileName | None = None
    avatar_id: str | None = Field(None, max_length=60)
    kind: ProfileKind | None = None
    max_maturity: Ceiling | None = None
    allow_list_only: bool | None = None
    block_unrated: bool | None = None
    blocked_tags: Tags | None = None
    ui_language: Language | None = None
    audio_languages: Languages | None = None
    subtitle_languages: Languages | None = None
    preferred_language: Language | None = Field(None, description="Null clears it.")
    autoplay: bool | None = None
    time_zone: TimeZone | None = None
    share_taste: bool | None = Field(
        None,
        description="Whether what it likes counts for the household's rail; null for the default:"
        " unless it has a PIN.",
    )
    proof: Secret | None = Field(
        None, description="Account password or a grown-up's PIN, where restrictions are loosened."
    )


class ProfileOut(Stamped):
    """A person in the household."""

    id: UUID
    name: str = Field(examples=["Ana"])
    avatar_id: str = Field(examples=["usherette"])
    avatar_url: str = Field(examples=["/api/v1/catalog/avatars/usherette.svg"])
    kind: ProfileKind
    max_maturity: int = Field(examples=[21])
    allow_list_only: bool
    block_unrated: bool
    blocked_tags: list[str]
    ui_language: str = Field(examples=["en"])
    audio_languages: list[str]
    subtitle_languages: list[str]
    preferred_language: str | None
    autoplay: bool
    time_zone: str = Field(examples=["UTC"])
    has_pin: bool
    pin_locked_until: datetime | None
    share_taste: bool | None = Field(description="Null: unless it has a PIN.")
    taste_reset_at: datetime | None = Field(description="When recommendations began anew.")
    version: int
    created_at: datetime


class Profiles(Output):
    """All profiles of the household, and how many there may be."""

    items: list[ProfileOut]
    limit: int = Field(examples=[5])


class SelectProfile(Input):
    """Choosing a profile; a PIN where it has one, a proof where a kids profile is left."""

    pin: Pin | None = None
    proof: Secret | None = Field(
        None, description="Account password or a grown-up's PIN, to leave a kids profile."
    )


class SetPin(Input):
    """A new PIN; the account password resets a forgotten one."""

    pin: Pin
    current_pin: Pin | None = None
    password: Secret | None = None


class RemovePin(Input):
    """Proof that it is really you."""

    current_pin: Pin | None = None
    password: Secret | None = None


class Preferences(Input):
    """What a profile says it likes and dislikes (P-01)."""

    liked_genres: Tags = Field([], examples=[["comedy"]])
    disliked_genres: Tags = []
    liked_moods: Tags = Field([], examples=[["cozy"]])
    disliked_moods: Tags = []
    liked_themes: Tags = []
    disliked_themes: Tags = []


class AllowedTitles(Input):
    """The titles that a profile with an allow-list may see."""

    title_ids: Annotated[list[UUID], Field(max_length=2000)]


class Avatar(Output):
    """A picture for a profile."""

    id: str = Field(examples=["usherette"])
    name: str = Field(examples=["Usherette"])
    group: str = Field(examples=["cinema"])
    kids_safe: bool
    url: str = Field(examples=["/api/v1/catalog/avatars/usherette.svg"])


class Avatars(Output):
    """The platform's gallery (P-05)."""

    items: list[Avatar]
