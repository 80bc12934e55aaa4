"""Filling a new installation with the demo: titles, collections, people and what they did."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from matinee.accounts.households import identity_of, open_household
from matinee.catalog.importers.service import Wish, run_import
from matinee.catalog.tags import CATALOG
from matinee.core.database import WriteTx
from matinee.core.jobs import enqueue
from matinee.demo.histories import lives_of
from matinee.demo.lives import read_films, store, store_watch_time
from matinee.demo.neighbours import add_neighbours
from matinee.demo.people import HOUSEHOLD, PASSWORD, PIN, PROFILES, STAFF
from matinee.profiles.schemas import CreateProfile
from matinee.recommendations.learning.training import train
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

DATA = Path(__file__).with_name("data")
COUNTRY = "US"
WITH_NEWS = (
    "demo:fantomas-1913",
    "demo:les-vampires-1915",
    "demo:oswald-the-lucky-rabbit-1927",
    "demo:radar-men-from-the-moon-1952",
)
"""Series whose last two episodes came this week."""
EMBEDDING_SECONDS = 120

_IS_SEEDED = "SELECT EXISTS (SELECT 1 FROM login_identities WHERE identity = :identity)"
_HAS_PEOPLE = """
    SELECT EXISTS (SELECT 1 FROM login_identities WHERE identity NOT LIKE '%@generated.invalid')
"""
_SPREAD_ARRIVALS = """
    UPDATE titles t SET added_at = clock_timestamp() - n * interval '5 hours'
    FROM (
        SELECT id, row_number() OVER (ORDER BY md5(external_id)) AS n
        FROM titles WHERE external_id LIKE 'demo:%'
    ) AS shuffled
    WHERE t.id = shuffled.id
"""
_PUT_COLLECTION = """
    INSERT INTO collections (slug, name, description, position, kind, filter, status)
    VALUES (:slug, :name, :description, :position, :kind, :filter::jsonb, 'published')
    ON CONFLICT (slug) DO UPDATE SET name = excluded.name, description = excluded.description,
        position = excluded.position, kind = excluded.kind, filter = excluded.filter
    RETURNING id
"""
_PUT_ITEMS = """
    INSERT INTO collection_items (collection_id, title_id, position)
    SELECT :collection_id, t.id, n
    FROM unnest(:external_ids::text[]) WITH ORDINALITY AS wanted(external_id, n)
    JOIN titles t USING (external_id)
    ON CONFLICT (collection_id, title_id) DO UPDATE SET position = excluded.position
"""
_ADD_PROFILE = """
    INSERT INTO profiles (user_id, name, avatar_id, kind, max_maturity, block_unrated, autoplay,
                          preferred_language, audio_languages, pin_hash)
    VALUES (:user_id, :name, :avatar_id, :kind, :max_maturity, :block_unrated, :autoplay,
            :preferred_language, :audio_languages, :pin_hash)
    RETURNING id
"""
_PUT_NEWS = """
    INSERT INTO title_update_events (episode_id, title_id, kind, occurred_at)
    SELECT e.id, t.id, 'episode', clock_timestamp() - (3 + n) * interval '1 day'
    FROM titles t
    JOIN LATERAL (
        SELECT e.id, row_number() OVER (ORDER BY s.number DESC, e.number DESC) AS n
        FROM episodes e JOIN seasons s ON s.id = e.season_id WHERE e.title_id = t.id
    ) AS e ON n <= 2
    WHERE t.external_id = ANY (:external_ids::text[])
