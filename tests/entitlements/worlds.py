"""Invented worlds of titles, packages, offers and grants with edges a microsecond apart.

Each is kept twice: as rows in the database, and as facts made here without SQL.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, WriteTx
from matinee.entitlements.access import (
    Asking,
    Carriage,
    Facts,
    Grant,
    Offer,
    Package,
    Window,
    decide,
)
from matinee.entitlements.entitled import entitled_at, entitled_parameters
from matinee.entitlements.facts import facts_of
from matinee.entitlements.visibility import SUITABLE, shown_at, visibility_of

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
FAR = (-(10**12), -(10**6), 10**6, 10**12)
NEAR = (-1, 0, 1)
PLACES = ("**", "US", "DE")
TITLES = 12
HOUSEHOLD, OTHERS = UUID(int=1), UUID(int=2)

_PLAYABLE = f"""
    SELECT t.id FROM titles t
    WHERE t.id = ANY (:ids::uuid[]) AND {shown_at(":at::timestamptz")} AND {SUITABLE}
      AND {entitled_at(":at::timestamptz")}
"""

Record = dict[str, Any]


@dataclass
class World:
    """Records by table, as they were stored."""

    tables: dict[str, list[Record]] = field(default_factory=dict)

    @property
    def ids(self) -> list[UUID]:
        """Its titles."""
        return [title["id"] for title in self.tables["titles"]]

    def seasons_of(self, title_id: UUID) -> list[UUID]:
        """The seasons of a title."""
        return [one["id"] for one in self.tables["seasons"] if one["title_id"] == title_id]


class Inventor:
    """Draws records; the same seed draws the same."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.titles = [self.new_id() for _ in range(TITLES)]
        self.seasons = {title_id: self.new_id() for title_id in self.titles}
        self.packages = [self.new_id() for _ in range(4)]

    def new_id(self) -> UUID:
        return UUID(int=self.random.getrandbits(128))

    def moment(self) -> datetime:
        """Near the moment that is asked about, or far from it."""
        distance = self.random.choice(NEAR if self.random.random() < 0.5 else FAR)
        return NOW + timedelta(microseconds=distance)

    def later(self, moment: datetime) -> datetime:
        """The next moment there is."""
        return moment + timedelta(microseconds=1)

    def window(self) -> Record:
        start, end = sorted((self.moment(), self.moment()))
        if start == end:
            end = self.later(end)
        open_start, open_end = self.random.random() < 0.5, self.random.random() < 0.5
        return {
            "territory": self.random.choice(PLACES),
            "available_from": None if open_start else start,
            "available_until": None if open_end else end,
        }

    def some(self, words: Sequence[str]) -> list[str]:
        return [word for word in words if self.random.random() < 0.4]

    def title(self, title_id: UUID) -> Record:
        choice = self.random.choice
        return {
            "id": title_id,
            "kind": choice(("movie", "series")),
            "status": "published" if self.random.random() < 0.93 else "takedown",
            "maturity_score": choice((None, 0, 12, 18)),
            "rights_managed": self.random.random() < 0.2,
            "year": choice((None, 1927, 2001)),
            "genres": self.some(("drama", "comedy")),
            "tags": self.some(("classic", "new")),
        }

    def rule(self) -> Record:
        choice = self.random.choice
        return {
            "id": self.new_id(),
            "package_id": choice(self.packages),
            "kind": choice((None, "movie", "series")),
            "genres": self.some(("drama", "comedy")),
            "tags": self.some(("classic", "new")),
            "year_from": choice((None, 1927, 2001)),
            "year_to": choice((None, 2001)),
        } | self.window()

    def offer(self) -> Record:
        choice = self.random.choice
        kind, title_id = choice(("rent", "buy", "free")), choice(self.titles)
        return {
            "id": self.new_id(),
            "title_id": title_id,
            "season_id": choice((None, None, self.seasons[title_id])),
            "offer_type": kind,
            "price_cents": 0 if kind == "free" else choice((299, 399)),
            "currency": "USD",
            "rental_window_hours": 48 if kind == "rent" else None,
            "start_within_hours": 720,
            "quality": choice(("hd", "uhd")),
            "active": self.random.random() < 0.9,
        } | self.window()

    def grant(self) -> Record:
        choice, title_id = self.random.choice, self.random.choice(self.titles)
        kind = choice(("package", "rent", "buy"))
        of_title = kind != "package"
        start, end = sorted((self.moment(), self.moment()))
        endless = kind == "buy" or (kind == "package" and self.random.random() < 0.3)
        revoked = self.random.random() < 0.15
        return {
            "user_id": choice((HOUSEHOLD, HOUSEHOLD, HOUSEHOLD, OTHERS)),
            "id": self.new_id(),
            "source_type": "tvod" if of_title else "svod",
            "kind": kind,
            "package_id": None if of_title else choice(self.packages),
            "title_id": title_id if of_title else None,
            "season_id": choice((None, None, self.seasons[title_id])) if of_title else None,
            "quality": choice(("hd", "uhd")) if of_title else None,
            "starts_at": start,
            "expires_at": None if endless else end,
            "rental_window_hours": 48 if kind == "rent" else None,
            "first_played_at": choice((None, start)) if kind == "rent" else None,
            "revoked_at": self.moment() if revoked else None,
            "revoke_reason": "refund" if revoked else None,
        }

    def hold(self) -> Record:
        return {
            "user_id": self.random.choice((HOUSEHOLD, OTHERS)),
            "id": self.new_id(),
            "blocks_playback": self.random.random() < 0.6,
            "blocks_purchase": True,
            "reason": "dispute",
            "lifted_at": self.moment() if self.random.random() < 0.5 else None,
        }

    def viewer(self) -> Viewer:
        choice = self.random.choice
        return Viewer(
            territory=choice(("US", "DE", "FR")),
            max_maturity=choice((0, 12, 21)),
            user_id=choice((HOUSEHOLD, HOUSEHOLD, HOUSEHOLD, None)),
            kind=choice(("standard", "standard", "kids")),
            block_unrated=choice((True, False)),
            blocked_tags=choice(((), (), ("classic",))),
            unsold_is_free=choice((True, False)),
        )


