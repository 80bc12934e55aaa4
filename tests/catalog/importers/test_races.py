"""Races: imports of the same titles at the same time lose nothing and block nobody for good."""

import asyncio
import random
from typing import Any

import asyncpg
import pytest

from matinee.catalog.importers import loader
from matinee.catalog.importers.loader import Numbered
from matinee.catalog.importers.rows import title_of
from matinee.catalog.importers.service import Wish, again_on_conflict
from matinee.core.errors import Busy
from matinee.runtime import Runtime
from tests.catalog.importers.files import import_rows, title, titles, until
from tests.makers import scalar


async def test_of_two_imports_that_add_the_same_title_the_second_changes_it(
    runtime: Runtime,
) -> None:
    first = Numbered(0, title_of(title(year=1926, genres=["Drama"])), b"1")
    second = Numbered(0, title_of(title(year=1927, tags=["new"])), b"2")
    async with runtime.database.write() as one:
        await loader.write_rows(one, [first], {})
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(write(runtime, second))
            await blocked(runtime)
            await one.finish(None)
    assert (await waiting).updated == 1
    async with runtime.database.read() as tx:
        found = await tx.one("SELECT year, genres, tags, version FROM titles")
    assert found is not None
    assert tuple(found) == (1927, ["drama"], ["new"], 2)


async def write(runtime: Runtime, row: Numbered) -> loader.Written:
    async with runtime.database.write() as tx:
        return await loader.write_rows(tx, [row], {})


async def blocked(runtime: Runtime) -> None:
    """Return as soon as somebody waits for a lock."""
    await until(lambda: scalar(runtime, "SELECT count(*) FROM pg_locks WHERE NOT granted"))


async def test_overlapping_imports_at_once_end_with_every_title_and_person(
    runtime: Runtime,
) -> None:
    files = [overlapping_file(seed) for seed in range(4)]
    reports = await asyncio.gather(*[import_rows(runtime, rows) for rows in files])
    assert [report["error_count"] for report in reports] == [0] * 4
    ids = {row["external_id"] for rows in files for row in rows}
    names = {credit["name"] for rows in files for row in rows for credit in row["people"]}
    assert await scalar(runtime, "SELECT count(*) FROM titles") == len(ids)
    assert await scalar(runtime, "SELECT count(*) FROM people") == len(names)
    assert sum(report["created"] for report in reports) == len(ids)


def overlapping_file(seed: int) -> list[dict[str, Any]]:
    """Titles and people that other files have too, in another order."""
    rng = random.Random(seed)
    numbers = rng.sample(range(3000), 2000)
    return [
        title(
            number,
            year=1900 + seed,
            genres=[f"Genre {rng.randrange(40)}"],
            people=[{"name": f"Person {rng.randrange(900)}", "role": "actor"} for _ in range(3)],
        )
        for number in numbers
    ]


async def test_two_all_or_nothing_imports_in_opposite_orders_both_succeed(
    runtime: Runtime,
) -> None:
    wish = Wish(all_or_nothing=True)
    rows = titles(3000)

    async def run(order: list[dict[str, Any]]) -> dict[str, Any]:
        return await again_on_conflict(lambda: import_rows(runtime, order, wish))

    reports = await asyncio.gather(run(rows), run([row | {"year": 1930} for row in rows[::-1]]))
    assert [report["error_count"] for report in reports] == [0, 0]
    assert await scalar(runtime, "SELECT count(*) FROM titles") == 3000
    assert await scalar(runtime, "SELECT count(DISTINCT version) FROM titles") == 1


async def test_a_person_who_is_deleted_in_between_is_added_again(runtime: Runtime) -> None:
    rows = [title(n, people=[{"name": f"P {n}", "role": "actor"}]) for n in range(300)]

    async def delete_all_the_time() -> None:
        while True:
            async with runtime.database.write() as tx:
                await tx.execute(
                    "DELETE FROM people p WHERE NOT EXISTS"
                    " (SELECT FROM title_people c WHERE c.person_id = p.id)"
                )

    deleting = asyncio.create_task(delete_all_the_time())
    report = await import_rows(runtime, rows)
    deleting.cancel()
    await asyncio.gather(deleting, return_exceptions=True)
    assert (report["created"], report["error_count"]) == (300, 0)


async def test_work_that_is_always_in_somebodys_way_is_given_up_as_busy() -> None:
    async def collide() -> None:
        raise asyncpg.DeadlockDetectedError

    with pytest.raises(Busy):
        await again_on_conflict(collide)


async def test_statistics_that_somebody_else_refreshes_are_left_to_him(runtime: Runtime) -> None:
    async with runtime.database.write() as other:
        await other.execute("LOCK TABLE titles IN SHARE UPDATE EXCLUSIVE MODE")
        report = await import_rows(runtime, titles(1200))
    assert report["created"] == 1200
