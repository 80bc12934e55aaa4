"""A model in a thread: loaded once and late, shared, and never in the way of a query for long."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import pytest

from matinee.integrations.embeddings.embedder import EmbeddingFailed, Vector
from matinee.integrations.embeddings.local import LocalEmbedder


class WordCount:
    """A model whose vectors say how many words a text has, four texts a batch."""

    def __init__(self) -> None:
        self.threads: set[str] = set()

    def encode(self, texts: Sequence[str]) -> Iterator[dict[int, Vector]]:
        for start in range(0, len(texts), 4):
            self.threads.add(threading.current_thread().name)
            batch = texts[start : start + 4]
            yield {place: [float(len(text.split()))] for place, text in enumerate(batch, start)}


class Loader:
    """Counts how often the model is loaded."""

    def __init__(self) -> None:
        self.model = WordCount()
        self.times = 0

    def __call__(self) -> WordCount:
        self.times += 1
        return self.model


@pytest.fixture
def load() -> Loader:
    return Loader()


@pytest.fixture
async def embedder(load: Loader) -> AsyncIterator[LocalEmbedder]:
    embedder = LocalEmbedder("word-count", load)
    yield embedder
    await embedder.aclose()


def failing(error: Exception) -> Callable[[], WordCount]:
    def load() -> WordCount:
        raise error

    return load


def test_nothing_is_loaded_before_it_is_needed(load: Loader, embedder: LocalEmbedder) -> None:
    assert load.times == 0


async def test_all_share_one_model(load: Loader, embedder: LocalEmbedder) -> None:
    await asyncio.gather(*(embedder.embed(["one two"]) for _ in range(10)))

    assert load.times == 1


async def test_vectors_come_in_the_order_of_the_texts(embedder: LocalEmbedder) -> None:
    found = await embedder.embed(["a " * count for count in (3, 1, 7, 2, 9, 5)])

    assert [vector[0] for vector in found] == [3, 1, 7, 2, 9, 5]


async def test_the_event_loop_does_not_do_the_work(load: Loader, embedder: LocalEmbedder) -> None:
    await embedder.embed(["a"])

    assert threading.current_thread().name not in load.model.threads
    assert len(load.model.threads) == 1


async def test_a_query_does_not_wait_for_a_whole_job(embedder: LocalEmbedder) -> None:
    job = asyncio.create_task(embedder.embed(["a synopsis"] * 4000))
    await embedder.embed(["the job has begun"])

    await embedder.embed_query("space opera")

    assert not job.done()
    await job


async def test_a_model_that_cannot_be_loaded_is_said(load: Loader) -> None:
    embedder = LocalEmbedder("broken", failing(ValueError("wrong files")))

    with pytest.raises(EmbeddingFailed, match="wrong files"):
        await embedder.embed(["a"])
    await embedder.aclose()
