"""Logs that machines can read, metrics that Prometheus can scrape, traces where they are wanted."""

import logging
import sys
from typing import Any

import orjson
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from structlog.typing import EventDict, Processor

from matinee.core.context import current_request

SECRET_WORDS = ("password", "secret", "token", "pin", "authorization", "cookie", "email")
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure_logging(level: str, fmt: str) -> None:
    """One line per event on stdout; libraries' own records take the same way."""
    last: Processor = structlog.processors.JSONRenderer(serializer=_to_json)
    if fmt == "console":
        last = structlog.dev.ConsoleRenderer()
    shared: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request,
        _mask_secrets,
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(LEVELS[level], logging.WARNING))


def _to_json(event: Any, **_options: Any) -> str:
    return orjson.dumps(event, default=str).decode()


def _add_request(_logger: Any, _method: str, event: EventDict) -> EventDict:
    if request := current_request():
        event.setdefault("request_id", request.request_id)
        if request.user_id:
            event.setdefault("user_id", request.user_id)
    return event


def _mask_secrets(_logger: Any, _method: str, event: EventDict) -> EventDict:
    for key in event:
        if any(word in key.lower() for word in SECRET_WORDS):
            event[key] = "***"
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
        self.in_flight = Gauge(
            "matinee_http_requests_in_flight", "Requests being answered.", registry=self.registry
        )
        self.statements = Counter(
            "matinee_database_statements", "Statements run.", registry=self.registry
        )
        self.jobs = Histogram(
            "matinee_job_seconds",
            "Time a background job took, by outcome.",
            ["job", "outcome"],
            buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 1800),
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
