"""SQL compiled once: named parameters become numbered ones."""

import pytest
from sqlalchemy import Integer, bindparam, column, select, table

from matinee.core.database import Statement


@pytest.mark.parametrize(
    ("source", "sql", "names"),
    [
        ("SELECT 1", "SELECT 1", []),
        ("SELECT :a, :b, :a", "SELECT $1, $2, $1", ["a", "b"]),
        ("SELECT :a::text", "SELECT $1::text", ["a"]),
        ("SELECT '12:30', ':a', :a", "SELECT '12:30', ':a', $1", ["a"]),
        ("SELECT 'it''s :a'", "SELECT 'it''s :a'", []),
        ("SELECT :a -- not :b\n", "SELECT $1 -- not :b\n", ["a"]),
        ("SELECT /* not :b */ :a", "SELECT /* not :b */ $1", ["a"]),
        ("SELECT (x)[1:2]", "SELECT (x)[1:2]", []),
        ("WHERE a = ANY(:ids)", "WHERE a = ANY($1)", ["ids"]),
        ("WHERE a=:a_1", "WHERE a=$1", ["a_1"]),
        ('SELECT ":a"', 'SELECT ":a"', []),
    ],
)
def test_named_parameters_become_numbered(source: str, sql: str, names: list[str]) -> None:
    statement = Statement(source)

    assert (statement.sql, statement.names) == (sql, names)


def test_parameters_keep_their_order() -> None:
    assert Statement("SELECT :b, :a").arguments({"a": 1, "b": 2}) == [2, 1]


def test_a_parameter_that_the_statement_does_not_have_is_a_mistake() -> None:
    with pytest.raises(TypeError):
        Statement("SELECT :a").arguments({"a": 1, "b": 2})


def test_a_parameter_that_was_left_out_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        Statement("SELECT :a").arguments({})


def test_an_expression_of_sqlalchemy_is_compiled_too() -> None:
    things = table("things", column("id", Integer))
    statement = Statement(select(things.c.id).where(things.c.id == bindparam("wanted")))

    assert statement.arguments({"wanted": 7}) == [7]


def test_an_expanding_in_is_refused() -> None:
    things = table("things", column("id", Integer))
    with pytest.raises(ValueError):
        Statement(select(things.c.id).where(things.c.id.in_([1, 2])))
