"""What sessions, heartbeats and viewing limits look like on the wire."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from matinee.catalog.schemas import Segment
from matinee.core.schema import Input, Int4, Integer, Language, Moment, Output, Stamped, text
from matinee.entitlements.access import Via
from matinee.entitlements.streams import Stream
from matinee.viewing.progress.schemas import NextUp, SubtitleLanguage
from matinee.viewing.sessions.rights import Warned

PlayerState = Literal["playing", "paused", "buffering"]
PlaybackType = Literal["hls", "dash", "file"]
Position = Annotated[
    Integer,
    Field(
        ge=0, le=604_800, description="Seconds from the beginning; cut at its end.", examples=[61]
    ),
]
ClientTime = Annotated[
    Moment | None,
    Field(
        description="When this was so, by the client's clock: of two that overtake each other the"
        " later one counts. Only its order within the session matters."
    ),
]
AudioLanguage = Annotated[
    Language | None, Field(description="Chosen just now; remembered for the title.")
]
Subtitles = Annotated[
    SubtitleLanguage | None, Field(description="The same; `off` where they were switched off.")
]


class StartSession(Input):
    """What to play, and where: a title or a channel."""

    title_id: UUID | None = None
    channel_id: UUID | None = Field(None, description="To watch live.")
    episode_id: UUID | None = Field(
        None, description="Of a series; without it the one to go on with."
    )
    device_id: Annotated[str, *text(max_length=100)] = Field(
        description="Made up by the device once; it plays one thing at a time.",
        examples=["living-room-1f3a"],
    )
    device_name: Annotated[str, *text(max_length=100)] = Field(examples=["Living room"])
    incognito: bool = Field(False, description="Nothing of it is remembered.")
    recommendation_id: UUID | None = Field(None, description="Of the rail that it was chosen from.")
    take_over: UUID | None = Field(
        None,
        description="A stream of the household that ends for this one, as `stream_limit_reached`"
        " has listed it.",
    )

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if (self.title_id is None) == (self.channel_id is None):
            raise PydanticCustomError("subject", "Name either a title or a channel")
        if self.episode_id is not None and self.title_id is None:
            raise PydanticCustomError("subject", "An episode belongs to a title")
        return self


class Playback(Output):
    """Where the player finds it."""

    url: str = Field(examples=["https://media.example.com/metropolis/master.m3u8"])
    type: PlaybackType
    expires_at: datetime = Field(description="Each heartbeat moves it on.")


class PlaybackAccess(Output):
    """By which right something is played."""

    via: Via
    until: datetime | None = Field(description="When that right ends; null: no end is known.")
    clock_started: bool = Field(description="Whether a rental's time has just begun.")


class SessionStarted(Stamped):
    """Everything that a player needs to begin."""

    session_id: UUID
    episode_id: UUID | None = Field(description="The episode that is played.")
    channel_id: UUID | None = Field(description="The channel that is played.")
    playback: Playback
    resume_seconds: int = Field(description="Where to begin; 0 at the beginning.", examples=[754])
    duration_seconds: int | None = Field(examples=[9180])
    next_heartbeat_seconds: int = Field(examples=[30])
    access: PlaybackAccess
    audio_language: str | None = Field(description="Last chosen for this title.", examples=["en"])
    subtitle_language: str | None = Field(examples=["off"])
    segments: list[Segment]
    trickplay_url: str | None
    next_up: NextUp | None = Field(description="What to offer when the credits of an episode roll.")


class Heartbeat(Input):
    """Where the player is, and how well it plays; figures are since the heartbeat before."""

    position_seconds: Position
    state: PlayerState
    at: ClientTime = None
    audio_language: AudioLanguage = None
    subtitle_language: Subtitles = None
    startup_ms: Int4 | None = Field(None, description="From pressing play to the first frame.")
    rebuffer_ms: Int4 | None = Field(None, description="Spent waiting for data.")
    bitrate: Int4 | None = Field(None, description="Bits per second.")
    dropped_frames: Int4 | None = None
    error_code: Annotated[str, *text(max_length=60)] | None = Field(
        None, description="What the player failed with.", examples=["MEDIA_ERR_DECODE"]
    )


class HeartbeatHeard(Stamped):
    """Go on."""

    next_heartbeat_seconds: int = Field(examples=[30])
    expires_at: datetime = Field(description="Of the playback's URL, unless the next one comes.")
    ends_at: datetime | None = Field(
        description="When playing has to end because the right to watch has; told from 15 minutes"
        " before on."
    )
    warning: Warned | None = Field(description="Told with `ends_at`.")


class StopSession(Input):
    """Where the player was at the end."""

    position_seconds: Position | None = None
    at: ClientTime = None


class Streams(Stamped):
    """What a household plays now."""

    items: list[Stream] = Field(description="Oldest first.")
    limit: int = Field(description="How many at once it may have.", examples=[2])
