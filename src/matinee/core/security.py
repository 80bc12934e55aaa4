"""Passwords that are slow to guess, and tokens that cannot be forged."""

import asyncio
import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import argon2
import jwt

ALGORITHM = "HS256"
REQUIRED_CLAIMS = ("iss", "sub", "sid", "iat", "exp")
LONGEST_ACCESS_TOKEN = 1024
MOST_OPENED = 30_000

_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class InvalidToken(ValueError):
    """A token that we did not make, or not for this use."""


class ExpiredToken(InvalidToken):
    """A token of ours whose time is over."""


class Passwords:
    """argon2id with 19 MiB and two passes, in threads, at most one per core at a time."""

    def __init__(self) -> None:
        self._cores = asyncio.Semaphore(os.cpu_count() or 1)

    async def hash(self, password: str) -> str:
        """The encoded hash, with its own salt and its cost written into it."""
        async with self._cores:
            return await asyncio.to_thread(_HASHER.hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password belongs to the hash.

        Without a hash (unknown user) the same work is done for nothing, so that the time tells
        nothing.
        """
        async with self._cores:
            matches = await asyncio.to_thread(_matches, stored or _decoy(), password)
        return matches and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with another cost than today's."""
        return _HASHER.check_needs_rehash(stored)


def _matches(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


@cache
def _decoy() -> str:
    """A hash that nobody knows the password of."""
    return _HASHER.hash(secrets.token_hex())


def new_token() -> str:
    """256 random bits, in letters that fit into addresses."""
    return secrets.token_urlsafe(32)


def token_hash(token: str | bytes) -> bytes:
    """What is stored of a random token; guessing 256 bits needs no slow hash."""
    return hashlib.sha256(token.encode() if isinstance(token, str) else token).digest()


class Tokens:
    """Signs with the secret key of today; believes what older keys have signed as well.

    Every use has a key of its own, derived from the secret, so that what was signed for one
    use is worth nothing for another.
    """

    def __init__(self, secret: str, *, previous: Sequence[str], issuer: str) -> None:
        self._secrets = [secret.encode(), *(older.encode() for older in previous)]
        self._issuer = issuer
        self._derived: dict[str, list[bytes]] = {}
        self._opened: dict[str, dict[str, Any]] = {}

    def access_token(
        self, claims: Mapping[str, Any], *, issued_at: datetime, expires_at: datetime
    ) -> str:
        """A JWT with these claims (`sub` and `sid` among them)."""
        stamped = {**claims, "iss": self._issuer, "iat": issued_at, "exp": expires_at}
        return jwt.encode(stamped, self._keys("access")[0], algorithm=ALGORITHM)

    def open_access_token(self, token: str) -> dict[str, Any]:
        """The claims of one of our access tokens; a device shows the same one many times.

        Raises:
            ExpiredToken: it was ours.
            InvalidToken: forged, mutilated, of another algorithm, or of another issuer.
        """
        claims = self._opened.get(token)
        if claims is None:
            claims = self._verify(token)
            if len(self._opened) >= MOST_OPENED:
                self._opened.clear()
            self._opened[token] = claims
        elif claims["exp"] <= time.time():
            raise ExpiredToken
        return claims

    def _verify(self, token: str) -> dict[str, Any]:
        if len(token) > LONGEST_ACCESS_TOKEN:
            raise InvalidToken
        for key in self._keys("access"):
            try:
                return self._decode(token, key)
            except jwt.ExpiredSignatureError:
                raise ExpiredToken from None
            except jwt.InvalidSignatureError:
                continue
            except (jwt.InvalidTokenError, ValueError, RecursionError):
                raise InvalidToken from None
        raise InvalidToken

    def _decode(self, token: str, key: bytes) -> dict[str, Any]:
        # iat is stamped by the database, whose clock may run ahead of ours by a moment
        return jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            issuer=self._issuer,
            options={"require": list(REQUIRED_CLAIMS), "verify_iat": False},
        )

    def mac(self, use: str, message: bytes) -> bytes:
        """32 bytes that prove we wrote the message, for one use."""
        return hmac.digest(self._keys(use)[0], message, "sha256")

    def is_mac(self, use: str, message: bytes, mac: bytes) -> bool:
        """Whether the proof is ours, by today's key or an older one."""
        return any(
            hmac.compare_digest(hmac.digest(key, message, "sha256"), mac) for key in self._keys(use)
        )

    def _keys(self, use: str) -> list[bytes]:
        if use not in self._derived:
            label = f"matinee {use}".encode()
            self._derived[use] = [hmac.digest(one, label, "sha256") for one in self._secrets]
        return self._derived[use]
