"""Rules of the data: they hold where all is well, and each finds what violates it."""

from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from matinee.admin.invariants import RULES, check_all, check_invariants
from matinee.admin.schemas import Invariant
from matinee.core.jobs import JobRun
from matinee.runtime import Runtime
from tests.admin.operator import Operator
from tests.makers import execute, make_profile, make_title, make_user


async def broken(runtime: Runtime) -> dict[str, Invariant]:
    """The rules that do not hold."""
    async with runtime.database.read() as tx:
        found = await check_all(tx, runtime.settings)
    assert found.hold == all(item.holds for item in found.items)
    return {item.name: item for item in found.items if not item.holds}


async def test_all_rules_hold_for_what_the_service_itself_has_written(
    operator: Operator, runtime: Runtime
) -> None:
    wish = {"name": "Metropolis", "genres": ["Drama"], "rights": [{"territory": "DE"}]}
    await operator.client.post("/api/v1/admin/titles", json=wish, headers=operator.headers)
    found = await operator.found("/invariants")
    assert (found["hold"], len(found["items"])) == (True, len(RULES))


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


VIOLATIONS: dict[str, tuple[str, Any]] = {
    "too many profiles": ("profiles_within_limit", too_many_profiles),
    "a household without identity": ("every_household_signs_in", household_without_identity),
    "rights without windows": ("rights_managed_follows_rights", rights_without_windows),
    "an unknown genre": ("genres_exist", unknown_genre),
    "an audit row that was never sealed": ("audit_seals_verify", unsealed_row),
    "a seal that nobody made": ("audit_seals_verify", broken_seal),
}


@pytest.mark.parametrize(("rule", "violate"), VIOLATIONS.values(), ids=VIOLATIONS.keys())
async def test_a_violation_is_found_and_named(runtime: Runtime, rule: str, violate: Any) -> None:
    culprit = await violate(runtime)
    found = await broken(runtime)
    assert list(found) == [rule]
    assert found[rule].violations == 1
    assert culprit in found[rule].examples[0]


async def test_every_rule_is_attacked_by_a_test() -> None:
    assert {rule for rule, _ in VIOLATIONS.values()} == {rule.name for rule in RULES}


async def test_the_hourly_check_tells_the_log(runtime: Runtime) -> None:
    await too_many_profiles(runtime)
    with capture_logs() as lines:
        await check_invariants(runtime, JobRun(1, 0, runtime.database))
    assert lines == [
        {
            "event": "invariant_violated",
            "log_level": "error",
            "name": "profiles_within_limit",
            "violations": 1,
        }
    ]
