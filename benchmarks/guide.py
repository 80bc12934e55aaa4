"""The guide of 1 000 channels for a week: grids, their first screen, what is on, 304s, search.

Against an ORM with Pydantic for the whole grid, and against a loop over channels for what is on.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from pydantic import BaseModel, ConfigDict, TypeAdapter
from sqlalchemy import BigInteger, DateTime, ForeignKey, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, joinedload, mapped_column, relationship

from matinee.accounts.viewer import Viewer
from matinee.core.database import Database, compiled
from matinee.core.encoded import Encoded
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.epg.guide import search
from matinee.epg.guide.bodies import COMPACT, Asked, compact_body, object_body, statement_parameters
from matinee.epg.guide.filters import NowFilter
from matinee.epg.guide.now import NOW, now_parameters
from matinee.epg.guide.revisions import STATE, state_of
from matinee.epg.guide.seeing import visibility_of
from matinee.epg.guide.windows import ScheduleWish
from matinee.installation import install

CHANNELS, PROGRAMMES_EACH, GRID, DAYS = 1000, 111, 500, 7
MOST_BYTES, ORM_RATIO, FIRST_SCREEN_MS, LOOP_RATIO = 6_000_000, 20, 5.0, 10

FILL = f"""
    INSERT INTO channels (slug, name, folded_name, number, status, genres, group_title)
    SELECT 'channel-' || n, 'Channel ' || n, 'channel ' || n, n, 'published',
           ARRAY['genre-' || n % 12], 'Group ' || n % 20
    FROM generate_series(1, {CHANNELS}) AS n;
    INSERT INTO programmes (content_key, title, folded_title, sub_title, description, season,
                            episode, genres, maturity_label, maturity_score, year, credits)
    SELECT decode(md5(n::text), 'hex'), name, lower(name), 'The ' || initcap(b.word) || ' of ' || n,
           repeat('Somebody looks for the ' || b.word || ' before the river freezes. ', 3),
           n % 9, n % 24, ARRAY[a.word], 'PG', n % 17, 1990 + n % 35,
           '[{{"role": "actor", "name": "Ana Ortiz"}}]'
    FROM generate_series(1, {CHANNELS * PROGRAMMES_EACH}) AS n
    JOIN (SELECT word, ord FROM unnest('{{silent,northern,hidden,golden,broken,lost,winter,harbour,
        paper,second,iron,open,distant,little,midnight,electric}}'::text[])
        WITH ORDINALITY AS w(word, ord)) AS a ON a.ord = 1 + n % 16
    JOIN (SELECT word, ord FROM unnest('{{kitchen,river,detective,garden,voyage,letters,orchard,
        signal,neighbours,mountain,inheritance,archive,bakery,crossing,lighthouse}}'::text[])
        WITH ORDINALITY AS w(word, ord)) AS b ON b.ord = 1 + n / 16 % 15
    CROSS JOIN LATERAL (SELECT initcap(a.word || ' ' || b.word) || ' ' || n / 240 AS name) AS named;
    INSERT INTO schedule_entries (channel_id, starts_at, ends_at, programme_id, flags)
    SELECT id, starts_at, lead(starts_at, 1, starts_at + interval '30 minutes') OVER w,
           (number - 1) * {PROGRAMMES_EACH} + 1 + (place * 41) % {PROGRAMMES_EACH}, place % 8
    FROM (
        SELECT c.id, c.number, place,
               date_trunc('day', now(), 'UTC') - interval '1 day'
               + sum((ARRAY[15,30,30,30,45,60,60,90,120])[1 + (place * 7 + c.number) % 9])
                 OVER (PARTITION BY c.id ORDER BY place) * interval '1 minute' AS starts_at
        FROM channels c, generate_series(0, {DAYS + 1} * 27) AS place
    ) AS placed WINDOW w AS (PARTITION BY id ORDER BY starts_at);
    INSERT INTO guide_days (channel_id, day, rev)
    SELECT DISTINCT channel_id, (starts_at AT TIME ZONE 'UTC')::date, 1 FROM schedule_entries;
