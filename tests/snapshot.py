"""What a database holds, to see whether anything changed."""

from matinee.runtime import Runtime

_TABLES = """
    SELECT relname::text AS name FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""


async def contents(runtime: Runtime) -> dict[str, str]:
    """A digest of every table."""
    async with runtime.database.read() as tx:
        return {
            table["name"]: await tx.scalar(
                "SELECT md5(coalesce(string_agg(held::text, ',' ORDER BY held::text), ''))"
                f' FROM "{table["name"]}" AS held'
            )
            for table in await tx.all(_TABLES)
        }
