"""What is done in memory once a transaction is stored."""

import pytest

from matinee.runtime import Runtime


async def test_what_follows_a_commit_follows_no_failure(runtime: Runtime) -> None:
    done: list[str] = []

    async def fail() -> None:
        async with runtime.database.write() as tx:
            tx.when_committed(lambda: done.append("failed"))
            raise LookupError

    async with runtime.database.write() as tx:
        tx.when_committed(lambda: done.append("stored"))
        assert done == []
    with pytest.raises(LookupError):
        await fail()

    assert done == ["stored"]
