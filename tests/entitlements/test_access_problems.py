"""How playing is refused, by what was decided."""

from typing import get_args

import pytest

from matinee.entitlements.access import Decision, Facts, Via, decide
from matinee.entitlements.problems import NotEntitled, refuse
from tests.entitlements.test_access import ASKING, TITLE, carriage, decided, offer


@pytest.mark.parametrize(
    ("via", "status", "code"),
    [
        ("unavailable", 404, "not_found"),
        ("account_held", 403, "account_held"),
        ("parental", 403, "parental_blocked"),
        ("locked", 402, "not_entitled"),
        ("not_in_territory", 451, "not_in_territory"),
    ],
)
def test_each_reason_has_its_problem(via: Via, status: int, code: str) -> None:
    assert via in get_args(Via)
    problem = refuse(Decision(False, via))
    assert (problem.status, problem.code) == (status, code)


def test_who_is_not_entitled_is_told_what_would_help() -> None:
    problem = refuse(decided(carriages=[carriage()], offers=[offer()]))
    assert isinstance(problem, NotEntitled)
    assert problem.details is not None
    told = problem.details["access_options"]
    assert [option["type"] for option in told] == ["svod", "rent"]
    assert problem.details["best_option"] == told[0]
    assert told[0]["package"]["slug"] == "p1"


def test_what_nobody_sells_is_refused_without_options() -> None:
    problem = refuse(decide(Facts(TITLE, sold=False), ASKING))
    assert isinstance(problem, NotEntitled)
    assert problem.details == {"access_options": [], "best_option": None}
