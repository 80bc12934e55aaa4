"""Seals of the audit log: all rows are covered once, and every way of tampering is attacked."""

import asyncio
import random
from typing import Any
from uuid import uuid4

import pytest

from matinee.accounts.audit import SYSTEM, record
from matinee.admin.schemas import AuditVerification
from matinee.admin.seals import Head, seal_rows, seal_up_to, verify
from matinee.runtime import Runtime
from tests.makers import execute, scalar


async def write(runtime: Runtime, count: int = 1) -> None:
    """Records, each in its own transaction."""
    for number in range(count):
        async with runtime.database.write() as tx:
            await record(tx, SYSTEM, "title.update", targets={"title": str(number)})


async def seal(runtime: Runtime) -> tuple[int, Head]:
    """Seal what can be sealed."""
    async with runtime.database.write() as tx:
        return await seal_rows(tx)


async def verified(runtime: Runtime, head: str | None = None) -> AuditVerification:
    """The chain as it is now."""
    async with runtime.database.read() as tx:
        return await verify(tx, head)


async def three_seals(runtime: Runtime) -> list[Head]:
    """Three seals over two rows each."""
    heads = []
    for _ in range(3):
        await write(runtime, 2)
        heads.append((await seal(runtime))[1])
    return heads


async def tamper(runtime: Runtime, sql: str, *values: Any) -> None:
    """What only somebody can do who owns the tables."""
    await execute(runtime, "ALTER TABLE admin_audit_log DISABLE TRIGGER USER")
    await execute(runtime, "ALTER TABLE audit_seals DISABLE TRIGGER USER")
    await execute(runtime, sql, *values)


async def test_an_empty_log_is_intact(runtime: Runtime) -> None:
    assert await seal(runtime) == (0, Head())
    found = await verified(runtime)
    assert (found.intact, found.seals, found.head) == (True, 0, None)


async def test_every_row_is_covered_by_one_seal(runtime: Runtime) -> None:
    await three_seals(runtime)
    await write(runtime)
    found = await verified(runtime)
    assert (found.intact, found.seals, found.sealed_rows, found.unsealed_rows) == (True, 3, 6, 1)
    assert found.oldest_unsealed_at is not None


async def test_nothing_new_makes_no_seal(runtime: Runtime) -> None:
    await three_seals(runtime)
    assert (await seal(runtime))[0] == 0
    assert (await verified(runtime)).seals == 3


async def test_a_row_whose_transaction_still_runs_is_sealed_when_it_has_ended(
    runtime: Runtime,
) -> None:
    async with runtime.database.write() as slow:
        await record(slow, SYSTEM, "title.update", targets={"title": "slow"})
        await write(runtime, 2)
        assert (await seal(runtime))[0] == 0
    assert (await seal(runtime))[0] == 3
    assert (await verified(runtime)).intact


async def test_sealing_among_many_writers_misses_and_repeats_no_row(runtime: Runtime) -> None:
    async def writer(seed: int) -> None:
        rng = random.Random(seed)
        for number in range(12):
            async with runtime.database.write() as tx:
                if rng.random() < 0.5:
                    await tx.scalar("SELECT pg_current_xact_id()")
                    await asyncio.sleep(rng.random() * 0.01)
                await record(tx, SYSTEM, "title.update", targets={"title": str(number)})
                await asyncio.sleep(rng.random() * 0.02)

    async def sealer(writing: asyncio.Future[Any]) -> None:
        while not writing.done():
            await seal(runtime)
            await asyncio.sleep(0)

    writing = asyncio.gather(*[writer(seed) for seed in range(6)])
    await asyncio.gather(writing, sealer(writing), sealer(writing))
    await seal(runtime)
    found = await verified(runtime)
    assert (found.intact, found.sealed_rows, found.unsealed_rows) == (True, 72, 0)
    assert await scalar(runtime, "SELECT sum(rows) FROM audit_seals") == 72


