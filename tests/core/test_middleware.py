"""Every request has an identifier, a log line, safe headers, and an answer even when all fails."""

import re
from collections.abc import AsyncIterator

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matinee.core.context import RequestContext, current_request, is_answering, working_for
from matinee.core.middleware import RequestMiddleware, SecurityHeadersMiddleware
from matinee.core.telemetry import Metrics


class App:
    """Remembers what was known about its request, then answers, or fails."""

    def __init__(self) -> None:
        self.request: RequestContext | None = None
        self.failure: Exception | None = None
        self.headers: list[tuple[bytes, bytes]] = []

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self.request = current_request()
        if self.failure is not None:
            raise self.failure
        await send({"type": "http.response.start", "status": 200, "headers": self.headers})
        await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def inner() -> App:
    return App()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def client_of(app: ASGIApp) -> AsyncClient:
    transport = ASGITransport(app=app, client=("10.0.0.1", 1))
    return AsyncClient(transport=transport, base_url="http://testserver")


@pytest.fixture
async def client(inner: App, metrics: Metrics) -> AsyncIterator[AsyncClient]:
    app = RequestMiddleware(inner, metrics=metrics, trusted_proxies=["10.0.0.0/8"])
    async with client_of(app) as client:
        yield client


@pytest.mark.parametrize("given", ["abcdefgh", "A1.b-2_c", "x" * 64])
async def test_an_identifier_of_the_client_is_kept(
    client: AsyncClient, inner: App, given: str
) -> None:
    answer = await client.get("/", headers={"X-Request-ID": given})

    assert inner.request is not None
    assert answer.headers["x-request-id"] == inner.request.request_id == given


@pytest.mark.parametrize(
    "given", ["short", "x" * 65, "with space", "new\tline", "ä" * 10, "a;b;c;d;e"]
)
async def test_an_identifier_that_is_none_is_replaced(client: AsyncClient, given: str) -> None:
    answer = await client.get("/", headers={"X-Request-ID": given.encode("latin-1")})

    assert re.fullmatch("[0-9a-f]{24}", answer.headers["x-request-id"])


async def test_every_request_has_another_identifier(client: AsyncClient) -> None:
    identifiers = {(await client.get("/")).headers["x-request-id"] for _ in range(10)}

    assert len(identifiers) == 10


async def test_a_trace_goes_on(client: AsyncClient, inner: App) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await client.get("/", headers={"traceparent": trace})

    assert inner.request is not None
    assert inner.request.traceparent == trace


async def test_the_client_is_known_behind_our_proxy(client: AsyncClient, inner: App) -> None:
    await client.get("/", headers={"X-Forwarded-For": "1.1.1.1, 203.0.113.9"})

    assert inner.request is not None
    assert inner.request.client_ip == "203.0.113.9"


async def test_a_failure_that_nobody_caught_is_answered_with_the_envelope(
    client: AsyncClient, inner: App
) -> None:
    inner.failure = RuntimeError("hunter2")
    answer = await client.get("/")

    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
    assert answer.json()["error"]["request_id"] == answer.headers["x-request-id"]
    assert "hunter2" not in answer.text


async def test_a_stream_that_fails_before_its_first_byte_says_what_ended_it(
    client: AsyncClient, inner: App
) -> None:
    inner.failure = RuntimeError("response already started")
    inner.failure.__cause__ = ConnectionError("the database is away")

    assert (await client.get("/")).json()["error"]["code"] == "unavailable"


async def test_the_request_is_forgotten_when_it_is_answered(client: AsyncClient) -> None:
    await client.get("/")

    assert current_request() is None


def test_somebody_waits_in_requests_but_not_in_jobs() -> None:
    waited = [is_answering()]
    for job_id in (None, 7):
        with working_for(RequestContext(request_id="r", job_id=job_id)):
            waited.append(is_answering())

    assert waited == [False, True, False]


def sample(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


async def test_requests_are_counted_by_their_route_and_not_by_their_path(
    metrics: Metrics,
) -> None:
    class Route:
        path = "/titles/{title_id}"

    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        scope["route"] = Route()
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async with client_of(RequestMiddleware(app, metrics=metrics)) as client:
        for number in range(3):
            await client.get(f"/titles/{number}")

    labels = {"method": "GET", "route": "/titles/{title_id}", "status": "404"}
    assert sample(metrics, "matinee_http_request_seconds_count", **labels) == 3


async def test_made_up_methods_and_paths_do_not_fill_the_metrics(
    client: AsyncClient, metrics: Metrics
) -> None:
    for number in range(5):
        await client.request(f"MADEUP{number}", f"/nowhere/{number}")

    labels = {"method": "OTHER", "route": "unmatched", "status": "200"}
    assert sample(metrics, "matinee_http_request_seconds_count", **labels) == 5


async def test_requests_in_flight_go_back_to_none_even_after_failures(
    client: AsyncClient, inner: App, metrics: Metrics
) -> None:
    inner.failure = RuntimeError()
    await client.get("/")

    assert sample(metrics, "matinee_http_requests_in_flight") == 0


async def test_a_failure_after_the_first_byte_is_left_to_the_server(metrics: Metrics) -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("in the middle")

    async def send(_message: Message) -> None:
        pass

    async def receive() -> Message:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    with pytest.raises(RuntimeError):
        await RequestMiddleware(app, metrics=metrics)(scope, receive, send)


async def test_browsers_are_told_to_be_careful(inner: App) -> None:
    async with client_of(SecurityHeadersMiddleware(inner, tls=True)) as client:
        headers = (await client.get("/")).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["strict-transport-security"].startswith("max-age=")


async def test_without_tls_browsers_are_not_told_to_insist_on_it(inner: App) -> None:
    async with client_of(SecurityHeadersMiddleware(inner, tls=False)) as client:
        assert "strict-transport-security" not in (await client.get("/")).headers


async def test_a_route_may_set_a_header_of_its_own(inner: App) -> None:
    inner.headers = [(b"content-security-policy", b"sandbox")]
    async with client_of(SecurityHeadersMiddleware(inner, tls=True)) as client:
        answer = await client.get("/")

    assert answer.headers.get_list("content-security-policy") == ["sandbox"]