"""


class Base(DeclarativeBase):
    """Tables as an ORM would have them."""


class Programme(Base):
    """A programme."""

    __tablename__ = "programmes"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    title: Mapped[str]
    sub_title: Mapped[str | None]
    description: Mapped[str | None]
    season: Mapped[int | None]
    episode: Mapped[int | None]
    maturity_label: Mapped[str | None]
    year: Mapped[int | None]
    image_url: Mapped[str | None]


class Airing(Base):
    """An airing and its programme."""

    __tablename__ = "schedule_entries"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    channel_id: Mapped[UUID]
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    programme_id: Mapped[int] = mapped_column(ForeignKey("programmes.id"))
    flags: Mapped[int]
    programme: Mapped[Programme] = relationship(lazy="raise")


class ProgrammeShape(BaseModel):
    """A programme on the wire."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    title: str
    sub_title: str | None
    description: str | None
    season: int | None
    episode: int | None
    maturity_label: str | None
    year: int | None
    image_url: str | None


class AiringShape(BaseModel):
    """An airing on the wire."""

    model_config = ConfigDict(from_attributes=True)
    id: int
    channel_id: UUID
    starts_at: datetime
    ends_at: datetime
    flags: int
    programme: ProgrammeShape


SHAPES = TypeAdapter(list[AiringShape])


async def best_of(times: int, work: Callable[[], Awaitable[Any]]) -> tuple[float, Any]:
    """The least milliseconds of some runs, and what came of it."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        result = await work()
        taken.append((time.perf_counter() - started) * 1000)
    return min(taken), result


async def by_orm(url: str, ids: list[UUID], wish: ScheduleWish) -> tuple[float, bytes]:
    """The grid by ORM objects and Pydantic."""
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    make = async_sessionmaker(engine, expire_on_commit=False)

    async def read() -> bytes:
        async with make() as session:
            found = await session.scalars(
                select(Airing)
                .where(
                    Airing.channel_id.in_(ids),
                    Airing.ends_at > wish.from_,
                    Airing.starts_at < wish.to,
                )
                .order_by(Airing.channel_id, Airing.starts_at)
                .options(joinedload(Airing.programme))
            )
            return SHAPES.dump_json(SHAPES.validate_python(found.all()))

    taken = await best_of(2, read)
    await engine.dispose()
    return taken


async def asked_for(database: Database, viewer: Viewer, wish: ScheduleWish) -> Asked:
    """The state of the guide for a wish."""
    async with database.read() as tx:
        state = await state_of(tx, viewer, wish.channel_ids, wish.from_, wish.to, wish.since_rev)
    return Asked(wish, state, "view", wish.since_rev is None)


async def measure_grid(url: str, database: Database, viewer: Viewer, ids: list[UUID]) -> bool:
    """Print time and size of a week of half of the channels; returns whether the limits hold."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    wish = ScheduleWish.of(ids[:GRID], today, today + timedelta(days=DAYS))
    asked = await asked_for(database, viewer, wish)
    sizes, times = {}, {}
    for name, make in (("objects", object_body), ("compact", compact_body)):

        async def read(make: Any = make) -> bytes:
            async with database.read(custom_plans=True) as tx:
                return bytes(await make(tx, viewer, asked))

        times[name], body = await best_of(5, read)
        packed = Encoded.of(body)
        sizes[name] = len(body)
        print(f"{GRID} channels x {DAYS} days, {name}: {times[name]:.0f} ms,", end=" ")
        print(f"{len(body) / 1e6:.2f} MB, zstd {len(packed.zstd) / 1e6:.2f} MB", end=", ")
        print(f"gzip {len(packed.gzip) / 1e6:.2f} MB")
    orm, body = await by_orm(url, ids[:GRID], wish)
    ratio = orm / times["compact"]
    print(f"ORM and Pydantic: {orm:.0f} ms, {len(body) / 1e6:.1f} MB:", end=" ")
    print(f"{ratio:.1f} x compact, {orm / times['objects']:.1f} x objects (limit {ORM_RATIO})")
    return sizes["compact"] <= MOST_BYTES and ratio >= ORM_RATIO


async def explained(database: Database, statement: str, **params: Any) -> dict[str, Any]:
    """The plan of a statement that ran, the quickest of some runs."""
    found = compiled(statement)
    plans = []
    async with database.read(custom_plans=True) as tx:
        connection = await tx.connection()
        for _ in range(7):
            [plan] = await connection.fetchval(
                f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {found.sql}", *found.arguments(params)
            )
            plans.append(plan)
    return min(plans, key=lambda plan: plan["Execution Time"])


