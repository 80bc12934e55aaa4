"""The decision in Python, the facts read for it, and the filter in SQL say the same."""

import contextlib

from matinee.entitlements.access import Via
from matinee.runtime import Runtime
from tests.entitlements.worlds import Differences, compare, make_world

WORLDS = 25
WAYS: set[Via] = {
    "unavailable", "account_held", "parental", "buy", "svod", "free", "rent", "locked",
    "not_in_territory",
}  # fmt: skip


class _Undone(Exception):
    pass


async def compare_worlds(runtime: Runtime, seeds: range) -> Differences:
    """Compare in worlds that are never committed."""
    differences = Differences()
    for seed in seeds:
        with contextlib.suppress(_Undone):
            async with runtime.database.write() as tx:
                world = await make_world(tx, seed)
                await compare(tx, world, seed, differences)
                raise _Undone
    return differences


async def test_sql_and_python_decide_alike(runtime: Runtime) -> None:
    differences = await compare_worlds(runtime, range(WORLDS))
    assert differences.found == []
    assert differences.ways.keys() == WAYS
