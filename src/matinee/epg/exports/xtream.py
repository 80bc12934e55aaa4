"""Answers in the shapes of Xtream Codes, which TiviMate and many players of televisions speak."""

import base64
import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from matinee.core.database import ReadTx, Row
from matinee.entitlements.streams import household_streams, stream_limit
from matinee.epg.exports.addresses import Addresses
from matinee.epg.exports.channels import (
    ExportChannel,
    Window,
    export_airings,
    export_channels,
    export_window,
)
from matinee.epg.exports.credentials import Device
from matinee.runtime import Runtime

UNGROUPED = "Other"
SHORT_GUIDE = 4
LONGEST_SHORT_GUIDE = 100
ADULT = 18

Shape = dict[str, Any]
_NOW = "SELECT statement_timestamp()"


@dataclass(frozen=True, slots=True)
class Question:
    """What a player asks for."""

    runtime: Runtime
    device: Device
    server: str
    action: str = ""
    stream_id: int | None = None
    category_id: str | None = None
    limit: int | None = None


async def answer(question: Question) -> Any:
    """JSON for any action; of films and series there are none here, and of what nobody knows."""
    async with question.runtime.database.read() as tx:
        return await ACTIONS.get(question.action, _nothing)(tx, question)


async def _account(tx: ReadTx, question: Question) -> Shape:
    """Whether the credential is good, and what it is good for."""
    device, settings = question.device, question.runtime.settings
    most = await stream_limit(tx, device.viewer.household, settings.included_streams)
    now: datetime = await tx.scalar(_NOW)
    server = urlsplit(question.server)
    https = server.scheme == "https"
    port = str(server.port or (443 if https else 80))
    return {
        "user_info": {
            "username": device.username,
            "password": device.password,
            "message": "",
            "auth": 1,
            "status": "Active",
            "exp_date": None,
            "is_trial": "0",
            "active_cons": str(len(await household_streams(tx, device.viewer))),
            "created_at": _seconds(device.created_at),
            "max_connections": str(most),
            "allowed_output_formats": ["m3u8"],
        },
        "server_info": {
            "url": server.hostname,
            "port": port,
            "https_port": port if https else "443",
            "server_protocol": server.scheme,
            "rtmp_port": "",
            "timezone": "UTC",
            "timestamp_now": int(now.timestamp()),
            "time_now": _clock(now),
            "process": True,
        },
    }


async def _categories(tx: ReadTx, question: Question) -> list[Shape]:
    channels = await export_channels(tx, question.device.viewer)
    names = dict.fromkeys(channel.group_title or UNGROUPED for channel in channels)
    return [
        {"category_id": _category_id(name), "category_name": name, "parent_id": 0}
        for name in sorted(names)
    ]


def _category_id(name: str) -> str:
    """A number that stays the same as long as the group has its name."""
    return str(zlib.crc32(name.encode()))


async def _streams(tx: ReadTx, question: Question) -> list[Shape]:
    device = question.device
    addresses = Addresses(question.server, device.username, device.password)
    shapes = [
        _stream(place, channel, addresses.absolute(channel.logo_url))
        for place, channel in enumerate(await export_channels(tx, device.viewer), 1)
    ]
    wanted = question.category_id
    return [shape for shape in shapes if wanted in (None, "", "0", shape["category_id"])]


def _stream(place: int, channel: ExportChannel, logo: str | None) -> Shape:
    category = _category_id(channel.group_title or UNGROUPED)
    return {
        "num": channel.number or place,
        "name": channel.name,
        "stream_type": "live",
        "stream_id": channel.stream_number,
        "stream_icon": logo or "",
        "epg_channel_id": channel.slug,
        "added": _seconds(channel.created_at),
        "is_adult": "1" if (channel.maturity_score or 0) >= ADULT else "0",
        "category_id": category,
        "category_ids": [int(category)],
        "custom_sid": "",
        "tv_archive": int(channel.catch_up_days > 0),
        "direct_source": "",
        "tv_archive_duration": channel.catch_up_days,
    }


async def _short_guide(tx: ReadTx, question: Question) -> Shape:
    """What is on and what follows."""
    limit = min(max(question.limit or SHORT_GUIDE, 1), LONGEST_SHORT_GUIDE)
    now: datetime = await tx.scalar(_NOW)
    window = Window(now, now + timedelta(days=2))
    return {"epg_listings": await _listings(tx, question, now, window, limit)}


async def _whole_guide(tx: ReadTx, question: Question) -> Shape:
    """All that can be watched again, and all that is known to come."""
    channels = await _channel(tx, question)
    now: datetime = await tx.scalar(_NOW)
    window = await export_window(tx, channels)
    return {"epg_listings": await _listings(tx, question, now, window, None)}


async def _channel(tx: ReadTx, question: Question) -> list[ExportChannel]:
    """The channel that is asked about, where the profile may see and play it."""
    if question.stream_id is None:
        return []
    return await export_channels(tx, question.device.viewer, question.stream_id)


async def _listings(
    tx: ReadTx, question: Question, now: datetime, window: Window, limit: int | None
) -> list[Shape]:
    channels = await _channel(tx, question)
    ids = [channel.id for channel in channels]
    rows = await export_airings(tx, question.device.viewer, ids, window, limit)
    return [_listing(row, channels[0], now) for row in rows]


def _listing(row: Row, channel: ExportChannel, now: datetime) -> Shape:
    begin, end = row["starts_at"], row["ends_at"]
    kept = row["catch_up"] and end > now - timedelta(days=channel.catch_up_days)
    return {
        "id": str(row["id"]),
        "epg_id": str(channel.stream_number),
        "title": _encoded(row["title"]),
        "lang": row["language"] or "",
        "start": _clock(begin),
        "end": _clock(end),
        "description": _encoded(row["description"] or ""),
        "channel_id": channel.slug,
        "start_timestamp": _seconds(begin),
        "stop_timestamp": _seconds(end),
        "now_playing": int(begin <= now < end),
        "has_archive": int(end <= now and kept),
    }


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _clock(moment: datetime) -> str:
    """In the time zone that `server_info` names."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))


async def _nothing(_tx: ReadTx, _question: Question) -> Sequence[Shape]:
    return []


ACTIONS: dict[str, Callable[[ReadTx, Question], Awaitable[Any]]] = {
    "": _account,
    "get_profile": _account,
    "get_account_info": _account,
    "get_live_categories": _categories,
    "get_live_streams": _streams,
    "get_short_epg": _short_guide,
    "get_simple_data_table": _whole_guide,
}
