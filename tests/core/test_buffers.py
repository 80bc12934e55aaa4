"""What may be written a moment later is written together, once, and survives all but a crash."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from matinee.core.buffers import Buffers, Sink
from matinee.core.context import RequestContext, current_request, working_for
from matinee.core.telemetry import Metrics


class Store:
    """A place to write to that can be away, slow, or refuse an item."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.away = False
        self.refuses: set[int] = set()
        self.called = asyncio.Event()

    async def write(self, _runtime: Any, items: list[int]) -> None:
        if self.away:
            raise asyncpg.ConnectionDoesNotExistError
        if self.refuses & set(items):
            raise asyncpg.ForeignKeyViolationError
        self.calls.append(items)
        self.called.set()

    @property
    def written(self) -> list[int]:
        return [item for call in self.calls for item in call]


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def buffers(metrics: Metrics) -> AsyncIterator[Buffers]:
    buffers = Buffers(None, metrics)
    yield buffers
    await buffers.aclose()


def sink_of(store: Store, *, every: float = 3600, most: int = 100) -> Sink[int]:
    return Sink("numbers", store.write, every, most)


def dropped(metrics: Metrics) -> float:
    return (
        metrics.registry.get_sample_value("matinee_buffer_dropped_total", {"sink": "numbers"}) or 0
    )


async def test_items_are_written_together(buffers: Buffers, store: Store) -> None:
    sink = sink_of(store)
    for number in range(5):
        buffers.add(sink, number)
    await buffers.flush()
    assert store.calls == [[0, 1, 2, 3, 4]]


async def test_items_are_written_by_themselves_after_a_while(
    buffers: Buffers, store: Store
) -> None:
    sink = sink_of(store, every=0.001)
    for number in (1, 2):
        store.called.clear()
        buffers.add(sink, number)
        await asyncio.wait_for(store.called.wait(), 10)
    assert store.calls == [[1], [2]]


async def test_a_stop_writes_what_waits(metrics: Metrics, store: Store) -> None:
    buffers = Buffers(None, metrics)
    buffers.add(sink_of(store), 1)
    await buffers.aclose()
    assert store.written == [1]


async def test_while_the_database_is_away_items_wait_in_order(
    buffers: Buffers, store: Store
) -> None:
    sink = sink_of(store)
    store.away = True
    buffers.add(sink, 1)
    await buffers.flush()
    buffers.add(sink, 2)
    store.away = False
    await buffers.flush()
    assert store.calls == [[1, 2]]


async def test_of_too_many_that_wait_the_oldest_are_dropped_and_counted(
    buffers: Buffers, store: Store, metrics: Metrics
) -> None:
    sink = sink_of(store, most=3)
    store.away = True
    for number in range(5):
        buffers.add(sink, number)
    await buffers.flush()
    store.away = False
    await buffers.flush()
    assert (store.written, dropped(metrics)) == ([2, 3, 4], 2)


async def test_a_refused_item_is_dropped_alone(
    buffers: Buffers, store: Store, metrics: Metrics
) -> None:
    sink = sink_of(store)
    store.refuses = {3}
    for number in range(8):
        buffers.add(sink, number)
    await buffers.flush()
    assert (store.written, dropped(metrics)) == ([0, 1, 2, 4, 5, 6, 7], 1)


async def test_a_stop_gives_up_on_a_database_that_stays_away(
    metrics: Metrics, store: Store
) -> None:
    buffers = Buffers(None, metrics)
    store.away = True
    buffers.add(sink_of(store), 1)
    await buffers.aclose()
    assert dropped(metrics) == 1


async def test_writing_belongs_to_no_request(buffers: Buffers) -> None:
    seen: list[object] = []

    async def write(_runtime: Any, _items: list[int]) -> None:
        seen.append(current_request())
        called.set()

    called = asyncio.Event()
    with working_for(RequestContext(request_id="a-request")):
        buffers.add(Sink("numbers", write, 0.001, 100), 1)
        await asyncio.wait_for(called.wait(), 10)
    assert seen == [None]


async def test_sinks_do_not_wait_for_each_other(buffers: Buffers, store: Store) -> None:
    other = Store()
    store.away = True
    buffers.add(sink_of(store), 1)
    buffers.add(Sink("others", other.write, 3600, 100), 2)
    await buffers.flush()
    assert other.written == [2]
    store.away = False
