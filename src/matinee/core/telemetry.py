"""Logs that machines can read, metrics that Prometheus can scrape, traces where they are wanted."""

import importlib
import json
import logging
import re
import sys
import time
from functools import lru_cache
from types import ModuleType
from typing import Any, TextIO

import orjson
import structlog
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from structlog.typing import EventDict, Processor

from matinee.core.context import RequestContext, current_request, trace_id_of

SECRET_WORDS = frozenset(
    "password passwd secret secrets token tokens pin pins proof authorization cookie email".split()
)
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

UNTRACED: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
"""FastAPI looks for a tracer in each request unless it is told that there is none."""

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_EMAIL = re.compile(r"[^\s@()<>'\"=,;:]+@[^\s@()<>'\"=,;:]+\.[^\s@()<>'\"=,;:]+")


class TracingMissing(RuntimeError):
    """MATINEE_OTLP_ENDPOINT is set, but the `opentelemetry` extra is not installed."""


def load_tracing() -> ModuleType:
    """`matinee.core.tracing`, loaded by name because its dependencies are optional.

    Raises:
        TracingMissing: they are not installed.
    """
    try:
        return importlib.import_module("matinee.core.tracing")
    except ModuleNotFoundError as error:
        raise TracingMissing(
            "install matinee[opentelemetry] to use MATINEE_OTLP_ENDPOINT"
        ) from error


def configure_logging(level: str, fmt: str, stream: TextIO | None = None) -> None:
    """One line per event on stdout (or `stream`); libraries' own records take the same way."""
    stream = stream or sys.stdout
    shared: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request,
        _mask_secrets,
    ]
    last: Processor
    if fmt == "console":
        last = structlog.dev.ConsoleRenderer()
    else:
        shared += [structlog.processors.format_exc_info, _mask_addresses]
        last = structlog.processors.JSONRenderer(serializer=_to_json)
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(LEVELS[level], logging.WARNING))


class RequestLog:
    """Writes the line of each request; made once per application, after `configure_logging`.

    As JSON it goes past structlog's steps, which lines of known fields do not need: with them a
    line takes as long as FastAPI takes for a small request.
    """

    def __init__(self) -> None:
        self._logger = structlog.get_logger().bind()
        config = structlog.get_config()
        self._enabled = self._logger.is_enabled_for(logging.INFO)
        self._as_json = isinstance(config["processors"][-1], structlog.processors.JSONRenderer)
        self._write = config["logger_factory"]().msg

    def write(self, request: RequestContext, fields: dict[str, Any]) -> None:
        """Write a line with these fields and what is known of the request."""
        if not self._enabled:
            return
        if not self._as_json:
            self._logger.info("request", **fields)
            return
        line = {
            "event": "request",
            "level": "info",
            "timestamp": _timestamp(time.time()),
            "request_id": request.request_id,
            **fields,
        }
        if request.user_id:
            line["user_id"] = request.user_id
        if request.traceparent:
            line["trace_id"] = trace_id_of(request.traceparent)
        self._write(_to_json(line))


def _timestamp(now: float) -> str:
    second = int(now)
    return f"{_text_of_second(second)}.{int((now - second) * 1e6):06d}Z"


@lru_cache(maxsize=4)
def _text_of_second(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


def _to_json(event: Any, **_options: Any) -> str:
    try:
        return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # text that is not valid Unicode, from wherever it came
        return json.dumps(event, default=str)


def _add_request(_logger: Any, _method: str, event: EventDict) -> EventDict:
    request = current_request()
    if request is None:
        return event
    event.setdefault("request_id", request.request_id)
    if request.user_id:
        event.setdefault("user_id", request.user_id)
    if request.job_id:
        event.setdefault("job_id", request.job_id)
    if trace_id := trace_id_of(request.traceparent):
        event.setdefault("trace_id", trace_id)
    return event


def _mask_secrets(_logger: Any, _method: str, event: EventDict) -> EventDict:
    return {key: _masked(key, value) for key, value in event.items()}


def _masked(name: str, value: Any) -> Any:
    if _is_secret(name):
        return "***"
    if isinstance(value, dict):
        return {key: _masked(str(key), inner) for key, inner in value.items()}
    return value


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    """Whether a word of the name is one of ours: `pin_hash`, `accessToken`, but not `mapping`."""
    return any(word.lower() in SECRET_WORDS for word in _WORDS.findall(name))


def _mask_addresses(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Errors of PostgreSQL and of mail servers quote people's addresses."""
    for key in ("exception", "error"):
        if isinstance(text := event.get(key), str) and "@" in text:
            event[key] = _EMAIL.sub("***", text)
    return event


class Metrics:
    """The figures of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "matinee_http_request_seconds",
            "Time to answer, by route.",
            ["method", "route", "status"],
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
            registry=self.registry,
        )
        self.in_flight = 0
        in_flight = Gauge(
            "matinee_http_requests_in_flight", "Requests being answered.", registry=self.registry
        )
        in_flight.set_function(lambda: self.in_flight)
        self.statements = Counter(
            "matinee_database_statements", "Statements run.", registry=self.registry
        )
        self.dropped = Counter(
            "matinee_buffer_dropped",
            "Buffered items that could not be written.",
            ["sink"],
            registry=self.registry,
        )
        self.jobs = Histogram(
            "matinee_job_seconds",
            "Time a background job took, by outcome.",
            ["job", "outcome"],
            buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 1800),
            registry=self.registry,
        )
        self.payment_events = Counter(
            "matinee_payment_events",
            "What payment providers told, by what became of it.",
            ["provider", "outcome"],
            registry=self.registry,
        )
        self._by_route: dict[tuple[str, str, int], Any] = {}

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer; `route` is the template, never the address itself."""
        key = (method, route, status)
        child = self._by_route.get(key)
        if child is None:
            child = self._by_route[key] = self.requests.labels(method, route, str(status))
        child.observe(seconds)

    def render(self) -> bytes:
        """All figures in Prometheus' text format."""
        return generate_latest(self.registry)
