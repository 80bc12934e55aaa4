"""Log lines that machines can read and that give nobody away; figures; traces where wanted."""

import asyncio
import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from matinee.core import telemetry
from matinee.core.context import RequestContext, working_for
from matinee.core.middleware import RequestMiddleware
from matinee.core.routing import api_router, install_routes
from matinee.core.telemetry import Metrics, TracingMissing, configure_logging, load_tracing

Lines = Callable[[], list[dict[str, Any]]]


@contextmanager
def logging_to(stream: io.StringIO, fmt: str) -> Iterator[None]:
    """Logs of level info in a stream, and the usual ones again afterwards."""
    root = logging.getLogger()
    handlers, level, config = root.handlers[:], root.level, structlog.get_config()
    configure_logging("info", fmt, stream)
    try:
        yield
    finally:
        root.handlers[:], root.level = handlers, level
        structlog.configure(**config)


@pytest.fixture
def lines() -> Iterator[Lines]:
    """JSON logs of level info; gives what was logged so far."""
    stream = io.StringIO()
    with logging_to(stream, "json"):
        yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object(lines: Lines) -> None:
    structlog.get_logger().info("started", port=8000, note="two\nlines")

    [line] = lines()
    assert (line["event"], line["port"], line["level"]) == ("started", 8000, "info")
    assert line["timestamp"].endswith("Z")


def test_lines_below_the_level_are_not_written(lines: Lines) -> None:
    structlog.get_logger().debug("detail")

    assert lines() == []


def test_a_line_of_a_request_names_it(lines: Lines) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with working_for(RequestContext("req-12345", traceparent=trace, user_id="u1")):
        structlog.get_logger().info("event")

    [line] = lines()
    assert (line["request_id"], line["user_id"]) == ("req-12345", "u1")
    assert line["trace_id"] == "0af7651916cd43dd8448eb211c80319c"


def test_a_line_of_a_job_names_the_job_and_the_request_that_caused_it(lines: Lines) -> None:
    with working_for(RequestContext("req-12345", job_id=7)):
        structlog.get_logger().info("event")

    [line] = lines()
    assert (line["request_id"], line["job_id"]) == ("req-12345", 7)


def test_lines_of_libraries_look_the_same(lines: Lines) -> None:
    with working_for(RequestContext("req-12345")):
        logging.getLogger("some.library").warning("careful: %s", "ice")

    [line] = lines()
    assert (line["event"], line["level"], line["request_id"]) == (
        "careful: ice",
        "warning",
        "req-12345",
    )
    assert line["logger"] == "some.library"


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "new_password",
        "pin",
        "pin_hash",
        "current-pin",
        "accessToken",
        "refresh_token",
        "Authorization",
        "cookie",
        "set-cookie",
        "client_secret",
        "email",
        "proof",
    ],
)
def test_secrets_and_addresses_are_masked(lines: Lines, name: str) -> None:
    structlog.get_logger().info("event", **{name: "hunter2"})

    assert lines()[0][name] == "***"


@pytest.mark.parametrize("name", ["mapping", "spinning", "opinions", "shipping", "tokenizer"])
def test_words_that_only_contain_a_secret_one_are_not_masked(lines: Lines, name: str) -> None:
    structlog.get_logger().info("event", **{name: "visible"})

    assert lines()[0][name] == "visible"


def test_secrets_inside_of_values_are_masked_too(lines: Lines) -> None:
    structlog.get_logger().info("event", body={"name": "Ana", "login": {"password": "hunter2"}})

    assert lines()[0]["body"] == {"name": "Ana", "login": {"password": "***"}}


def test_an_error_keeps_its_traceback_but_not_the_addresses_in_it(lines: Lines) -> None:
    try:
        raise LookupError("Key (email)=(ana@example.com) already exists")
    except LookupError as error:
        structlog.get_logger().error("failed", exc_info=error)

    [line] = lines()
    assert "LookupError" in line["exception"]
    assert "ana@example.com" not in line["exception"]


