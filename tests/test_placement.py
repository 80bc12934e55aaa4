"""Every table works on plain PostgreSQL and where households are spread over nodes."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from matinee.models import Base
from tests.placement import Finding, lint

PLACEMENTS = {
    table.name: table.info["placement"].kind
    for table in Base.metadata.sorted_tables
    if "placement" in table.info
}
FOREIGN = ("alembic_version", "procrastinate_")
"""Tables of the migration tool and the job queue, which stay on the coordinator."""


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def findings(connection: asyncpg.Connection, **more: str) -> set[tuple[str, str]]:
    found = await lint(connection, PLACEMENTS | more)
    return {(one.table, one.rule) for one in found if not one.table.startswith(FOREIGN)}


def test_every_model_declares_its_placement() -> None:
    assert {table.name for table in Base.metadata.sorted_tables} == PLACEMENTS.keys()


async def test_the_schema_breaks_no_rule(connection: asyncpg.Connection) -> None:
    assert await findings(connection) == set()


BROKEN = {
    "CREATE TABLE bad (id uuid PRIMARY KEY, user_id uuid NOT NULL)": (
        "distributed",
        "bad_pkey does not begin with user_id",
    ),
    "CREATE TABLE bad (user_id uuid, id uuid)": ("distributed", "user_id must be uuid NOT NULL"),
    "CREATE TABLE bad (id uuid)": ("distributed", "has no user_id"),
    """CREATE TABLE bad (user_id uuid NOT NULL, slug text UNIQUE, PRIMARY KEY (user_id, slug))""": (
        "distributed",
        "bad_slug_key does not begin with user_id",
    ),
    """CREATE TABLE bad (user_id uuid NOT NULL, title uuid, span tstzrange,
           EXCLUDE USING gist (title WITH =, span WITH &&))""": (
        "distributed",
        "bad_title_span_excl does not begin with user_id",
    ),
    """CREATE TABLE bad (user_id uuid NOT NULL, n int GENERATED ALWAYS AS IDENTITY,
           PRIMARY KEY (user_id, n))""": ("distributed", "the sequence of n is too narrow"),
    "CREATE TABLE bad (id uuid PRIMARY KEY, user_id uuid REFERENCES users)": (
        "reference",
        "bad_user_id_fkey: a reference table points at split rows",
    ),
    """CREATE TABLE bad (user_id uuid NOT NULL, profile uuid, PRIMARY KEY (user_id, profile),
           FOREIGN KEY (user_id, profile) REFERENCES profiles ON DELETE SET NULL)""": (
        "distributed",
        "bad_user_id_profile_fkey would empty user_id",
    ),
    "CREATE TABLE bad (import uuid REFERENCES imports)": (
        "reference",
        "bad_import_fkey points at a local table",
    ),
    """CREATE TABLE bad (id uuid PRIMARY KEY);
       CREATE TRIGGER t BEFORE UPDATE ON bad FOR EACH ROW EXECUTE FUNCTION refuse_change()""": (
        "reference",
        "has the trigger t",
    ),
}


@pytest.mark.parametrize("ddl", BROKEN)
async def test_the_lint_sees_what_citus_would_refuse(
    connection: asyncpg.Connection, ddl: str
) -> None:
    placement, rule = BROKEN[ddl]
    await connection.execute(ddl)
    assert ("bad", rule) in await findings(connection, bad=placement)


async def test_the_lint_sees_a_table_without_placement(connection: asyncpg.Connection) -> None:
    await connection.execute("CREATE TABLE stray (id uuid)")
    assert Finding("stray", "has no declared placement") in await lint(connection, PLACEMENTS)
