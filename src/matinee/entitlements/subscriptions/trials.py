"""Trials: one per household and package, and one per means of payment."""

import hashlib
from uuid import UUID

from matinee.core.database import WriteTx

# In one order for all, so that two who share a card wait for each other instead of dying together.
_TAKE = """
    INSERT INTO trial_redemptions (package_id, fingerprint, user_id)
    SELECT :package_id, taken.fingerprint, :user_id
    FROM unnest(:fingerprints::bytea[]) AS taken (fingerprint) ORDER BY taken.fingerprint
    ON CONFLICT DO NOTHING RETURNING fingerprint
"""
_GIVE_BACK = """
    DELETE FROM trial_redemptions
    WHERE package_id = :package_id AND user_id = :user_id AND fingerprint = ANY(:fingerprints)
"""
_RELEASE = """
    DELETE FROM trial_redemptions WHERE package_id = :package_id AND user_id = :user_id
"""


async def take(
    tx: WriteTx, user_id: UUID, package_id: UUID, provider: str, card: str | None
) -> bool:
    """Use up the household's trial and that of its card, both or none; False: one was used before.

    `card` is the provider's fingerprint of the means of payment; where it has none, the household
    alone counts. Who comes first is decided by the primary key.
    """
    whose = {"package_id": package_id, "user_id": user_id}
    fingerprints = [household_fingerprint(user_id)]
    if card is not None:
        fingerprints.append(_digest(provider, card))
    taken = [row["fingerprint"] for row in await tx.all(_TAKE, **whose, fingerprints=fingerprints)]
    if len(taken) == len(fingerprints):
        return True
    await tx.execute(_GIVE_BACK, **whose, fingerprints=taken)
    return False


async def release(tx: WriteTx, user_id: UUID, package_id: UUID) -> None:
    """Let a household have its trial another time: this one never began."""
    await tx.execute(_RELEASE, package_id=package_id, user_id=user_id)


def household_fingerprint(user_id: UUID) -> bytes:
    """What the trial of a household is remembered by, whatever it paid with."""
    return _digest("household", str(user_id))


def _digest(kind: str, value: str) -> bytes:
    return hashlib.sha256(f"{kind}:{value}".encode()).digest()
