"""User names and passwords by which players of others read a profile's channels and guide."""

import base64
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from matinee.accounts.passwords import InvalidCredentials
from matinee.accounts.viewer import HOUSEHOLD, Viewer, profile_tag, somebody_of
from matinee.core.client_address import subscriber_of
from matinee.core.context import current_request
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import Conflict, NotFound
from matinee.core.ratelimit import LOGIN_TRIES
from matinee.core.security import token_hash
from matinee.entitlements import streams
from matinee.epg.exports.schemas import ExportCredential, ExportCredentials
from matinee.runtime import Runtime
from matinee.viewing.sessions.live import LiveSessions

MOST = 20
"""Credentials of a household that count."""

WRONG = "The user name or the password is wrong."

REMEMBERED = timedelta(seconds=5)
"""How long another process may still believe in a credential that was just revoked."""

USERNAME_BYTES = 5
PASSWORD_BYTES = 20
"""160 random bits, 32 letters and digits: a fast hash is enough, and a television can type them."""

_LOCK = "SELECT FROM users WHERE user_id = :user_id FOR NO KEY UPDATE"
_PROFILES = "SELECT id FROM profiles WHERE user_id = :user_id"
_COUNT = """
    SELECT count(*) FROM export_credentials
    WHERE user_id = :user_id AND revoked_at IS NULL AND profile_id = ANY (:profiles::uuid[])
"""
_ADD = """
    INSERT INTO export_credentials (username, user_id, profile_id, name, password_hash)
    VALUES (:username, :user_id, :profile_id, :name, :password_hash)
    RETURNING id, username, name, profile_id, created_at, last_used_at
"""
_LIST = """
    SELECT id, username, name, profile_id, created_at, last_used_at FROM export_credentials
    WHERE user_id = :user_id AND revoked_at IS NULL AND profile_id = ANY (:profiles::uuid[])
    ORDER BY created_at DESC, id
"""
_REVOKE = """
    UPDATE export_credentials SET revoked_at = coalesce(revoked_at, clock_timestamp())
    WHERE user_id = :user_id AND id = :credential_id
      AND (:only::uuid IS NULL OR profile_id = :only)
    RETURNING username, profile_id
"""
_PLAYING = """
    SELECT id FROM viewing_sessions
    WHERE user_id = :user_id AND device_id = :device_id AND ended_at IS NULL
"""
_FIND = """
    SELECT id, user_id, profile_id, name, password_hash, created_at, revoked_at,
           coalesce(last_used_at < clock_timestamp() - interval '1 hour', true) AS unseen
    FROM export_credentials WHERE username = :username
"""
_HELD = """
    SELECT FROM export_credentials WHERE username = :username AND revoked_at IS NULL FOR SHARE
"""
_HOUSEHOLD_HELD = """
    SELECT FROM users u JOIN profiles p ON p.user_id = u.user_id
    WHERE u.user_id = :user_id AND u.status = 'active' AND p.id = :profile_id FOR KEY SHARE
"""
_SEEN = """
    UPDATE export_credentials SET last_used_at = clock_timestamp() WHERE username = :username
"""


@dataclass(frozen=True, slots=True)
class Device:
    """A player of somebody else's making that has shown a credential, and for whom it asks."""

    viewer: Viewer
    credential_id: UUID
    name: str
    username: str
    password: str
    created_at: datetime

    @property
    def device_id(self) -> str:
        """The device as viewing sessions know it: it plays one thing at a time."""
        return device_of(self.credential_id)


def device_of(credential_id: UUID) -> str:
    """What viewing sessions call the device of a credential."""
    return f"export-{credential_id}"


async def create_credential(tx: WriteTx, viewer: Viewer, name: str) -> tuple[Row, str]:
    """A credential for the profile that asks, and its password, which is not stored.

    Raises:
        ProfileRequired: no profile is chosen.
        Conflict: the household has as many as it may.
    """
    profile_id = viewer.profile
    await tx.one(_LOCK, user_id=viewer.household)
    profiles = await _profiles(tx, viewer)
    if await tx.scalar(_COUNT, user_id=viewer.household, profiles=profiles) >= MOST:
        raise Conflict(message="Revoke another export first.", limit=MOST)
    password = _random(PASSWORD_BYTES)
    row = await tx.one(
        _ADD,
        username=_random(USERNAME_BYTES),
        user_id=viewer.household,
        profile_id=profile_id,
        name=name,
        password_hash=token_hash(password),
    )
    assert row is not None
    return row, password


