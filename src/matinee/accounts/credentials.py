"""What a device shows to be recognised: a cookie, an access token, a refresh token."""

import base64
import binascii
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from matinee.core.errors import NotAuthenticated
from matinee.core.security import ExpiredToken, InvalidToken, Tokens, token_hash
from matinee.core.settings import Settings

ACCESS_LIFETIME = timedelta(minutes=10)

_ID_BYTES = 16
_SECRET_BYTES = 32
_COOKIE_BYTES = 2 * _ID_BYTES + 2 * _SECRET_BYTES
_COOKIE_LENGTH = _COOKIE_BYTES * 4 // 3
_REFRESH_TOKEN = re.compile(r"mrt_([0-9a-f]{32})\.([0-9]{1,9})\.([A-Za-z0-9_-]{43})")


class TokenExpired(NotAuthenticated):
    """The access token has expired; refresh it."""


class TokenInvalid(NotAuthenticated):
    """The credential is not one of ours."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A session as its device names it; signed by us, yet it may have ended meanwhile."""

    user_id: UUID
    session_id: UUID
    secret: bytes | None = None
    expires_at: datetime | None = None

    @property
    def by_cookie(self) -> bool:
        """Whether a browser sent it by itself, so that foreign pages could make it do so."""
        return self.secret is not None

    @property
    def identity(self) -> tuple[UUID, bytes | None]:
        """Equal only for credentials that prove the same."""
        return self.session_id, self.secret

    @property
    def cache_key(self) -> str:
        """The same as a text without the secret."""
        return f"{self.session_id}:{token_hash(self.secret).hex() if self.secret else 'token'}"

    def proves(self, secret_hash: bytes | None) -> bool:
        """Whether it fits to the secret whose hash the session keeps; tokens prove themselves."""
        if self.secret is None:
            return secret_hash is None
        return secret_hash is not None and hmac.compare_digest(token_hash(self.secret), secret_hash)


@dataclass(frozen=True, slots=True)
class RefreshClaim:
    """What a refresh token says: a session and the generation it belongs to."""

    session_id: UUID
    generation: int
    proof: bytes


def cookie_name(settings: Settings) -> str:
    """With TLS the prefix makes browsers refuse the cookie from any other host or path."""
    return "__Host-matinee" if settings.secure_cookies else "matinee"


def new_secret() -> bytes:
    """The 256 random bits behind a cookie; only their hash is stored."""
    return secrets.token_bytes(_SECRET_BYTES)


def make_cookie(tokens: Tokens, user_id: UUID, session_id: UUID, secret: bytes) -> str:
    """An opaque cookie: where to find the session, its secret, and our signature.

    The signature lets the rate limiter tell users apart without a query.
    """
    named = user_id.bytes + session_id.bytes + secret
    return base64.urlsafe_b64encode(named + tokens.mac("cookie", named)).decode()


def open_cookie(tokens: Tokens, cookie: str) -> Credential:
    """The session that a cookie of ours names.

    Raises:
        TokenInvalid: we never made it.
    """
    packed = _decoded(cookie) if len(cookie) == _COOKIE_LENGTH else b""
    named, mac = packed[:-_SECRET_BYTES], packed[-_SECRET_BYTES:]
    if len(packed) != _COOKIE_BYTES or not tokens.is_mac("cookie", named, mac):
        raise TokenInvalid()
    return Credential(
        user_id=UUID(bytes=named[:_ID_BYTES]),
        session_id=UUID(bytes=named[_ID_BYTES : 2 * _ID_BYTES]),
        secret=named[2 * _ID_BYTES :],
    )


def make_access_token(
    tokens: Tokens, user_id: UUID, session_id: UUID, *, now: datetime, expires_at: datetime
) -> str:
    """A JWT that names a session."""
    claims = {"sub": str(user_id), "sid": str(session_id)}
    return tokens.access_token(claims, issued_at=now, expires_at=expires_at)


def open_access_token(tokens: Tokens, token: str) -> Credential:
    """The session that an access token of ours names.

    Raises:
        TokenExpired: it was one.
        TokenInvalid: we never made it.
    """
    try:
        claims = tokens.open_access_token(token)
        return Credential(
            user_id=UUID(claims["sub"]),
            session_id=UUID(claims["sid"]),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )
    except ExpiredToken:
        raise TokenExpired() from None
    except (InvalidToken, ValueError, TypeError, AttributeError, OverflowError):
        raise TokenInvalid() from None


def make_refresh_token(tokens: Tokens, session_id: UUID, generation: int, salt: bytes) -> str:
    """The refresh token of a generation; the same each time it is made."""
    proof = tokens.mac("refresh", _refreshed(session_id, generation, salt))
    encoded = base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
    return f"mrt_{session_id.hex}.{generation}.{encoded}"


def read_refresh_token(token: str) -> RefreshClaim:
    """What a refresh token claims; `proves_refresh` tells whether that is true.

    Raises:
        TokenInvalid: it is not even shaped like one.
    """
    parts = _REFRESH_TOKEN.fullmatch(token)
    if parts is None:
        raise TokenInvalid("refresh_token")
    return RefreshClaim(UUID(hex=parts[1]), int(parts[2]), _decoded(parts[3] + "="))


def proves_refresh(tokens: Tokens, claim: RefreshClaim, salt: bytes) -> bool:
    """Whether we made this refresh token for the session with this salt."""
    message = _refreshed(claim.session_id, claim.generation, salt)
    return tokens.is_mac("refresh", message, claim.proof)


def _refreshed(session_id: UUID, generation: int, salt: bytes) -> bytes:
    return session_id.bytes + generation.to_bytes(4, "big") + salt


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
