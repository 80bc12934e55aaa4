"""Sessions of signed-in devices: start, renewal, the profile they speak for, end."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from matinee.accounts.credentials import (
    ACCESS_LIFETIME,
    TokenInvalid,
    make_access_token,
    make_cookie,
    make_refresh_token,
    new_secret,
    proves_refresh,
    read_refresh_token,
)
from matinee.accounts.schemas import ClientKind, SessionOut, Sessions, SignedIn
from matinee.accounts.viewer import SessionRevoked, Viewer, session_tag, user_tag
from matinee.core.context import current_request
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import NotFound
from matinee.core.paging import decode_cursor, encode_cursor
from matinee.core.security import Tokens, token_hash
from matinee.runtime import Runtime

LIFETIME_DAYS = {"web": 90, "app": 180, "tv": 365}
"""From the sign-in for browsers, from the last renewal for the others."""

GRACE_SECONDS = 10
"""In which the refresh token before the current one still gives the same successor."""

_ANSWERED = """
    id, user_id, kind, profile_id, generation, salt, clock_timestamp() AS server_time,
    (SELECT role FROM staff WHERE staff.user_id = auth_sessions.user_id) AS role
"""
_START = f"""
    INSERT INTO auth_sessions
        (user_id, kind, profile_id, secret_hash, salt, device_name, user_agent, last_ip, expires_at)
    VALUES (:user_id, :kind, :profile_id, :secret_hash, :salt, :device_name, :user_agent, :ip::inet,
            clock_timestamp() + :days * interval '1 day')
    RETURNING {_ANSWERED}
"""
_DEVICE = "SELECT kind, device_name FROM auth_sessions WHERE id = :session_id"
_SALT = "SELECT salt, kind FROM auth_sessions WHERE id = :session_id"
# A generation above the stored one was signed by us as well: the database was restored meanwhile.
_ROTATE = f"""
    UPDATE auth_sessions
    SET generation = :generation + 1, rotated_at = clock_timestamp(),
        last_seen_at = clock_timestamp(), last_ip = coalesce(:ip::inet, last_ip),
        expires_at = clock_timestamp() + :days * interval '1 day'
    WHERE id = :session_id AND generation <= :generation
      AND revoked_at IS NULL AND expires_at > clock_timestamp()
    RETURNING {_ANSWERED}
"""
_ROTATED_ALREADY = f"""
    SELECT {_ANSWERED}, revoked_at IS NOT NULL OR expires_at <= clock_timestamp() AS ended,
           generation = :generation + 1
             AND clock_timestamp() < rotated_at + interval '{GRACE_SECONDS} seconds' AS repeated
    FROM auth_sessions WHERE id = :session_id
"""
_BIND = f"""
    UPDATE auth_sessions SET profile_id = :profile_id
    WHERE id = :session_id AND revoked_at IS NULL
    RETURNING {_ANSWERED}
"""
_END = """
    UPDATE auth_sessions
    SET revoked_at = coalesce(revoked_at, clock_timestamp()),
        revoke_reason = coalesce(revoke_reason, :reason)
    WHERE id = :session_id AND user_id = :user_id
"""
_END_ALL = """
    UPDATE auth_sessions SET revoked_at = clock_timestamp(), revoke_reason = :reason
    WHERE user_id = :user_id AND revoked_at IS NULL
"""
_FORGET_WAITING = """
    UPDATE device_codes SET state = 'denied' WHERE user_id = :user_id AND state = 'approved'
"""
_LIVE = """
    SELECT id, kind, device_name, user_agent, host(last_ip) AS last_ip, profile_id, created_at,
           last_seen_at, expires_at, id = :current AS current
    FROM auth_sessions
    WHERE user_id = :user_id AND revoked_at IS NULL AND expires_at > clock_timestamp()
      AND (:before::uuid IS NULL OR id < :before)
    ORDER BY id DESC LIMIT :limit
"""
_NOW = "SELECT clock_timestamp()"


@dataclass(frozen=True, slots=True)
class Started:
    """A session that has just begun: what to answer, and the cookie where it is a browser's."""

    answer: SignedIn
    cookie: str | None = None

    @property
    def cookie_seconds(self) -> int:
        """How long the browser keeps the cookie."""
        return LIFETIME_DAYS["web"] * 86_400


async def start(
    tx: WriteTx,
    tokens: Tokens,
    user_id: UUID,
    *,
    kind: ClientKind,
    device_name: str | None,
    profile_id: UUID | None = None,
) -> Started:
    """Begin a session; the caller has made sure who it is, and holds the user's row."""
    secret = new_secret() if kind == "web" else None
    request = current_request()
    session = await tx.one(
        _START,
        user_id=user_id,
        kind=kind,
        profile_id=profile_id,
        secret_hash=token_hash(secret) if secret else None,
        salt=secrets.token_bytes(16),
        device_name=device_name,
        user_agent=(request.user_agent or "").replace("\0", "") if request else None,
        ip=request.client_ip if request else None,
        days=float(LIFETIME_DAYS[kind]),
    )
    assert session is not None
    if secret is None:
        return Started(_with_tokens(tokens, session))
    return Started(_answer(session), make_cookie(tokens, user_id, session["id"], secret))


