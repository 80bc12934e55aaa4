"""Names of channels as they compare."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.epg.matching import names


@pytest.mark.parametrize(
    ("name", "normalised"),
    [
        ("BBC One HD", "bbc one"),
        ("UK: Sky News FHD", "sky news"),
        ("US | ESPN 2 [Not 24/7]", "espn 2"),
        ("Canal+ Décalé (720p)", "canal plus decale"),
        ("Film4 (+1)", "film4 plus 1"),
        ("A&amp;E", "a and e"),
        ("ESPN (Ch. 2)", "espn ch 2"),
        ("HD", "hd"),
        ("ＴＶ５", "tv5"),
        ("Страна FM", "страна fm"),
    ],
)
def test_a_name_is_told_without_quality_and_notes(name: str, normalised: str) -> None:
    assert names.normalised(name) == normalised


@pytest.mark.parametrize(
    ("name", "squashed"),
    [
        ("The History Channel", "history"),
        ("National Geographic", "nationalgeographic"),
        ("TV 5", ""),
        ("Sport 1 1", "sport1_1"),
        ("Sport 11", "sport11"),
    ],
)
def test_a_squashed_name_keeps_numbers_apart(name: str, squashed: str) -> None:
    assert names.squashed(name) == squashed


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("Sky Sports Two +1", ("1", "2", "plus")),
        ("ESPN2", ("2",)),
        ("Rai Sport II", ("2",)),
        ("Canal+", ("plus",)),
        ("Canalplus", ("plus",)),
        ("Sport 01", ("1",)),
        ("قناة ٢", ("2",)),
        ("Arte 1080p", ()),
    ],
)
def test_numbers_are_found_however_they_are_written(name: str, numbers: tuple[str, ...]) -> None:
    assert names.numbers(name) == numbers


@pytest.mark.parametrize(
    ("xmltv_id", "country"),
    [
        ("BBCOne.uk", "GB"),
        ("Arte.de@HD", "DE"),
        ("ABC.us@East", "US"),
        ("one.example.com", None),
        ("channel.tv", None),
        ("5", None),
    ],
)
def test_an_identifier_tells_the_country(xmltv_id: str, country: str | None) -> None:
    assert names.country_of_id(xmltv_id) == country


@given(st.text(max_size=300))
def test_any_text_can_be_told(name: str) -> None:
    for function in (names.spelled, names.normalised, names.squashed, names.sorted_words):
        assert isinstance(function(name), str)
    assert isinstance(names.numbers(name), tuple)
