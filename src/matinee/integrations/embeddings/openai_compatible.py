"""Vectors from an endpoint that speaks OpenAI's language: theirs, Ollama, vLLM, TEI and others."""

import asyncio
import math
import random
from collections.abc import Sequence

import httpx
import structlog
from pydantic import BaseModel, ValidationError

from matinee.integrations.embeddings.embedder import Embedder, EmbeddingFailed, Vector
from matinee.models.catalog import EMBEDDING_DIMS

log = structlog.get_logger(__name__)

BATCH_TEXTS = 64
TRIES = 5
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
TIMEOUT = httpx.Timeout(30.0, connect=5.0)
COMPLAINT_LENGTH = 200


class Item(BaseModel):
    """One vector of an answer, and the place of its text in the question."""

    index: int
    embedding: list[float]


class Answer(BaseModel):
    """What the endpoint says."""

    data: list[Item]


class OpenAICompatible(Embedder):
    """Asks `POST {url}/embeddings`; busy and broken answers are tried again."""

    def __init__(
        self,
        url: str,
        model: str,
        api_key: str | None = None,
        *,
        truncate: bool = False,
        first_wait: float = FIRST_WAIT_SECONDS,
    ) -> None:
        super().__init__(model)
        self._url = f"{url.rstrip('/')}/embeddings"
        self._asked = {"model": model, "encoding_format": "float"} | (
            {"dimensions": EMBEDDING_DIMS} if truncate else {}
        )
        self._first_wait = first_wait
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = httpx.AsyncClient(headers=headers, timeout=TIMEOUT)

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector for each text.

        Raises:
            EmbeddingFailed: the endpoint cannot be reached, refuses, or answers something else.
        """
        vectors: list[Vector] = []
        for start in range(0, len(texts), BATCH_TEXTS):
            batch = list(texts[start : start + BATCH_TEXTS])
            vectors += _vectors(await self._post(batch), len(batch))
        return vectors

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _post(self, texts: list[str]) -> httpx.Response:
        """The first answer that is a success, as soon as there is one."""
        for attempt in range(1, TRIES + 1):
            wait = self._first_wait * 2 ** (attempt - 1) * random.uniform(0.5, 1)
            try:
                answer = await self._client.post(self._url, json=self._asked | {"input": texts})
            except httpx.TransportError as error:
                complaint = f"{type(error).__name__} {error}".strip()
            else:
                if answer.is_success:
                    return answer
                complaint = f"{answer.status_code} {answer.text[:COMPLAINT_LENGTH]}"
                if answer.status_code != 429 and not answer.is_server_error:
                    break
                wait = max(wait, _asked_wait(answer))
            log.warning("embedding_endpoint_trouble", attempt=attempt, complaint=complaint)
            if attempt < TRIES:
                await asyncio.sleep(min(wait, LONGEST_WAIT_SECONDS))
        raise EmbeddingFailed(f"{self._url} answers: {complaint}")


def _asked_wait(answer: httpx.Response) -> float:
    """Seconds that the endpoint wants to be left alone."""
    said = answer.headers.get("retry-after", "")
    return float(said) if said.isdecimal() else 0.0


def _vectors(answer: httpx.Response, wanted: int) -> list[Vector]:
    """The vectors in the order of the texts, brought to length 1."""
    try:
        items = sorted(Answer.model_validate_json(answer.content).data, key=lambda item: item.index)
    except ValidationError as error:
        raise EmbeddingFailed(f"no embeddings in the answer: {error}") from error
    if [item.index for item in items] != list(range(wanted)):
        raise EmbeddingFailed(f"{wanted} texts asked for, {len(items)} vectors given")
    return [_normalized(item.embedding) for item in items]


def _normalized(numbers: list[float]) -> Vector:
    if len(numbers) != EMBEDDING_DIMS:
        raise EmbeddingFailed(
            f"the model's vectors have {len(numbers)} numbers, not {EMBEDDING_DIMS}"
        )
    length = math.sqrt(math.fsum(number * number for number in numbers))
    if not (0 < length < math.inf):
        raise EmbeddingFailed("a vector without direction")
    return [number / length for number in numbers]
