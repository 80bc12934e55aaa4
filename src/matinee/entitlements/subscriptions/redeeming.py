"""Redeeming codes: each household once, and no code more often than it allows."""

from datetime import datetime
from uuid import UUID

from limits import RateLimitItemPerHour, RateLimitItemPerMinute

from matinee.accounts.households import lock_household
from matinee.accounts.viewer import Viewer
from matinee.core.client_address import subscriber_of
from matinee.core.context import current_request
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import Conflict, NotFound
from matinee.core.ratelimit import Limit
from matinee.entitlements.packages.codes import hash_of
from matinee.entitlements.purchases.orders import AlreadyOwned
from matinee.entitlements.schemas import PackageRef
from matinee.entitlements.spending import refuse_held
from matinee.entitlements.subscriptions.schemas import RedeemCode, Redeemed
from matinee.entitlements.subscriptions.tier import refresh_tier
from matinee.runtime import Runtime

CODE_TRIES: Limit = RateLimitItemPerMinute(5, 15, namespace="code")
"""Codes that came to nothing, per household."""

CODE_TRIES_THERE: Limit = RateLimitItemPerHour(30, namespace="code-there")
"""The same per subscriber (IPv4 address or IPv6 /64): accounts cost nothing."""

# the codes of one household queue up, so that their days follow one another
_CODE = """
    SELECT id, kind, package_id, days, title_id FROM promo_codes
    WHERE code_hash = :code_hash AND valid_from <= clock_timestamp()
      AND (valid_until IS NULL OR clock_timestamp() < valid_until)
"""
_USED = """
    SELECT created_at FROM promo_redemptions WHERE user_id = :user_id AND promo_id = :promo_id
"""
_SUBSCRIBED = """
    SELECT EXISTS (SELECT FROM subscriptions
                   WHERE user_id = :user_id AND package_id = :package_id
                     AND status IN ('trialing', 'active', 'past_due') AND NOT cancel_at_period_end)
"""
_HELD_UNTIL = """
    SELECT greatest(clock_timestamp(), max(coalesce(expires_at, 'infinity'))) AS starts_at,
           coalesce(bool_or(expires_at IS NULL), false) AS for_good
    FROM user_entitlements
    WHERE user_id = :user_id AND package_id = :package_id AND revoked_at IS NULL
      AND (expires_at IS NULL OR expires_at > starts_at AND clock_timestamp() < expires_at)
"""
_GRANT_PACKAGE = """
    INSERT INTO user_entitlements
        (user_id, source_type, source_id, kind, package_id, starts_at, expires_at)
    VALUES (:user_id, :kind, :promo_id, 'package', :package_id, :starts_at,
            :starts_at::timestamptz + :days * interval '24 hours')
    RETURNING id, starts_at, expires_at
"""
_GRANT_TITLE = """
    INSERT INTO user_entitlements (user_id, source_type, source_id, kind, title_id)
    VALUES (:user_id, :kind, :promo_id, 'buy', :title_id)
    ON CONFLICT DO NOTHING RETURNING id, starts_at, expires_at
"""
_REMEMBER = """
    INSERT INTO promo_redemptions (user_id, promo_id, grant_id)
    VALUES (:user_id, :promo_id, :grant_id)
"""
# Last, because this row is everybody's: it is locked until the commit.
_COUNT = """
    UPDATE promo_codes SET redeemed = redeemed + 1
    WHERE id = :promo_id AND redeemed < max_redemptions AND valid_from <= clock_timestamp()
      AND (valid_until IS NULL OR clock_timestamp() < valid_until)
"""
_PACKAGE = "SELECT id, slug, name FROM content_packages WHERE id = :package_id"
_NOW = "SELECT clock_timestamp()"


class PromoExhausted(Conflict):
    """This code has been used as often as it can be."""


async def redeem_code(runtime: Runtime, viewer: Viewer, wish: RedeemCode) -> Redeemed:
    """Use a code: a package for some days, or a title for good.

    Days of a package begin when what the household has of it ends.

    Raises:
        NotFound: there is no such code, or not now.
        AccountHeld: the household is on hold.
        Conflict: the household has used it already, or would get nothing by it.
        AlreadyOwned: it gives a title that the household owns.
        PromoExhausted: others were faster.
        RateLimited: too many codes that came to nothing.
    """
    request = current_request()
    subscriber = subscriber_of(request.client_ip if request else None)
    await runtime.limiter.hit(CODE_TRIES, viewer.household)
    await runtime.limiter.hit(CODE_TRIES_THERE, subscriber)
    async with runtime.database.write() as tx:
        redeemed = await use_code(tx, viewer.household, wish)
    await runtime.limiter.give_back(CODE_TRIES, viewer.household)
    await runtime.limiter.give_back(CODE_TRIES_THERE, subscriber)
    return redeemed


async def use_code(tx: WriteTx, user_id: UUID, wish: RedeemCode) -> Redeemed:
    """Give a household what a code gives, and count it; nothing of it stays where it is refused.

    Raises:
        NotFound: there is no such code, or not now.
        AccountHeld: the household is on hold.
        Conflict: the household has used it already, or would get nothing by it.
        AlreadyOwned: it gives a title that the household owns.
        PromoExhausted: others were faster.
    """
    await lock_household(tx, user_id)
    code = await tx.one(_CODE, code_hash=hash_of(wish.code))
    if code is None:
        raise NotFound("code")
    await refuse_held(tx, user_id)
    whose = {"user_id": user_id, "promo_id": code["id"]}
    if used := await tx.scalar(_USED, **whose):
        raise Conflict(
            "code", message="Your household has used this code.", redeemed_at=used.isoformat()
        )
    grant = await (_package if code["package_id"] else _title)(tx, whose, code)
    await tx.execute(_REMEMBER, **whose, grant_id=grant["id"])
    await refresh_tier(tx, user_id)
    shown = await _shown(tx, code, grant)
    if not await tx.execute(_COUNT, promo_id=code["id"]):
        raise PromoExhausted("code")
    return shown


async def _package(tx: WriteTx, whose: dict[str, UUID], code: Row) -> Row:
    """Days of a package, after those that the household has already."""
    which = {"user_id": whose["user_id"], "package_id": code["package_id"]}
    held = await tx.one(_HELD_UNTIL, **which)
    assert held is not None
    if held["for_good"] or await tx.scalar(_SUBSCRIBED, **which):
        raise Conflict("code", message="You have this package already, with no end in sight.")
    starts_at: datetime = held["starts_at"]
    grant = await tx.one(
        _GRANT_PACKAGE,
        **whose,
        kind=code["kind"],
        package_id=code["package_id"],
        starts_at=starts_at,
        days=float(code["days"]),
    )
    assert grant is not None
    return grant


async def _title(tx: WriteTx, whose: dict[str, UUID], code: Row) -> Row:
    """A title for good."""
    grant = await tx.one(_GRANT_TITLE, **whose, kind=code["kind"], title_id=code["title_id"])
    if grant is None:
        raise AlreadyOwned("code")
    return grant


async def _shown(tx: ReadTx, code: Row, grant: Row) -> Redeemed:
    package = None
    if code["package_id"]:
        package = await tx.one(_PACKAGE, package_id=code["package_id"])
    return Redeemed(
        kind=code["kind"],
        package=PackageRef(**package) if package else None,
        title_id=code["title_id"],
        starts_at=grant["starts_at"],
        expires_at=grant["expires_at"],
        server_time=await tx.scalar(_NOW),
    )
