"""Input types let through what PostgreSQL and people can read, and nothing else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from matinee.core.errors import VersionConflict
from matinee.core.schema import (
    Country,
    Email,
    Input,
    Int4,
    Language,
    Line,
    Moment,
    Number,
    Output,
    Prose,
    Reason,
    Secret,
    Slug,
    Territory,
    Year,
    made,
    version_of,
)

GOOD: list[tuple[Any, Any, Any]] = [
    (Line, "Metropolis", "Metropolis"),
    (Line, "  Metropolis  ", "Metropolis"),
    (Line, "Ame\u0301lie", "Amélie"),
    (Line, "one\r\n\tline", "one line"),
    (Line, "🎬" * 200, "🎬" * 200),
    (Prose, "", ""),
    (Prose, "line\nline\ttab", "line\nline\ttab"),
    (Reason, "asked by the distributor", "asked by the distributor"),
    (Reason, "می\u200cخواهم", "می\u200cخواهم"),
    (Slug, "science-fiction", "science-fiction"),
    (Secret, "  spaces count  ", "  spaces count  "),
    (Email, "ana@example.com", "ana@example.com"),
    (Country, "AT", "AT"),
    (Territory, "**", "**"),
    (Territory, "AT", "AT"),
    (Language, "pt-BR", "pt-BR"),
    (Language, "zh-Hant", "zh-Hant"),
    (Language, "es-419", "es-419"),
    (Int4, 0, 0),
    (Int4, 2_147_483_647, 2_147_483_647),
    (Year, 1895, 1895),
    (Number, 2.5, 2.5),
]
BAD: list[tuple[Any, Any]] = [
    (Line, ""),
    (Line, "   "),
    (Line, "a\0b"),
    (Line, "\ud800"),
    (Line, "a\x1bb"),
    (Line, "a\x7fb"),
    (Line, "x" * 201),
    (Line, 5),
    (Line, None),
    (Line, ["Metropolis"]),
    (Prose, "x" * 10_001),
    (Prose, "a\0"),
    (Prose, "a\x08"),
    (Reason, "ok"),
    (Reason, "\u200b" * 3),
    (Reason, "\u200b \u2060\n\ufeff\u200d"),
    (Slug, "Science Fiction"),
    (Slug, "-a"),
    (Slug, "a--b"),
    (Slug, "ä"),
    (Secret, "a\0"),
    (Secret, "x" * 257),
    (Email, "ana"),
    (Email, "ana@"),
    (Email, "ana@example.com\nBcc: all@example.com"),
    (Email, "a" * 250 + "@example.com"),
    (Country, "at"),
    (Country, "XX"),
    (Country, "AUT"),
    (Country, "AT\n"),
    (Territory, "*"),
    (Territory, "XYZ"),
    (Language, "english"),
    (Language, "EN"),
    (Language, "en_US"),
    (Language, "en\n"),
    (Int4, -1),
    (Int4, 2_147_483_648),
    (Int4, 10**400),
    (Int4, True),
    (Int4, 1.5),
    (Int4, float("nan")),
    (Int4, float("inf")),
    (Int4, "1e3"),
    (Year, 1),
    (Year, 10_000),
    (Number, float("nan")),
    (Number, float("inf")),
    (Number, 1e10),
    (Number, "NaN"),
    (Moment, "2026-01-01T00:00:00"),
    (Moment, "yesterday"),
    (Moment, float("inf")),
    (Moment, "0001-01-01T00:00:00Z"),
    (Moment, "0001-01-01T05:00:00+05:00"),
    (Moment, "9999-12-31T23:59:59.999999Z"),
    (Moment, "9999-12-31T23:59:59-01:00"),
]


@pytest.mark.parametrize(("kind", "given", "stored"), GOOD)
def test_good_values_pass(kind: Any, given: Any, stored: Any) -> None:
    assert TypeAdapter(kind).validate_python(given) == stored


@pytest.mark.parametrize(("kind", "given"), BAD)
def test_bad_values_do_not(kind: Any, given: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(given)


@given(st.text())
def test_text_that_passes_can_be_stored_and_is_composed(typed: str) -> None:
    try:
        stored = TypeAdapter(Prose).validate_python(typed)
    except ValidationError:
        return
    assert "\0" not in stored
    assert stored.encode("utf-8").decode("utf-8") == stored
    assert TypeAdapter(Prose).validate_python(stored) == stored


class Wish(Input):
    name: Line
    score: float = 0


@pytest.mark.parametrize(
    "body",
    [
        {"name": "M", "unknown": 1},
        {"name": "M", "score": float("nan")},
        {"name": "M", "score": float("inf")},
    ],
)
def test_a_body_may_hold_only_known_and_finite_values(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Wish.model_validate(body)


@pytest.mark.parametrize(
    ("header", "version"),
    [(None, None), ("*", None), ('"3"', 3), ('W/"3"', 3), ("3", 3), (' "3" ', 3), ('"0"', 0)],
)
def test_a_version_is_read_from_if_match(header: str | None, version: int | None) -> None:
    assert version_of(header) == version


@pytest.mark.parametrize(
    "header", ["", '""', '"x"', '"-1"', '"1.5"', '"9999999999"', '"³"', '"1", "2"']
)
def test_a_version_that_we_did_not_give_out_is_a_conflict(header: str) -> None:
    with pytest.raises(VersionConflict):
        version_of(header)


class Said(Output):
    name: str
    score: float | None = None


def test_a_made_output_equals_a_validated_one() -> None:
    made_one = made(Said, name="M", score=None)
    assert made_one == Said(name="M", score=None)
    assert made_one.model_dump_json() == Said(name="M", score=None).model_dump_json()


def test_an_output_is_made_of_all_its_fields() -> None:
    with pytest.raises(TypeError):
        made(Said, name="M")
