"""Which variant of the recommendations a profile sees (A/B)."""

import hashlib
from uuid import UUID

VARIANTS = ("a", "b")


def variant_of(profile_id: UUID) -> str:
    """The variant of a profile: always the same one, each for as many profiles."""
    digest = hashlib.blake2b(profile_id.bytes, digest_size=8).digest()
    return VARIANTS[int.from_bytes(digest) % len(VARIANTS)]
