"""A part of a page that fails or is slow is left out; the others are read all the same."""

from functools import partial

import asyncpg
import pytest

from matinee.core.database import ReadTx
from matinee.recommendations.rails.reading import reading_carefully
from matinee.runtime import Runtime

FAILING = {
    "by a mistake in SQL": "SELECT no_such_column",
    "by a value": "SELECT 1 / 0",
    "by taking too long": "SELECT pg_sleep(5)::text",
}


async def number(n: int, tx: ReadTx) -> int:
    return int(await tx.scalar("SELECT :n::int", n=n))


@pytest.mark.parametrize("how", sorted(FAILING))
async def test_a_part_that_fails_is_left_out(runtime: Runtime, how: str) -> None:
    async def fail(tx: ReadTx) -> int:
        return int(await tx.scalar(FAILING[how]))

    async with reading_carefully(runtime.database, timeout_ms=50) as reader:
        found = [
            await reader.read("one", partial(number, 1), 0),
            await reader.read("broken", fail, 0),
            await reader.read("two", partial(number, 2), 0),
        ]
    assert found == [1, 0, 2]
    assert reader.failed == ["broken"]


async def test_a_mistake_in_python_is_a_failure_too(runtime: Runtime) -> None:
    async def fail(tx: ReadTx) -> int:
        return {"no": await number(1, tx)}["yes"]

    async with reading_carefully(runtime.database, timeout_ms=500) as reader:
        assert await reader.read("broken", fail, 7) == 7


async def test_parts_see_one_moment(runtime: Runtime) -> None:
    async def moment(tx: ReadTx) -> object:
        return await tx.scalar("SELECT transaction_timestamp()")

    async with reading_carefully(runtime.database, timeout_ms=500) as reader:
        assert await reader.read("one", moment, None) == await reader.read("two", moment, None)


async def test_without_a_database_there_is_nothing_to_show_instead(runtime: Runtime) -> None:
    async def go_away(tx: ReadTx) -> int:
        raise asyncpg.ConnectionDoesNotExistError

    with pytest.raises(asyncpg.ConnectionDoesNotExistError):
        async with reading_carefully(runtime.database, timeout_ms=500) as reader:
            await reader.read("one", go_away, 0)