async def measure_small(database: Database, viewer: Viewer, ids: list[UUID]) -> bool:
    """Print the first screen, a 304 and changes; returns whether the limit holds."""
    now = datetime.now(UTC)
    wish = ScheduleWish.of(ids[:20], now, now + timedelta(hours=4))
    asked = await asked_for(database, viewer, wish)
    plan = await explained(database, COMPACT, **statement_parameters(viewer, asked))
    first_screen = plan["Execution Time"]
    print(
        f"20 channels x 4 hours: {first_screen:.2f} ms of SQL (limit {FIRST_SCREEN_MS})", end=", "
    )
    print(f"planning {plan['Planning Time']:.2f} ms")
    week = ScheduleWish.of(ids[:GRID], now, now + timedelta(days=DAYS))
    plan = await explained(
        database,
        STATE,
        ids=week.channel_ids,
        from_at=week.from_,
        to_at=week.to,
        since_rev=None,
        **{key: visibility_of(viewer)[key] for key in ("max_maturity", "blocked_tags")},
        allow_list_only=False,
    )
    print(f"304 for {GRID} channels x {DAYS} days: {plan['Execution Time']:.2f} ms of SQL")
    return first_screen <= FIRST_SCREEN_MS


async def measure_now(database: Database, viewer: Viewer) -> bool:
    """Print what is on all channels, in one statement and channel by channel."""
    params = now_parameters(viewer, NowFilter())

    async def at_once() -> int:
        async with database.read() as tx:
            return len(await tx.all(NOW, **params))

    one_channel = NOW.replace("WHERE", "WHERE c.id = :channel_id AND", NOW.count("WHERE"))
    one_channel = _only(NOW)

    async def one_by_one() -> int:
        async with database.read() as tx:
            channels = [row["id"] for row in await tx.all("SELECT id FROM channels")]
            return sum(
                [len(await tx.all(one_channel, channel_id=one, **params)) for one in channels]
            )

    together, count = await best_of(5, at_once)
    loop, counted = await best_of(2, one_by_one)
    assert count == counted == CHANNELS
    print(
        f"now and next of {count} channels: {together:.1f} ms; one by one {loop:.0f} ms,", end=" "
    )
    print(f"{loop / together:.1f} x (limit {LOOP_RATIO})")
    return loop / together >= LOOP_RATIO


def _only(statement: str) -> str:
    """The same statement for one channel."""
    before, where, after = statement.rpartition("    WHERE \n")
    return f"{before}WHERE c.id = :channel_id AND {after}" if where else statement


async def measure_search(database: Database, viewer: Viewer) -> None:
    """Print how long it takes to find programmes."""
    for question, statement in (
        ("golden river", search.WRITTEN),
        ("river", search.WRITTEN),
        ("goldne rivr", search.ALIKE),
    ):
        params = {"q": question, "wanted": 20, **visibility_of(viewer)}
        if statement == search.WRITTEN:
            params |= {"begins": f"{question}%", "contains": True}

        async def ask(statement: str = statement, params: Any = params) -> int:
            async with database.read(custom_plans=True) as tx:
                await tx.all("SELECT set_config('pg_trgm.word_similarity_threshold', '0.5', true)")
                return len(await tx.all(statement, **params))

        taken = statistics.median([(await best_of(1, ask))[0] for _ in range(5)])
        print(f"search for {question!r}: p50 {taken:.1f} ms")


async def run(url: str) -> bool:
    """Fill a database and measure on it; returns whether the limits hold."""
    await install(url)
    connection = await asyncpg.connect(url)
    for sql in (FILL, "VACUUM ANALYZE"):
        await connection.execute(sql)
    airings = await connection.fetchval("SELECT count(*) FROM schedule_entries")
    rows = await connection.fetch("SELECT id FROM channels ORDER BY number")
    await connection.close()
    ids = [row["id"] for row in rows]
    print(f"{CHANNELS:,} channels, {airings:,} airings, {CHANNELS * PROGRAMMES_EACH:,} programmes")
    viewer = Viewer("US", 16, blocked_tags=("gore",))
    database = Database(url, statement_timeout_ms=60_000)
    await database.open()
    holds = [
        await measure_grid(url, database, viewer, ids),
        await measure_small(database, viewer, ids),
        await measure_now(database, viewer),
    ]
    await measure_search(database, viewer)
    await database.close()
    return all(holds)


def main() -> None:
    """Run it on a PostgreSQL of its own."""
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL is another user where we are root
        server = EmbeddedPostgres(Path(folder) / "pg", durable=False)
        server.start()
        try:
            holds = asyncio.run(run(server.url("postgres")))
        finally:
            server.stop()
    if not holds:
        sys.exit("a limit is missed")


if __name__ == "__main__":
    main()
