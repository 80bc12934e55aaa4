"""What staff does with offers of titles (E-02): make, change, archive, delete."""

from typing import Any
from uuid import UUID

from matinee.accounts.changes import lock
from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import Conflict, InvalidValue, NotFound, RuleViolated
from matinee.entitlements.ownership import SLOW_LOOK
from matinee.entitlements.packages.changes import write_down
from matinee.entitlements.packages.offer_schemas import (
    DEFAULT_START_HOURS,
    DEFAULT_WINDOW_HOURS,
    AdminOffer,
    AdminOffers,
    CreateOffer,
    UpdateOffer,
)
from matinee.entitlements.packages.windows import (
    CLOSES,
    OPENS,
    OVERLAPS,
    SHOWN_WINDOW,
    opens_before_it_closes,
    overlap_of,
)
from matinee.models.entitlement import WHOLE_TITLE

_OFFERS = f"""
    SELECT o.id, o.title_id, o.season_id, o.offer_type, o.price_cents, o.currency,
           o.rental_window_hours, o.quality, o.active, o.version, o.created_at, o.updated_at,
           CASE WHEN o.offer_type = 'rent' THEN o.start_within_hours END AS start_within_hours,
           {SHOWN_WINDOW.format("o")}
    FROM title_offers o
    WHERE o.title_id = :title_id AND (:offer_id::uuid IS NULL OR o.id = :offer_id)
    ORDER BY o.active DESC, o.offer_type, o.season_id NULLS FIRST, o.territory, o.price_cents, o.id
"""
# Those who price one title queue up, so that each sees what the one before has done.
_LOCK_TITLE = "SELECT kind FROM titles WHERE id = :title_id FOR NO KEY UPDATE"
_TITLE_EXISTS = "SELECT EXISTS (SELECT FROM titles WHERE id = :title_id)"
_SEASON = "SELECT id FROM seasons WHERE id = :season_id AND title_id = :title_id"
_LOCK = """
    SELECT version FROM title_offers WHERE id = :offer_id AND title_id = :title_id FOR UPDATE
"""
_IN_THE_WAY = f"""
    SELECT o.id, o.price_cents, {SHOWN_WINDOW.format("o")} FROM title_offers o
    WHERE o.title_id = :title_id AND o.id IS DISTINCT FROM :offer_id::uuid AND o.active
      AND {WHOLE_TITLE} = coalesce(:season_id::uuid, '00000000-0000-0000-0000-000000000000')
      AND o.offer_type = :offer_type AND o.quality = :quality AND o.territory = :territory
      AND o.currency = :currency AND {OVERLAPS.format("o")}
    ORDER BY o.available_from
"""
_ADD = f"""
    INSERT INTO title_offers
        (title_id, season_id, offer_type, price_cents, currency, rental_window_hours,
         start_within_hours, quality, territory, available_from, available_until, active)
    VALUES (:title_id, :season_id, :offer_type, :price_cents, :currency, :rental_window_hours,
            coalesce(:start_within_hours, {DEFAULT_START_HOURS}), :quality, :territory, {OPENS},
            {CLOSES}, :active)
    RETURNING id
"""
_UPDATE = f"""
    UPDATE title_offers
    SET price_cents = :price_cents, currency = :currency, quality = :quality,
        rental_window_hours = :rental_window_hours,
        start_within_hours = coalesce(:start_within_hours, {DEFAULT_START_HOURS}),
        territory = :territory, available_from = {OPENS}, available_until = {CLOSES},
        active = :active, version = version + 1, updated_at = clock_timestamp()
    WHERE id = :offer_id
"""
_IS_SOLD = """
    -- cross-user
    SELECT EXISTS (SELECT FROM purchases WHERE offer_id = :offer_id)
"""
_DELETE = "DELETE FROM title_offers WHERE id = :offer_id"

OF_RENTALS = ("rental_window_hours", "start_within_hours")
CHANGEABLE = (
    "price_cents", "currency", "quality", "territory", "available_from", "available_until",
    "active", *OF_RENTALS,
)  # fmt: skip
CLEARABLE = ("available_from", "available_until", *OF_RENTALS)


class OfferInUse(Conflict):
    """Somebody has ordered this; archive it instead."""


async def list_offers(tx: ReadTx, title_id: UUID) -> AdminOffers:
    """All offers of a title and its seasons: those for sale first.

    Raises:
        NotFound: there is no such title.
    """
    if not await tx.scalar(_TITLE_EXISTS, title_id=title_id):
        raise NotFound()
    rows = await tx.all(_OFFERS, title_id=title_id, offer_id=None)
    return AdminOffers(items=[AdminOffer(**row) for row in rows])


async def get_offer(tx: ReadTx, title_id: UUID, offer_id: UUID) -> AdminOffer:
    """An offer of a title.

    Raises:
        NotFound: the title has none of that id.
    """
    row = await tx.one(_OFFERS, title_id=title_id, offer_id=offer_id)
    if row is None:
        raise NotFound()
    return AdminOffer(**row)


