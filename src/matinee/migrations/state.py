"""Bringing a database to the schema of this version, and asking whether it is there."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import asyncpg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from matinee.core.database import Database

HERE = Path(__file__).parent
ONE_MIGRATOR = 4_711_001
"""Advisory lock that keeps two starting processes from migrating at once."""


def migrate(dsn: str, revision: str = "head") -> None:
    """Upgrade to a revision; several processes may call this at once."""
    _run(dsn, lambda config: command.upgrade(config, revision))


def downgrade(dsn: str, revision: str) -> None:
    """Go back to a revision (`base` empties the database)."""
    _run(dsn, lambda config: command.downgrade(config, revision))


def alembic_config(connection: sa.Connection | None = None) -> Config:
    """Alembic pointed at this package."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def engine_of(dsn: str) -> sa.Engine:
    """A synchronous engine, for migrations only."""
    url = sa.make_url(dsn).set(drivername="postgresql+psycopg")
    return sa.create_engine(url, poolclass=sa.NullPool)


def _run(dsn: str, action: Callable[[Config], None]) -> None:
    with engine_of(dsn).connect() as connection:
        connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": ONE_MIGRATOR})
        connection.commit()
        try:
            action(alembic_config(connection))
            connection.commit()
        finally:
            connection.rollback()
            connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": ONE_MIGRATOR})
            connection.commit()


@cache
def head_revision() -> str:
    """The revision that this version of the code expects."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    if head is None:
        raise RuntimeError("no migrations are installed")
    return head


def current_revision(dsn: str) -> str | None:
    """The revision that a database has; None before the first migration."""
    with engine_of(dsn).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


async def schema_is_current(database: Database) -> bool:
    """Whether the database has the schema this code expects, or a newer one it can live with."""
    try:
        async with database.read() as tx:
            current = await tx.scalar("SELECT version_num FROM alembic_version")
    except (asyncpg.PostgresError, OSError, asyncpg.InterfaceError):
        return False
    return bool(current == head_revision())
