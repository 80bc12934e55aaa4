"""Who signs in with which address."""

import pytest

from matinee.accounts.households import identity_of, name_from


@pytest.mark.parametrize(
    ("typed", "same_as"),
    [
        ("Ana@Example.com", "ana@example.com"),
        ("ANA@EXAMPLE.COM", "ana@example.com"),
        ("stra\u00dfe@example.com", "STRASSE@example.com"),
        ("e\u0301lan@example.com", "\u00c9lan@example.com"),
        ("\uff41\uff4e\uff41@example.com", "ana@example.com"),
    ],
)
def test_one_person_is_one_identity_however_the_address_is_typed(typed: str, same_as: str) -> None:
    assert identity_of(typed) == identity_of(same_as)


@pytest.mark.parametrize("other", ["anna@example.com", "ana@example.org", "ana+tv@example.com"])
def test_different_addresses_are_different_people(other: str) -> None:
    assert identity_of(other) != identity_of("ana@example.com")


def test_folding_twice_changes_nothing() -> None:
    for typed in ("\u1e9e@example.com", "\u0130@example.com", "\ufb01@example.com"):
        assert identity_of(identity_of(typed)) == identity_of(typed)


@pytest.mark.parametrize(
    ("email", "name"),
    [
        ("ana.lima@example.com", "Ana"),
        ("joão_silva@example.com", "João"),
        ("1984@example.com", "Me"),
        ("x" * 64 + "@example.com", "X" + "x" * 39),
    ],
)
def test_the_first_profile_is_named_after_the_address(email: str, name: str) -> None:
    assert name_from(email) == name
