"""PINs of profiles: five tries in a quarter of an hour, counted in the profile's own row."""

from datetime import datetime
from uuid import UUID

from matinee.core.errors import Forbidden
from matinee.core.jobs import enqueue
from matinee.accounts.mails import send_security_mail
from matinee.runtime import Runtime

TRIES = 5
WINDOW_MINUTES = 15

_PIN = """
    SELECT pin_hash, pin_locked_until,
           coalesce(pin_locked_until > clock_timestamp(), false) AS locked, name
    FROM profiles WHERE user_id = :user_id AND id = :profile_id
"""
_TRY = f"""
    UPDATE profiles
    SET pin_failures = CASE
            WHEN pin_failed_at > clock_timestamp() - interval '{WINDOW_MINUTES} minutes'
            THEN pin_failures + 1 ELSE 1 END,
        pin_failed_at = clock_timestamp()
    WHERE user_id = :user_id AND id = :profile_id
      AND coalesce(pin_locked_until <= clock_timestamp(), true)
    RETURNING pin_failures
"""
_LOCK = f"""
    UPDATE profiles
    SET pin_locked_until = clock_timestamp() + interval '{WINDOW_MINUTES} minutes', pin_failures = 0
    WHERE user_id = :user_id AND id = :profile_id
    RETURNING pin_locked_until
"""
_CLEAR = """
    UPDATE profiles SET pin_failures = 0, pin_failed_at = NULL
    WHERE user_id = :user_id AND id = :profile_id AND pin_failures > 0
"""


class PinRequired(Forbidden):
    """This profile is protected by a PIN."""


class PinLocked(Forbidden):
    """Too many wrong PINs; wait, or use the account password."""


async def check_pin(runtime: Runtime, user_id: UUID, profile_id: UUID, pin: str | None) -> None:
    """Let only the right PIN pass; a profile without one needs none.

    The try is counted before the PIN is compared, so that parallel guesses cannot outrun the lock.

    Raises:
        PinRequired: none was given, or a wrong one; `details.tries_left`.
        PinLocked: `details.locked_until`.
    """
    async with runtime.database.read() as tx:
        stored = await tx.one(_PIN, user_id=user_id, profile_id=profile_id)
    if stored is None or stored["pin_hash"] is None:
        return
    if stored["locked"]:
        raise _locked(stored["pin_locked_until"])
    if pin is None:
        raise PinRequired("pin")
    async with runtime.database.write() as tx:
        tries = await tx.scalar(_TRY, user_id=user_id, profile_id=profile_id)
    if tries is None or tries > TRIES:
        raise PinLocked()
    if await runtime.passwords.verify(stored["pin_hash"], pin):
        async with runtime.database.write() as tx:
            await tx.execute(_CLEAR, user_id=user_id, profile_id=profile_id)
        return
    if tries == TRIES:
        raise await _lock(runtime, user_id, profile_id, stored["name"])
    raise PinRequired("pin", tries_left=TRIES - tries)


async def _lock(runtime: Runtime, user_id: UUID, profile_id: UUID, name: str) -> PinLocked:
    async with runtime.database.write() as tx:
        until = await tx.scalar(_LOCK, user_id=user_id, profile_id=profile_id)
        await enqueue(
            tx, send_security_mail, user_id=str(user_id), event="pin_locked", detail=name
        )
    return _locked(until)


def _locked(until: datetime) -> PinLocked:
    return PinLocked("pin", locked_until=until.isoformat())