async def create_offer(tx: WriteTx, staff: Viewer, title_id: UUID, wish: CreateOffer) -> AdminOffer:
    """Offer a title, or one of its seasons.

    Raises:
        NotFound: there is no such title.
        InvalidValue: the title has no such season; or something is null that cannot be.
        RuleViolated: the terms do not fit the type; `field` says which.
        WindowOverlap: there would be two prices at a time; `details.overlaps` names the others.
    """
    await _lock_title(tx, title_id)
    season_id = wish.season_id
    known = season_id and await tx.scalar(_SEASON, season_id=season_id, title_id=title_id)
    if season_id and not known:
        raise InvalidValue("season_id", message="The title has no such season.")
    terms = _with_defaults(wish.model_dump())
    _check(terms)
    await _refuse_two_prices(tx, title_id, None, terms)
    offer_id: UUID = await tx.scalar(_ADD, title_id=title_id, **terms)
    created = await get_offer(tx, title_id, offer_id)
    targets = {"title": title_id, "offer": offer_id}
    await write_down(tx, staff, "offer.create", targets, after=created)
    return created


async def update_offer(
    tx: WriteTx,
    staff: Viewer,
    title_id: UUID,
    offer_id: UUID,
    wish: UpdateOffer,
    version: int | None,
) -> AdminOffer:
    """Change what was given; orders keep the price that they agreed on.

    Raises:
        NotFound: the title has no such offer.
        VersionConflict: somebody changed it since it was read.
        InvalidValue: something is null that cannot be.
        RuleViolated: the terms do not fit the type; `field` says which.
        WindowOverlap: there would be two prices at a time; `details.overlaps` names the others.
    """
    await _lock_title(tx, title_id)
    await lock(tx, _LOCK, version, offer_id=offer_id, title_id=title_id)
    before = await get_offer(tx, title_id, offer_id)
    given = wish.model_dump(exclude_unset=True, exclude={"reason"})
    _refuse_cleared(given)
    terms = before.model_dump() | given
    _check(terms)
    await _refuse_two_prices(tx, title_id, offer_id, terms)
    await tx.execute(_UPDATE, offer_id=offer_id, **{name: terms[name] for name in CHANGEABLE})
    after = await get_offer(tx, title_id, offer_id)
    targets = {"title": title_id, "offer": offer_id}
    await write_down(
        tx, staff, "offer.update", targets, before=before, after=after, reason=wish.reason
    )
    return after


async def delete_offer(
    tx: WriteTx, staff: Viewer, title_id: UUID, offer_id: UUID, version: int | None
) -> None:
    """Remove an offer that nobody has ordered.

    The lock keeps others from ordering it meanwhile.

    Raises:
        NotFound: the title has no such offer.
        VersionConflict: somebody changed it since it was read.
        OfferInUse: somebody has ordered it.
    """
    await lock(tx, _LOCK, version, offer_id=offer_id, title_id=title_id)
    await tx.execute(SLOW_LOOK)
    if await tx.scalar(_IS_SOLD, offer_id=offer_id):
        raise OfferInUse()
    before = await get_offer(tx, title_id, offer_id)
    await tx.execute(_DELETE, offer_id=offer_id)
    targets = {"title": title_id, "offer": offer_id}
    await write_down(tx, staff, "offer.delete", targets, before=before)


async def _lock_title(tx: WriteTx, title_id: UUID) -> None:
    if await tx.scalar(_LOCK_TITLE, title_id=title_id) is None:
        raise NotFound()


def _with_defaults(terms: dict[str, Any]) -> dict[str, Any]:
    if terms["offer_type"] == "rent" and terms["rental_window_hours"] is None:
        return terms | {"rental_window_hours": DEFAULT_WINDOW_HOURS}
    return terms


def _refuse_cleared(given: dict[str, Any]) -> None:
    for name, value in given.items():
        if value is None and name not in CLEARABLE:
            raise InvalidValue(name, message="This cannot be cleared.")


def _check(terms: dict[str, Any]) -> None:
    """The rules that tie terms together; the database holds them too."""
    is_rental = terms["offer_type"] == "rent"
    if (terms["offer_type"] == "free") != (terms["price_cents"] == 0):
        raise RuleViolated("price_cents", message="What is free costs nothing, and nothing else.")
    for name in OF_RENTALS:
        if not is_rental and terms[name] is not None:
            raise RuleViolated(name, message="Only a rental has hours.")
    if is_rental and terms["rental_window_hours"] is None:
        raise RuleViolated("rental_window_hours", message="A rental needs its hours.")
    if not opens_before_it_closes(terms["available_from"], terms["available_until"]):
        raise RuleViolated("available_until", message="The window must open before it closes.")


async def _refuse_two_prices(
    tx: ReadTx, title_id: UUID, offer_id: UUID | None, terms: dict[str, Any]
) -> None:
    if not terms["active"]:
        return
    names = (
        "season_id", "offer_type", "quality", "territory", "currency", "available_from",
        "available_until",
    )  # fmt: skip
    same = {name: terms[name] for name in names}
    if rows := await tx.all(_IN_THE_WAY, title_id=title_id, offer_id=offer_id, **same):
        raise overlap_of("price_cents", rows)