async def make_world(tx: WriteTx, seed: int) -> World:
    """Store a world; what the database refuses as contradictory is not in it."""
    inventor, world = Inventor(seed), World()
    draw = inventor.random.choice

    async def keep(table: str, records: list[Record]) -> None:
        world.tables[table] = await store(tx, table, records)

    await keep("titles", [inventor.title(one) for one in inventor.titles])
    await keep(
        "title_rights",
        [
            {"id": inventor.new_id(), "title_id": draw(inventor.titles)} | inventor.window()
            for _ in range(6)
        ],
    )
    await keep("seasons", [{"id": s, "title_id": t} for t, s in inventor.seasons.items()])
    await keep("content_packages", [package(inventor, one) for one in inventor.packages])
    await keep(
        "package_contents",
        [
            {"id": inventor.new_id(), "package_id": draw(inventor.packages),
             "title_id": draw(inventor.titles)} | inventor.window()
            for _ in range(14)
        ],
    )  # fmt: skip
    await keep("package_rules", [inventor.rule() for _ in range(draw((0, 1, 3)))])
    await keep("title_offers", [inventor.offer() for _ in range(14)])
    await keep("user_entitlements", [inventor.grant() for _ in range(16)])
    await keep("account_holds", [inventor.hold() for _ in range(draw((0, 0, 1)))])
    return world


def package(inventor: Inventor, package_id: UUID) -> Record:
    """A package as it is stored."""
    return {
        "id": package_id,
        "slug": f"p-{package_id}",
        "name": "P",
        "tier": "t",
        "price_cents": inventor.random.choice((499, 799)),
        "currency": "USD",
        "billing_period": inventor.random.choice(("month", "year")),
        "max_quality": inventor.random.choice(("hd", "uhd")),
        "active": inventor.random.random() < 0.8,
    }


_ALSO = {
    "titles": {"name": "T", "sort_name": "t", "folded_name": "t"},
    "seasons": {"number": 1},
}


async def store(tx: WriteTx, table: str, records: list[Record]) -> list[Record]:
    """Add records to a table; returns those that the database takes."""
    if not records:
        return []
    rows = [_row(record) | _ALSO.get(table, {}) for record in records]
    columns = ", ".join(rows[0])
    stored = await tx.all(
        f"INSERT INTO {table} ({columns}) SELECT {columns}"
        f" FROM jsonb_populate_recordset(NULL::{table}, :rows::jsonb)"
        " ON CONFLICT DO NOTHING RETURNING id",
        rows=rows,
    )
    kept = {row["id"] for row in stored}
    return [record for record in records if record["id"] in kept]


def _row(record: Record) -> Record:
    ends = {"available_from": "-infinity", "available_until": "infinity"}
    return {name: ends.get(name) if value is None else value for name, value in record.items()}


