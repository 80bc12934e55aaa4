"""Amazon CloudFront's signed URLs: a policy in the query that opens all addresses of a pattern."""

import base64
import json
from typing import ClassVar

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from matinee.core.errors import NotFound
from matinee.integrations.playback.signers import Grant, SignedFolder

_SAFE = str.maketrans("+=/", "-_~")


class CloudFront:
    """Signs with the private key whose public half has this id in CloudFront's key group.

    A group holds several keys, so they are changed without stopping anybody. A policy names no
    session: those of all viewers are the same, which matters as RSA takes a millisecond.

    Raises:
        ValueError: it is no RSA key in PEM.
    """

    name: ClassVar[str] = "cloudfront"
    per_session: ClassVar[bool] = False

    def __init__(self, key_id: str, private_key: str) -> None:
        key = load_pem_private_key(private_key.encode(), None)
        if not isinstance(key, RSAPrivateKey):
            raise ValueError("no RSA key")
        self._key = key
        self._key_id = key_id

    def sign(self, grant: Grant) -> SignedFolder:
        """The addresses that a grant opens: `…?Policy=…&Signature=…&Key-Pair-Id=…`."""
        condition = {"DateLessThan": {"AWS:EpochTime": grant.expires_at}}
        statement = {"Resource": f"{grant.base}{grant.folder}*", "Condition": condition}
        policy = json.dumps({"Statement": [statement]}, separators=(",", ":")).encode()
        # CloudFront takes SHA-1 for RSA; whoever finds a collision still needs us to sign it
        signature = self._key.sign(policy, padding.PKCS1v15(), hashes.SHA1())
        query = f"?Policy={_safe(policy)}&Signature={_safe(signature)}&Key-Pair-Id={self._key_id}"
        return SignedFolder(f"{grant.base}{grant.folder}", query)

    def check(self, path: str, now: float) -> str:
        """Our own origin sends nothing: CloudFront checks, and has its own origin."""
        raise NotFound()


def _safe(content: bytes) -> str:
    return base64.b64encode(content).decode().translate(_SAFE)
