"""A model in this process: loaded when it is first needed, run in a thread of its own."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

import structlog

from matinee.integrations.embeddings.embedder import Embedder, EmbeddingFailed, Vector

log = structlog.get_logger(__name__)

Result = TypeVar("Result")
Batch = dict[int, Vector]
"""Vectors by the position of their text."""


class Model(Protocol):
    """A loaded model; its methods block."""

    def encode(self, texts: Sequence[str]) -> Iterator[Batch]:
        """The vectors of the texts, in batches that take a fraction of a second each."""
        ...


class LocalEmbedder(Embedder):
    """One thread does all the work; between two batches of a job, queries get their turn."""

    def __init__(self, model: str, load: Callable[[], Model]) -> None:
        super().__init__(model)
        self._load = load
        self._loaded: Model | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedder")

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector for each text.

        Raises:
            EmbeddingFailed: the model cannot be loaded, or stumbles over a text.
        """
        try:
            batches = await self._in_thread(lambda: self._encode(texts))
            vectors: Batch = {}
            while batch := await self._in_thread(lambda: next(batches, None)):
                vectors |= batch
        except Exception as error:
            log.exception("embedding_failed", model=self.model)
            raise EmbeddingFailed(f"{self.model}: {error}") from error
        return [vectors[position] for position in range(len(texts))]

    async def aclose(self) -> None:
        """Finish the batch in hand, drop the rest."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _encode(self, texts: Sequence[str]) -> Iterator[Batch]:
        if self._loaded is None:
            self._loaded = self._load()
        return self._loaded.encode(texts)