"""
_KNOWS_TEXTS = "SELECT EXISTS (SELECT FROM title_neighbors WHERE content_numbers <> '{}')"
_NOW = "SELECT clock_timestamp()"
_DROP_FIRST_PROFILE = "DELETE FROM profiles WHERE user_id = :user_id"
_MAKE_STAFF = "INSERT INTO staff (user_id, role) VALUES (:user_id, :role)"


class NotADemo(RuntimeError):
    """The database serves real people: demo accounts, whose passwords all know, stay out of it."""


class DemoDataWrong(RuntimeError):
    """A row of the shipped catalogue was refused."""


async def seed(runtime: Runtime) -> bool:
    """Fill the database once; returns whether there was anything to do.

    The people come last and together, so that a run that was killed starts over, and one that ended
    is never repeated: what somebody changes in the demo stays changed.

    Raises:
        NotADemo: other people use this database.
    """
    async with runtime.database.read() as tx:
        if await tx.scalar(_IS_SEEDED, identity=identity_of(HOUSEHOLD.email)):
            return False
        if await tx.scalar(_HAS_PEOPLE):
            raise NotADemo(NotADemo.__doc__)
    for path in sorted(DATA.glob("*.jsonl")):
        await _import_titles(runtime, path)
    password_hash = await runtime.passwords.hash(PASSWORD)
    pin_hash = await runtime.passwords.hash(PIN)
    async with runtime.database.write() as wtx:
        await wtx.execute(_SPREAD_ARRIVALS)
        await _put_collections(wtx)
        household, profiles = await _add_household(wtx, password_hash, pin_hash)
        await _add_staff(wtx, password_hash)
        await wtx.execute(_PUT_NEWS, external_ids=list(WITH_NEWS))
        await _add_lives(wtx, household, profiles)
        await enqueue(wtx, train)
        wtx.invalidate(CATALOG)
    return True


async def learn_from_texts(runtime: Runtime) -> None:
    """Have everything learned again once the titles have vectors, which takes them a while.

    What people watch together is learned right after seeding; what resembles what comes with this.
    """
    async with runtime.database.write() as tx:
        if not await tx.scalar(_KNOWS_TEXTS):
            await enqueue(tx, train, delay=EMBEDDING_SECONDS)


async def _import_titles(runtime: Runtime, path: Path) -> None:
    content = await asyncio.to_thread(path.read_bytes)

    async def pieces() -> AsyncIterator[bytes]:
        yield content

    async def no_progress(_rows: int) -> None:
        pass

    report = await run_import(runtime, pieces(), Wish(format="own"), no_progress)
    if report["error_count"]:
        raise DemoDataWrong(f"{path.name}: {report['errors'][:3]}")
    log.info("demo_titles", file=path.stem, rows=report["rows"])


async def _put_collections(tx: WriteTx) -> None:
    for entry in json.loads((DATA / "collections.json").read_text(encoding="utf-8")):
        titles = entry.pop("titles", [])
        collection_id = await tx.scalar(_PUT_COLLECTION, **({"filter": None} | entry))
        await tx.execute(_PUT_ITEMS, collection_id=collection_id, external_ids=titles)


async def _add_household(
    tx: WriteTx, password_hash: str, pin_hash: str
) -> tuple[UUID, dict[str, UUID]]:
    """The household's id and those of its profiles by name."""
    user_id, _ = await open_household(
        tx, email=HOUSEHOLD.email, password_hash=password_hash, country=COUNTRY
    )
    await tx.execute(_DROP_FIRST_PROFILE, user_id=user_id)
    profiles = {}
    for person in PROFILES:
        wish = CreateProfile(**person)
        columns = _columns(wish, pin_hash)
        profiles[wish.name] = await tx.scalar(_ADD_PROFILE, user_id=user_id, **columns)
    return user_id, profiles


async def _add_lives(tx: WriteTx, household: UUID, profiles: dict[str, UUID]) -> None:
    """What the household and its neighbours did before, so that rails have something to say."""
    films, now = await read_films(tx), await tx.scalar(_NOW)
    own = lives_of(household, profiles, films, now)
    neighbours = await add_neighbours(tx, list(films.values()), now, home=COUNTRY)
    await store(tx, [*own, *neighbours])
    await store_watch_time(tx, own)


def _columns(wish: CreateProfile, pin_hash: str) -> dict[str, Any]:
    names = {"name", "avatar_id", "kind", "autoplay", "preferred_language", "audio_languages"}
    return wish.model_dump(include=names) | {
        "max_maturity": 21 if wish.max_maturity is None else wish.max_maturity,
        "block_unrated": bool(wish.block_unrated),
        "pin_hash": pin_hash if wish.pin else None,
    }


async def _add_staff(tx: WriteTx, password_hash: str) -> None:
    for member in STAFF:
        user_id, _ = await open_household(
            tx, email=member.email, password_hash=password_hash, country=COUNTRY
        )
        await tx.execute(_MAKE_STAFF, user_id=user_id, role=member.role)
