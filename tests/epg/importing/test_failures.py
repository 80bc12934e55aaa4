"""An import that fails or is refused leaves the guide as it was, and says why."""

import asyncio
import gzip
from pathlib import Path
from uuid import UUID

import pytest

from matinee.core.errors import NotFound
from matinee.epg.importing import leases
from matinee.epg.importing.problems import GuideShrunk, GuideUnreadable, ImportRunning, LeaseLost
from matinee.epg.importing.runs import list_runs
from matinee.epg.importing.schemas import GuideImport
from matinee.epg.importing.service import Arrived, Wish, import_source
from matinee.epg.importing.sources import Source
from matinee.runtime import Runtime
from tests.epg.importing.makers import (
    MORNING,
    guide,
    guide_of,
    import_guide,
    make_fed_channel,
    make_source,
    map_channel,
)
from tests.epg.makers import make_channel
from tests.makers import execute, scalar

LATE = [(6, 7, "Too"), (7, 8, "Late"), (8, 9, "By Far")]
WHOLE = guide(one=[*MORNING, (9, 10, "Weather")])
UNREADABLE = {
    "cut off": WHOLE[:-200],
    "cut off while packed": gzip.compress(WHOLE.encode())[:-20],
    "an entity of its own": WHOLE.replace("<tv>", '<!DOCTYPE tv [<!ENTITY a "b">]><tv>'),
    "another format": "<html><body>Sign in to go on</body></html>",
    "empty": "",
    "an endless token": WHOLE.replace("News", "N" * 3_000_000),
}


async def last_run(runtime: Runtime) -> GuideImport:
    async with runtime.database.read() as tx:
        return (await list_runs(tx, None, None, 1)).items[0]


@pytest.mark.parametrize("kind", UNREADABLE)
async def test_a_feed_that_cannot_be_read_leaves_the_guide(runtime: Runtime, kind: str) -> None:
    one, source_id = await make_fed_channel(runtime)
    await import_guide(runtime, source_id, guide(one=MORNING))
    with pytest.raises(GuideUnreadable):
        await import_guide(runtime, source_id, UNREADABLE[kind])
    assert await guide_of(runtime, one) == MORNING
    run = await last_run(runtime)
    assert (run.state, run.report.reason) == ("failed", "guide_unreadable")


async def test_the_report_names_the_line_at_which_a_feed_breaks(runtime: Runtime) -> None:
    _, source_id = await make_fed_channel(runtime)
    with pytest.raises(GuideUnreadable):
        await import_guide(runtime, source_id, WHOLE.replace("<title>Film", "<titel>Film"))
    assert "line 4" in (await last_run(runtime)).report.problems[0]


async def test_a_feed_that_suddenly_shrank_is_refused(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime)
    await import_guide(runtime, source_id, guide(one=MORNING))
    with pytest.raises(GuideShrunk) as refused:
        await import_guide(runtime, source_id, guide(one=MORNING[:1]))
    assert refused.value.details == {"programmes": 1, "before": 3}
    assert await guide_of(runtime, one) == MORNING
    assert (await last_run(runtime)).state == "refused"


async def test_it_is_refused_each_time_until_it_is_accepted(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime)
    await import_guide(runtime, source_id, guide(one=MORNING))
    for _ in range(2):
        with pytest.raises(GuideShrunk):
            await import_guide(runtime, source_id, guide(one=MORNING[:1]))
    await import_guide(runtime, source_id, guide(one=MORNING[:1]), accept_shrink=True)
    await import_guide(runtime, source_id, guide(one=MORNING[:1]))
    assert await guide_of(runtime, one) == MORNING[:1]


async def test_a_feed_without_its_mapped_channels_has_shrunk(runtime: Runtime) -> None:
    _, source_id = await make_fed_channel(runtime)
    await import_guide(runtime, source_id, guide(one=MORNING))
    with pytest.raises(GuideShrunk):
        await import_guide(runtime, source_id, guide(other=[*MORNING, (9, 10, "Weather")]))


async def test_fewer_mapped_channels_are_no_shrunken_feed(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime)
    for name in ("two", "three"):
        await map_channel(runtime, source_id, name, await make_channel(runtime, f"Channel {name}"))
    text = guide(one=MORNING, two=MORNING, three=MORNING)
    await import_guide(runtime, source_id, text)
    await execute(runtime, "DELETE FROM channels WHERE id <> $1", one)
    done = await import_guide(runtime, source_id, text)
    assert done.state == "done"


async def test_a_feed_may_have_half_of_its_programmes(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime)
    await import_guide(runtime, source_id, WHOLE)
    await import_guide(runtime, source_id, guide(one=MORNING[:2]))
    assert await guide_of(runtime, one) == MORNING[:2]


