"""The PIN that a household can ask for before money is spent."""

from uuid import UUID

from matinee.core.errors import Forbidden
from matinee.core.ratelimit import PIN_TRIES
from matinee.runtime import Runtime

_PIN = "SELECT purchase_pin_hash FROM users WHERE user_id = :user_id"


class PinRequired(Forbidden):
    """This needs a PIN: none was given, or a wrong one."""


async def check_purchase_pin(runtime: Runtime, user_id: UUID, pin: str | None) -> None:
    """Let only the right purchase PIN pass; a household without one needs none.

    Counted before it is compared, so that parallel guesses cannot outrun the limit.

    Raises:
        PinRequired: none was given, or a wrong one.
        RateLimited: too many wrong ones.
    """
    async with runtime.database.read() as tx:
        stored: str | None = await tx.scalar(_PIN, user_id=user_id)
    if stored is None:
        return
    if pin is None:
        raise PinRequired("purchase_pin")
    await runtime.limiter.hit(PIN_TRIES, f"purchase:{user_id}")
    if not await runtime.passwords.verify(stored, pin):
        raise PinRequired("purchase_pin")
    await runtime.limiter.clear(PIN_TRIES, f"purchase:{user_id}")
