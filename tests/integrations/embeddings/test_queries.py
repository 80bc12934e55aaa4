"""What people search for is embedded once, and a broken model does not slow searching down."""

import asyncio
from collections.abc import Sequence

import pytest

from matinee.integrations.embeddings import embedder as embedders
from matinee.integrations.embeddings.embedder import (
    Embedder,
    EmbeddingFailed,
    NoEmbedder,
    Vector,
)


class Notebook(Embedder):
    """Notes what it is asked; answers unless it is broken or slow."""

    def __init__(self) -> None:
        super().__init__("notebook")
        self.asked: list[str] = []
        self.broken = False
        self.slow = False

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        self.asked += texts
        if self.broken:
            raise EmbeddingFailed("broken")
        if self.slow:
            await asyncio.sleep(60)
        return [[float(len(text))] for text in texts]

    async def aclose(self) -> None:
        pass


async def test_the_same_query_is_embedded_once() -> None:
    notebook = Notebook()

    first = await notebook.embed_query("space opera")

    assert await notebook.embed_query("  space   opera ") == first
    assert notebook.asked == ["space opera"]


async def test_only_so_many_queries_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedders, "QUERIES_REMEMBERED", 2)
    notebook = Notebook()

    for query in ("a", "b", "a", "c", "a", "b"):
        await notebook.embed_query(query)

    assert notebook.asked == ["a", "b", "c", "b"]


async def test_a_failure_is_not_remembered_as_a_vector() -> None:
    notebook = Notebook()
    notebook.broken = True
    with pytest.raises(EmbeddingFailed):
        await notebook.embed_query("heist")
    notebook.broken, notebook._silent_until = False, 0.0

    assert (await notebook.embed_query("heist"))[0] == 5


async def test_after_a_failure_queries_fail_at_once_for_a_while() -> None:
    notebook = Notebook()
    notebook.broken = True
    for query in ("a", "b", "c"):
        with pytest.raises(EmbeddingFailed):
            await notebook.embed_query(query)

    assert notebook.asked == ["a"]


async def test_a_query_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedders, "QUERY_SECONDS", 0.01)
    notebook = Notebook()
    notebook.slow = True

    with pytest.raises(EmbeddingFailed):
        await notebook.embed_query("heist")


async def test_without_a_model_there_are_no_vectors() -> None:
    none = NoEmbedder()

    assert not none.available
    with pytest.raises(EmbeddingFailed):
        await none.embed_query("heist")
