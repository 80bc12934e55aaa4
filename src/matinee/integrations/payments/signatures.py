"""Signatures of webhooks: the Standard Webhooks scheme, and Stripe's own."""

import base64
import binascii
import hmac
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from matinee.core.errors import NotFound
from matinee.integrations.payments.protocol import BadSignature

TOLERANCE = timedelta(minutes=5)
SHORTEST_KEY = 24
LONGEST_ID = 255
PREFIX = "whsec_"


class BadSecret(ValueError):
    """A secret that nobody can sign with."""


class StandardWebhooks:
    """Signs and checks by standardwebhooks.com; the first secret signs, all are believed."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._keys = [_standard_key(secret) for secret in secrets]

    def sign(self, message_id: str, body: bytes, at: datetime) -> dict[str, str]:
        """The headers that prove where a message comes from."""
        timestamp = str(int(at.timestamp()))
        made = hmac.digest(self._first_key(), _standard_text(message_id, timestamp, body), sha256)
        return {
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{base64.b64encode(made).decode()}",
        }

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        """The id of a message that was signed with one of the secrets.

        `headers` are named in lower case, or a mapping that does not care.

        Raises:
            NotFound: there is no secret.
            BadSignature: not signed by us, too old, from the future, or malformed.
        """
        self._first_key()
        message_id = headers.get("webhook-id", "")
        # with a dot in the id a body could be cut so that its start passes for the time
        if not 0 < len(message_id) <= LONGEST_ID or "." in message_id:
            raise BadSignature
        timestamp = headers.get("webhook-timestamp", "")
        _check_age(timestamp, now)
        text = _standard_text(message_id, timestamp, body)
        given = list(_standard_signatures(headers.get("webhook-signature", "")))
        _check(text, self._keys, given)
        return message_id

    def _first_key(self) -> bytes:
        if not self._keys:
            raise NotFound
        return self._keys[0]


class StripeSignatures:
    """Checks the `Stripe-Signature` header; all secrets are believed."""

    def __init__(self, secrets: Sequence[str]) -> None:
        if not all(secrets):
            raise BadSecret("a webhook secret is empty")
        self._keys = [secret.encode() for secret in secrets]

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
        """Nothing, where the body was signed with one of the secrets.

        Raises:
            NotFound: there is no secret.
            BadSignature: not signed by Stripe, too old, from the future, or malformed.
        """
        if not self._keys:
            raise NotFound
        parts = [
            part.strip().partition("=") for part in headers.get("stripe-signature", "").split(",")
        ]
        timestamps = [value for name, _, value in parts if name == "t"]
        if len(timestamps) != 1:
            raise BadSignature
        _check_age(timestamps[0], now)
        given = [digest for name, _, value in parts if name == "v1" if (digest := _unhexed(value))]
        _check(timestamps[0].encode() + b"." + body, self._keys, given)


def _standard_key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise BadSecret("a webhook secret is not base64") from None
    if len(key) < SHORTEST_KEY:
        raise BadSecret(f"a webhook secret has less than {SHORTEST_KEY} bytes")
    return key


def _standard_text(message_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{message_id}.{timestamp}.".encode() + body


def _standard_signatures(header: str) -> Iterator[bytes]:
    """The signatures of version 1; others are for those who know them."""
    for item in header.split(" "):
        version, _, encoded = item.partition(",")
        if version == "v1":
            try:
                yield base64.b64decode(encoded, validate=True)
            except ValueError:
                continue


def _unhexed(text: str) -> bytes:
    """The bytes of a hexadecimal number; none where it is something else."""
    try:
        return binascii.unhexlify(text)
    except ValueError:
        return b""


def _check_age(timestamp: str, now: datetime) -> None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise BadSignature
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise BadSignature


def _check(text: bytes, keys: Sequence[bytes], given: Sequence[bytes]) -> None:
    """Whether one of the keys made one of the signatures."""
    right = False
    for key in keys:
        expected = hmac.digest(key, text, sha256)
        for signature in given:
            right |= hmac.compare_digest(expected, signature)
    if not right:
        raise BadSignature
