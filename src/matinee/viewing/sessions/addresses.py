"""Where players find what a session plays: with its owner, or signed for our own origin."""

from datetime import datetime
from uuid import UUID

from matinee.integrations.playback.tickets import PlaybackTicket
from matinee.runtime import Runtime
from matinee.viewing.sessions.items import Item


def address_of(runtime: Runtime, user_id: UUID, session_id: UUID, item: Item) -> str:
    """The address of the media of a session.

    What our origin serves is signed for this session; its playlists ask whether that still lives.
    """
    if item.url is not None:
        return item.url
    subject = item.channel_id or item.asset_id
    assert subject is not None
    ticket = PlaybackTicket(
        user_id,
        session_id,
        "asset" if item.channel_id is None else "channel",
        subject,
        seconds_of(item.airing_starts_at),
        seconds_of(item.airing_ends_at),
    )
    return runtime.playback.playlist_url(ticket)


def seconds_of(moment: datetime | None) -> int | None:
    """A moment in the unit of tickets: whole Unix seconds."""
    return None if moment is None else int(moment.timestamp())
