"""Playing by a credential: a viewing session begins, and the player is sent to its playlist."""

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from matinee.core.database import WriteTx
from matinee.core.errors import NotFound
from matinee.epg.exports.channels import airing_at, channel_by_stream
from matinee.epg.exports.credentials import Device, hold_credential
from matinee.runtime import Runtime
from matinee.viewing.sessions.items import NotPlayable
from matinee.viewing.sessions.schemas import StartSession
from matinee.viewing.sessions.starting import LIVE, Opening, start

LATEST = datetime(2200, 1, 1, tzinfo=UTC)
REST_OF_MINUTE = timedelta(seconds=59)
"""Added to a time in minutes, so that it lies in the airing that begins within that minute."""

_STREAM = re.compile(r"([0-9]{1,18})(?:\.[a-z0-9]{1,5})?")
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}:[0-9]{2}-[0-9]{2}")


class Wanted(NamedTuple):
    """A channel by its number for players, live or as it was at a moment."""

    stream_number: int
    at: datetime | None = None

    @classmethod
    def live(cls, stream: str, seconds: int | None) -> "Wanted":
        """`12.m3u8`; with a Unix time what was on then.

        Raises:
            NotFound: there can be no such channel, or no such time.
        """
        if seconds is None:
            return cls(_number(stream))
        if not 0 <= seconds < LATEST.timestamp():
            raise NotFound()
        return cls(_number(stream), datetime.fromtimestamp(seconds, UTC))

    @classmethod
    def again(cls, stream: str, stamp: str) -> "Wanted":
        """`12.ts` and `2026-01-31:20-15`, in the time zone that players are told (UTC).

        Raises:
            NotFound: there can be no such channel, or no such time.
        """
        if not (found := _STAMP.match(stamp)):
            raise NotFound()
        try:
            minute = datetime.strptime(found[0], "%Y-%m-%d:%H-%M").replace(tzinfo=UTC)
        except ValueError:
            raise NotFound() from None
        return cls(_number(stream), minute + REST_OF_MINUTE)


def _number(stream: str) -> int:
    """The number before whatever ending a player has put behind it."""
    if not (found := _STREAM.fullmatch(stream)):
        raise NotFound()
    return int(found[1])


async def play(runtime: Runtime, tx: WriteTx, device: Device, wanted: Wanted) -> str:
    """Where the player finds a channel live, or what was on it at a moment, from its beginning.

    What the device played before has ended.

    Raises:
        InvalidCredentials: the credential was revoked just now.
        NotFound: no such channel, or the profile may not see it.
        NotPlayable: the guide does not know what was on then, or it cannot be watched again.
        Problem: see `starting.start`.
    """
    await hold_credential(tx, device)
    channel_id = await channel_by_stream(tx, wanted.stream_number)
    if channel_id is None:
        raise NotFound()
    wish = StartSession(channel_id=channel_id, device_id=device.device_id, device_name=device.name)
    opening = LIVE
    if wanted.at is not None:
        airing_id = await airing_at(tx, wanted.stream_number, wanted.at)
        if airing_id is None:
            raise NotPlayable()
        opening = Opening(airing_id=airing_id)
    started = await start(runtime, tx, device.viewer, wish, opening=opening)
    return started.playback.url
