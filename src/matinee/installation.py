"""Bringing a database to what this version expects: its schema, and the data that all need."""

import asyncio

from matinee.catalog.ratings import ensure_ratings
from matinee.core.database import Database
from matinee.migrations.state import migrate


async def install(database_url: str) -> None:
    """Migrate to the newest schema and load the national age ratings; twice is once."""
    await asyncio.to_thread(migrate, database_url)
    database = Database(database_url, pool_max=1)
    await database.open()
    try:
        async with database.write() as tx:
            await ensure_ratings(tx)
    finally:
        await database.close()
