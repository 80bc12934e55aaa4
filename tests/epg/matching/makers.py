"""Makers of sources and their channels."""

from typing import Any
from uuid import UUID

from matinee.core.database import Row
from matinee.epg.matching.service import Matched, match_source
from matinee.runtime import Runtime
from tests.makers import execute, insert


async def make_source(runtime: Runtime, name: str = "Guide", **columns: Any) -> UUID:
    """A source that is uploaded, unless it says otherwise."""
    return await insert(runtime, "epg_sources", name=name, **({"kind": "upload"} | columns))


async def name_channel(runtime: Runtime, source_id: UUID, xmltv_id: str, *names: str) -> None:
    """Have a source name a channel."""
    await execute(
        runtime,
        "INSERT INTO epg_source_channels (source_id, xmltv_id, names) VALUES ($1, $2, $3)",
        source_id,
        xmltv_id,
        list(names),
    )


async def match(runtime: Runtime, source_id: UUID) -> Matched:
    """Match a source as its import does."""
    async with runtime.database.write() as tx:
        return await match_source(tx, source_id)


async def map_of(runtime: Runtime) -> list[tuple[str, UUID, str, str, bool]]:
    """Everything that is mapped: identifier, channel, method, state, locked."""
    async with runtime.database.read() as tx:
        rows: list[Row] = await tx.all(
            "SELECT xmltv_id, channel_id, method, state, locked FROM channel_epg_map"
            " ORDER BY xmltv_id, channel_id"
        )
    return [tuple(row.values()) for row in rows]