def test_anything_can_be_logged(lines: Lines) -> None:
    structlog.get_logger().info("event", value=object(), keys={1: "a"}, text="\ud800")

    assert lines()[0]["keys"] == {"1": "a"}


def test_lines_for_people_can_show_errors_too() -> None:
    stream = io.StringIO()
    with logging_to(stream, "console"):
        try:
            raise LookupError
        except LookupError as error:
            structlog.get_logger().error("failed", exc_info=error)

    assert "LookupError" in stream.getvalue()


async def hello(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


async def test_every_answer_has_one_line_without_its_query(lines: Lines) -> None:
    app = RequestMiddleware(hello, metrics=Metrics())
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://t") as client:
        answer = await client.get("/titles?q=secret")

    [line] = lines()
    assert (line["event"], line["method"], line["path"]) == ("request", "GET", "/titles")
    assert (line["status"], line["statements"]) == (200, 0)
    assert line["request_id"] == answer.headers["x-request-id"]
    assert "secret" not in json.dumps(line)


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
async def test_probes_do_not_fill_the_log(lines: Lines, path: str) -> None:
    app = RequestMiddleware(hello, metrics=Metrics())
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://t") as client:
        await client.get(path)

    assert lines() == []


@pytest.mark.parametrize(("status", "logged"), [(200, []), (410, [410])])
async def test_of_a_quiet_route_only_what_is_wrong_is_logged(
    lines: Lines, status: int, logged: list[int]
) -> None:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = SimpleNamespace(path="/beats", quiet=True)
        await Response(status_code=status)(scope, receive, send)

    app = RequestMiddleware(answer, metrics=Metrics())
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://t") as client:
        await client.get("/beats")

    assert [line["status"] for line in lines()] == logged


def test_figures_are_rendered_for_prometheus() -> None:
    metrics = Metrics()
    metrics.observe_request("GET", "/titles", 200, 0.02)
    metrics.jobs.labels("mail", "failed").observe(1)

    text = metrics.render().decode()

    assert (
        'matinee_http_request_seconds_count{method="GET",route="/titles",status="200"} 1.0' in text
    )
    assert 'matinee_job_seconds_count{job="mail",outcome="failed"} 1.0' in text


def test_processes_do_not_share_their_figures() -> None:
    first, second = Metrics(), Metrics()
    first.statements.inc()

    assert second.registry.get_sample_value("matinee_database_statements_total") == 0


def test_tracing_without_its_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(telemetry.importlib, "import_module", missing)

    with pytest.raises(TracingMissing, match="opentelemetry"):
        load_tracing()


def test_nothing_of_the_extra_is_loaded_unless_an_operator_asks_for_it() -> None:
    code = "import sys, matinee.main; sys.exit('opentelemetry.exporter' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def traced_app(endpoint: str) -> tuple[FastAPI, dict[str, Any]]:
    tracing = load_tracing()
    config = tracing.telemetry_config(endpoint)
    middleware = [
        Middleware(RequestMiddleware, metrics=Metrics()),
        Middleware(tracing.SpanNameMiddleware),
    ]
    app = FastAPI(telemetry=config, middleware=middleware)
    router = api_router("", tag="test")

    @router.get("/titles/{title_id}")
    async def title(title_id: int) -> int:
        return title_id

    install_routes(app, [router], most_bytes=1000, most_upload_bytes=1000)
    return app, config


async def test_spans_reach_the_collector_named_by_their_route() -> None:
    pytest.importorskip("opentelemetry.sdk", reason="the opentelemetry extra is not installed")
    received: list[bytes] = []

    async def collect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        received.append(head + await reader.readexactly(length))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(collect, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    app, config = traced_app(f"http://127.0.0.1:{port}")
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://t") as client:
        await client.get("/api/v1/titles/42", headers={"X-Request-ID": "my-request"})
    await asyncio.to_thread(config["tracer_provider"].force_flush, 5000)
    server.close()
    await server.wait_closed()

    [request] = received
    assert request.startswith(b"POST /v1/traces ")
    assert b"GET /api/v1/titles/{title_id}" in request
    assert b"my-request" in request
