"""What the demo sells: packages with what they carry, offers, a gift code; rows of a data file."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from matinee.catalog.tags import CATALOG
from matinee.core.database import WriteTx
from matinee.entitlements.packages.codes import hash_of
from matinee.entitlements.tags import FOR_SALE

FILE = Path(__file__).with_name("data") / "shop.json"
CURRENCY = "USD"
RENTAL_HOURS = 48
PACKAGE: dict[str, Any] = {"kind": "base", "rank": 0, "trial_days": 0, "grace_days": 7}
"""What a package of the file is unless it says otherwise."""

_PUT_PACKAGE = """
    INSERT INTO content_packages
        (slug, name, description, tier, kind, rank, price_cents, currency, trial_days, grace_days,
         max_streams, max_quality)
    VALUES (:slug, :name, :description, :tier, :kind, :rank, :price_cents, :currency, :trial_days,
            :grace_days, :max_streams, :max_quality)
    ON CONFLICT (slug) DO NOTHING RETURNING id
"""
_CARRY = """
    INSERT INTO package_contents (package_id, title_id)
    SELECT :package_id, id FROM titles WHERE external_id = ANY (:external_ids::text[])
"""
_CARRY_BY_RULE = """
    INSERT INTO package_rules (package_id, kind, genres, year_to)
    VALUES (:package_id, :kind, :genres::text[], :year_to)
"""
_PUT_OFFERS = """
    INSERT INTO title_offers
        (title_id, season_id, offer_type, price_cents, currency, quality, rental_window_hours)
    SELECT t.id, s.id, :offer_type, :price_cents, :currency, :quality,
           CASE WHEN :offer_type::text = 'rent' THEN :rental_hours::int END
    FROM titles t LEFT JOIN seasons s ON s.title_id = t.id AND s.number = :season
    WHERE t.external_id = ANY (:external_ids::text[])
    ON CONFLICT DO NOTHING
"""
_PUT_CODE = """
    INSERT INTO promo_codes (code_hash, label, kind, package_id, days, max_redemptions)
    SELECT :code_hash, :label, 'gift', id, :days, 1000 FROM content_packages WHERE slug = :package
    ON CONFLICT DO NOTHING
"""


async def stock(tx: WriteTx) -> None:
    """Put everything on the shelves that is not there yet."""
    goods = json.loads(FILE.read_text(encoding="utf-8"))
    for package in goods["packages"]:
        await _put_package(tx, **package)
    for offer in goods["offers"]:
        for terms in offer["terms"]:
            await _offer(tx, offer["titles"], offer.get("season"), **terms)
    for code in goods["codes"]:
        await tx.execute(_PUT_CODE, code_hash=hash_of(code.pop("code")), **code)
    tx.invalidate(CATALOG, FOR_SALE)


async def _put_package(
    tx: WriteTx, *, rules: list[dict[str, Any]], titles: list[str], **columns: Any
) -> None:
    made: UUID | None = await tx.scalar(_PUT_PACKAGE, **(PACKAGE | columns), currency=CURRENCY)
    if made is None:
        return
    await tx.execute(_CARRY, package_id=made, external_ids=_external(titles))
    for rule in rules:
        everything: dict[str, Any] = {"kind": None, "genres": [], "year_to": None}
        await tx.execute(_CARRY_BY_RULE, package_id=made, **(everything | rule))


async def _offer(
    tx: WriteTx,
    titles: list[str],
    season: int | None,
    *,
    offer_type: str,
    price_cents: int,
    quality: str = "hd",
) -> None:
    await tx.execute(
        _PUT_OFFERS,
        external_ids=_external(titles),
        season=season,
        offer_type=offer_type,
        price_cents=price_cents,
        currency=CURRENCY,
        quality=quality,
        rental_hours=RENTAL_HOURS,
    )


def _external(names: list[str]) -> list[str]:
    return [f"demo:{name}" for name in names]
