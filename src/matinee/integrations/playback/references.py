"""References to addresses of others: encrypted, so that nobody reads them or makes up his own."""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

_LETTERS = re.compile(r"[\w-]+", re.ASCII)


class BadReference(ValueError):
    """A reference that we did not write, or not for this channel."""


class References:
    """Writes with the newest key; the same address of a channel has the same reference always."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._ciphers = [AESSIV(_key(secret)) for secret in secrets]

    def write(self, channel_id: UUID, url: str) -> str:
        """The reference to an address, for a channel, in URL-safe letters."""
        sealed = self._ciphers[0].encrypt(url.encode(), [channel_id.bytes])
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def open(self, channel_id: UUID, reference: str) -> str:
        """The address behind a reference.

        Raises:
            BadReference: it is none of this channel.
        """
        if not _LETTERS.fullmatch(reference):
            raise BadReference
        try:
            sealed = base64.urlsafe_b64decode(reference + "=" * (-len(reference) % 4))
        except binascii.Error:
            raise BadReference from None
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(sealed, [channel_id.bytes]).decode()
            except (InvalidTag, ValueError):
                continue
        raise BadReference


def _key(secret: str) -> bytes:
    key = hashlib.sha256(secret.encode()).digest()
    return hashlib.blake2b(b"matinee references", key=key).digest()
