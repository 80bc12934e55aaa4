"""Channels as the operator's staff sends and sees them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from matinee.core.schema import (
    Country,
    Input,
    Integer,
    Language,
    Line,
    Output,
    Page,
    Prose,
    Reason,
    text,
)

Kind = Literal["external", "linear"]
Status = Literal["draft", "published", "hidden"]
Delivery = Literal["proxy", "direct"]
MOST_AT_ONCE = 1000

_ZONES = frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in _ZONES:
        raise PydanticCustomError("time_zone", "There is no such time zone")
    return name


WebUrl = Annotated[
    str, *text(max_length=2048, pattern=r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s/?#@]+([/?#]\S*)?$")
]
"""An http(s) address without a password in it."""

ChannelSlug = Annotated[
    str, *text(max_length=63, pattern=r"^[a-z0-9][a-z0-9-]*$"), Field(examples=["arte"])
]
Labels = Annotated[list[Annotated[str, *text(max_length=100)]], Field(max_length=50)]
Aliases = Annotated[list[Line], Field(max_length=100)]
Number = Annotated[Integer, Field(ge=1, le=99_999)]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,60}$")]
HeaderValue = Annotated[str, *text(max_length=1000)]


class CatchUpOfStream(BaseModel):
    """How a stream's own server is asked for what is over, as channel lists put it."""

    model_config = ConfigDict(extra="forbid")

    mode: Literal["default", "append", "shift", "flussonic", "xtream", "vod"]
    source: Annotated[str, *text(max_length=2048)] | None = Field(
        None, description="Address or query with the placeholders of channel lists."
    )


class ChannelFields(Input):
    """Everything that staff may say about a channel."""

    name: Line | None = Field(None, examples=["Arte"])
    slug: ChannelSlug | None = None
    tvg_id: Annotated[str, *text(max_length=255)] | None = Field(
        None, description="What guides and channel lists call it.", examples=["Arte.de"]
    )
    number: Number | None = Field(None, description="Where it stands; null: after all others.")
    description: Prose | None = None
    status: Status | None = None
    group_title: Line | None = Field(None, description="Its group in channel lists.")
    genres: Labels | None = None
    tags: Labels | None = Field(None, description="Profiles may block them.")
    language: Language | None = None
    country: Country | None = Field(None, description="Helps to match it with guides.")
    logo_url: WebUrl | None = None
    radio: bool | None = None
    maturity_score: Annotated[Integer, Field(ge=0, le=21)] | None = Field(
        None, description="Null: what it sends is rated by itself."
    )
    hls_live_url: WebUrl | None = Field(
        None, description="Where an external channel comes from; viewers never see it."
    )
    delivery: Delivery | None = Field(
        None, description="`direct`: players fetch the stream themselves."
    )
    signer: Annotated[str, *text(max_length=63)] | None = Field(
        None, description="What signs the address of a `direct` stream."
    )
    stream_headers: Annotated[dict[HeaderName, HeaderValue], Field(max_length=20)] | None = Field(
        None, description="What is sent to the stream's server."
    )
    catch_up: CatchUpOfStream | None = None
    catch_up_days: Annotated[Integer, Field(ge=0, le=30)] | None = None
    start_over: bool | None = None
    dvr_minutes: Annotated[Integer, Field(ge=1, le=360)] | None = None
    time_zone: Annotated[str, AfterValidator(_known_zone)] | None = Field(
        None, examples=["Europe/Berlin"]
    )
    guide_shift_minutes: Annotated[Integer, Field(ge=-1440, le=1440)] | None = Field(
        None, description="Added to the times of its guide."
    )
    aliases: Aliases | None = Field(None, description="Other names that guides give it.")


class CreateChannel(ChannelFields):
    """A new channel, a draft unless it says otherwise."""

    name: Line = Field(examples=["Arte"])
    kind: Kind = Field("external", description="`linear`: made of our own media.")


class UpdateChannel(ChannelFields):
    """What changes; an import of a channel list leaves it alone from then on."""

    edited_fields: Labels | None = Field(
        None, description="What imports leave alone; a shorter list gives fields back to them."
    )
    reason: Reason | None = None


class ChannelSearch(Input):
    """Which channels to list."""

    q: Annotated[str, *text(max_length=100)] | None = Field(
        None, description="Part of the name, or a whole tvg-id, slug or number."
    )
    status: Status | None = None
    kind: Kind | None = None
    group: Line | None = None
    genre: Annotated[str, *text(max_length=100)] | None = None
    country: Country | None = None
    radio: bool | None = None
    has_guide: bool | None = Field(None, description="Whether any airing lies ahead.")
    cursor: Annotated[str, Field(max_length=1000)] | None = None
    page_size: Annotated[int, Field(ge=1, le=100)] = 50


class AdminChannel(Output):
    """A channel as staff sees it."""

    id: UUID
    stream_number: int = Field(description="Its name where clients take small numbers only.")
    slug: str
    tvg_id: str | None
    number: int | None
    name: str
    description: str | None
    kind: Kind
    status: Status
    group_title: str | None
    genres: list[str]
    tags: list[str]
    language: str | None
    country: str | None
    logo_url: str | None
    radio: bool
    maturity_score: int | None
    hls_live_url: str | None
    delivery: Delivery
    signer: str | None
    stream_headers: dict[str, str]
    catch_up: dict[str, Any]
    catch_up_days: int
    start_over: bool
    dvr_minutes: int
    time_zone: str
    guide_shift_minutes: int
    aliases: list[str]
    edited_fields: list[str]
    guide_until: datetime | None = Field(description="Where its guide ends; null: it has none.")
    version: int
    created_at: datetime
    updated_at: datetime


class AdminChannels(Page[AdminChannel]):
    """One page of channels, by number and name."""


class ChannelNumber(Input):
    """The number that a channel gets."""

    channel_id: UUID
    number: Number | None


class NumberChannels(Input):
    """New numbers for many channels at once: all or none."""

    channels: Annotated[list[ChannelNumber], Field(min_length=1, max_length=MOST_AT_ONCE)]


class ChangeStatus(Input):
    """What becomes of many channels at once."""

    channel_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_AT_ONCE)]
    status: Status
    reason: Reason | None = None


class ChannelsChanged(Output):
    """How many channels are another way than before."""

    changed: int
    unchanged: int
