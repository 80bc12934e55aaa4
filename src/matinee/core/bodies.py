"""Reading what clients send: bounded while it arrives, JSON only where JSON is expected."""

import asyncio
from typing import Any

import orjson
from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope

from matinee.core.errors import (
    BodyTooLarge,
    MalformedJson,
    RequestCutOff,
    UnsupportedMediaType,
    ValidationFailed,
)

SILENT_SECONDS = 30
"""How long the next piece of a body may take, as long as a server waits for the header fields."""

MOST_LEVELS = 32
"""Nesting of a body; ours need four."""

MOST_VALUES = 20_000
"""Values inside one body. Each wrong one would become a complaint, so they cost more than bytes."""


def bounded(scope: Scope, receive: Receive, most_bytes: int) -> Receive:
    """The body of a request, refused as soon as it is longer than allowed, or stops to come.

    Raises:
        BodyTooLarge: at once where Content-Length says so, else while reading.
        RequestCutOff: while reading, nothing came for too long.
    """
    declared = _content_length(scope)
    if declared is not None and declared > most_bytes:
        raise BodyTooLarge(most_bytes=most_bytes)
    received = 0
    complete = False

    async def receive_bounded() -> Message:
        nonlocal received, complete
        if complete:  # what follows is the end of the connection, whenever that is
            return await receive()
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                message = await receive()
        except TimeoutError:
            raise RequestCutOff() from None
        complete = not message.get("more_body", False)
        received += len(message.get("body", b""))
        if received > most_bytes:
            raise BodyTooLarge(most_bytes=most_bytes)
        return message

    return receive_bounded


def _content_length(scope: Scope) -> int | None:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() and len(value) < 20 else None
    return None


class JsonRequest(Request):
    """A request whose JSON is parsed once, strictly, and cannot be a bomb."""

    parsed: Any = None

    async def json(self) -> Any:
        """What `read_json` found."""
        return self.parsed

    async def read_json(self) -> None:
        """Read and check the body.

        Raises:
            UnsupportedMediaType: there is one, but it is not declared as JSON.
            MalformedJson: it is not JSON.
            ValidationFailed: it is nested too deeply or holds too many values.
            BodyTooLarge: it is longer than the route allows.
        """
        body = await self._read()
        if not body:
            return
        if not _is_json(self.headers.get("content-type", "")):
            raise UnsupportedMediaType()
        try:
            self.parsed = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise MalformedJson(message=f"The body is not valid JSON: {error}.") from None
        if not _is_harmless(body):
            check_shape(self.parsed)

    async def _read(self) -> bytes:
        """The whole body; most come in one piece, for which `body` would take thrice the time."""
        pieces = []
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            pieces.append(message.get("body", b""))
            if not message.get("more_body", False):
                break
        self._stream_consumed = True
        self._body = b"".join(pieces)
        return self._body


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


def _is_harmless(body: bytes) -> bool:
    """Whether it is so short, with so few brackets, that its shape needs no look."""
    return len(body) <= MOST_VALUES and body.count(b"[") + body.count(b"{") < MOST_LEVELS


def check_shape(value: Any) -> None:
    """Refuse what is nested too deeply or holds too many values; level by level, not recursive.

    Raises:
        ValidationFailed: it is.
    """
    level = [value]
    values = 0
    for _ in range(MOST_LEVELS):
        containers = [part for part in level if isinstance(part, dict | list)]
        if not containers:
            return
        values += sum(map(len, containers))
        if values > MOST_VALUES:
            raise ValidationFailed(message=f"The body holds more than {MOST_VALUES} values.")
        level = [child for part in containers for child in _children(part)]
    raise ValidationFailed(message=f"The body is nested deeper than {MOST_LEVELS} levels.")


def _children(container: dict[str, Any] | list[Any]) -> Any:
    return container.values() if isinstance(container, dict) else container
