"""A lint of the schema: would every table work where the database is spread by household (Citus)?

It reads only pg_catalog of a plain PostgreSQL. The rules are those of docs/architecture.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

KEY = "user_id"

_TABLES = """
    SELECT c.oid, c.relname AS name FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
      AND NOT c.relispartition
"""
_COLUMNS = """
    SELECT attrelid AS table, attname AS name, attnotnull AS required,
           format_type(atttypid, atttypmod) AS type, attidentity::text AS identity,
           coalesce(pg_get_expr(d.adbin, d.adrelid), '') AS default
    FROM pg_attribute a
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE attnum > 0 AND NOT attisdropped AND attrelid = ANY ($1)
"""
_UNIQUE = """
    SELECT i.indrelid AS table, c.relname AS name,
           (SELECT array_agg(a.attname ORDER BY k.n)
            FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, n)
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number) AS columns
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = ANY ($1) AND (i.indisunique OR i.indisexclusion)
"""
_REFERENCES = """
    SELECT conrelid AS table, confrelid AS target, conname AS name, confdeltype::text AS on_delete,
           (SELECT array_agg(attname ORDER BY n) FROM unnest(conkey) WITH ORDINALITY AS k(a, n)
            JOIN pg_attribute ON attrelid = conrelid AND attnum = a) AS columns,
           (SELECT array_agg(attname ORDER BY n) FROM unnest(confkey) WITH ORDINALITY AS k(a, n)
            JOIN pg_attribute ON attrelid = confrelid AND attnum = a) AS target_columns
    FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY ($1)
"""
_TRIGGERS = """
    SELECT tgrelid AS table, tgname AS name FROM pg_trigger
    WHERE NOT tgisinternal AND tgrelid = ANY ($1)
"""


@dataclass(frozen=True, order=True)
class Finding:
    """One rule that one table breaks."""

    table: str
    rule: str


async def lint(connection: asyncpg.Connection, placements: Mapping[str, str]) -> list[Finding]:
    """What is wrong with the tables of the current schema, given each one's placement."""
    tables = {row["oid"]: row["name"] for row in await connection.fetch(_TABLES)}
    found = [
        Finding(name, "has no declared placement")
        for name in tables.values()
        if name not in placements
    ]
    known = {oid: name for oid, name in tables.items() if name in placements}
    found += await _check_columns(connection, known, placements)
    found += await _check_keys(connection, known, placements)
    found += await _check_references(connection, known, placements)
    for row in await connection.fetch(_TRIGGERS, list(known)):
        name = known[row["table"]]
        if placements[name] != "local":
            found.append(Finding(name, f"has the trigger {row['name']}"))
    return sorted(found)


async def _check_columns(
    connection: asyncpg.Connection, tables: Mapping[int, str], placements: Mapping[str, str]
) -> list[Finding]:
    found = []
    split = {oid for oid, name in tables.items() if placements[name] == "distributed"}
    keyed = set()
    for column in await connection.fetch(_COLUMNS, list(split)):
        name = tables[column["table"]]
        if column["name"] == KEY:
            keyed.add(column["table"])
            if not column["required"] or column["type"] != "uuid":
                found.append(Finding(name, f"{KEY} must be uuid NOT NULL"))
        counted = column["identity"] or "nextval" in column["default"]
        if counted and column["type"] in ("integer", "smallint"):
            found.append(Finding(name, f"the sequence of {column['name']} is too narrow"))
    return found + [Finding(tables[oid], f"has no {KEY}") for oid in split - keyed]


async def _check_keys(
    connection: asyncpg.Connection, tables: Mapping[int, str], placements: Mapping[str, str]
) -> list[Finding]:
    return [
        Finding(tables[row["table"]], f"{row['name']} does not begin with {KEY}")
        for row in await connection.fetch(_UNIQUE, list(tables))
        if placements[tables[row["table"]]] == "distributed" and (row["columns"] or [""])[0] != KEY
    ]


async def _check_references(
    connection: asyncpg.Connection, tables: Mapping[int, str], placements: Mapping[str, str]
) -> list[Finding]:
    found = []
    for row in await connection.fetch(_REFERENCES, list(tables)):
        name, target = tables[row["table"]], tables.get(row["target"])
        source_kind, target_kind = placements[name], placements.get(target or "")
        pairs = list(zip(row["columns"], row["target_columns"], strict=True))
        if target_kind == "distributed" and source_kind != "distributed":
            found.append(
                Finding(name, f"{row['name']}: a {source_kind} table points at split rows")
            )
        elif target_kind == "distributed" and (KEY, KEY) not in pairs:
            found.append(Finding(name, f"{row['name']} does not carry {KEY}"))
        elif target_kind == "distributed" and row["on_delete"] in ("n", "d"):
            found.append(Finding(name, f"{row['name']} would empty {KEY}"))
        elif target_kind == "local" and source_kind != "local":
            found.append(Finding(name, f"{row['name']} points at a local table"))
    return found
