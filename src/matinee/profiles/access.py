"""Entering and leaving profiles: binding a session to one, setting and removing PINs."""

from uuid import UUID

from matinee.accounts import sessions
from matinee.accounts.schemas import SignedIn
from matinee.accounts.viewer import Viewer
from matinee.profiles import service
from matinee.profiles.pins import check_pin
from matinee.profiles.proof import require_household_proof, require_password
from matinee.profiles.schemas import RemovePin, SelectProfile, SetPin
from matinee.runtime import Runtime


async def select_profile(
    runtime: Runtime, viewer: Viewer, profile_id: UUID, wish: SelectProfile
) -> SignedIn:
    """Bind the session to a profile.

    Raises:
        NotFound: the household has no such profile.
        PinRequired: its PIN is missing or wrong, or a kids profile is left without a proof.
        PinLocked: too many wrong PINs.
    """
    async with runtime.database.read() as tx:
        profile = await service.get_profile(tx, viewer, profile_id)
    await check_pin(runtime, viewer.household, profile_id, wish.pin)
    leaves_kids = viewer.is_kids and profile_id != viewer.profile_id
    if leaves_kids and not profile.has_pin:
        await require_household_proof(runtime, viewer, wish.proof)
    async with runtime.database.write() as wtx:
        return await sessions.bind_profile(wtx, runtime.tokens, viewer, profile_id)


async def set_pin(runtime: Runtime, viewer: Viewer, profile_id: UUID, wish: SetPin) -> None:
    """Give a profile a new PIN; the old one or the account password is asked for.

    Raises:
        PinRequired: neither was right.
    """
    await _require_pin_or_password(runtime, viewer, profile_id, wish.current_pin, wish.password)
    pin_hash = await runtime.passwords.hash(wish.pin)
    async with runtime.database.write() as tx:
        await service.set_pin(tx, viewer, profile_id, pin_hash)


async def remove_pin(runtime: Runtime, viewer: Viewer, profile_id: UUID, wish: RemovePin) -> None:
    """Take a profile's PIN away; the PIN or the account password is asked for.

    Raises:
        PinRequired: neither was right.
    """
    await _require_pin_or_password(runtime, viewer, profile_id, wish.current_pin, wish.password)
    async with runtime.database.write() as tx:
        await service.set_pin(tx, viewer, profile_id, None)


async def _require_pin_or_password(
    runtime: Runtime, viewer: Viewer, profile_id: UUID, pin: str | None, password: str | None
) -> None:
    async with runtime.database.read() as tx:
        profile = await service.get_profile(tx, viewer, profile_id)
    if password is not None:
        await require_password(runtime, viewer, password)
    elif profile.has_pin:
        await check_pin(runtime, viewer.household, profile_id, pin)
    else:
        await require_household_proof(runtime, viewer, pin, always=viewer.is_kids)
