"""Bodies that nobody sends by accident: each operation refuses them by name and stores nothing."""

import gzip
import json
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests.fuzzing import refusal
from tests.walking import (
    address_of,
    asker_of,
    method_of,
    requires_json,
    routes_of,
    takes_json,
)
from tests.world import World

JSON = "application/json"

MALFORMED = (400, "malformed_json")
TOO_LARGE = (413, "body_too_large")
WRONG_TYPE = (415, "unsupported_media_type")
INVALID = (422, "validation_failed")
UNKNOWN = (422, "unknown_field")

LARGE = b'{"name": "' + b"x" * 10_000_000 + b'"}'

BODIES: dict[str, tuple[bytes, str, tuple[int, str]]] = {
    "cut off": (b'{"name": "a', JSON, MALFORMED),
    "raw NUL": (b'{"name": "a\0b"}', JSON, MALFORMED),
    "only NUL": (b"\0", JSON, MALFORMED),
    "lone surrogate": (rb'{"name": "\ud800"}', JSON, MALFORMED),
    "name with lone surrogate": (rb'{"\udfff": 1}', JSON, MALFORMED),
    "surrogates the wrong way": (rb'{"name": "\udc00\ud800"}', JSON, MALFORMED),
    "invalid UTF-8": (b'{"name": "\xff"}', JSON, MALFORMED),
    "overlong UTF-8": (b'{"name": "\xc0\xaf"}', JSON, MALFORMED),
    "byte order mark": (b'\xef\xbb\xbf{"name": "a"}', JSON, MALFORMED),
    "UTF-16": ('{"name": "a"}'.encode("utf-16"), f"{JSON}; charset=utf-16", MALFORMED),
    "number of 400 digits": (b'{"name": ' + b"9" * 400 + b"}", JSON, MALFORMED),
    "number beyond all": (b'{"name": 1e999}', JSON, MALFORMED),
    "NaN": (b'{"name": NaN}', JSON, MALFORMED),
    "Infinity": (b'{"name": -Infinity}', JSON, MALFORMED),
    "100 000 levels": (b"[" * 100_000, JSON, MALFORMED),
    "100 000 objects": (b'{"a":' * 100_000, JSON, MALFORMED),
    "two values": (b"{}{}", JSON, MALFORMED),
    "comments": (b"{/* */}", JSON, MALFORMED),
    "packed": (gzip.compress(b'{"name": "a"}'), JSON, MALFORMED),
    "40 levels": (b"[" * 40 + b"]" * 40, JSON, INVALID),
    "40 objects": (b'{"a":' * 40 + b"1" + b"}" * 40, JSON, INVALID),
    "100 000 values": (json.dumps([0] * 100_000).encode(), JSON, INVALID),
    "nothing": (b"", JSON, INVALID),
    "null": (b"null", JSON, INVALID),
    "array": (b"[]", JSON, INVALID),
    "text": (b'"name"', JSON, INVALID),
    "number": (b"1", JSON, INVALID),
    "form": (b"name=a", "application/x-www-form-urlencoded", WRONG_TYPE),
    "parts": (b"--x\r\n\r\n{}\r\n--x--", "multipart/form-data; boundary=x", WRONG_TYPE),
    "plain text": (b"{}", "text/plain", WRONG_TYPE),
    "type of a list": (b"{}", f"text/html, {JSON}", WRONG_TYPE),
    "XML": (b"<name/>", "application/xml", WRONG_TYPE),
    "no type": (b"{}", "", WRONG_TYPE),
    "10 MB": (LARGE, JSON, TOO_LARGE),
}

NO_BODIES = ("nothing", "null")

pytestmark = pytest.mark.usefixtures("unchanged")


async def test_each_operation_refuses_it(
    app: FastAPI, client: AsyncClient, world: World, subtests: pytest.Subtests
) -> None:
    for name, (body, media_type, expected) in BODIES.items():
        with subtests.test(name):
            concerned = requires_json if name in NO_BODIES else takes_json
            for route in filter(concerned, routes_of(app)):
                typed = {"Content-Type": media_type} if media_type else {}
                typed["Idempotency-Key"] = "key"
                answer = await client.request(
                    method_of(route),
                    address_of(route, world.ids),
                    content=body,
                    headers=world.headers[asker_of(route)] | typed,
                )
                assert refusal(answer) == expected, route.name


async def test_a_body_that_does_not_say_how_long_it_is_ends_at_the_limit(
    client: AsyncClient, world: World
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield b" " * 65_536

    headers = world.headers["household"] | {"Content-Type": JSON}
    answer = await client.post("/api/v1/profiles", content=endless(), headers=headers)
    assert refusal(answer) == TOO_LARGE
    assert sent < 2_000_000


NO_FIELDS = ["nobody knows", "", "\0", "\u202etxt", "x" * 100_000, "__class__", "name\r\n", "😈"]

NO_NAMES = [
    "", " ", "\t\r\n", "\x1c", "\x85", "\u2028", "\u3000", "a\0b", "a\x1b[31m", "a\x7f", "x" * 41,
    1, True, None, [], {}, ["a"], {"a": "b"}, 1e300,
]  # fmt: skip

NO_AGES = [-1, 2**31, 2**63, 2**64 - 1, -(2**63), 1e300, 1.5, True, "٣", "1e1", [1], {}]

NO_WINDOWS = [
    {"available_from": "0001-01-01T00:00:00+23:59"},
    {"available_until": "9999-12-31T23:59:59-23:59"},
    {"available_from": "2026-02-30T00:00:00Z"},
    {"available_from": "2026-01-01T00:00:00"},
    {"available_from": "2026-01-01"},
    {"available_from": 1e18},
    {"available_from": -1},
    {"available_from": "1700000000"},
    {"available_from": "infinity"},
    {"available_from": "+10000-01-01T00:00:00Z"},
    {"available_from": "2027-01-01T00:00:00Z", "available_until": "2026-01-01T00:00:00Z"},
]


async def test_an_unknown_field_is_named_and_refused(
    client: AsyncClient, world: World, subtests: pytest.Subtests
) -> None:
    for field in NO_FIELDS:
        with subtests.test(repr(field[:20])):
            answer = await client.post(
                "/api/v1/profiles",
                json={"name": "Ana", field: 1},
                headers=world.headers["household"],
            )
            assert refusal(answer) == UNKNOWN
            assert len(answer.content) < 2000


async def test_what_is_no_value_of_a_field_is_refused_by_its_name(
    client: AsyncClient, world: World, subtests: pytest.Subtests
) -> None:
    cases = [("name", value) for value in NO_NAMES]
    cases += [("max_maturity", value) for value in NO_AGES]
    for field, value in cases:
        with subtests.test(f"{field}={value!r}"):
            answer = await client.post(
                "/api/v1/profiles",
                json={"name": "Zoe", field: value},
                headers=world.headers["household"],
            )
            assert refusal(answer) == INVALID
            assert answer.json()["error"]["field"] == field


async def test_a_window_outside_of_time_is_refused(
    client: AsyncClient, world: World, subtests: pytest.Subtests
) -> None:
    for window in NO_WINDOWS:
        with subtests.test(str(window)):
            answer = await client.post(
                "/api/v1/admin/titles",
                json={"kind": "movie", "name": "Cops", "rights": [{"territory": "US", **window}]},
                headers=world.headers["admin"],
            )
            assert refusal(answer)[0] == 422
