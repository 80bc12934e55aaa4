"""Akamai's edge authorization: a token in the query that opens all paths of a pattern.

The algorithm is that of Akamai's EdgeAuth token library (HMAC-SHA256 over the fields in order).
The edge believes two keys while they are changed; we sign with one.
"""

import hmac
from typing import ClassVar
from urllib.parse import urlsplit

from matinee.core.errors import NotFound
from matinee.integrations.playback.signers import Grant, SignedFolder


class Akamai:
    """Signs for properties that demand a token of this name; `key` is what their rule has."""

    name: ClassVar[str] = "akamai"
    per_session: ClassVar[bool] = True

    def __init__(self, key: str, token_name: str) -> None:
        self._key = bytes.fromhex(key)
        self._token_name = token_name

    def sign(self, grant: Grant) -> SignedFolder:
        """The addresses that a grant opens: `…?hdnts=exp=…~acl=…~id=…~hmac=…`."""
        path = urlsplit(grant.base).path + grant.folder
        fields = f"exp={grant.expires_at}~acl={path}*~id={grant.session}"
        signature = hmac.new(self._key, fields.encode(), "sha256").hexdigest()
        return SignedFolder(
            f"{grant.base}{grant.folder}", f"?{self._token_name}={fields}~hmac={signature}"
        )

    def check(self, path: str, now: float) -> str:
        """Our own origin sends nothing: the edge checks, and has its own origin."""
        raise NotFound()
