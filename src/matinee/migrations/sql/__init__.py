"""SQL that revisions run as it is written, in files beside this one."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

HERE = Path(__file__).parent

_DROP_EVERYTHING = """
DO $$
DECLARE
    thing record;
BEGIN
    FOR thing IN
        SELECT format('DROP TABLE IF EXISTS %I CASCADE', c.relname) AS sql
        FROM pg_class c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
          AND NOT c.relispartition AND c.relname <> ALL (ARRAY[{kept}]::text[])
    LOOP
        EXECUTE thing.sql;
    END LOOP;
    FOR thing IN
        SELECT format('DROP FUNCTION IF EXISTS %s CASCADE', p.oid::regprocedure) AS sql
        FROM pg_proc p
        LEFT JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e'
        WHERE p.pronamespace = current_schema()::regnamespace AND d.objid IS NULL
    LOOP
        EXECUTE thing.sql;
    END LOOP;
    FOR thing IN
        SELECT format('DROP TYPE IF EXISTS %s CASCADE', t.oid::regtype) AS sql
        FROM pg_type t
        LEFT JOIN pg_depend d ON d.objid = t.oid AND d.deptype = 'e'
        WHERE t.typnamespace = current_schema()::regnamespace AND t.typtype IN ('e', 'c')
          AND d.objid IS NULL
          AND (t.typrelid = 0 OR (SELECT relkind FROM pg_class WHERE oid = t.typrelid) = 'c')
    LOOP
        EXECUTE thing.sql;
    END LOOP;
END $$
"""


def read_sql(name: str) -> str:
    """The text of `name.sql`."""
    return (HERE / f"{name}.sql").read_text(encoding="utf-8")


def drop_everything(*, keep: Sequence[str]) -> str:
    """SQL that empties the current schema but for these tables and for what extensions own."""
    return _DROP_EVERYTHING.format(kept=", ".join(f"'{name}'" for name in keep))


def run_script(connection: sa.Connection, script: str) -> None:
    """Run several statements as they are, without looking for parameters in them."""
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(script)
