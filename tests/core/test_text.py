"""Titles are found and ordered as people type and expect them."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.core import client_address, encoded, languages, text
from matinee.core.text import fold, like_pattern, searchable, slugify, sort_key


@pytest.mark.parametrize("module", [client_address, encoded, languages, text])
def test_the_examples_in_the_documentation_are_true(module: object) -> None:
    results = doctest.testmod(module)  # type: ignore[arg-type]

    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Amélie", "amelie"),
        ("AMÉLIE", "amelie"),
        ("Ame\u0301lie", "amelie"),
        ("Straße", "strasse"),
        ("Łódź", "lodz"),
        ("Þór", "thor"),
        ("Fast & Furious", "fast and furious"),
        ("Schindler's List", "schindlers list"),
        ("Schindler’s List", "schindlers list"),
        ("E.T. the Extra-Terrestrial", "et the extra terrestrial"),
        ("  spaces\t\n ", "spaces"),
        ("M*A*S*H", "m a s h"),
        ("ＦＵＬＬ", "full"),
        ("ﬁlm", "film"),
        ("İstanbul", "istanbul"),
        ("8½", "8 1 2"),
        ("千と千尋の神隠し", "千と千尋の神隠し"),
        ("", ""),
        ("…", ""),
        ("\U0001d468\u01ff", "ao"),
    ],
)
def test_text_is_folded(typed: str, folded: str) -> None:
    assert fold(typed) == folded


@given(st.text())
def test_folding_what_is_folded_changes_nothing(typed: str) -> None:
    assert fold(fold(typed)) == fold(typed)


@given(st.text())
def test_folded_text_has_single_spaces_between_words(typed: str) -> None:
    assert fold(typed) == " ".join(fold(typed).split())


@pytest.mark.parametrize(("name", "found_by"), [("$", "$"), ("…", "…"), ("Léon", "leon")])
def test_a_name_of_symbols_is_found_by_its_symbols(name: str, found_by: str) -> None:
    assert searchable(name) == found_by


@pytest.mark.parametrize(
    ("name", "language", "key"),
    [
        ("The Kid", None, "kid"),
        ("A Trip to the Moon", "en", "trip to the moon"),
        ("Der müde Tod", "de", "mude tod"),
        ("Les Vampires", "fr", "vampires"),
        ("Les Vampires", "en", "les vampires"),
        ("O Pagador", "pt-BR", "pagador"),
        ("The", None, "the"),
        ("Them", None, "them"),
    ],
)
def test_shelves_are_ordered_without_the_article(name: str, language: str | None, key: str) -> None:
    assert sort_key(name, language) == key


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Science Fiction", "science-fiction"), ("Rom-Com!", "rom-com"), ("Größe", "grosse")],
)
def test_names_become_slugs(name: str, slug: str) -> None:
    assert slugify(name) == slug


def test_wildcards_are_taken_literally() -> None:
    assert like_pattern(r"100%_\o/") == r"100\%\_\\o/"
