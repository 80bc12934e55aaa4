"""Readers: rows come out of a file however it is cut into pieces, and damage is found."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.catalog.importers.problems import NOT_CSV, NOT_JSON, UnreadableFile
from matinee.catalog.importers.readers import (
    LONGEST_ROW,
    Csv,
    JsonArray,
    Lines,
    Nfo,
    Reader,
    reader_for,
)
from tests.catalog.importers.files import as_csv

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


def read(make: Callable[[], Reader], data: bytes, size: int) -> list[Any]:
    """All rows of a file that arrives `size` bytes at a time."""
    reader = make()
    rows: list[Any] = []
    for start in range(0, len(data), size):
        rows += reader.feed(data[start : start + size])
    return rows + reader.finish()


def reason_of(make: Callable[[], Reader], data: bytes) -> str:
    """Why a file cannot be read."""
    with pytest.raises(UnreadableFile) as caught:
        read(make, data, 7)
    return str((caught.value.details or {})["reason"])


@given(
    rows=st.lists(values, max_size=6), size=st.integers(1, 40), indent=st.sampled_from([None, 1])
)
def test_a_json_array_gives_its_items_whatever_the_pieces(
    rows: list[Any], size: int, indent: int | None
) -> None:
    data = json.dumps(rows, indent=indent, ensure_ascii=False).encode("utf-8")
    assert read(JsonArray, data, size) == rows


@given(rows=st.lists(values, max_size=6), size=st.integers(1, 40))
def test_lines_give_their_values_whatever_the_pieces(rows: list[Any], size: int) -> None:
    data = "\n".join(json.dumps(row) for row in rows).encode()
    assert read(Lines, data, size) == rows


@given(
    rows=st.lists(st.tuples(cells, cells), max_size=6),
    size=st.integers(1, 40),
    separator=st.sampled_from([",", ";", "\t"]),
    ending=st.sampled_from(["\n", "\r\n"]),
)
def test_csv_gives_the_cells_that_were_written_whatever_the_pieces(
    rows: list[tuple[str, str]], size: int, separator: str, ending: str
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writerows([("name", "tagline"), *rows])
    expected = [{"name": name, "tagline": line} for name, line in rows if name or line]
    assert read(Csv, text.getvalue().encode(), size) == expected


@pytest.mark.parametrize(
    ("first", "kind"),
    [(b" \n[", JsonArray), (b'{"a"', Lines), (b"<movie>", Nfo), (b"name,year", Csv), (b"", Lines)],
)
def test_the_kind_of_a_file_is_judged_by_its_first_bytes(first: bytes, kind: type) -> None:
    assert isinstance(reader_for(first), kind)


@pytest.mark.parametrize("text", [b"[1, 2", b'[{"a": "', b'[{"a": 1}, ', b"["])
def test_a_json_array_that_is_cut_off_is_refused(text: bytes) -> None:
    assert "cut off" in reason_of(JsonArray, text)


def test_nothing_may_follow_the_end_of_an_array() -> None:
    assert read(JsonArray, b"[1] \n\t", 1) == [1]
    assert "follows" in reason_of(JsonArray, b"[1][2]")


def test_a_broken_item_costs_only_its_own_row() -> None:
    assert read(JsonArray, b'[1, {"a": nope}, "x" "y", NaN, 2]', 3) == [
        1, NOT_JSON, NOT_JSON, NOT_JSON, 2,
    ]  # fmt: skip


def test_a_broken_line_costs_only_its_own_row() -> None:
    assert read(Lines, b'1\n{"a": \n\n2', 3) == [1, NOT_JSON, 2]


def test_brackets_and_quotes_inside_of_strings_are_text() -> None:
    row = {"a": '}]",{[\\', "b": ['\\\\"', "]"]}
    assert read(JsonArray, json.dumps([row, row]).encode(), 2) == [row, row]


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_endless_nesting_is_a_broken_row(opening: bytes) -> None:
    assert read(Lines, opening * 100_000 + b"\n1", 65_536) == [NOT_JSON, 1]


@pytest.mark.parametrize(
    ("make", "start"), [(JsonArray, b'["'), (Lines, b'{"'), (Csv, b'name\n"'), (Nfo, b"<movie>")]
)
def test_a_row_without_end_is_refused_before_it_fills_the_memory(
    make: Callable[[], Reader], start: bytes
) -> None:
    with pytest.raises(UnreadableFile):
        read(make, start + b"x" * (LONGEST_ROW + 65_536), 65_536)


def test_quotes_within_a_bare_cell_are_text() -> None:
    assert read(Csv, b'name,tagline\n5" disk,say "hi"\nnext,\n', 4) == [
        {"name": '5" disk', "tagline": 'say "hi"'},
        {"name": "next", "tagline": ""},
    ]


def test_a_quoted_cell_that_never_ends_is_refused() -> None:
    assert "not closed" in reason_of(Csv, b'name,tagline\nx,"endless\nmore\n')


def test_a_record_with_more_cells_than_columns_costs_only_its_own_row() -> None:
    assert read(Csv, b"name,year\na,1,2\nb,2\n", 100) == [NOT_CSV, {"name": "b", "year": "2"}]


def test_a_record_with_fewer_cells_leaves_the_rest_out() -> None:
    assert read(Csv, b"name,year\na\n", 100) == [{"name": "a"}]


def test_columns_are_found_in_any_case() -> None:
    assert read(Csv, b" Name ,YEAR\na,1\n", 100) == [{"name": "a", "year": "1"}]


@pytest.mark.parametrize(
    "junk",
    [b"hello world\n" * 10, b"a,b,c\n1,2,3\n", bytes(range(1, 128)), b"PK\x03\x04zip", b"\n\n\n"],
)
def test_text_without_a_column_of_names_is_refused(junk: bytes) -> None:
    assert reason_of(Csv, junk + b"\nx\n")


@pytest.mark.parametrize(
    "data", [b"name\n\xff\xfe\n", b"name\nK\xc3", "name\nK\n".encode("utf-16")]
)
def test_what_is_not_utf_8_is_refused(data: bytes) -> None:
    assert "UTF-8" in reason_of(Csv, data)


def test_many_lines_inside_of_one_cell_are_read_in_linear_time() -> None:
    data = b'name,tagline\nx,"' + b"a\n" * 500_000 + b'"\n' + b"y,z\n"
    assert read(Csv, data, 65_536) == [NOT_CSV, {"name": "y", "tagline": "z"}]


def test_csv_written_by_a_spreadsheet_is_understood() -> None:
    data = as_csv([{"name": "Nosferatu; eine Symphonie", "synopsis": 'Two\nlines, "quoted"'}])
    assert read(Csv, data, 5) == [
        {"name": "Nosferatu; eine Symphonie", "synopsis": 'Two\nlines, "quoted"'}
    ]
