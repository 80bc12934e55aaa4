"""Rules of the data: they hold where all is well, and each finds what violates it."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from matinee.admin.invariants import RULES, check_all, check_invariants
from matinee.admin.schemas import Invariant
from matinee.core.jobs import JobRun
from matinee.runtime import Runtime
from tests.admin.operator import Operator
from tests.admin.rules import access, money, platform, playout


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


VIOLATIONS: dict[str, tuple[str, Any]] = {
    **platform.VIOLATIONS,
    **money.VIOLATIONS,
    **access.VIOLATIONS,
    **playout.VIOLATIONS,
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
    await platform.too_many_profiles(runtime)
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