TAMPERINGS = {
    "a row is changed": "UPDATE admin_audit_log SET actor_id = 'x' WHERE id = (SELECT min(id::text)"
    "::uuid FROM admin_audit_log)",
    "a value is added to a row": "UPDATE admin_audit_log SET changes = changes || '{\"a\": 1}'"
    " WHERE id = (SELECT max(id::text)::uuid FROM admin_audit_log)",
    "the time of a row is changed": "UPDATE admin_audit_log SET occurred_at = occurred_at"
    " + interval '1 microsecond' WHERE id = (SELECT max(id::text)::uuid FROM admin_audit_log)",
    "a row is removed": "DELETE FROM admin_audit_log WHERE id = (SELECT max(id::text)::uuid"
    " FROM admin_audit_log)",
    "all rows are removed": "DELETE FROM admin_audit_log",
    "a row is slipped in": "INSERT INTO admin_audit_log (xid, actor_type, actor_id, action)"
    " SELECT min(xid), 'user', 'x', 'title.update' FROM admin_audit_log",
    "two rows are swapped": 'UPDATE admin_audit_log SET targets = \'{"title": "0"}\'',
    "a row moves to another seal": "UPDATE admin_audit_log SET xid = (SELECT max(xid) FROM"
    " admin_audit_log) WHERE id = (SELECT min(id::text)::uuid FROM admin_audit_log)",
    "a seal is changed": "UPDATE audit_seals SET seal = sha256('x') WHERE n = 2",
    "the horizon of a seal is changed": "UPDATE audit_seals SET upto_xid ="
    " (upto_xid::text::bigint + 1)::text::xid8 WHERE n = 3",
    "the first seal is removed": "DELETE FROM audit_seals WHERE n = 1",
    "a seal in the middle is removed": "DELETE FROM audit_seals WHERE n = 2",
    "the link of a seal is changed": "UPDATE audit_seals SET previous = sha256('x') WHERE n = 2",
}


@pytest.mark.parametrize("sql", TAMPERINGS.values(), ids=TAMPERINGS.keys())
async def test_tampering_is_found_out(runtime: Runtime, sql: str) -> None:
    await three_seals(runtime)
    await tamper(runtime, sql)
    assert not (await verified(runtime)).intact


async def test_one_changed_row_breaks_its_own_seal_and_no_other(runtime: Runtime) -> None:
    heads = await three_seals(runtime)
    await tamper(
        runtime,
        "UPDATE admin_audit_log SET reason = 'x' WHERE id ="
        " (SELECT id FROM admin_audit_log ORDER BY id OFFSET 2 LIMIT 1)",
    )
    found = await verified(runtime)
    assert found.first_broken is not None
    assert (found.broken_seals, found.first_broken.n) == (1, heads[1].n)
    assert found.first_broken.reason == "rows_changed"


CUT_OFF = """
    WITH gone AS (DELETE FROM audit_seals WHERE n = 3 RETURNING upto_xid)
    DELETE FROM admin_audit_log WHERE xid >= (SELECT upto_xid FROM audit_seals WHERE n = 2)
"""


async def test_an_end_that_is_cut_off_is_found_out_by_a_head_that_was_noted(
    runtime: Runtime,
) -> None:
    heads = await three_seals(runtime)
    await tamper(runtime, CUT_OFF)
    assert (await verified(runtime)).intact
    assert (await verified(runtime, str(heads[1]))).intact
    found = await verified(runtime, str(heads[2]))
    assert found.first_broken is not None
    assert (found.intact, found.first_broken.reason) == (False, "head_missing")


async def test_a_chain_that_is_made_anew_is_found_out_by_a_head_that_was_noted(
    runtime: Runtime,
) -> None:
    heads = await three_seals(runtime)
    await tamper(
        runtime, "WITH gone AS (DELETE FROM audit_seals) UPDATE admin_audit_log SET actor_id = 'x'"
    )
    await seal(runtime)
    assert (await verified(runtime)).intact
    assert not (await verified(runtime, str(heads[0]))).intact


async def test_after_a_restore_to_a_younger_server_the_chain_goes_on(runtime: Runtime) -> None:
    await sealed_on_an_older_server(runtime)
    await write(runtime, 2)
    assert (await seal(runtime))[0] == 3
    await write(runtime, 1)
    assert (await seal(runtime))[0] == 1
    found = await verified(runtime)
    assert (found.intact, found.sealed_rows, found.unsealed_rows) == (True, 6, 0)
    await tamper(runtime, "UPDATE admin_audit_log SET reason = 'x' WHERE actor_id = 'left'")
    assert not (await verified(runtime)).intact


async def test_the_chain_holds_where_transaction_numbers_become_longer(runtime: Runtime) -> None:
    for number, upto in ((980, 1000), (1005, 1010)):
        await written_in(runtime, number)
        async with runtime.database.write() as tx:
            await seal_up_to(tx, upto)
    found = await verified(runtime)
    assert (found.intact, found.seals, found.sealed_rows) == (True, 2, 2)


async def sealed_on_an_older_server(runtime: Runtime) -> None:
    """What a dump brings: sealed rows of high transaction numbers, and one that was not sealed."""
    await written_in(runtime, 1_000_000)
    await written_in(runtime, 1_000_005)
    async with runtime.database.write() as tx:
        rows, _ = await seal_up_to(tx, 1_000_010)
    assert rows == 2
    await written_in(runtime, 1_000_020, "left")


async def written_in(runtime: Runtime, number: int, actor_id: str = "sealed") -> None:
    """A row of the transaction of that number."""
    insert = """
        INSERT INTO admin_audit_log (id, xid, actor_type, actor_id, action)
        VALUES ($1, $2::text::xid8, 'user', $3, 'title.update')
    """
    await execute(runtime, insert, uuid4(), str(number), actor_id)