def _random(count: int) -> str:
    """So many random bytes, in small letters and digits that are told apart on a television."""
    return base64.b32encode(secrets.token_bytes(count)).decode().rstrip("=").lower()


async def list_credentials(tx: ReadTx, viewer: Viewer) -> ExportCredentials:
    """Those of the household that count, newest first; a kids profile sees its own."""
    profiles = [viewer.profile] if viewer.is_kids else await _profiles(tx, viewer)
    rows = await tx.all(_LIST, user_id=viewer.household, profiles=profiles)
    return ExportCredentials(items=[ExportCredential(**row) for row in rows])


async def revoke_credential(
    runtime: Runtime, tx: WriteTx, viewer: Viewer, credential_id: UUID
) -> None:
    """Let a credential count no more, and end what its device plays; twice equals once.

    Raises:
        NotFound: the household has none of that id.
    """
    revoked = await tx.one(
        _REVOKE,
        user_id=viewer.household,
        credential_id=credential_id,
        only=_own_only(viewer),
    )
    if revoked is None:
        raise NotFound()
    playing = await tx.all(_PLAYING, user_id=viewer.household, device_id=device_of(credential_id))
    ids = [row["id"] for row in playing]
    await streams.end_sessions(tx, viewer.household, ids, "signed_out")
    for session_id in ids:
        runtime.part(LiveSessions).forget(session_id)
    tx.invalidate(_tag(revoked["username"]), profile_tag(revoked["profile_id"]))


async def hold_credential(tx: WriteTx, device: Device) -> None:
    """Let nobody revoke the credential before this transaction ends: then he ends its session too.

    Raises:
        InvalidCredentials: it was revoked, or its profile or account has gone.
    """
    viewer = device.viewer
    household = {"user_id": viewer.household, "profile_id": viewer.profile}
    if (
        await tx.one(_HELD, username=device.username) is None
        or await tx.one(_HOUSEHOLD_HELD, **household) is None
    ):
        raise InvalidCredentials(message=WRONG)


async def _profiles(tx: ReadTx, viewer: Viewer) -> list[UUID]:
    """Those of the household: the credential of one that is gone counts no more."""
    return [row["id"] for row in await tx.all(_PROFILES, user_id=viewer.household)]


def _own_only(viewer: Viewer) -> UUID | None:
    return viewer.profile if viewer.is_kids else None


async def device_by(runtime: Runtime, username: str, password: str) -> Device:
    """Who asks by a credential.

    Nobody guesses a password, so that failures alone are limited: players come in bursts.

    Raises:
        InvalidCredentials: it is none of ours, or counts no more.
        RateLimited: the same, too often from there.
    """
    context = current_request()
    try:
        device = await runtime.cache.get_or_build_object(
            "export-device",
            f"{username}:{token_hash(password).hex()}",
            depends_on={_tag(username)},
            ttl=REMEMBERED,
            build=partial(_load, runtime, username, password),
        )
    except InvalidCredentials:
        subscriber = subscriber_of(context.client_ip if context else None)
        await runtime.limiter.hit(LOGIN_TRIES, f"export:{subscriber}")
        raise
    if context is not None:
        context.user_id = str(device.viewer.user_id)
    return device


def _tag(username: str) -> str:
    """The cache tag of a credential."""
    return f"export:{username}"


async def _load(runtime: Runtime, username: str, password: str) -> Device:
    async with runtime.database.read() as tx:
        found = await tx.one(_FIND, username=username)
        if not _counts(found, password) or found is None:
            raise InvalidCredentials(message=WRONG)
        household = await tx.one(
            HOUSEHOLD, user_id=found["user_id"], profile_id=found["profile_id"]
        )
    if household is None or household["status"] != "active" or household["profile_id"] is None:
        raise InvalidCredentials(message=WRONG)
    viewer = somebody_of(found["user_id"], household, device_kind="app")
    if found["unseen"]:
        async with runtime.database.write() as wtx:
            await wtx.execute(_SEEN, username=username)
    return Device(
        viewer=replace(viewer, unsold_is_free=runtime.settings.unsold_titles == "free"),
        credential_id=found["id"],
        name=found["name"],
        username=username,
        password=password,
        created_at=found["created_at"],
    )


def _counts(found: Row | None, password: str) -> bool:
    """Whether a credential was shown that exists; as long either way."""
    stored = found["password_hash"] if found is not None else bytes(32)
    proven = hmac.compare_digest(stored, token_hash(password))
    return found is not None and proven and found["revoked_at"] is None
