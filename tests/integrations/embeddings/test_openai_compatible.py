"""Vectors from an endpoint: asked in batches, tried again while it is busy, and not trusted."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
import pytest

from matinee.integrations.embeddings.embedder import EmbeddingFailed
from matinee.integrations.embeddings.openai_compatible import TRIES, OpenAICompatible

DIMS = 384
Answer = tuple[int, Any]


def item(index: int, *numbers: float) -> dict[str, Any]:
    return {"index": index, "embedding": [*numbers, *[0.0] * (DIMS - len(numbers))]}


class Endpoint:
    """An HTTP server on this machine: the answers that were prepared, then right ones."""

    def __init__(self) -> None:
        self.port = 0
        self.prepared: list[Answer | None] = []
        self.questions: list[dict[str, Any]] = []
        self.headers: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1/"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r")[0])
        question = orjson.loads(await reader.readexactly(length))
        self.headers.append(head)
        self.questions.append(question)
        answer = self.prepared.pop(0) if self.prepared else self._right(question)
        if answer is not None:
            status, content = answer
            body = content if isinstance(content, bytes) else orjson.dumps(content)
            writer.write(
                f"HTTP/1.1 {status} -\r\nContent-Length: {len(body)}\r\nRetry-After: 0\r\n"
                "Connection: close\r\n\r\n".encode()
                + body
            )
            await writer.drain()
        writer.close()

    def _right(self, question: dict[str, Any]) -> Answer:
        """Vectors that point along (length of the text, 1), last text first."""
        texts = question["input"]
        items = [item(place, len(text), 1.0) for place, text in enumerate(texts)]
        return 200, {"object": "list", "data": items[::-1], "model": question["model"]}


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0)
    endpoint.port = server.sockets[0].getsockname()[1]
    async with server:
        yield endpoint


Make = Callable[..., Awaitable[OpenAICompatible]]


@pytest.fixture
async def make(endpoint: Endpoint) -> AsyncIterator[Make]:
    made: list[OpenAICompatible] = []

    async def make(**options: Any) -> OpenAICompatible:
        made.append(OpenAICompatible(endpoint.url, "a-model", first_wait=0, **options))
        return made[-1]

    yield make
    for embedder in made:
        await embedder.aclose()


async def test_vectors_come_in_the_order_of_the_texts(make: Make) -> None:
    found = await (await make()).embed(["x" * length for length in range(1, 150)])

    assert [round(vector[0] / vector[1]) for vector in found] == list(range(1, 150))


async def test_texts_are_asked_for_in_batches(endpoint: Endpoint, make: Make) -> None:
    await (await make()).embed(["a"] * 150)

    assert [len(question["input"]) for question in endpoint.questions] == [64, 64, 22]


async def test_vectors_have_length_one(make: Make) -> None:
    [vector] = await (await make()).embed(["abc"])

    assert math.isclose(math.hypot(*vector), 1, rel_tol=1e-6)


async def test_the_key_is_shown(endpoint: Endpoint, make: Make) -> None:
    await (await make(api_key="sesame")).embed(["a"])

    assert "authorization: bearer sesame\r\n" in endpoint.headers[0]


async def test_shorter_vectors_are_asked_for_only_where_wanted(
    endpoint: Endpoint, make: Make
) -> None:
    await (await make()).embed(["a"])
    await (await make(truncate=True)).embed(["a"])

    assert [question.get("dimensions") for question in endpoint.questions] == [None, DIMS]


@pytest.mark.parametrize("trouble", [(429, {}), (500, {}), (503, {}), None])
async def test_a_busy_or_broken_endpoint_is_asked_again(
    endpoint: Endpoint, make: Make, trouble: Answer | None
) -> None:
    endpoint.prepared = [trouble, trouble]

    await (await make()).embed(["a"])

    assert len(endpoint.questions) == 3


async def test_trying_again_has_an_end(endpoint: Endpoint, make: Make) -> None:
    endpoint.prepared = [(503, {})] * 100

    with pytest.raises(EmbeddingFailed, match="503"):
        await (await make()).embed(["a"])
    assert len(endpoint.questions) == TRIES


@pytest.mark.parametrize("status", [400, 401, 404])
async def test_a_refusal_is_final(endpoint: Endpoint, make: Make, status: int) -> None:
    endpoint.prepared = [(status, {"error": "no such model"})]

    with pytest.raises(EmbeddingFailed, match="no such model"):
        await (await make()).embed(["a"])
    assert len(endpoint.questions) == 1


async def test_nobody_listening_is_a_failure() -> None:
    embedder = OpenAICompatible("http://127.0.0.1:1/v1", "a-model", first_wait=0)

    with pytest.raises(EmbeddingFailed, match="Connect"):
        await embedder.embed(["a"])
    await embedder.aclose()


@pytest.mark.parametrize(
    "nonsense",
    [
        b"<html>hello</html>",
        {"data": []},
        {"data": [item(1, 1.0)]},
        {"data": [item(0, 1.0), item(0, 1.0)]},
        {"data": [{"index": 0, "embedding": [1.0] * (DIMS * 2)}]},
        {"data": [{"index": 0, "embedding": "AAAA"}]},
        {"data": [item(0, 0.0)]},
        b'{"data": [{"index": 0, "embedding": [' + b"1e999," * (DIMS - 1) + b"1]}]}",
    ],
    ids=lambda value: str(value)[:40],
)
async def test_an_answer_that_holds_no_usable_vector_is_a_failure(
    endpoint: Endpoint, make: Make, nonsense: Any
) -> None:
    endpoint.prepared = [(200, nonsense)]

    with pytest.raises(EmbeddingFailed):
        await (await make()).embed(["a"])
