"""Placing the order of a purchase: who may buy what at which price; nothing is charged here."""

from typing import Any
from uuid import UUID

from matinee.accounts.service import AccountHeld
from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import Conflict, NotFound, RequestInProgress
from matinee.entitlements.access import Asking, Facts, Offer, best_offers
from matinee.entitlements.facts import facts_of
from matinee.entitlements.purchases.schemas import NewPurchase
from matinee.entitlements.spending import PriceChanged, refuse_other_request, request_hash
from matinee.integrations.payments.protocol import Charge, Money, Reference

TRIES = 5

ITEM = ("user_id", "title_id", "season_id", "kind")
"""What an order is for; there is one open order for an item at most."""

_ORDER = """
    INSERT INTO purchases
        (user_id, profile_id, offer_id, title_id, season_id, kind, quality, amount_cents, currency,
         territory, rental_window_hours, start_within_hours, provider, payment_method,
         idempotency_key, request_hash)
    VALUES (:user_id, :profile_id, :offer_id, :title_id, :season_id, :kind, :quality,
            :amount_cents, :currency, :territory, :rental_window_hours, :start_within_hours,
            :provider, :payment_method, :key, :request_hash)
    ON CONFLICT DO NOTHING
    RETURNING *, clock_timestamp() AS server_time, true AS is_new
"""
_SAME = """
    SELECT *, clock_timestamp() AS server_time, false AS is_new FROM purchases
    WHERE user_id = :user_id
      AND (idempotency_key = :key
           OR (status IN ('pending', 'requires_action') AND title_id = :title_id AND kind = :kind
               AND season_id IS NOT DISTINCT FROM :season_id::uuid))
    ORDER BY idempotency_key = :key DESC LIMIT 1
"""
_BY_KEY = """
    SELECT *, clock_timestamp() AS server_time FROM purchases
    WHERE user_id = :user_id AND idempotency_key = :key
"""
_OBSTACLES = """
    SELECT hold.held, has.id, has.kind, has.expires_at, refunded.id AS refunded_id
    FROM (SELECT EXISTS (
              SELECT FROM account_holds
              WHERE user_id = :user_id AND lifted_at IS NULL) AS held) hold
    LEFT JOIN LATERAL (
        SELECT id, kind, expires_at FROM user_entitlements
        WHERE user_id = :user_id AND title_id = :title_id AND revoked_at IS NULL
          AND kind IN ('buy', :kind) AND (season_id IS NULL OR season_id = :season_id::uuid)
          AND starts_at <= clock_timestamp()
          AND (expires_at IS NULL OR clock_timestamp() < expires_at)
        ORDER BY kind LIMIT 1) has ON true
    LEFT JOIN LATERAL (
        SELECT id FROM purchases
        WHERE user_id = :user_id AND title_id = :title_id AND kind = :kind
          AND season_id IS NOT DISTINCT FROM :season_id::uuid AND refund_requested_at IS NOT NULL
        LIMIT 1) refunded ON true
"""


class AlreadyOwned(Conflict):
    """The household has bought this already."""


class AlreadyRented(Conflict):
    """The household has rented this already, and can still play it."""


async def place_order(
    tx: WriteTx, viewer: Viewer, title_id: UUID, wish: NewPurchase, key: str, provider: str
) -> Row:
    """The order of this request: the one of its key, an open one for the same, or a new one.

    Raises:
        IdempotencyKeyReused: the key came with another request before.
        NotFound: the viewer may not see the title, or it is not for sale to him like that.
        AccountHeld: the household is on hold.
        AlreadyOwned: `details.grant`.
        AlreadyRented: `details.grant`.
        PriceChanged: `details` has the price now.
        RequestInProgress: the same is being given back, or bought by another offer.
    """
    asked = request_hash(title_id, *wish.model_dump(exclude={"purchase_pin"}).values())
    asking, facts = await facts_of(tx, viewer, [title_id])
    offer = _offer(facts[title_id], asking, wish)
    if offer is None:
        return await _earlier(tx, viewer.household, wish, key, asked)
    terms = _terms(viewer, title_id, wish, offer) | {
        "provider": provider,
        "key": key,
        "request_hash": asked,
    }
    order = await _new_or_open(tx, terms)
    if order["is_new"] or order["idempotency_key"] != key:
        await _refuse_obstacles(tx, terms)
        _refuse_other_offer(order, wish.offer_id)
        _refuse_other_price(order, wish.expected_price_cents)
    return order


