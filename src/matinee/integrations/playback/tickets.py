"""Tickets: who plays what, packed and signed into one segment of a playlist's address."""

import base64
import hmac
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from uuid import UUID

MAC_BYTES = 16
MOST_OPENED = 30_000

_PACKED = struct.Struct(">B16s16s16sqq")
_ASSET, _FROM, _UNTIL = 1, 2, 4
TOKEN_LENGTH = (_PACKED.size + MAC_BYTES) * 4 // 3
"""Both together fill whole groups of three bytes, so that there is one way to write a token."""
_TOKEN = re.compile(rf"[\w-]{{{TOKEN_LENGTH}}}", re.ASCII)


class BadTicket(ValueError):
    """A ticket that we did not write."""


@dataclass(frozen=True, slots=True)
class PlaybackTicket:
    """The right to ask for playlists, as long as the session lives.

    `subject` is a channel, or a row of `media_assets`. A channel without `from_at` is played live;
    from `from_at` on (and until before `until_at`) what was sent then. Both are Unix seconds.
    """

    user_id: UUID
    session_id: UUID
    kind: Literal["channel", "asset"]
    subject: UUID
    from_at: int | None = None
    until_at: int | None = None

    def __post_init__(self) -> None:
        if self.until_at is not None and (self.from_at is None or self.from_at >= self.until_at):
            raise ValueError("a ticket ends after it begins")

    @property
    def started_at(self) -> int:
        """When its session began, in Unix seconds: a UUIDv7 says so itself."""
        return int.from_bytes(self.session_id.bytes[:6], "big") // 1000


class Tickets:
    """Writes tickets with the newest key, believes those of older ones as well."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._keys = [hmac.digest(one.encode(), b"matinee playback", "sha256") for one in secrets]
        self.open = lru_cache(MOST_OPENED)(self._open)

    def write(self, ticket: PlaybackTicket) -> str:
        """The token: URL-safe letters, `TOKEN_LENGTH` of them."""
        content = _pack(ticket)
        return base64.urlsafe_b64encode(content + _mac(self._keys[0], content)).decode()

    def _open(self, token: str) -> PlaybackTicket:
        """The ticket of a token; players show the same one again and again.

        Raises:
            BadTicket: it is forged, mutilated or of a key that is out of use.
        """
        if not _TOKEN.fullmatch(token):
            raise BadTicket
        packed = base64.urlsafe_b64decode(token)
        content, mac = packed[: _PACKED.size], packed[_PACKED.size :]
        if not any(hmac.compare_digest(_mac(key, content), mac) for key in self._keys):
            raise BadTicket
        return _unpack(content)


def _mac(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, "sha256")[:MAC_BYTES]


def _pack(ticket: PlaybackTicket) -> bytes:
    form = _ASSET * (ticket.kind == "asset")
    form |= _FROM * (ticket.from_at is not None) | _UNTIL * (ticket.until_at is not None)
    return _PACKED.pack(
        form,
        ticket.user_id.bytes,
        ticket.session_id.bytes,
        ticket.subject.bytes,
        ticket.from_at or 0,
        ticket.until_at or 0,
    )


def _unpack(content: bytes) -> PlaybackTicket:
    form, user_id, session_id, subject, from_at, until_at = _PACKED.unpack(content)
    return PlaybackTicket(
        UUID(bytes=user_id),
        UUID(bytes=session_id),
        "asset" if form & _ASSET else "channel",
        UUID(bytes=subject),
        from_at if form & _FROM else None,
        until_at if form & _UNTIL else None,
    )
