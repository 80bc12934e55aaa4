"""Subscribing: an order is kept, then the provider is asked, then its answer is applied."""

from uuid import UUID

import structlog

from matinee.accounts.households import lock_household
from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import Conflict, NotFound, ProviderError
from matinee.entitlements.spending import (
    PaymentDeclined,
    allow_spending,
    refuse_held,
    refuse_other_request,
    request_hash,
)
from matinee.entitlements.subscriptions import trials
from matinee.entitlements.subscriptions.orders import order_of, order_row, reference_of
from matinee.entitlements.subscriptions.queries import get_subscription
from matinee.entitlements.subscriptions.schemas import NewSubscription, SubscriptionOut
from matinee.entitlements.subscriptions.settling import apply_subscription
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

# the orders of one household queue up: what one has found cannot change under it
_BY_KEY = """
    SELECT id, request_hash FROM subscriptions
    WHERE user_id = :user_id AND idempotency_key = :key
"""
_PACKAGE = """
    SELECT id, slug, kind, price_cents, currency, trial_days FROM content_packages
    WHERE slug = :slug AND active
"""
_SAME = """
    SELECT s.id, s.status, s.package_id, p.slug
    FROM subscriptions s JOIN content_packages p ON p.id = s.package_id
    WHERE s.user_id = :user_id AND s.status <> 'canceled'
      AND (:package_id IN (s.package_id, s.pending_package_id) OR (s.is_base AND :is_base::bool))
    ORDER BY s.status = 'incomplete' LIMIT 1
"""
_HAS_BASE = """
    SELECT EXISTS (
        SELECT FROM user_entitlements g JOIN content_packages p ON p.id = g.package_id
        WHERE g.user_id = :user_id AND p.kind = 'base' AND g.revoked_at IS NULL
          AND g.starts_at <= clock_timestamp()
          AND (g.expires_at IS NULL OR clock_timestamp() < g.expires_at))
"""
_OPEN = """
    INSERT INTO subscriptions
        (user_id, package_id, is_base, price_cents, currency, provider, payment_method, trial_days,
         idempotency_key, request_hash)
    VALUES (:user_id, :package_id, :is_base, :price_cents, :currency, :provider, :payment_method,
            :trial_days, :key, :request_hash)
    RETURNING id
"""
_LOCK_ORDER = """
    SELECT trial_days, package_id, status FROM subscriptions
    WHERE user_id = :user_id AND id = :subscription_id FOR UPDATE
"""
_TRIAL_OF = "SELECT trial_days FROM content_packages WHERE id = :package_id"
_SET_TRIAL = """
    UPDATE subscriptions SET trial_days = :trial_days
    WHERE user_id = :user_id AND id = :subscription_id
"""


async def subscribe(
    runtime: Runtime, viewer: Viewer, wish: NewSubscription, key: str
) -> SubscriptionOut:
    """Begin a subscription; a second click joins the first.

    `incomplete` in the answer: the provider waits for the payer, or could not be asked yet; then a
    job goes on asking.

    Raises:
        NotFound: there is no such package for sale.
        AccountHeld: the household is on hold.
        Conflict: another base subscription, or the same add-on, runs already; or an add-on without
            a base package.
        PaymentDeclined: `details.failure_code`.
    """
    await allow_spending(runtime, viewer, wish.purchase_pin)
    async with runtime.database.write() as tx:
        subscription_id = await _order(tx, runtime, viewer, wish, key)
    await start(runtime, viewer.household, subscription_id)
    async with runtime.database.read() as tx:
        return _begun(await get_subscription(tx, viewer.household, subscription_id))


async def _order(
    tx: WriteTx, runtime: Runtime, viewer: Viewer, wish: NewSubscription, key: str
) -> UUID:
    """The order of this request: the one of its key, an open one for the same, or a new one."""
    user_id = viewer.household
    await lock_household(tx, user_id)
    asked = request_hash(wish.package, wish.payment_method)
    if known := await tx.one(_BY_KEY, user_id=user_id, key=key):
        refuse_other_request(known["request_hash"], asked)
        first: UUID = known["id"]
        return first
    await refuse_held(tx, user_id)
    package = await tx.one(_PACKAGE, slug=wish.package)
    if package is None:
        raise NotFound("package")
    if joined := await _joined(tx, user_id, package):
        return joined
    made: UUID = await tx.scalar(
        _OPEN,
        user_id=user_id,
        package_id=package["id"],
        is_base=package["kind"] == "base",
        price_cents=package["price_cents"],
        currency=package["currency"],
        provider=runtime.payments.default.name,
        payment_method=wish.payment_method,
        trial_days=None if package["trial_days"] else 0,
        key=key,
        request_hash=asked,
    )
    return made


async def _joined(tx: ReadTx, user_id: UUID, package: Row) -> UUID | None:
    """The open order for the same package; None where there is nothing of the kind."""
    is_base = package["kind"] == "base"
    same = await tx.one(_SAME, user_id=user_id, package_id=package["id"], is_base=is_base)
    if same is None:
        if not is_base and not await tx.scalar(_HAS_BASE, user_id=user_id):
            raise Conflict("package", message="An add-on needs a base package.")
        return None
    if same["status"] != "incomplete" or same["package_id"] != package["id"]:
        raise Conflict("package", subscription_id=str(same["id"]), package=same["slug"])
    joined: UUID = same["id"]
    return joined


async def start(runtime: Runtime, user_id: UUID, subscription_id: UUID) -> None:
    """Ask the provider to begin what was ordered, and apply its answer; once is enough.

    Where the provider gives none, the order stays open and a job asks again.
    """
    reference = reference_of(user_id, subscription_id)
    async with runtime.database.read() as tx:
        row = await order_row(tx, user_id, subscription_id)
    if row["heard"] or row["status"] != "incomplete":
        return
    provider = runtime.payments.named(row["provider"])
    try:
        card = None
        if row["trial_days"] is None:
            card = await provider.fingerprint(row["payment_method"])
        async with runtime.database.write() as wtx:
            trial_days = await _decide_trial(wtx, user_id, subscription_id, provider.name, card)
        if trial_days is None:
            return
        facts = await provider.start_subscription(order_of(row, reference, trial_days))
    except ProviderError as error:
        log.warning("subscription_not_started", provider=provider.name, error=str(error))
        return
    async with runtime.database.write() as wtx:
        await apply_subscription(wtx, reference, provider.name, facts)


async def _decide_trial(
    tx: WriteTx, user_id: UUID, subscription_id: UUID, provider: str, card: str | None
) -> int | None:
    """For how many days the order is free, decided once; None: it is not open any more."""
    mine = {"user_id": user_id, "subscription_id": subscription_id}
    order = await tx.one(_LOCK_ORDER, **mine)
    if order is None or order["status"] != "incomplete":
        return None
    if order["trial_days"] is not None:
        return int(order["trial_days"])
    package_id = order["package_id"]
    is_free = await trials.take(tx, user_id, package_id, provider, card)
    days: int = await tx.scalar(_TRIAL_OF, package_id=package_id) if is_free else 0
    await tx.execute(_SET_TRIAL, **mine, trial_days=days)
    return days


def _begun(subscription: SubscriptionOut) -> SubscriptionOut:
    """The subscription itself, unless its first payment was refused."""
    if subscription.status == "canceled" and subscription.access_until is None:
        raise PaymentDeclined(
            subscription_id=str(subscription.id), failure_code=subscription.failure_code
        )
    return subscription