async def restart(tx: WriteTx, tokens: Tokens, viewer: Viewer) -> Started:
    """A new session for the viewer's device, with its name and profile; the old one has ended."""
    old = await tx.one(_DEVICE, session_id=viewer.session_id)
    if old is None:
        raise SessionRevoked()
    return await start(
        tx,
        tokens,
        viewer.household,
        kind=old["kind"],
        device_name=old["device_name"],
        profile_id=viewer.profile_id,
    )


async def refresh(runtime: Runtime, refresh_token: str) -> SignedIn:
    """The successor of a refresh token; repeats within 10 s (two tabs, a lost answer) get it too.

    Raises:
        TokenInvalid: we never made this token.
        SessionRevoked: the session has ended, or ends now because an old token was used again.
    """
    claim = read_refresh_token(refresh_token)
    async with runtime.database.write() as tx:
        known = await tx.one(_SALT, session_id=claim.session_id)
        if known is None or not proves_refresh(runtime.tokens, claim, known["salt"]):
            raise TokenInvalid("refresh_token")
        session = await _rotate(tx, claim.session_id, claim.generation, known["kind"])
    if session is None:
        raise SessionRevoked()
    return _with_tokens(runtime.tokens, session)


async def _rotate(tx: WriteTx, session_id: UUID, generation: int, kind: str) -> Row | None:
    """The session in its next generation, or None where it has ended.

    A token older than the previous one is in two hands, one of them a thief's: the session ends.
    """
    request = current_request()
    rotated = await tx.one(
        _ROTATE,
        session_id=session_id,
        generation=generation,
        days=float(LIFETIME_DAYS[kind]),
        ip=request.client_ip if request else None,
    )
    if rotated is not None:
        return rotated
    session = await tx.one(_ROTATED_ALREADY, session_id=session_id, generation=generation)
    if session is None or session["ended"]:
        return None
    if session["repeated"]:
        return session
    await end(tx, session["user_id"], session_id, reason="refresh_reuse")
    return None


def _with_tokens(tokens: Tokens, session: Row) -> SignedIn:
    refresh_token = make_refresh_token(
        tokens, session["id"], session["generation"], session["salt"]
    )
    answer = _with_access_token(tokens, session, session["server_time"] + ACCESS_LIFETIME)
    return answer.model_copy(update={"refresh_token": refresh_token})


def _with_access_token(tokens: Tokens, session: Row, expires_at: datetime) -> SignedIn:
    access_token = make_access_token(
        tokens,
        session["user_id"],
        session["id"],
        now=session["server_time"],
        expires_at=expires_at,
    )
    return _answer(session).model_copy(
        update={"access_token": access_token, "access_expires_at": expires_at}
    )


def _answer(session: Row) -> SignedIn:
    return SignedIn(
        user_id=session["user_id"],
        session_id=session["id"],
        profile_id=session["profile_id"],
        role=session["role"],
        server_time=session["server_time"],
    )


async def bind_profile(tx: WriteTx, tokens: Tokens, viewer: Viewer, profile_id: UUID) -> SignedIn:
    """Let the viewer's session speak for a profile.

    An access token is answered with one that ends at the same time: choosing profiles must not
    keep a stolen one alive. The cookie or the refresh token stays the same.

    Raises:
        SessionRevoked: it has ended meanwhile.
    """
    session = await tx.one(_BIND, session_id=viewer.session_id, profile_id=profile_id)
    if session is None:
        raise SessionRevoked()
    tx.invalidate(session_tag(session["id"]))
    if viewer.access_until is None:
        return _answer(session)
    return _with_access_token(tokens, session, viewer.access_until)


async def end(tx: WriteTx, user_id: UUID, session_id: UUID, *, reason: str) -> None:
    """Sign a device out; one that is signed out already stays so.

    Raises:
        NotFound: the household has no such session.
    """
    if not await tx.execute(_END, user_id=user_id, session_id=session_id, reason=reason):
        raise NotFound()
    tx.invalidate(session_tag(session_id))


async def end_all(tx: WriteTx, user_id: UUID, *, reason: str) -> None:
    """Sign all devices of a household out, and those that were about to be signed in."""
    await tx.execute(_END_ALL, user_id=user_id, reason=reason)
    await tx.execute(_FORGET_WAITING, user_id=user_id)
    tx.invalidate(user_tag(user_id))


async def list_sessions(tx: ReadTx, viewer: Viewer, cursor: str | None, page_size: int) -> Sessions:
    """The signed-in devices of the household, newest first.

    Raises:
        BadCursor: it is not one of ours.
    """
    (before,) = decode_cursor(cursor, [UUID]) if cursor else (None,)
    rows = await tx.all(
        _LIVE,
        user_id=viewer.household,
        current=viewer.session_id,
        before=before,
        limit=page_size + 1,
    )
    items = [SessionOut(**row) for row in rows[:page_size]]
    return Sessions(
        items=items,
        next_cursor=encode_cursor(items[-1].id) if len(rows) > page_size else None,
        server_time=await tx.scalar(_NOW),
    )
