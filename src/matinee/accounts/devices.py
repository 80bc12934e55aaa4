"""Signing a television in with a short code typed on a telephone (RFC 8628)."""

import secrets
from datetime import timedelta

from matinee.accounts import sessions
from matinee.accounts.schemas import (
    ApprovedDevice,
    ApproveDevice,
    DeviceCodeOut,
    DeviceCodeRequest,
    DeviceTokenRequest,
    SignedIn,
)
from matinee.accounts.service import AccountHeld, admit
from matinee.accounts.viewer import Viewer
from matinee.core.database import Row, WriteTx
from matinee.core.errors import Forbidden, NotFound, Problem, Unavailable
from matinee.core.ratelimit import DEVICE_CODE_TRIES
from matinee.core.security import new_token, token_hash
from matinee.runtime import Runtime

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""Consonants without look-alikes: no words, nothing to confuse (20^8 codes)."""

LETTERS = 8
LIFETIME = timedelta(minutes=10)
INTERVAL_SECONDS = 5
TOLERANCE_SECONDS = 1
"""A poll may come this much early: networks are not clocks."""

_ADD = """
    INSERT INTO device_codes
        (device_code_hash, user_code, client_name, interval_seconds, expires_at)
    VALUES (:device_code_hash, :user_code, :client_name, :interval, clock_timestamp() + :lifetime)
    ON CONFLICT (user_code) DO NOTHING
"""
_POLLED = f"""
    SELECT user_id, client_name, state, interval_seconds,
           expires_at <= clock_timestamp() AS expired,
           coalesce(last_poll_at + (interval_seconds - {TOLERANCE_SECONDS}) * interval '1 second'
                      > clock_timestamp(), false) AS too_soon
    FROM device_codes WHERE device_code_hash = :device_code_hash FOR UPDATE
"""
_NOTE_POLL = """
    UPDATE device_codes SET last_poll_at = clock_timestamp(), interval_seconds = :interval
    WHERE device_code_hash = :device_code_hash
"""
_USE = "UPDATE device_codes SET state = 'used' WHERE device_code_hash = :device_code_hash"
_ANSWER = """
    UPDATE device_codes SET state = :state, user_id = :user_id
    WHERE user_code = :user_code AND state = 'pending' AND expires_at > clock_timestamp()
    RETURNING client_name
"""


class AuthorizationPending(Problem):
    """Nobody has answered the code yet; ask again after `interval` seconds."""


class AccessDenied(Forbidden):
    """The household refused to sign this device in."""


class DeviceCodeExpired(Problem):
    """This code is too old, was used, or never existed; ask for a new one."""

    status = 410


class SlowDown(Problem):
    """Asked too often; wait five seconds longer from now on."""

    status = 429


async def request_code(runtime: Runtime, wish: DeviceCodeRequest) -> DeviceCodeOut:
    """A code to show on the screen, and the secret to ask with."""
    device_code = new_token()
    async with runtime.database.write() as tx:
        user_code = await _store(tx, device_code, wish.client_name)
    shown = f"{user_code[:4]}-{user_code[4:]}"
    address = f"{runtime.settings.public_url}/link"
    return DeviceCodeOut(
        device_code=device_code,
        user_code=shown,
        verification_uri=address,
        verification_uri_complete=f"{address}?code={shown}",
        expires_in=int(LIFETIME.total_seconds()),
        interval=INTERVAL_SECONDS,
    )


async def _store(tx: WriteTx, device_code: str, client_name: str) -> str:
    for _ in range(5):
        user_code = "".join(secrets.choice(ALPHABET) for _ in range(LETTERS))
        if await tx.execute(
            _ADD,
            device_code_hash=token_hash(device_code),
            user_code=user_code,
            client_name=client_name,
            interval=INTERVAL_SECONDS,
            lifetime=LIFETIME,
        ):
            return user_code
    raise Unavailable()


async def poll(runtime: Runtime, wish: DeviceTokenRequest) -> SignedIn:
    """The session of a television once its code was approved; each code gives one session.

    Raises:
        AuthorizationPending: nobody has answered yet.
        SlowDown: asked before the interval was over.
        AccessDenied: the household said no.
        DeviceCodeExpired: unknown, too old or used.
        AccountHeld: the account was disabled meanwhile.
    """
    async with runtime.database.write() as tx:
        answer = await _poll(runtime, tx, token_hash(wish.device_code))
    if isinstance(answer, Problem):
        raise answer
    return answer


async def _poll(runtime: Runtime, tx: WriteTx, device_code_hash: bytes) -> SignedIn | Problem:
    """What to answer; problems are returned, so that the time of this poll is kept."""
    device = await tx.one(_POLLED, device_code_hash=device_code_hash)
    if device is None or device["expired"] or device["state"] == "used":
        return DeviceCodeExpired("device_code")
    interval = device["interval_seconds"] + (5 if device["too_soon"] else 0)
    await tx.execute(_NOTE_POLL, device_code_hash=device_code_hash, interval=interval)
    if device["too_soon"]:
        return SlowDown(headers={"Retry-After": str(interval)}, interval=interval)
    if device["state"] == "pending":
        return AuthorizationPending(interval=interval)
    if device["state"] == "denied":
        return AccessDenied()
    return await _hand_over(runtime, tx, device, device_code_hash)


async def _hand_over(
    runtime: Runtime, tx: WriteTx, device: Row, device_code_hash: bytes
) -> SignedIn | Problem:
    try:
        await admit(tx, device["user_id"])
    except AccountHeld as held:
        return held
    await tx.execute(_USE, device_code_hash=device_code_hash)
    started = await sessions.start(
        tx, runtime.tokens, device["user_id"], kind="tv", device_name=device["client_name"]
    )
    return started.answer


async def answer(runtime: Runtime, viewer: Viewer, wish: ApproveDevice) -> ApprovedDevice:
    """Approve or refuse the television that shows this code.

    Raises:
        NotFound: no television waits with this code, or somebody has answered it already.
        RateLimited: five wrong codes in ten minutes.
    """
    await runtime.limiter.hit(DEVICE_CODE_TRIES, viewer.household)
    async with runtime.database.write() as tx:
        client_name = await tx.scalar(
            _ANSWER,
            user_code=_bare(wish.user_code),
            user_id=viewer.household,
            state="approved" if wish.approve else "denied",
        )
    if client_name is None:
        raise NotFound("user_code")
    await runtime.limiter.give_back(DEVICE_CODE_TRIES, viewer.household)
    return ApprovedDevice(client_name=client_name, approved=wish.approve)


def _bare(typed: str) -> str:
    """The code as it is stored: `bcdf ghjk` -> `BCDFGHJK`."""
    return "".join(letter for letter in typed.upper() if letter in ALPHABET)
