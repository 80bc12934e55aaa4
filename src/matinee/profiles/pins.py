"""PINs of profiles: five tries in a quarter of an hour, counted in the profile's own row."""

from collections.abc import Sequence
from uuid import UUID

from matinee.accounts.mails import send_security_mail
from matinee.accounts.purchase_pin import PinRequired
from matinee.core.database import Row
from matinee.core.errors import Forbidden
from matinee.core.jobs import enqueue
from matinee.runtime import Runtime

TRIES = 5
WINDOW_MINUTES = 15

_RECENT = (
    f"coalesce(pin_failed_at > clock_timestamp() - interval '{WINDOW_MINUTES} minutes', false)"
)
_PIN = """
    SELECT name, pin_hash, pin_locked_until, clock_timestamp() AS server_time,
           coalesce(pin_locked_until > clock_timestamp(), false) AS locked
    FROM profiles WHERE user_id = :user_id AND id = :profile_id
"""
# The last try locks by being counted; the right PIN takes the lock away again.
_COUNT = f"""
    UPDATE profiles
    SET pin_failures = CASE WHEN {_RECENT} THEN pin_failures + 1 ELSE 1 END,
        pin_locked_until = CASE WHEN {_RECENT} AND pin_failures + 1 >= {TRIES}
            THEN clock_timestamp() + interval '{WINDOW_MINUTES} minutes' END,
        pin_failed_at = clock_timestamp()
    WHERE user_id = :user_id AND id = :profile_id
      AND coalesce(pin_locked_until <= clock_timestamp(), true)
    RETURNING pin_failures AS tries, pin_locked_until, clock_timestamp() AS server_time
"""
# in order, so that two who guess at once wait for each other
_COUNT_ALL = f"""
    UPDATE profiles p
    SET pin_failures = CASE WHEN {_RECENT} THEN pin_failures + 1 ELSE 1 END,
        pin_locked_until = CASE WHEN {_RECENT} AND pin_failures + 1 >= {TRIES}
            THEN clock_timestamp() + interval '{WINDOW_MINUTES} minutes' END,
        pin_failed_at = clock_timestamp()
    FROM (
        SELECT user_id, id FROM profiles
        WHERE user_id = :user_id AND id = ANY (:profile_ids::uuid[]) AND pin_hash IS NOT NULL
          AND coalesce(pin_locked_until <= clock_timestamp(), true)
        ORDER BY id FOR NO KEY UPDATE
    ) AS asked
    WHERE p.user_id = asked.user_id AND p.id = asked.id
    RETURNING p.id, p.name, p.pin_hash, p.pin_failures AS tries
"""
_UNCOUNT = """
    UPDATE profiles SET pin_failures = greatest(pin_failures - 1, 0), pin_locked_until = NULL
    WHERE user_id = :user_id AND id = ANY (:profile_ids::uuid[])
"""
_CLEAR = """
    UPDATE profiles SET pin_failures = 0, pin_failed_at = NULL, pin_locked_until = NULL
    WHERE user_id = :user_id AND id = :profile_id
"""


class PinLocked(Forbidden):
    """Too many wrong PINs; wait, or use the account password."""


async def check_pin(runtime: Runtime, user_id: UUID, profile_id: UUID, pin: str | None) -> None:
    """Let only the right PIN pass; a profile without one needs none.

    The try is counted before the PIN is compared, so that parallel guesses cannot outrun the lock.

    Raises:
        PinRequired: none was given, or a wrong one; `details.tries_left`.
        PinLocked: `details.locked_until`, and the clock it is measured by.
    """
    mine = {"user_id": user_id, "profile_id": profile_id}
    async with runtime.database.read() as tx:
        stored = await tx.one(_PIN, **mine)
    if stored is None or stored["pin_hash"] is None:
        return
    if stored["locked"]:
        raise _locked(stored)
    if pin is None:
        raise PinRequired("pin")
    async with runtime.database.write() as wtx:
        counted = await wtx.one(_COUNT, **mine)
    if counted is None:
        async with runtime.database.read() as tx:
            raise _locked(await tx.one(_PIN, **mine) or stored)
    if await runtime.passwords.verify(stored["pin_hash"], pin):
        async with runtime.database.write() as wtx:
            await wtx.execute(_CLEAR, **mine)
        return
    if counted["tries"] < TRIES:
        raise PinRequired("pin", tries_left=TRIES - counted["tries"])
    await _notify(runtime, user_id, stored["name"])
    raise _locked(counted)


async def check_any_pin(
    runtime: Runtime, user_id: UUID, profile_ids: Sequence[UUID], pin: str
) -> None:
    """Let the right PIN of any of these profiles pass.

    The try counts for each of them that is not locked. The right PIN takes it back from the others,
    and no more: who knows one PIN cannot guess at another one for ever.

    Raises:
        PinRequired: it is that of none; `details.tries_left`.
        PinLocked: all of them are locked.
    """
    async with runtime.database.write() as tx:
        asked = await tx.all(_COUNT_ALL, user_id=user_id, profile_ids=list(profile_ids))
    if not asked:
        raise PinLocked("pin")
    for profile in asked:
        if await runtime.passwords.verify(profile["pin_hash"], pin):
            others = [one["id"] for one in asked if one["id"] != profile["id"]]
            async with runtime.database.write() as tx:
                await tx.execute(_CLEAR, user_id=user_id, profile_id=profile["id"])
                await tx.execute(_UNCOUNT, user_id=user_id, profile_ids=others)
            return
    for profile in asked:
        if profile["tries"] >= TRIES:
            await _notify(runtime, user_id, profile["name"])
    tries_left = max(TRIES - profile["tries"] for profile in asked)
    if tries_left <= 0:
        raise PinLocked("pin")
    raise PinRequired("pin", tries_left=tries_left)


async def _notify(runtime: Runtime, user_id: UUID, name: str) -> None:
    async with runtime.database.write() as tx:
        await enqueue(
            tx, send_security_mail, user_id=str(user_id), event="pin_locked", _detail=name
        )


def _locked(profile: Row) -> PinLocked:
    """The problem that tells until when; a lock that was lifted meanwhile has no end."""
    until = profile["pin_locked_until"]
    return PinLocked(
        "pin",
        locked_until=until.isoformat() if until else None,
        server_time=profile["server_time"].isoformat(),
    )