async def _earlier(tx: ReadTx, user_id: UUID, wish: NewPurchase, key: str, asked: bytes) -> Row:
    """The order of this key, made when it was still possible."""
    known = await tx.one(_BY_KEY, user_id=user_id, key=key)
    if known is None:
        raise NotFound("offer_id" if wish.offer_id else None)
    refuse_other_request(known["request_hash"], asked)
    return known


def _offer(facts: Facts, asking: Asking, wish: NewPurchase) -> Offer | None:
    """The offer that is wished for, where the title is shown and for sale here and now."""
    if not (facts.shown and facts.suitable):
        return None
    for offer in best_offers(facts.offers, asking):
        is_wished = offer.id == wish.offer_id if wish.offer_id else offer.season_id is None
        if is_wished and offer.type == wish.offer_type:
            return offer
    return None


def _terms(viewer: Viewer, title_id: UUID, wish: NewPurchase, offer: Offer) -> dict[str, Any]:
    """What is agreed on, whatever becomes of the offer later."""
    is_rental = offer.type == "rent"
    return {
        "user_id": viewer.household,
        "profile_id": viewer.profile_id,
        "offer_id": offer.id,
        "title_id": title_id,
        "season_id": offer.season_id,
        "kind": offer.type,
        "quality": offer.quality,
        "amount_cents": offer.price_cents,
        "currency": offer.currency,
        "territory": viewer.territory,
        "rental_window_hours": offer.rental_window_hours if is_rental else None,
        "start_within_hours": offer.start_within_hours if is_rental else None,
        "payment_method": wish.payment_method,
    }


async def _new_or_open(tx: WriteTx, terms: dict[str, Any]) -> Row:
    """A new order, the one of the same key, or an open one for the same, which a click joins."""
    item = {name: terms[name] for name in ITEM}
    for _ in range(TRIES):
        if order := await tx.one(_ORDER, **terms):
            return order
        if same := await tx.one(_SAME, **item, key=terms["key"]):
            if same["idempotency_key"] == terms["key"]:
                refuse_other_request(same["request_hash"], terms["request_hash"])
            return same
    raise RequestInProgress()


async def _refuse_obstacles(tx: ReadTx, terms: dict[str, Any]) -> None:
    """Let only households buy that may, what they do not have yet.

    Asked after the order was inserted: from then on no other order for the same can be opened, and
    what an earlier one gave is seen.
    """
    found = await tx.one(_OBSTACLES, **{name: terms[name] for name in ITEM})
    assert found is not None
    if found["held"]:
        raise AccountHeld()
    if found["refunded_id"] is not None:
        raise RequestInProgress(purchase_id=str(found["refunded_id"]))
    if found["id"] is not None:
        kind = AlreadyOwned if found["kind"] == "buy" else AlreadyRented
        raise kind(grant=_grant(found))


def _grant(found: Row) -> dict[str, str | None]:
    until = found["expires_at"]
    return {
        "id": str(found["id"]),
        "kind": found["kind"],
        "expires_at": until.isoformat() if until else None,
    }


def _refuse_other_offer(order: Row, offer_id: UUID | None) -> None:
    """Who names an offer joins no order of another one."""
    if offer_id not in (None, order["offer_id"]):
        raise RequestInProgress("offer_id", purchase_id=str(order["id"]))


def _refuse_other_price(order: Row, expected_cents: int | None) -> None:
    if expected_cents not in (None, order["amount_cents"]):
        raise PriceChanged(
            "expected_price_cents",
            offer_id=str(order["offer_id"]),
            price_cents=order["amount_cents"],
            currency=order["currency"],
        )


def reference_of(purchase: Row) -> Reference:
    """How providers name a purchase when they tell of it."""
    return Reference("purchase", purchase["user_id"], purchase["id"])


def charge_of(purchase: Row) -> Charge:
    """The order as its provider gets it; always the same, so that asking twice takes money once."""
    noun = "Rental" if purchase["kind"] == "rent" else "Purchase"
    return Charge(
        key=f"matinee:purchase:{purchase['id']}",
        amount=Money(purchase["amount_cents"], purchase["currency"]),
        payment_method=purchase["payment_method"],
        description=f"{noun} {purchase['id']}",
        reference=reference_of(purchase),
    )
