"""The facts that the decision who may play what is made from, in one statement for many titles."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row
from matinee.entitlements.access import (
    Asking,
    Blackout,
    Carriage,
    Decision,
    Facts,
    Grant,
    Offer,
    Package,
    Window,
    decide,
)
from matinee.entitlements.carriage import CARRIED, SOLD, is_open
from matinee.entitlements.visibility import SUITABLE, shown_at, visibility_of

Shape = TypeVar("Shape")

NOW = "coalesce(:at::timestamptz, statement_timestamp())"
"""The moment that is asked about: the clock of the statement, which no client can set."""


def live_at(now: str) -> str:
    """SQL over `user_entitlements g`: the grant counts at a moment (its SQL; A1)."""
    return f"""(
        g.revoked_at IS NULL AND g.starts_at <= {now}
        AND (g.expires_at IS NULL OR {now} < g.expires_at)
    )"""


WINDOW = (
    "{0}.territory, nullif({0}.available_from, '-infinity'), "
    "nullif({0}.available_until, 'infinity')"
)
"""SQL of the fields of a `Window` of a row (its alias)."""

_PACKAGE = (
    "p.id, p.slug, p.name, p.price_cents, p.currency, p.billing_period, p.max_quality, p.active"
)
_OFFER = "o.id, o.offer_type, o.price_cents, o.currency, o.quality"
_OFFER_TERMS = "o.season_id, o.rental_window_hours, o.start_within_hours"
_GRANT = (
    "g.id, g.kind, g.starts_at, g.expires_at, g.package_id, g.season_id, g.quality,"
    " g.first_played_at"
)

HOUSEHOLD = f"""
    household AS MATERIALIZED (
        SELECT
            {NOW} AS now,
            EXISTS (
                SELECT FROM account_holds h
                WHERE h.user_id = :user_id::uuid AND h.lifted_at IS NULL AND h.blocks_playback
            ) AS held,
            ARRAY(
                SELECT ROW({_GRANT}) FROM user_entitlements g
                WHERE g.user_id = :user_id::uuid AND g.title_id IS NULL AND {live_at(NOW)}
            ) AS held_packages,
            ARRAY(SELECT ROW({_PACKAGE}) FROM content_packages p) AS packages
    ),
    grants AS MATERIALIZED (
        SELECT g.title_id, ROW({_GRANT}) AS fields FROM user_entitlements g
        WHERE g.user_id = :user_id::uuid
          AND g.title_id = ANY ((SELECT :ids::uuid[])::uuid[]) AND {live_at(NOW)}
    )
"""
"""The common table expressions that `FACT_COLUMNS` reads."""

# Rows come as arrays of records, in the order of the fields of their classes: read in C.
FIRST_COLUMNS = """
    household.now, household.held,
    CASE WHEN row_number() OVER (ORDER BY wanted.n) = 1 THEN household.held_packages END
        AS held_packages,
    CASE WHEN row_number() OVER (ORDER BY wanted.n) = 1 THEN household.packages END AS packages
"""
"""What is the same for all that is wanted; packages come with the first row only."""

FACT_COLUMNS = f"""
    {FIRST_COLUMNS},
    coalesce({shown_at(NOW)}, false) AS shown,
    coalesce({SUITABLE}, false) AS suitable,
    {SOLD} AS sold,
    ARRAY(
        SELECT ROW(c.package_id, {WINDOW.format("c")})
        FROM {CARRIED} c WHERE {is_open("c", NOW)}
    ) AS carriages,
    ARRAY(
        SELECT ROW({_OFFER}, {WINDOW.format("o")}, {_OFFER_TERMS}) FROM title_offers o
        WHERE o.title_id = t.id AND o.active AND {is_open("o", NOW)}
    ) AS offers,
    ARRAY(SELECT fields FROM grants WHERE title_id = t.id) AS grants
"""
"""Columns over `household`, `wanted(id, n)` and `titles t`, ordered by `wanted.n`.

Statements that read more about the titles have them beside their own, and `facts_in` makes facts
of their rows; the parameters come from `fact_parameters`.
"""

_FACTS = f"""
    WITH {HOUSEHOLD}
    SELECT wanted.id, {FACT_COLUMNS}
    FROM household
    LEFT JOIN unnest((SELECT :ids::uuid[])) WITH ORDINALITY AS wanted(id, n) ON true
    LEFT JOIN titles t ON t.id = wanted.id
    ORDER BY wanted.n
