"""Channels of packages as staff sends and sees them."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from matinee.core.schema import Input, Output
from matinee.entitlements.packages.windows import Window, WindowOut

MOST_CHANNELS = 1000


class AssignChannels(Window):
    """Channels that a package is to carry, all in the same window."""

    channel_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_CHANNELS)]


class RemoveChannels(Input):
    """Channels that a package is not to carry any more, in whatever window."""

    channel_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_CHANNELS)]


class ChannelWindows(Input):
    """All windows of one channel in a package; none takes it out."""

    windows: Annotated[list[Window], Field(max_length=100)]


class ChannelWindowsOut(Output):
    """All windows of one channel in a package, by territory and time."""

    package_id: UUID
    channel_id: UUID
    windows: list[WindowOut]


class PackageChannelRow(WindowOut):
    """A channel in a package, for one window."""

    id: UUID
    channel_id: UUID
    number: int | None = Field(examples=[7])
    name: str = Field(examples=["Matinee One"])
    status: str = Field(description="Of the channel: only published ones are shown.")


class PackageChannels(Output):
    """All channels of a package, by number and name."""

    items: list[PackageChannelRow]
