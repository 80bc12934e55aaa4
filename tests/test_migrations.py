"""Migrations go up and down, say whether old code can live with them, and match the models."""

import re
from pathlib import Path

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from matinee.core.database import Database
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.migrations.state import (
    alembic_config,
    downgrade,
    engine_of,
    migrate,
    schema_is_current,
)
from matinee.models import Base

REVISIONS = list(ScriptDirectory.from_config(alembic_config()).walk_revisions())

_COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2
"""
_INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
_CONSTRAINTS = """
    SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2
"""


@pytest.fixture
async def empty_url(postgres: EmbeddedPostgres, admin_connection: asyncpg.Connection) -> str:
    await admin_connection.execute("DROP DATABASE IF EXISTS empty WITH (FORCE)")
    await admin_connection.execute("CREATE DATABASE empty")
    return postgres.url("empty")


async def shape(url: str) -> list[list[tuple[object, ...]]]:
    """Columns, indexes and constraints of a database."""
    connection = await asyncpg.connect(url)
    try:
        queries = (_COLUMNS, _INDEXES, _CONSTRAINTS)
        return [[tuple(row) for row in await connection.fetch(query)] for query in queries]
    finally:
        await connection.close()


async def test_going_down_empties_the_database_and_up_again_gives_the_same(empty_url: str) -> None:
    migrate(empty_url)
    first = await shape(empty_url)
    downgrade(empty_url, "base")
    columns, *_ = await shape(empty_url)
    assert {table for table, *_ in columns} <= {"alembic_version"}
    migrate(empty_url)
    assert await shape(empty_url) == first


async def test_migrating_twice_changes_nothing(empty_url: str) -> None:
    migrate(empty_url)
    first = await shape(empty_url)
    migrate(empty_url)
    assert await shape(empty_url) == first


def _is_ours(
    _object: object, name: str | None, kind: str, _reflected: bool, _other: object
) -> bool:
    return kind != "table" or name in Base.metadata.tables


def drift(connection: Connection) -> list[object]:
    options = {"compare_type": True, "include_object": _is_ours}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, Base.metadata))


def test_the_models_say_what_the_migrations_made(database_url: str) -> None:
    with engine_of(database_url).connect() as connection:
        assert drift(connection) == []


def test_the_comparison_sees_a_missing_column(database_url: str) -> None:
    with engine_of(database_url).connect() as connection:
        connection.exec_driver_sql("ALTER TABLE titles DROP COLUMN tagline")
        assert drift(connection) != []


async def test_the_checks_of_the_models_are_in_the_database(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    made = await connection.fetch("SELECT conname FROM pg_constraint WHERE contype IN ('c', 'x')")
    await connection.close()
    names = {row["conname"] for row in made}
    for table in Base.metadata.sorted_tables:
        wanted = {str(check.name) for check in table.constraints if check.name is not None}
        checks = {name for name in wanted if name.endswith(("_check", "_overlap"))}
        assert checks <= names, table.name


@pytest.mark.parametrize("revision", REVISIONS, ids=lambda revision: revision.revision)
def test_a_revision_says_whether_old_code_can_live_with_it(revision: object) -> None:
    assert getattr(revision, "module").PHASE in ("expand", "contract")  # noqa: B009


@pytest.mark.parametrize("revision", REVISIONS, ids=lambda revision: revision.revision)
def test_an_expanding_revision_takes_nothing_away(revision: object) -> None:
    module = getattr(revision, "module")  # noqa: B009
    source = Path(module.__file__).read_text(encoding="utf-8").partition("def downgrade")[0]
    if module.PHASE == "expand":
        assert not re.search(r"drop_(table|column)|DROP (TABLE|COLUMN)|RENAME", source)


async def test_an_old_schema_is_noticed(empty_url: str) -> None:
    database = Database(empty_url)
    await database.open()
    before = await schema_is_current(database)
    migrate(empty_url)
    after = await schema_is_current(database)
    await database.close()
    assert (before, after) == (False, True)