async def test_a_source_that_is_not_there_is_not_imported(runtime: Runtime) -> None:
    with pytest.raises(NotFound):
        await import_guide(runtime, UUID(int=1), WHOLE)


class Slow:
    """Brings a feed when it is told to."""

    def __init__(self, path: Path, text: str) -> None:
        path.write_text(text)
        self.asked = asyncio.Event()
        self.may = asyncio.Event()
        self._path = path

    async def bring(self, _source: Source) -> Arrived:
        self.asked.set()
        await self.may.wait()
        return Arrived(self._path)


async def test_a_source_is_imported_by_one_at_a_time(runtime: Runtime, tmp_path: Path) -> None:
    one, source_id = await make_fed_channel(runtime)
    slow = Slow(tmp_path / "guide.xml", guide(one=MORNING))
    first = asyncio.create_task(import_source(runtime, source_id, slow.bring, Wish()))
    await slow.asked.wait()
    with pytest.raises(ImportRunning):
        await import_guide(runtime, source_id, guide(one=[(6, 7, "Other")]))
    slow.may.set()
    await first
    assert await guide_of(runtime, one) == MORNING


async def test_no_transaction_is_open_while_a_feed_is_fetched(
    runtime: Runtime, tmp_path: Path
) -> None:
    _, source_id = await make_fed_channel(runtime)
    slow = Slow(tmp_path / "guide.xml", guide(one=MORNING))
    running = asyncio.create_task(import_source(runtime, source_id, slow.bring, Wish()))
    await slow.asked.wait()
    open_ones = await scalar(
        runtime,
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND xact_start IS NOT NULL AND pid <> pg_backend_pid()",
    )
    slow.may.set()
    await running
    assert open_ones == 0


async def test_an_import_that_lost_its_lease_stores_nothing(
    runtime: Runtime, tmp_path: Path
) -> None:
    one, source_id = await make_fed_channel(runtime)
    slow = Slow(tmp_path / "guide.xml", guide(one=LATE))
    stalled = asyncio.create_task(import_source(runtime, source_id, slow.bring, Wish()))
    await slow.asked.wait()
    await execute(runtime, "UPDATE epg_sources SET lease_until = clock_timestamp()")
    await import_guide(runtime, source_id, guide(one=MORNING))
    slow.may.set()
    with pytest.raises(LeaseLost):
        await stalled
    assert await guide_of(runtime, one) == MORNING


async def test_a_lease_is_renewed_while_an_import_lasts(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, source_id = await make_fed_channel(runtime)
    monkeypatch.setattr(leases, "RENEWAL_SECONDS", 0.01)
    slow = Slow(tmp_path / "guide.xml", guide(one=MORNING))
    running = asyncio.create_task(import_source(runtime, source_id, slow.bring, Wish()))
    await slow.asked.wait()
    seen = set()
    for _ in range(100):
        seen.add(await scalar(runtime, "SELECT lease_until FROM epg_sources"))
        await asyncio.sleep(0.01)
    slow.may.set()
    assert (await running).state == "done"
    assert len(seen) > 2


async def test_imports_of_two_sources_of_one_channel_do_not_mix(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime)
    other = await make_source(runtime, "Other", priority=5)
    await map_channel(runtime, other, "one", one)
    better, worse = MORNING, [(5, 6.5, "A"), (6.5, 8.5, "B"), (9, 10, "C")]
    await asyncio.gather(
        import_guide(runtime, source_id, guide(one=worse)),
        import_guide(runtime, other, guide(one=better)),
    )
    filled = [airing for airing in await guide_of(runtime, one) if airing[0] >= 6]
    assert filled == [*better, (9, 10, "C")]


async def test_a_failed_import_frees_its_source(runtime: Runtime) -> None:
    one, source_id = await make_fed_channel(runtime)
    with pytest.raises(GuideUnreadable):
        await import_guide(runtime, source_id, "no guide")
    await import_guide(runtime, source_id, guide(one=MORNING))
    assert await guide_of(runtime, one) == MORNING


async def test_an_import_whose_process_died_counts_as_failed(runtime: Runtime) -> None:
    _, source_id = await make_fed_channel(runtime)
    async with runtime.database.write() as tx:
        await leases.take(tx, source_id)
        await tx.execute("INSERT INTO epg_imports (source_id) VALUES (:id)", id=source_id)
    assert (await last_run(runtime)).state == "running"
    await execute(runtime, "UPDATE epg_sources SET lease_until = clock_timestamp()")
    assert (await last_run(runtime)).state == "failed"
    await import_guide(runtime, source_id, guide(one=MORNING))
    states = await scalar(runtime, "SELECT array_agg(state ORDER BY id) FROM epg_imports")
    assert states == ["failed", "done"]
