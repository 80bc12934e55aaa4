"""The documents of an export: its guide as a packed stream, its list of channels as text."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Sequence

from matinee.core.database import Row
from matinee.epg.exports.addresses import Addresses
from matinee.epg.exports.channels import (
    ExportChannel,
    Window,
    export_airings,
    export_channels,
    export_window,
    version_of,
)
from matinee.epg.exports.credentials import Device
from matinee.epg.exports.playlist import playlist_text
from matinee.epg.exports.xmltv import FOOT, HEAD, channel_element, programme_element
from matinee.epg.guide.seeing import view_of
from matinee.epg.revisions import current_revision
from matinee.runtime import Runtime

AT_ONCE = 5
"""Channels whose airings are read and written together."""


class GuideDocument:
    """The guide of an export: its ETag is known before any of it is read."""

    def __init__(
        self,
        runtime: Runtime,
        device: Device,
        addresses: Addresses,
        channels: Sequence[ExportChannel],
        window: Window,
        version: str,
    ) -> None:
        self.version = version
        self._runtime = runtime
        self._device = device
        self._addresses = addresses
        self._channels = channels
        self._window = window

    @classmethod
    async def of(cls, runtime: Runtime, device: Device, server: str) -> "GuideDocument":
        """The guide as it is now."""
        addresses = Addresses(server, device.username, device.password)
        view = await view_of(runtime, device.viewer)
        async with runtime.database.read() as tx:
            channels = await export_channels(tx, device.viewer)
            window = await export_window(tx, channels)
            version = version_of(
                await current_revision(tx), view, window, server, [*map(repr, channels)]
            )
        return cls(runtime, device, addresses, channels, window, version)

    async def packed(self) -> AsyncIterator[bytes]:
        """XMLTV in gzip, a few channels at a time; no transaction is open in between."""
        packer = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS | 16)
        yield packer.compress((HEAD + "".join(map(self._channel, self._channels))).encode())
        for start in range(0, len(self._channels), AT_ONCE):
            some = self._channels[start : start + AT_ONCE]
            async with self._runtime.database.read() as tx:
                rows = await export_airings(
                    tx, self._device.viewer, [channel.id for channel in some], self._window
                )
            yield await asyncio.to_thread(self._pack, packer, some, rows)
        yield packer.compress(FOOT.encode()) + packer.flush()

    def _channel(self, channel: ExportChannel) -> str:
        return channel_element(channel, self._addresses.absolute(channel.logo_url))

    def _pack(
        self, packer: "zlib._Compress", channels: Sequence[ExportChannel], airings: Sequence[Row]
    ) -> bytes:
        slugs = {channel.id: channel.slug for channel in channels}
        return packer.compress(
            "".join(
                programme_element(
                    slugs[airing["channel_id"]],
                    airing,
                    self._addresses.absolute(airing["image_url"]),
                )
                for airing in airings
            ).encode()
        )


async def playlist_document(runtime: Runtime, device: Device, server: str) -> str:
    """The channels of an export as M3U."""
    async with runtime.database.read() as tx:
        channels = await export_channels(tx, device.viewer)
    return playlist_text(channels, Addresses(server, device.username, device.password))