"""


async def facts_of(
    tx: ReadTx, viewer: Viewer, ids: Sequence[UUID], *, at: datetime | None = None
) -> tuple[Asking, dict[UUID, Facts]]:
    """Who asks, and what is known about each of the titles, in one statement.

    The moment is the statement's, or `at`. An id without a title has facts too: it is not shown.
    """
    return facts_in(await tx.all(_FACTS, **fact_parameters(viewer, ids, at=at)), viewer)


def fact_parameters(
    viewer: Viewer, ids: Sequence[UUID], *, at: datetime | None = None
) -> dict[str, Any]:
    """The parameters of `HOUSEHOLD` and `FACT_COLUMNS`."""
    return {"ids": list(ids), "at": at, **visibility_of(viewer)}


def facts_in(rows: Sequence[Row], viewer: Viewer) -> tuple[Asking, dict[UUID, Facts]]:
    """Who asks, and the facts about the titles, in rows of `FACT_COLUMNS`; at least one."""
    held, packages = _household(rows[0])
    facts = (_facts(row, held, packages) for row in rows if row["id"] is not None)
    return _asking(rows[0], viewer), {one.id: one for one in facts}


def decided_in(
    rows: Sequence[Row], viewer: Viewer, shape: Callable[[Decision], Shape]
) -> list[Shape]:
    """What `shape` makes of the decision on the title in each of some rows of `FACT_COLUMNS`.

    Titles about which the same is known, like all that one package carries, share it: on a page
    there are few different ones.
    """
    asking = _asking(rows[0], viewer)
    held, packages = _household(rows[0])
    shapes: dict[tuple[Any, ...], Shape] = {}
    decided = []
    for row in rows:
        known = (
            row["shown"],
            row["suitable"],
            row["sold"],
            *map(tuple, (row["carriages"], row["offers"], row["grants"])),
            *row.get("blackouts", ()),
        )
        if known not in shapes:
            shapes[known] = shape(decide(_facts(row, held, packages), asking))
        decided.append(shapes[known])
    return decided


async def decisions(
    tx: ReadTx, viewer: Viewer, ids: Sequence[UUID], *, at: datetime | None = None
) -> dict[UUID, Decision]:
    """What is decided on each of the titles, in one statement."""
    asking, facts = await facts_of(tx, viewer, ids, at=at)
    return {title_id: decide(one, asking) for title_id, one in facts.items()}


async def decision_on(
    tx: ReadTx, viewer: Viewer, title_id: UUID, season_id: UUID | None = None
) -> Decision:
    """What is decided now on a title, or on one season of it; one that is missing: unavailable."""
    asking, facts = await facts_of(tx, viewer, [title_id])
    return decide(facts[title_id], asking, season_id)


def _asking(first: Row, viewer: Viewer) -> Asking:
    return Asking(
        viewer.territory,
        first["now"],
        held=first["held"],
        sees_prices=not viewer.is_kids,
        unsold_is_free=viewer.unsold_is_free,
    )


def _household(first: Row) -> tuple[list[Grant], dict[UUID, Package]]:
    """The packages that the household holds, and all that there are."""
    packages = {fields[0]: Package(*fields) for fields in first["packages"]}
    return _grants(first["held_packages"]), packages


def _facts(row: Row, held: list[Grant], packages: Mapping[UUID, Package]) -> Facts:
    return Facts(
        row["id"],
        shown=row["shown"],
        suitable=row["suitable"],
        sold=row["sold"],
        carriages=[
            Carriage(packages[package_id], Window(*window))
            for package_id, *window in row["carriages"]
        ],
        offers=[_offer(fields) for fields in row["offers"]],
        grants=held + _grants(row["grants"]),
        blackouts=[Blackout(*fields) for fields in row.get("blackouts", ())],
    )


def _grants(records: Iterable[tuple[Any, ...]]) -> list[Grant]:
    return [Grant(*fields) for fields in records]


def _offer(fields: tuple[Any, ...]) -> Offer:
    offer_id, offer_type, price_cents, currency, quality = fields[:5]
    window = Window(*fields[5:8])
    return Offer(offer_id, offer_type, price_cents, currency, quality, window, *fields[8:11])
