"""Rows: what is wrong with one is said with its field, in words that can be stored."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.catalog.importers.problems import NOT_JSON, InvalidRow
from matinee.catalog.importers.rows import fingerprint, title_of
from tests.catalog.importers.files import title


def problem_of(said: Any) -> tuple[str, str | None]:
    """The code and field of what is wrong with a row."""
    with pytest.raises(InvalidRow) as caught:
        title_of(said)
    assert "\0" not in str(caught.value)
    return caught.value.code, caught.value.field


@pytest.mark.parametrize("said", [None, 1, "title", [], [1], True, 1.5])
def test_a_row_is_an_object(said: Any) -> None:
    assert problem_of(said) == ("malformed_json", None)


def test_a_row_that_could_not_be_read_says_so() -> None:
    assert problem_of(NOT_JSON) == ("malformed_json", None)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 301}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"name": 7}, "name"),
        ({"external_id": " "}, "external_id"),
        ({"external_id": "x" * 201}, "external_id"),
        ({"year": "next"}, "year"),
        ({"year": 10**400}, "year"),
        ({"year": True}, "year"),
        ({"year": 1927.5}, "year"),
        ({"runtime_minutes": 0}, "runtime_minutes"),
        ({"runtime_minutes": float("nan")}, "runtime_minutes"),
        ({"synopsis": "x" * 10_001}, "synopsis"),
        ({"language": "German"}, "language"),
        ({"countries": ["XX"]}, "countries.0"),
        ({"genres": "Drama"}, "genres"),
        ({"genres": ["g"] * 51}, "genres"),
        ({"mood_tags": ["no such mood"]}, "mood_tags.0"),
        ({"people": [{"name": "A", "role": "guest"}]}, "people.0.role"),
        ({"people": [{"name": "A"}]}, "people.0.role"),
        ({"images": [{"kind": "poster", "url": "javascript:alert(1)"}]}, "images.0.url"),
        ({"rights": [{"available_from": "yesterday"}]}, "rights.0.available_from"),
        ({"rights": [{"available_from": "2026-01-01T00:00:00"}]}, "rights.0.available_from"),
        (
            {"rights": [{"available_until": "0001-01-01T00:00:00+09:00"}]},
            "rights.0.available_until",
        ),
        ({"rights": [{"territory": "Germany"}]}, "rights.0.territory"),
        ({"seasons": [{"number": 1, "episodes": [{"number": 1}]}]}, "seasons.0.episodes.0.name"),
        ({"status": "takedown"}, "status"),
        ({"external_ids": {"imdb": 5}}, "external_ids.imdb"),
    ],
)
def test_a_wrong_value_is_named_by_its_path(fields: dict[str, Any], field: str) -> None:
    assert problem_of(title(**fields)) == ("validation_failed", field)


def test_a_field_that_nobody_knows_is_wrong() -> None:
    assert problem_of(title(direktor="Lang")) == ("unknown_field", "direktor")


def test_a_hostile_field_name_can_be_reported() -> None:
    assert problem_of(title(**{"a\0b": 1})) == ("unknown_field", "a�b")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"localizations": [{"language": "de"}, {"language": "de"}]}, "localizations"),
        ({"seasons": [{"number": 1}, {"number": 1}]}, "seasons"),
        (
            {"seasons": [{"number": 1, "episodes": [{"number": 1, "name": "A"}] * 2}]},
            "seasons",
        ),
        ({"rights": [{}, {}]}, "rights"),
        (
            {
                "rights": [
                    {"territory": "DE", "available_until": "2026-03-01T00:00:00Z"},
                    {"territory": "DE", "available_from": "2026-02-01T00:00:00Z"},
                ]
            },
            "rights",
        ),
        (
            {
                "rights": [
                    {
                        "available_from": "2026-03-01T00:00:00Z",
                        "available_until": "2026-03-01T00:00:00Z",
                    }
                ]
            },
            "rights",
        ),
    ],
)
def test_a_row_may_not_contradict_itself(fields: dict[str, Any], field: str) -> None:
    assert problem_of(title(**fields)) == ("rule_violated", field)


def test_windows_that_touch_do_not_overlap() -> None:
    row = title_of(
        title(
            rights=[
                {"territory": "DE", "available_from": "2026-03-01T01:00:00+01:00"},
                {"territory": "DE", "available_until": "2026-03-01T00:00:00Z"},
                {"territory": "FR"},
            ]
        )
    )
    assert len(row.rights) == 3


def test_repeated_labels_are_one() -> None:
    assert title_of(title(genres=["Drama", "Crime", "Drama"])).genres == ["Drama", "Crime"]


def test_rows_that_say_the_same_have_the_same_fingerprint() -> None:
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 1, "b": None})


def test_what_is_nested_too_deeply_has_no_fingerprint() -> None:
    deep: Any = 0
    for _ in range(300):
        deep = [deep]
    assert fingerprint({"a": deep}) == b""


@given(
    said=st.dictionaries(
        st.sampled_from(["external_id", "name", "year", "genres", "rights", "seasons", "people"])
        | st.text(max_size=3),
        st.text(max_size=4) | st.integers() | st.floats() | st.lists(st.text(max_size=2)),
    )
)
def test_no_row_breaks_the_check(said: dict[str, Any]) -> None:
    with suppress(InvalidRow):
        title_of(said)
