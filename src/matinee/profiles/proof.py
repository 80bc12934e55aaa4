"""Proving to be a grown-up of the household: its password, or the PIN of a standard profile."""

from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.ratelimit import PIN_TRIES
from matinee.profiles.pins import PinRequired
from matinee.runtime import Runtime

_SECRETS = """
    SELECT u.password_hash,
           coalesce(array_agg(p.pin_hash) FILTER (WHERE p.pin_hash IS NOT NULL
                                                    AND p.kind = 'standard'), '{}') AS pin_hashes,
           coalesce(bool_or(p.pin_hash IS NOT NULL), false) AS has_pins
    FROM users u LEFT JOIN profiles p ON p.user_id = u.user_id
    WHERE u.user_id = :user_id GROUP BY u.user_id
"""


async def require_household_proof(runtime: Runtime, viewer: Viewer, proof: str | None) -> None:
    """Let pass where the household has no PIN at all, else only with its password or a PIN.

    Raises:
        PinRequired: no proof, or a wrong one.
        RateLimited: too many wrong ones.
    """
    async with runtime.database.read() as tx:
        secrets = await tx.one(_SECRETS, user_id=viewer.household)
    if secrets is None or not secrets["has_pins"]:
        return
    if proof is None:
        raise PinRequired("proof")
    await _limit(runtime, viewer.household)
    for stored in (secrets["password_hash"], *secrets["pin_hashes"]):
        if stored and await runtime.passwords.verify(stored, proof):
            await runtime.limiter.clear(PIN_TRIES, f"proof:{viewer.household}")
            return
    raise PinRequired("proof")


async def _limit(runtime: Runtime, user_id: UUID) -> None:
    await runtime.limiter.hit(PIN_TRIES, f"proof:{user_id}")
