"""A header of languages becomes a list of wishes, whatever is in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.core.languages import MOST, accepted_languages, normalized, with_bases


@pytest.mark.parametrize(
    ("header", "wishes"),
    [
        ("en", ("en",)),
        ("de-AT", ("de-AT", "de")),
        ("de-AT,en;q=0.5", ("de-AT", "de", "en")),
        ("en;q=0.5,de-AT", ("de-AT", "de", "en")),
        ("en;q=0.8, fr;q=0.9, de;q=0.1", ("fr", "en", "de")),
        ("pt-br", ("pt-BR", "pt")),
        ("zh-hant-TW", ("zh-Hant-TW", "zh")),
        ("fr;q=0", ()),
        ("fr;q=0.000, en", ("en",)),
        ("*", ()),
        ("", ()),
        ("en;q=nonsense", ()),
        ("en;q=9", ()),
        ("e, x-klingon, 123", ()),
        ("DE , EN", ("de", "en")),
        ("en,en,en", ("en",)),
    ],
)
def test_the_most_wanted_language_comes_first(header: str, wishes: tuple[str, ...]) -> None:
    assert accepted_languages(header) == wishes


def test_a_header_of_many_languages_is_cut() -> None:
    header = ",".join(f"a{chr(97 + n)}" for n in range(26))

    assert len(accepted_languages(header)) == MOST


@given(st.text())
def test_any_header_gives_wishes_that_are_language_tags(header: str) -> None:
    for wish in accepted_languages(header):
        assert wish == normalized(wish)


def test_a_base_language_is_not_repeated() -> None:
    assert with_bases(["de-AT", "de-CH", "de"]) == ("de-AT", "de", "de-CH")
