"""What watching channels looks like on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from matinee.core.schema import Input, Output, Secret, Stamped, text
from matinee.viewing.sessions.schemas import Playback, PlaybackAccess

DeviceId = Annotated[str, *text(max_length=100)]
DeviceName = Annotated[str, *text(max_length=100)]


class WatchAiring(Input):
    """Where an airing is to be watched."""

    device_id: DeviceId = Field(
        description="Made up by the device once; it plays one thing at a time.",
        examples=["living-room-1f3a"],
    )
    device_name: DeviceName = Field(examples=["Living room"])
    take_over: UUID | None = Field(
        None,
        description="A stream of the household that ends for this one, as `stream_limit_reached`"
        " has listed it.",
    )
    incognito: bool = Field(False, description="Nothing of it is remembered.")


class WatchChannel(WatchAiring):
    """Where a channel is to be watched, and what opens a programme that the profile may not see."""

    pin: Secret | None = Field(
        None,
        description="Of any profile of the household that may see what is on; it opens the channel"
        " until that programme ends.",
    )


class CatchUp(Output):
    """How far back a channel can be watched."""

    days: int = Field(examples=[7])
    url_template: str = Field(
        description="POST there, with the id of an airing that is over.",
        examples=["/api/v1/epg/airings/{airing_id}/playback"],
    )


class Watching(Stamped):
    """Everything that a player needs to begin; it sends heartbeats as for a film."""

    session_id: UUID
    channel_id: UUID
    airing_id: int | None = Field(description="The airing that is played from its beginning.")
    playback: Playback
    duration_seconds: int | None = Field(description="Of an airing.", examples=[3600])
    unlocked_until: datetime | None = Field(description="How long a PIN has opened the channel.")
    start_over_url: str | None = Field(
        description="What is on, from its beginning, in the same session; null where that cannot be"
        " had."
    )
    catch_up: CatchUp | None = Field(description="Null where what is over cannot be watched.")
    next_heartbeat_seconds: int = Field(examples=[30])
    access: PlaybackAccess
