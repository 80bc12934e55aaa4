"""Placing the order of a purchase: who may buy what at which price; nothing is charged here."""

from typing import Any
from uuid import UUID

from matinee.accounts.service import AccountHeld
from matinee.accounts.viewer import Viewer
from matinee.core.database import Row, WriteTx
from matinee.core.errors import Conflict, NotFound, RequestInProgress
from matinee.entitlements.access import Asking, Facts, Offer, best_offers
from matinee.entitlements.facts import facts_of
from matinee.entitlements.purchases.schemas import NewPurchase
from matinee.entitlements.spending import PriceChanged, refuse_other_request, request_hash
from matinee.integrations.payments.protocol import Charge, Money, Reference

TRIES = 5

_KNOWN = """
    SELECT held.held, p.*, clock_timestamp() AS server_time
    FROM (SELECT EXISTS (
              SELECT FROM account_holds
              WHERE user_id = :user_id::uuid AND lifted_at IS NULL AND blocks_purchase
          ) AS held) held
    LEFT JOIN purchases p ON p.user_id = :user_id AND p.idempotency_key = :key
"""
_ORDER = """
    INSERT INTO purchases
        (user_id, profile_id, offer_id, title_id, season_id, kind, quality, amount_cents, currency,
         territory, rental_window_hours, start_within_hours, provider, payment_method,
         idempotency_key, request_hash)
    VALUES (:user_id, :profile_id, :offer_id, :title_id, :season_id, :kind, :quality,
            :amount_cents, :currency, :territory, :rental_window_hours, :start_within_hours,
            :provider, :payment_method, :key, :request_hash)
    ON CONFLICT DO NOTHING
    RETURNING *, clock_timestamp() AS server_time
"""
_SAME = """
    SELECT *, clock_timestamp() AS server_time FROM purchases
    WHERE user_id = :user_id
      AND (idempotency_key = :key
           OR (status IN ('pending', 'requires_action') AND title_id = :title_id AND kind = :kind
               AND season_id IS NOT DISTINCT FROM :season_id::uuid))
    ORDER BY idempotency_key = :key DESC LIMIT 1
"""
_HAS_ALREADY = """
    SELECT id, kind, expires_at FROM user_entitlements
    WHERE user_id = :user_id AND title_id = :title_id AND revoked_at IS NULL
      AND kind IN ('buy', :kind) AND (season_id IS NULL OR season_id = :season_id::uuid)
      AND starts_at <= clock_timestamp()
      AND (expires_at IS NULL OR clock_timestamp() < expires_at)
    UNION ALL
    SELECT id, NULL, NULL FROM purchases
    WHERE user_id = :user_id AND title_id = :title_id AND kind = :kind
      AND season_id IS NOT DISTINCT FROM :season_id::uuid AND refund_requested_at IS NOT NULL
    ORDER BY kind LIMIT 1
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
        RequestInProgress: the same is being given back.
    """
    asked = request_hash(title_id, *wish.model_dump(exclude={"purchase_pin"}).values())
    known = await tx.one(_KNOWN, user_id=viewer.household, key=key)
    assert known is not None
    if known["id"] is not None:
        refuse_other_request(known["request_hash"], asked)
        return known
    asking, facts = await facts_of(tx, viewer, [title_id])
    offer = _offer(facts[title_id], asking, wish)
    if known["held"] or asking.held:
        raise AccountHeld()
    terms = _terms(viewer, title_id, wish, offer) | {
        "provider": provider,
        "key": key,
        "request_hash": asked,
    }
    order = await _new_or_open(tx, terms)
    if wish.expected_price_cents not in (None, order["amount_cents"]):
        raise PriceChanged(
            "expected_price_cents",
            offer_id=str(order["offer_id"]),
            price_cents=order["amount_cents"],
            currency=order["currency"],
        )
    return order


def _offer(facts: Facts, asking: Asking, wish: NewPurchase) -> Offer:
    """The offer that is wished for, where the title is shown and for sale here and now."""
    if not (facts.shown and facts.suitable):
        raise NotFound()
    for offer in best_offers(facts.offers, asking):
        is_wished = offer.id == wish.offer_id if wish.offer_id else offer.season_id is None
        if is_wished and offer.type == wish.offer_type:
            return offer
    raise NotFound("offer_id" if wish.offer_id else "offer_type")


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
    """A new order, or the open one for the same thing, which a double click joins.

    Whether the household has it already is asked after the order was inserted: from then on no
    other order for the same can be opened, and what an earlier one gave is seen.
    """
    item = {name: terms[name] for name in ("user_id", "title_id", "season_id", "kind")}
    for _ in range(TRIES):
        if order := await tx.one(_ORDER, **terms):
            await _refuse_twice(tx, item)
            return order
        if same := await tx.one(_SAME, **item, key=terms["key"]):
            if same["idempotency_key"] == terms["key"]:
                refuse_other_request(same["request_hash"], terms["request_hash"])
            return same
    raise RequestInProgress()


async def _refuse_twice(tx: WriteTx, item: dict[str, Any]) -> None:
    held = await tx.one(_HAS_ALREADY, **item)
    if held is None:
        return
    if held["kind"] is None:
        raise RequestInProgress(purchase_id=str(held["id"]))
    kind = AlreadyOwned if held["kind"] == "buy" else AlreadyRented
    until = held["expires_at"]
    grant = {
        "id": str(held["id"]),
        "kind": held["kind"],
        "expires_at": until.isoformat() if until else None,
    }
    raise kind(grant=grant)


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
