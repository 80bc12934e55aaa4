"""Writing M3U lists of channels with the attributes of Kodi."""

from collections.abc import Iterable

from matinee.epg.exports.addresses import Addresses
from matinee.epg.exports.channels import ExportChannel


def playlist_text(channels: Iterable[ExportChannel], addresses: Addresses) -> str:
    """The whole list."""
    head = f'#EXTM3U url-tvg="{addresses.guide}" x-tvg-url="{addresses.guide}"\n'
    return head + "".join(_entry(channel, addresses) for channel in channels)


def _entry(channel: ExportChannel, addresses: Addresses) -> str:
    attributes = {
        "tvg-id": channel.slug,
        "tvg-name": channel.name,
        "tvg-chno": channel.number,
        "tvg-logo": addresses.absolute(channel.logo_url),
        "group-title": channel.group_title,
        "radio": "true" if channel.radio else None,
    }
    if channel.catch_up_days:
        attributes |= {
            "catchup": "default",
            "catchup-source": addresses.catch_up(channel.stream_number),
            "catchup-days": channel.catch_up_days,
        }
    said = " ".join(f'{name}="{_bare(value)}"' for name, value in attributes.items() if value)
    name = _one_line(channel.name)
    return f"#EXTINF:-1 {said},{name}\n{addresses.stream(channel.stream_number)}\n"


def _bare(value: object) -> str:
    """A value that ends at its closing quote; the format has no escapes."""
    return _one_line(str(value)).replace('"', "'")


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
