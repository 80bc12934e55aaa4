"""What an import costs: as many statements for a large guide as for a small one."""

from uuid import UUID

from matinee.epg.importing.reading import ROWS_AT_ONCE
from matinee.runtime import Runtime
from tests.epg.importing.makers import Plan, guide, import_guide, make_fed_channel
from tests.viewing.makers import counted


def plan(airings: int) -> Plan:
    """So many airings of a quarter of an hour."""
    return [(n / 4, (n + 1) / 4, f"Programme {n}") for n in range(airings)]


async def statements_of(runtime: Runtime, source_id: UUID, airings: int) -> int:
    """How many an import takes, once no job of the import before waits that it would join."""
    await runtime.worker.drain()
    with counted(runtime) as statements:
        done = await import_guide(runtime, source_id, guide(one=plan(airings)))
    assert done.report.wanted_programmes == airings
    return len(statements)


async def test_the_statements_do_not_grow_with_the_guide(runtime: Runtime) -> None:
    _, source_id = await make_fed_channel(runtime)
    small = await statements_of(runtime, source_id, 5)
    large = await statements_of(runtime, source_id, ROWS_AT_ONCE - 2)
    assert large == small


async def test_each_further_batch_is_one_more_copy(runtime: Runtime) -> None:
    _, source_id = await make_fed_channel(runtime)
    one = await statements_of(runtime, source_id, ROWS_AT_ONCE // 2)
    three = await statements_of(runtime, source_id, ROWS_AT_ONCE * 2 + 500)
    assert three == one + 2
