"""What violates the rules about the audit log, households and the catalogue."""

from uuid import uuid4

from matinee.runtime import Runtime
from tests.makers import execute, make_profile, make_title, make_user


async def too_many_profiles(runtime: Runtime) -> str:
    user_id = await make_user(runtime)
    for number in range(runtime.settings.max_profiles + 1):
        await make_profile(runtime, user_id, name=f"P{number}")
    return str(user_id)


async def household_without_identity(runtime: Runtime) -> str:
    user_id = await make_user(runtime)
    await execute(runtime, "DELETE FROM login_identities")
    return str(user_id)


async def rights_without_windows(runtime: Runtime) -> str:
    return str(await make_title(runtime, rights_managed=True))


async def unknown_genre(runtime: Runtime) -> str:
    await make_title(runtime, genres=["no-such-genre"])
    return "no-such-genre"


async def unsealed_row(runtime: Runtime) -> str:
    await execute(
        runtime,
        "INSERT INTO admin_audit_log (actor_type, actor_id, action, occurred_at)"
        " VALUES ('cli', 'x', 'title.update', clock_timestamp() - interval '61 minutes')",
    )
    return "unsealed since"


async def broken_seal(runtime: Runtime) -> str:
    await execute(
        runtime,
        "INSERT INTO audit_seals (upto_xid, rows, previous, seal) VALUES ('9', 4, '', $1)",
        uuid4().bytes,
    )
    return "seal 1: chain_broken"


VIOLATIONS = {
    "too many profiles": ("profiles_within_limit", too_many_profiles),
    "a household without identity": ("every_household_signs_in", household_without_identity),
    "rights without windows": ("rights_managed_follows_rights", rights_without_windows),
    "an unknown genre": ("genres_exist", unknown_genre),
    "an audit row that was never sealed": ("audit_seals_verify", unsealed_row),
    "a seal that nobody made": ("audit_seals_verify", broken_seal),
}
