"""OpenTelemetry spans of requests, sent to a collector.

The only module that needs the `opentelemetry` extra: it is loaded by name, by
`telemetry.load_tracing`, where an operator has set `MATINEE_OTLP_ENDPOINT`. FastAPI makes the spans
itself and honours `traceparent`; what is left to do is to send them and to name them.
"""

from fastapi.telemetry import TelemetryConfig
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matinee import __version__
from matinee.core.context import current_request_id
from matinee.core.middleware import QUIET

EXPORT_SECONDS = 3


def telemetry_config(endpoint: str) -> TelemetryConfig:
    """What FastAPI needs to send spans to `endpoint` (OTLP over HTTP, e.g. http://collector:4318)."""
    provider = TracerProvider(
        resource=Resource.create({"service.name": "matinee", "service.version": __version__})
    )
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return {
        "tracer_provider": provider,
        "metrics": False,
        "logs": False,
        "operation_spans": False,
        "exclude": lambda scope: scope.get("path") in QUIET,
    }


class SpanNameMiddleware:
    """Names the span of a request after its route, and notes the request id we know it by."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                _describe(scope)
            await send(message)

        await self.app(scope, receive, send_named)


def _describe(scope: Scope) -> None:
    span = trace.get_current_span()
    span.set_attribute("matinee.request_id", current_request_id() or "")
    if route := scope.get("route"):
        span.update_name(f"{scope['method']} {route.path}")
        span.set_attribute("http.route", route.path)
