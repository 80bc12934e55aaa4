"""Proving to be a grown-up of the household: its password, or the PIN of a standard profile."""

from uuid import UUID

from matinee.accounts.purchase_pin import PinRequired
from matinee.accounts.viewer import Viewer
from matinee.core.ratelimit import PIN_TRIES
from matinee.runtime import Runtime

_SECRETS = """
    SELECT u.password_hash,
           coalesce(array_agg(p.pin_hash) FILTER (WHERE p.pin_hash IS NOT NULL
                                                    AND p.kind = 'standard'), '{}') AS pin_hashes,
           coalesce(bool_or(p.pin_hash IS NOT NULL), false) AS has_pins
    FROM users u LEFT JOIN profiles p ON p.user_id = u.user_id
    WHERE u.user_id = :user_id GROUP BY u.user_id
"""
_PASSWORD = "SELECT password_hash FROM users WHERE user_id = :user_id"


async def require_household_proof(
    runtime: Runtime, viewer: Viewer, proof: str | None, *, always: bool = False
) -> None:
    """Let whoever gives the account password or a grown-up's PIN pass.

    A household without any PIN trusts its people, unless the proof is needed `always`.

    Raises:
        PinRequired: no proof, or a wrong one.
        RateLimited: too many wrong ones.
    """
    async with runtime.database.read() as tx:
        secrets = await tx.one(_SECRETS, user_id=viewer.household)
    if secrets is None or not (always or secrets["has_pins"]):
        return
    stored = [secrets["password_hash"], *secrets["pin_hashes"]]
    await _require_one_of(runtime, viewer.household, stored, proof, "proof")


async def require_password(runtime: Runtime, viewer: Viewer, password: str) -> None:
    """Let whoever gives the account password pass, also where a PIN is locked.

    Raises:
        PinRequired: it is wrong.
        RateLimited: too many wrong ones.
    """
    async with runtime.database.read() as tx:
        stored = await tx.scalar(_PASSWORD, user_id=viewer.household)
    await _require_one_of(runtime, viewer.household, [stored], password, "password")


async def _require_one_of(
    runtime: Runtime, user_id: UUID, hashes: list[str | None], given: str | None, field: str
) -> None:
    """Counted before it is compared, so that parallel guesses cannot outrun the limit."""
    if given is None:
        raise PinRequired(field)
    await runtime.limiter.hit(PIN_TRIES, f"proof:{user_id}")
    for stored in hashes:
        if stored is not None and await runtime.passwords.verify(stored, given):
            await runtime.limiter.clear(PIN_TRIES, f"proof:{user_id}")
            return
    raise PinRequired(field)
