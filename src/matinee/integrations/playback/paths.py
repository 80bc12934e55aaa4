"""Signatures in the path, which players carry on to every file: our own, and nginx's."""

import base64
import hashlib
import hmac
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from matinee.core.errors import NotFound
from matinee.integrations.playback.signers import (
    Grant,
    PlaybackUrlExpired,
    PlaybackUrlInvalid,
    SignedFolder,
)

_SIGNED = re.compile(
    r"(?P<key>[a-z0-9]{1,8})/(?P<signature>[\w-]{22})/(?P<expires>\d{10})/(?P<session>[\w-]{1,40})"
    r"(?P<folder>/[a-z0-9-]{1,63}/)(?P<file>[\w-]+/[\w.-]+)",
    re.ASCII,
)


class _PathSigner(ABC):
    """`{base}/{key}/{signature}/{expires}/{session}{folder}…`: the name of the key says which.

    `keys` are secrets by name, the newest first; all of them are believed.
    """

    name: ClassVar[str]
    per_session: ClassVar[bool] = True

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._keys = dict(keys)
        self._newest = next(iter(keys))

    def sign(self, grant: Grant) -> SignedFolder:
        """The addresses that a grant opens."""
        signature = self._signature(self._newest, grant)
        signed = f"{self._newest}/{signature}/{grant.expires_at}/{grant.session}"
        return SignedFolder(f"{grant.base}/{signed}{grant.folder}")

    def check(self, path: str, now: float) -> str:
        """The path below the media folder; see `Signer`."""
        parts = _SIGNED.fullmatch(path)
        if parts is None:
            raise NotFound()
        expires_at = int(parts["expires"])
        grant = Grant("", parts["folder"], parts["session"], expires_at)
        known = parts["key"] in self._keys
        if not known or not hmac.compare_digest(
            self._signature(parts["key"], grant), parts["signature"]
        ):
            raise PlaybackUrlInvalid()
        if expires_at < now:
            raise PlaybackUrlExpired()
        return parts["folder"][1:] + parts["file"]

    def _signature(self, key: str, grant: Grant) -> str:
        """22 letters of base64url over the expiry, the session and the folder."""
        message = f"{grant.expires_at} {grant.session} {grant.folder}"
        return base64.urlsafe_b64encode(self._digest(self._keys[key], message)).decode()[:22]

    @abstractmethod
    def _digest(self, secret: str, message: str) -> bytes:
        """At least 16 bytes that only somebody with the secret can make."""


class Builtin(_PathSigner):
    """HMAC-SHA256, cut to 16 bytes, checked by our own origin."""

    name = "builtin"

    def _digest(self, secret: str, message: str) -> bytes:
        return hmac.digest(secret.encode(), message.encode(), "sha256")[:16]


class Nginx(_PathSigner):
    """MD5 as `secure_link_md5 "$secure_link_expires $session $folder $secret"` has it.

    nginx knows no other hash. Secrets are long and at the end, so neither finding one nor
    appending to what is signed helps anybody.
    """

    name = "nginx"

    def _digest(self, secret: str, message: str) -> bytes:
        return hashlib.md5(f"{message} {secret}".encode(), usedforsecurity=False).digest()


class Open:
    """No signature at all, for tests."""

    name: ClassVar[str] = "open"
    per_session: ClassVar[bool] = False

    def sign(self, grant: Grant) -> SignedFolder:
        """The addresses of a folder, for everybody and for ever."""
        return SignedFolder(f"{grant.base}{grant.folder}")

    def check(self, path: str, now: float) -> str:
        """Any path will do."""
        return path
