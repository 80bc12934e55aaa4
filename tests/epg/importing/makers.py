"""Sources, mappings and small guides for tests of imports."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID
from xml.sax.saxutils import escape, quoteattr

from matinee.epg.importing.schemas import GuideImport
from matinee.epg.importing.service import Arrived, Wish, import_source
from matinee.epg.importing.sources import Source
from matinee.runtime import Runtime
from tests.epg.makers import make_channel
from tests.makers import execute, insert

TOMORROW = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)

Plan = Sequence[tuple[float, float | None, str]]
"""Airings as hours of tomorrow from and to, and a title."""

MORNING: Plan = [(6, 7, "News"), (7, 8, "Cooking"), (8, 9, "Film")]


def stamp(hour: float) -> str:
    """The time of a guide at an hour of tomorrow."""
    return (TOMORROW + timedelta(hours=hour)).strftime("%Y%m%d%H%M%S +0000")


def guide(inside: str = "", /, **channels: Plan) -> str:
    """A guide of channels `one`, `two` … with their plans."""
    parts = [f'<channel id="{name}"><display-name>{name}</display-name></channel>'
             for name in channels]  # fmt: skip
    for name, plan in channels.items():
        for start, end, title in plan:
            stop = "" if end is None else f' stop="{stamp(end)}"'
            parts.append(
                f'<programme start="{stamp(start)}"{stop} channel={quoteattr(name)}>'
                f"<title>{escape(title)}</title></programme>"
            )
    return "<tv>" + "\n".join(parts) + inside + "</tv>"


async def make_source(runtime: Runtime, name: str = "Guide", **columns: Any) -> UUID:
    """A source that is uploaded, with any columns of `epg_sources`."""
    return await insert(runtime, "epg_sources", **({"name": name, "kind": "upload"} | columns))


async def map_channel(
    runtime: Runtime, source_id: UUID, xmltv_id: str, channel_id: UUID, **columns: Any
) -> None:
    """Have staff choose that a source's channel fills one of ours."""
    await execute(
        runtime,
        "INSERT INTO epg_source_channels (source_id, xmltv_id) VALUES ($1, $2)"
        " ON CONFLICT DO NOTHING",
        source_id,
        xmltv_id,
    )
    row = {
        "source_id": source_id,
        "xmltv_id": xmltv_id,
        "channel_id": channel_id,
        "method": "manual",
        "locked": True,
    } | columns
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    sql = f"INSERT INTO channel_epg_map ({', '.join(row)}) VALUES ({places})"
    await execute(runtime, sql, *row.values())


async def make_fed_channel(runtime: Runtime, name: str = "one") -> tuple[UUID, UUID]:
    """A channel, and the source whose channel of the same name fills it."""
    channel_id = await make_channel(runtime, f"Channel {name}")
    source_id = await make_source(runtime)
    await map_channel(runtime, source_id, name, channel_id)
    return channel_id, source_id


async def import_guide(
    runtime: Runtime, source_id: UUID, text: str | bytes, **wish: bool
) -> GuideImport:
    """Import a guide of these bytes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "guide.xml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)

        async def bring(_source: Source) -> Arrived:
            return Arrived(path)

        return await import_source(runtime, source_id, bring, Wish(**wish))


async def rows_of(runtime: Runtime, channel_id: UUID) -> list[dict[str, Any]]:
    """The airings of a channel with their programmes, as they follow one another."""
    sql = """
        SELECT s.*, p.title, p.season, p.episode, p.genres, p.maturity_label, p.maturity_score,
               p.language, p.description
        FROM schedule_entries s JOIN programmes p ON p.id = s.programme_id
        WHERE s.channel_id = :channel_id ORDER BY s.starts_at
    """
    async with runtime.database.read() as tx:
        return [dict(row) for row in await tx.all(sql, channel_id=channel_id)]


def hour_of(moment: datetime) -> float:
    """Hours since tomorrow began."""
    return (moment - TOMORROW) / timedelta(hours=1)


async def guide_of(runtime: Runtime, channel_id: UUID) -> list[tuple[float, float, str]]:
    """The guide of a channel as a plan."""
    return [
        (hour_of(row["starts_at"]), hour_of(row["ends_at"]), row["title"])
        for row in await rows_of(runtime, channel_id)
    ]


async def ids_of(runtime: Runtime, channel_id: UUID) -> dict[str, int]:
    """Ids of a channel's airings by their titles."""
    return {row["title"]: row["id"] for row in await rows_of(runtime, channel_id)}
