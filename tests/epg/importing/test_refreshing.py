"""Sources are fetched when their time comes, and only where they have something new."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from matinee.core.errors import ProviderError, UrlNotAllowed
from matinee.core.jobs import JobRun, enqueue
from matinee.core.safe_fetch import Reach
from matinee.epg.importing import leases
from matinee.epg.importing.command import Sought, import_xmltv
from matinee.epg.importing.refreshing import fetch_and_import, refresh_source, refresh_sources
from matinee.epg.importing.schemas import GuideImport
from matinee.epg.importing.service import Wish
from matinee.runtime import Runtime
from tests.epg.importing.makers import MORNING, guide, guide_of, map_channel
from tests.epg.makers import make_channel
from tests.makers import execute, insert, scalar

ETAG = '"seven"'


class Site:
    """A server of guides on this machine, which passes for the internet."""

    def __init__(self) -> None:
        self.body = guide(one=MORNING).encode()
        self.port = 0
        self.statuses: list[int] = []

    @property
    def url(self) -> str:
        return f"http://epg.example:{self.port}/guide.xml"

    @property
    def reach(self) -> Reach:
        return Reach(self._resolve, lambda _address: True, lambda _port: True)

    async def _resolve(self, _host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The guide, or that it is the same as before."""
        request = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        known = f"if-none-match: {ETAG}" in request
        self.statuses.append(304 if known else 200)
        body = b"" if known else self.body
        head = f"HTTP/1.1 {self.statuses[-1]} X\r\netag: {ETAG}\r\nconnection: close\r\n"
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def serving() -> AsyncIterator[Site]:
    site = Site()
    server = await asyncio.start_server(site.answer, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    async with server:
        yield site


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving() as site:
        yield site


async def make_fetched(runtime: Runtime, site: Site) -> tuple[UUID, UUID]:
    """A channel and the source that fills it."""
    channel_id = await make_channel(runtime)
    source_id = await insert(runtime, "epg_sources", name="Site", kind="url", url=site.url)
    await map_channel(runtime, source_id, "one", channel_id)
    return channel_id, source_id


async def refresh(runtime: Runtime, source_id: UUID, site: Site) -> GuideImport:
    return await fetch_and_import(runtime, source_id, Wish(), conditional=True, reach=site.reach)


async def test_a_source_is_fetched_and_imported(runtime: Runtime, site: Site) -> None:
    channel_id, source_id = await make_fetched(runtime, site)
    await refresh(runtime, source_id, site)
    assert await guide_of(runtime, channel_id) == MORNING


async def test_what_is_known_already_is_not_sent_again(runtime: Runtime, site: Site) -> None:
    _, source_id = await make_fetched(runtime, site)
    await refresh(runtime, source_id, site)
    again = await refresh(runtime, source_id, site)
    assert site.statuses == [200, 304]
    assert (again.state, again.report.not_modified) == ("done", True)


async def test_a_channel_that_was_mapped_since_is_loaded(runtime: Runtime, site: Site) -> None:
    _, source_id = await make_fetched(runtime, site)
    await refresh(runtime, source_id, site)
    two = await make_channel(runtime, "Second")
    await map_channel(runtime, source_id, "one", two, shift_minutes=60)
    await refresh(runtime, source_id, site)
    assert site.statuses == [200, 200]
    assert len(await guide_of(runtime, two)) == 3


async def test_a_channel_that_was_added_since_is_matched(runtime: Runtime, site: Site) -> None:
    _, source_id = await make_fetched(runtime, site)
    site.body = guide(one=MORNING, second=MORNING).encode()
    await refresh(runtime, source_id, site)
    added = await make_channel(runtime, "Second")
    await refresh(runtime, source_id, site)
    assert await guide_of(runtime, added) == MORNING


async def test_a_refused_guide_is_sent_again(runtime: Runtime, site: Site) -> None:
    channel_id, source_id = await make_fetched(runtime, site)
    whole, site.body = site.body, b"<html>"
    with pytest.raises(Exception, match="root element"):
        await refresh(runtime, source_id, site)
    site.body = whole
    await refresh(runtime, source_id, site)
    assert await guide_of(runtime, channel_id) == MORNING


async def test_what_is_larger_than_allowed_is_not_fetched(runtime: Runtime, site: Site) -> None:
    _, source_id = await make_fetched(runtime, site)
    runtime.settings = runtime.settings.model_copy(update={"max_import_bytes": 100})
    with pytest.raises(ProviderError):
        await refresh(runtime, source_id, site)
    assert await scalar(runtime, "SELECT state FROM epg_imports") == "failed"


async def test_a_source_inside_our_network_is_not_fetched(runtime: Runtime, site: Site) -> None:
    _, source_id = await make_fetched(runtime, site)
    inside = f"http://127.0.0.1:{site.port}/guide.xml"
    await execute(runtime, "UPDATE epg_sources SET url = $1", inside)
    with pytest.raises(UrlNotAllowed):
        await fetch_and_import(runtime, source_id, Wish())
    assert site.statuses == []


@pytest.mark.parametrize(
    "change",
    ["url = 'http://127.0.0.1:1/guide.xml'", "url = NULL, kind = 'upload'"],
    ids=["inside our network", "uploaded by now"],
)
async def test_what_another_try_would_not_change_is_tried_once(
    runtime: Runtime, site: Site, change: str
) -> None:
    _, source_id = await make_fetched(runtime, site)
    await execute(runtime, f"UPDATE epg_sources SET {change}")
    async with runtime.database.write() as tx:
        await enqueue(tx, refresh_source, source_id=str(source_id))
    await runtime.worker.drain()
    assert await scalar(runtime, "SELECT state FROM epg_imports") == "failed"
    job = "SELECT status FROM procrastinate_jobs WHERE task_name = 'epg.refresh_source'"
    assert await scalar(runtime, job) == "succeeded"


@pytest.mark.parametrize(("conditional", "waiting"), [(False, 1), (True, 0)])
async def test_a_change_of_what_a_source_fills_outlasts_an_import_that_is_under_way(
    runtime: Runtime, site: Site, conditional: bool, waiting: int
) -> None:
    _, source_id = await make_fetched(runtime, site)
    async with runtime.database.write() as tx:
        await leases.take(tx, source_id)
    run = JobRun(0, 1, runtime.database)
    await refresh_source(runtime, run, source_id=str(source_id), conditional=conditional)
    jobs = "SELECT count(*) FROM procrastinate_jobs WHERE scheduled_at > clock_timestamp()"
    assert await scalar(runtime, jobs) == waiting


async def test_only_sources_whose_time_has_come_are_fetched(runtime: Runtime) -> None:
    async def source(name: str, age: str, **columns: object) -> str:
        fields = {"kind": "url", "url": "https://epg.example.com/", **columns}
        source_id = await insert(runtime, "epg_sources", name=name, **fields)
        await execute(
            runtime,
            f"UPDATE epg_sources SET last_run_at = clock_timestamp() - {age} WHERE id = $1",
            source_id,
        )
        return str(source_id)

    new = await source("new", "NULL::interval")
    due = await source("due", "interval '13 hours'")
    await source("fresh", "interval '11 hours'")
    await source("off", "interval '13 hours'", active=False)
    await source("uploaded", "interval '13 hours'", kind="upload", url=None)
    await refresh_sources(runtime, None)
    async with runtime.database.read() as tx:
        rows = await tx.all(
            "SELECT args FROM procrastinate_jobs WHERE task_name = 'epg.refresh_source'"
        )
    assert {row["args"]["source_id"] for row in rows} == {new, due}
    assert all(row["args"]["conditional"] for row in rows)


async def test_an_address_on_the_command_line_becomes_a_source(
    runtime: Runtime, site: Site
) -> None:
    for _ in range(2):
        done = await import_xmltv(runtime, Sought(site.url), Wish(), site.reach)
        assert done.source == "epg.example"
    assert await scalar(runtime, "SELECT array_agg(url) FROM epg_sources") == [site.url]
