"""What the packages of a household let it have besides titles: profiles."""

from uuid import UUID

from matinee.core.database import ReadTx

_MOST_PROFILES = """
    SELECT max(p.max_profiles)
    FROM user_entitlements g JOIN content_packages p ON p.id = g.package_id
    WHERE g.user_id = :user_id AND g.revoked_at IS NULL AND g.starts_at <= clock_timestamp()
      AND (g.expires_at IS NULL OR clock_timestamp() < g.expires_at)
"""


async def profile_limit(tx: ReadTx, user_id: UUID, default: int) -> int:
    """How many profiles the household may have: the most that one of its packages allows.

    `default` holds where it has none, or none that says anything. Profiles beyond a limit that has
    become lower stay; only new ones are refused.
    """
    most: int | None = await tx.scalar(_MOST_PROFILES, user_id=user_id)
    return default if most is None else most
