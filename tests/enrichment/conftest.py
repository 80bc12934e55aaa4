"""A runtime whose embedder is quick and tells what it was asked."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence

import pytest

from matinee.integrations.embeddings.embedder import Embedder, EmbeddingFailed, Vector
from matinee.runtime import Runtime


class Notebook(Embedder):
    """Vectors that only say which text it was; `before` is called while texts are embedded."""

    def __init__(self) -> None:
        super().__init__("notebook")
        self.asked: list[str] = []
        self.before: Callable[[], Awaitable[None]] | None = None
        self.broken = False

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        if self.broken:
            raise EmbeddingFailed("broken")
        self.asked += texts
        if self.before is not None:
            await self.before()
        return [vector_of(text) for text in texts]

    async def aclose(self) -> None:
        pass


def vector_of(text: str) -> Vector:
    return [byte / 256 for byte in hashlib.shake_128(text.encode()).digest(384)]


@pytest.fixture
def notebook(runtime: Runtime) -> Notebook:
    embedder = Notebook()
    runtime.embedder = embedder
    return embedder
