"""What an embedder is: texts in, vectors of length 1 out; and the one for having none."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Sequence

from matinee.models.catalog import EMBEDDING_DIMS

Vector = list[float]
"""Of length 1; PostgreSQL takes it as `:vector::float4[]::vector`."""

QUERY_SECONDS = 2.0
"""A search does not wait longer for the meaning of its words."""

QUERY_PAUSE_SECONDS = 10.0
"""After a query failed, others fail at once for a while rather than wait, too."""

QUERIES_REMEMBERED = 512


class EmbeddingFailed(Exception):
    """There are no vectors to be had now; what needs them does without or is tried again."""


class Embedder(ABC):
    """Turns texts into vectors that are close where the texts mean something alike."""

    available = True

    def __init__(self, model: str) -> None:
        self.model = model
        self.dims = EMBEDDING_DIMS
        self._queries: OrderedDict[str, Vector] = OrderedDict()
        self._silent_until = 0.0

    @abstractmethod
    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector for each text, in their order.

        Raises:
            EmbeddingFailed: the model or its endpoint does not answer as it should.
        """

    async def embed_query(self, text: str) -> Vector:
        """The vector of what somebody searches for; the last ones are remembered.

        Raises:
            EmbeddingFailed: as `embed`, and where it takes too long.
        """
        query = " ".join(text.split())
        if known := self._queries.get(query):
            self._queries.move_to_end(query)
            return known
        if time.monotonic() < self._silent_until:
            raise EmbeddingFailed("the last query failed a moment ago")
        try:
            async with asyncio.timeout(QUERY_SECONDS):
                [vector] = await self.embed([query])
        except (EmbeddingFailed, TimeoutError) as error:
            self._silent_until = time.monotonic() + QUERY_PAUSE_SECONDS
            raise EmbeddingFailed(f"no vector for a query: {error!r}") from error
        self._queries[query] = vector
        if len(self._queries) > QUERIES_REMEMBERED:
            self._queries.popitem(last=False)
        return vector

    @abstractmethod
    async def aclose(self) -> None:
        """Let go of what the embedder holds."""


class NoEmbedder(Embedder):
    """No model: what needs meaning is left out."""

    available = False

    def __init__(self) -> None:
        super().__init__("none")

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Never has any.

        Raises:
            EmbeddingFailed: always.
        """
        raise EmbeddingFailed("no embedding model is installed")

    async def aclose(self) -> None:
        """Holds nothing."""
