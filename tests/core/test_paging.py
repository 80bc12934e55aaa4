"""Cursors continue exactly where a page ended, and nothing else passes for one."""

import base64
import contextlib
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.core.errors import BadCursor
from matinee.core.paging import decode_cursor, encode_cursor

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
INTEGERS = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
MOMENTS = st.datetimes(timezones=st.just(UTC))


@given(TEXT, INTEGERS, FLOATS, st.uuids(), MOMENTS, st.dates())
def test_a_sort_key_survives_the_way_to_the_client_and_back(
    name: str, number: int, score: float, identifier: UUID, moment: datetime, day: date
) -> None:
    key = [name, number, score, identifier, moment, day]

    assert decode_cursor(encode_cursor(*key), [str, int, float, UUID, datetime, date]) == key


@given(TEXT)
def test_a_cursor_fits_into_an_address_as_it_is(name: str) -> None:
    cursor = encode_cursor(name)

    assert cursor.isascii()
    assert cursor.replace("-", "").replace("_", "").isalnum()


def test_a_missing_value_sorts_too() -> None:
    assert decode_cursor(encode_cursor(None, 1), [str, int]) == [None, 1]


def test_a_whole_number_is_also_a_score() -> None:
    assert decode_cursor(encode_cursor(1), [float]) == [1.0]


def forged(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("cursor", "kinds"),
    [
        ("", [str]),
        ("%%%", [str]),
        ("ä", [str]),
        ("a", [str]),
        (forged("[1"), [int]),
        (forged("1"), [int]),
        (forged("{}"), [int]),
        (forged("[]"), [int]),
        (forged("[1,2]"), [int]),
        (forged('["1"]'), [int]),
        (forged("[true]"), [int]),
        (forged("[1.5]"), [int]),
        (forged("[1]"), [str]),
        (forged("[NaN]"), [float]),
        (forged(f"[{2**63}]"), [int]),
        (forged('["a\\u0000"]'), [str]),
        (forged('["\\ud800"]'), [str]),
        (forged('["not a uuid"]'), [UUID]),
        (forged("[5]"), [UUID]),
        (forged("[[]]"), [UUID]),
        (forged("[{}]"), [UUID]),
        (forged('["yesterday"]'), [datetime]),
        (forged('["2026-01-01T00:00:00"]'), [datetime]),
        (forged("[5]"), [datetime]),
        (forged('["much"]'), [Decimal]),
        (forged("[" * 100 + "]" * 100), [int]),
    ],
)
def test_what_we_did_not_make_is_refused(cursor: str, kinds: list[type]) -> None:
    with pytest.raises(BadCursor):
        decode_cursor(cursor, kinds)


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(BadCursor):
        decode_cursor(encode_cursor("Metropolis", uuid4()), [int, UUID])


@given(st.text())
def test_any_text_is_a_cursor_or_refused(cursor: str) -> None:
    with contextlib.suppress(BadCursor):
        decode_cursor(cursor, [int])