def facts_in(world: World, viewer: Viewer, title_id: UUID) -> tuple[Asking, Facts]:
    """What is known of a title for a viewer, found by walking through all records."""
    tables = world.tables
    title = next(one for one in tables["titles"] if one["id"] == title_id)
    packages = {one["id"]: package_of(one) for one in tables["content_packages"]}
    contents = [one for one in tables["package_contents"] if one["title_id"] == title_id]
    rules = [one for one in tables["package_rules"] if _matches(one, title)]
    offers = [one for one in tables["title_offers"] if one["title_id"] == title_id]
    household = viewer.user_id
    grants = [
        one
        for one in tables["user_entitlements"]
        if one["user_id"] == household and one["title_id"] in (None, title_id)
    ]
    asking = Asking(
        viewer.territory,
        NOW,
        held=any(
            one["user_id"] == household and one["blocks_playback"] and one["lifted_at"] is None
            for one in tables["account_holds"]
        ),
        sees_prices=viewer.kind != "kids",
        unsold_is_free=viewer.unsold_is_free,
    )
    return asking, Facts(
        title_id,
        shown=_is_shown(world, title, viewer.territory),
        suitable=_is_suitable(title, viewer),
        sold=bool(contents or rules or offers),
        carriages=[Carriage(packages[c["package_id"]], window_of(c)) for c in (*contents, *rules)],
        offers=[_offer_of(one) for one in offers],
        grants=[grant_of(one) for one in grants],
    )


def _is_shown(world: World, title: Record, territory: str) -> bool:
    rights = [one for one in world.tables["title_rights"] if one["title_id"] == title["id"]]
    in_window = any(window_of(one).is_open(territory, NOW) for one in rights)
    return title["status"] == "published" and (not title["rights_managed"] or in_window)


def _is_suitable(title: Record, viewer: Viewer) -> bool:
    if {*title["tags"], *title["genres"]} & {*viewer.blocked_tags}:
        return False
    if title["maturity_score"] is None:
        return not viewer.block_unrated
    return bool(title["maturity_score"] <= viewer.max_maturity)


def _matches(rule: Record, title: Record) -> bool:
    year = title["year"]
    return (
        rule["kind"] in (None, title["kind"])
        and (not rule["genres"] or bool({*rule["genres"]} & {*title["genres"]}))
        and (not rule["tags"] or bool({*rule["tags"]} & {*title["tags"]}))
        and (rule["year_from"] is None or (year is not None and rule["year_from"] <= year))
        and (rule["year_to"] is None or (year is not None and year <= rule["year_to"]))
    )


def window_of(record: Record) -> Window:
    """The window of a record."""
    return Window(record["territory"], record["available_from"], record["available_until"])


def package_of(record: Record) -> Package:
    """The package that a record is."""
    names = ("id", "slug", "name", "price_cents", "currency", "billing_period", "max_quality")
    return Package(*(record[name] for name in names), active=record["active"])


def _offer_of(record: Record) -> Offer:
    names = ("season_id", "rental_window_hours", "start_within_hours", "active")
    return Offer(
        record["id"],
        record["offer_type"],
        record["price_cents"],
        record["currency"],
        record["quality"],
        window_of(record),
        **{name: record[name] for name in names},
    )


def grant_of(record: Record) -> Grant:
    """The grant that a record is."""
    names = (
        "id", "kind", "starts_at", "expires_at", "package_id", "season_id", "quality",
        "first_played_at", "revoked_at",
    )  # fmt: skip
    return Grant(**{name: record[name] for name in names})


@dataclass
class Differences:
    """What was compared, and where SQL and Python did not agree."""

    cases: int = 0
    ways: dict[str, int] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)


async def compare(tx: ReadTx, world: World, seed: int, differences: Differences) -> None:
    """Hold both statements against the pure function, for some viewers of a world."""
    inventor = Inventor(-seed - 1)
    for _ in range(3):
        viewer = inventor.viewer()
        asked, read = await facts_of(tx, viewer, world.ids, at=NOW)
        rows = await tx.all(
            _PLAYABLE,
            ids=world.ids,
            at=NOW,
            **visibility_of(viewer),
            **entitled_parameters(viewer),
        )
        playable = {row["id"] for row in rows}
        for title_id in world.ids:
            asking, facts = facts_in(world, viewer, title_id)
            expected = decide(facts, asking)
            differences.cases += 1
            differences.ways[expected.via] = differences.ways.get(expected.via, 0) + 1
            if (title_id in playable) is not expected.playable:
                differences.found.append(f"world {seed}, {viewer}: {expected}, filter {playable}")
            for season_id in (None, *world.seasons_of(title_id)):
                expected = decide(facts, asking, season_id)
                found = decide(read[title_id], asked, season_id)
                if found != expected:
                    differences.found.append(f"world {seed}, {viewer}: {expected}, read {found}")
