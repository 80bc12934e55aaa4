"""Cursors of keyset pagination: the sort key of the last row, wrapped."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from matinee.core.errors import BadCursor

TOTAL_CAP = 10_000


def encode_cursor(*key: Any) -> str:
    """A cursor that continues after the row with this sort key."""
    return base64.urlsafe_b64encode(orjson.dumps(key, default=str)).rstrip(b"=").decode()


def decode_cursor(cursor: str, kinds: Sequence[type]) -> list[Any]:
    """The sort key inside a cursor, checked against the expected types (None is always allowed).

    Raises:
        BadCursor: it is not one that `encode_cursor` made for this list.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, orjson.JSONDecodeError, ValueError):
        raise BadCursor("cursor") from None
    if not isinstance(key, list) or len(key) != len(kinds):
        raise BadCursor("cursor")
    return [_cast(value, kind) for value, kind in zip(key, kinds, strict=True)]


def _cast(value: Any, kind: type) -> Any:
    if value is None:
        return None
    if kind is float and type(value) is int:
        return float(value)
    if kind in (str, int, float):
        if type(value) is not kind or not _storable(value):
            raise BadCursor("cursor")
        return value
    try:
        found = kind.fromisoformat(value) if hasattr(kind, "fromisoformat") else kind(value)
    except (ValueError, TypeError, AttributeError, ArithmeticError):
        raise BadCursor("cursor") from None
    if isinstance(found, datetime) and found.tzinfo is None:
        raise BadCursor("cursor")
    return found


def _storable(value: str | int | float) -> bool:
    """Whether PostgreSQL could hold the value at all."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return not isinstance(value, str) or "\0" not in value
