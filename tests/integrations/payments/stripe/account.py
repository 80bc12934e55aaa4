"""An account at Stripe that answers with what Stripe's documentation shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import orjson

RECORDED = Path(__file__).parent / "recorded"
DATE = "Tue, 07 Apr 2026 10:00:00 GMT"


def recorded(name: str, **changes: Any) -> dict[str, Any]:
    """An answer of Stripe's, with some fields changed."""
    document: dict[str, Any] = orjson.loads((RECORDED / f"{name}.json").read_bytes())
    return document | changes


def event(kind: str, item: Mapping[str, Any], created: int = 1_680_800_600) -> dict[str, Any]:
    """An Event about an object."""
    return {
        "id": f"evt_{kind.replace('.', '_')}",
        "object": "event",
        "api_version": "2025-12-15.clover",
        "created": created,
        "data": {"object": item},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": "req_1", "idempotency_key": None},
        "type": kind,
    }


def listed(*items: Mapping[str, Any], has_more: bool = False) -> dict[str, Any]:
    """A List of objects."""
    return {"object": "list", "data": list(items), "has_more": has_more, "url": "/v1/things"}


@dataclass
class Asked:
    """A request as it came."""

    method: str
    path: str
    form: dict[str, str]
    headers: httpx.Headers

    @property
    def key(self) -> str | None:
        """Its idempotency key."""
        return self.headers.get("idempotency-key")


@dataclass
class Account:
    """Answers calls by method and path, those of one address in turn; the last one stays."""

    answers: dict[str, list[httpx.Response]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def will(
        self, call: str, name_or_body: str | Mapping[str, Any], status: int = 200, **headers: str
    ) -> None:
        """Answer `POST /refunds` and the like so, after what it was told before."""
        body = recorded(name_or_body) if isinstance(name_or_body, str) else name_or_body
        sent = {"Date": DATE} | {name.replace("_", "-"): value for name, value in headers.items()}
        answer = httpx.Response(status, json=body, headers=sent)
        self.answers.setdefault(call, []).append(answer)

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one call."""
        path = request.url.raw_path.decode().partition("?")[0].removeprefix("/v1")
        text = request.content.decode() if request.method == "POST" else request.url.query.decode()
        asked = Asked(request.method, path, dict(parse_qsl(text)), request.headers)
        self.asked.append(asked)
        waiting = self.answers[f"{request.method} {path}"]
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    @property
    def calls(self) -> list[str]:
        """What was called, in order."""
        return [f"{asked.method} {asked.path}" for asked in self.asked]

    def form(self, call: str) -> dict[str, str]:
        """What the last such call said."""
        return next(a.form for a in reversed(self.asked) if f"{a.method} {a.path}" == call)
