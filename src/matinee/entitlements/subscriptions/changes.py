"""Changing to another package: a dearer one at once, any other with the next period."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from matinee.accounts.households import lock_household
from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row, WriteTx
from matinee.core.errors import Conflict, NotFound, Problem, ProviderError, RequestInProgress
from matinee.entitlements.schemas import PackageRef
from matinee.entitlements.spending import (
    PaymentDeclined,
    PriceChanged,
    allow_spending,
    refuse_held,
    refuse_other_request,
    request_hash,
)
from matinee.entitlements.subscriptions.orders import plan_of, reference_of
from matinee.entitlements.subscriptions.proration import prorated_cents
from matinee.entitlements.subscriptions.queries import get_subscription
from matinee.entitlements.subscriptions.schemas import (
    ChangeQuote,
    ChangeSubscription,
    SubscriptionOut,
)
from matinee.entitlements.subscriptions.settling import apply_subscription
from matinee.integrations.payments.protocol import Money, SubscriptionFacts
from matinee.runtime import Runtime

log = structlog.get_logger(__name__)

_SUBSCRIPTION = """
    SELECT s.id, s.package_id, s.status, s.price_cents, s.currency, s.provider, s.provider_ref,
           s.current_period_start, s.current_period_end, s.trial_end, s.cancel_at_period_end,
           s.pending_package_id, p.kind, p.rank, p.billing_period, clock_timestamp() AS now
    FROM subscriptions s JOIN content_packages p ON p.id = s.package_id
    WHERE s.user_id = :user_id AND s.id = :subscription_id
"""
_PACKAGE = """
    SELECT id, slug, name, kind, rank, price_cents, currency, billing_period, active
    FROM content_packages WHERE slug = :slug
"""
_BY_KEY = """
    SELECT id, subscription_id, request_hash FROM subscription_changes
    WHERE user_id = :user_id AND idempotency_key = :key
"""
_WAITING = """
    SELECT id, package_id FROM subscription_changes
    WHERE user_id = :user_id AND subscription_id = :subscription_id AND status = 'open'
"""
_HAS_OTHER = """
    SELECT EXISTS (SELECT FROM subscriptions
                   WHERE user_id = :user_id AND id <> :subscription_id AND status <> 'canceled'
                     AND :package_id IN (package_id, pending_package_id))
"""
_OPEN = """
    INSERT INTO subscription_changes
        (user_id, subscription_id, package_id, prorated_cents, idempotency_key, request_hash)
    VALUES (:user_id, :subscription_id, :package_id, :prorated_cents, :key, :request_hash)
    RETURNING id
"""
_CHANGE = """
    SELECT c.status, c.failure_code, c.prorated_cents, c.package_id, s.provider, s.provider_ref,
           s.currency, s.status AS subscription_status, p.slug, p.name, p.billing_period,
           p.price_cents, s.price_cents AS present_price_cents,
           c.package_id = s.package_id AS is_present
    FROM subscription_changes c
    JOIN subscriptions s ON s.user_id = c.user_id AND s.id = c.subscription_id
    JOIN content_packages p ON p.id = c.package_id
    WHERE c.user_id = :user_id AND c.id = :change_id
"""
_SETTLE = """
    UPDATE subscription_changes
    SET status = :status, failure_code = :failure_code, settled_at = clock_timestamp()
    WHERE user_id = :user_id AND id = :change_id AND status = 'open'
"""


@dataclass(frozen=True, slots=True)
class _Terms:
    """How a change would go; `prorated` None: with the next period."""

    package: Row
    currency: str
    at: datetime
    prorated: int | None


async def quote_change(tx: ReadTx, viewer: Viewer, subscription_id: UUID, slug: str) -> ChangeQuote:
    """What changing would cost at this moment; it only gets less until the period ends.

    Raises:
        NotFound: the household has no such subscription, or there is no such package for sale.
        Conflict: it cannot be changed now, or not to this package.
    """
    subscription = await _subscription(tx, viewer.household, subscription_id)
    terms = await _terms(tx, viewer.household, subscription, slug)
    package = terms.package
    return ChangeQuote(
        package=PackageRef(id=package["id"], slug=package["slug"], name=package["name"]),
        effective="period_end" if terms.prorated is None else "now",
        effective_at=terms.at,
        prorated_cents=terms.prorated or 0,
        price_cents=package["price_cents"],
        currency=terms.currency,
        server_time=subscription["now"],
    )


async def change_subscription(
    runtime: Runtime, viewer: Viewer, subscription_id: UUID, wish: ChangeSubscription, key: str
) -> SubscriptionOut:
    """Change to another package; a second click joins the first.

    Raises:
        NotFound: the household has no such subscription, or there is no such package for sale.
        Conflict: it cannot be changed now, or not to this package.
        RequestInProgress: another change is on its way.
        PriceChanged: it costs more than was expected; `details.prorated_cents`.
        PaymentDeclined: everything stays as it was.
    """
    await allow_spending(runtime, viewer, wish.purchase_pin)
    async with runtime.database.write() as tx:
        change_id = await _keep(tx, viewer, subscription_id, wish, key)
    if change_id is not None:
        await carry_out(runtime, viewer.household, subscription_id, change_id)
    async with runtime.database.read() as tx:
        if change_id is not None:
            await _refuse_failed(tx, viewer.household, change_id)
        return await get_subscription(tx, viewer.household, subscription_id)


async def _keep(
    tx: WriteTx, viewer: Viewer, subscription_id: UUID, wish: ChangeSubscription, key: str
) -> UUID | None:
    """The change of this request; None where there is nothing to change."""
    user_id = viewer.household
    await lock_household(tx, user_id)
    asked = request_hash(subscription_id, wish.package, wish.expected_prorated_cents)
    if known := await tx.one(_BY_KEY, user_id=user_id, key=key):
        refuse_other_request(known["request_hash"], asked)
        first: UUID = known["id"]
        return first
    await refuse_held(tx, user_id)
    subscription = await _subscription(tx, user_id, subscription_id)
    if waiting := await tx.one(_WAITING, user_id=user_id, subscription_id=subscription_id):
        return await _joined(tx, waiting, wish.package)
    if await _has_it_already(tx, subscription, wish.package):
        return None
    terms = await _terms(tx, user_id, subscription, wish.package)
    expected = wish.expected_prorated_cents
    if expected is not None and (terms.prorated or 0) > expected:
        raise PriceChanged("expected_prorated_cents", prorated_cents=terms.prorated)
    made: UUID = await tx.scalar(
        _OPEN,
        user_id=user_id,
        subscription_id=subscription_id,
        package_id=terms.package["id"],
        prorated_cents=terms.prorated,
        key=key,
        request_hash=asked,
    )
    return made


async def _joined(tx: ReadTx, waiting: Row, slug: str) -> UUID:
    package = await tx.one(_PACKAGE, slug=slug)
    if package is None or package["id"] != waiting["package_id"]:
        raise RequestInProgress("package")
    joined: UUID = waiting["id"]
    return joined


async def _has_it_already(tx: ReadTx, subscription: Row, slug: str) -> bool:
    """Whether the subscription has, or will have, this package without doing anything."""
    package = await tx.one(_PACKAGE, slug=slug)
    to_come = subscription["pending_package_id"] or subscription["package_id"]
    return package is not None and package["id"] == to_come


async def _subscription(tx: ReadTx, user_id: UUID, subscription_id: UUID) -> Row:
    row = await tx.one(_SUBSCRIPTION, user_id=user_id, subscription_id=subscription_id)
    if row is None:
        raise NotFound()
    return row


async def _terms(tx: ReadTx, user_id: UUID, subscription: Row, slug: str) -> _Terms:
    """How this subscription would change to a package.

    A dearer or higher package with the same billing period begins at once, unless the household is
    trying the present one for nothing: then, as all others, it begins with the next period.
    """
    package = await tx.one(_PACKAGE, slug=slug)
    if package is None:
        raise NotFound("package")
    is_present = package["id"] == subscription["package_id"]
    if not package["active"] and not is_present:
        raise NotFound("package")
    _refuse_unfit(subscription, package)
    whose = {"user_id": user_id, "subscription_id": subscription["id"]}
    if await tx.scalar(_HAS_OTHER, **whose, package_id=package["id"]):
        raise Conflict("package", message="You subscribe to this package already.")
    start, end = subscription["current_period_start"], subscription["current_period_end"]
    now, currency = subscription["now"], subscription["currency"]
    if subscription["status"] == "trialing" or not _is_better(package, subscription):
        return _Terms(package, currency, end or subscription["trial_end"] or now, None)
    old, new = subscription["price_cents"], package["price_cents"]
    cents = prorated_cents(old, new, start=start or now, end=end or now, now=now)
    return _Terms(package, currency, now, cents)


def _refuse_unfit(subscription: Row, package: Row) -> None:
    """Let only subscriptions pass that are in order, and packages of the same kind.

    Raises:
        Conflict: it tells which of the two.
    """
    if subscription["status"] not in ("trialing", "active"):
        raise Conflict(message="Only a running, paid subscription can be changed.")
    if subscription["cancel_at_period_end"]:
        raise Conflict(message="It ends with this period; resume it first.")
    if package["kind"] != subscription["kind"]:
        raise Conflict("package", message="A base package cannot become an add-on.")
    if package["currency"] != subscription["currency"]:
        raise Conflict("package", message="This package has another currency.")


def _is_better(package: Row, subscription: Row) -> bool:
    """Whether it costs more for the same time and is worth having at once."""
    same_period: bool = package["billing_period"] == subscription["billing_period"]
    is_higher: bool = package["rank"] >= subscription["rank"]
    is_dearer: bool = package["price_cents"] > subscription["price_cents"]
    return same_period and is_higher and is_dearer


async def carry_out(
    runtime: Runtime, user_id: UUID, subscription_id: UUID, change_id: UUID
) -> None:
    """Have the provider make an open change, and apply its answer; once is enough.

    Where the provider gives none, the change stays open and a job asks again.

    Raises:
        Problem: the provider does not do such a thing; the change has failed.
    """
    mine = {"user_id": user_id, "change_id": change_id}
    async with runtime.database.read() as tx:
        change = await tx.one(_CHANGE, **mine)
    if change is None or change["status"] != "open":
        return
    try:
        facts = await _ask(runtime, change, change_id)
    except ProviderError as error:
        log.warning("subscription_not_changed", provider=change["provider"], error=str(error))
        return
    except Problem as problem:
        async with runtime.database.write() as wtx:
            await wtx.execute(_SETTLE, **mine, status="failed", failure_code=problem.code)
        raise
    async with runtime.database.write() as wtx:
        reference = reference_of(user_id, subscription_id)
        await apply_subscription(wtx, reference, change["provider"], facts)
        if (status := _outcome(change, facts)) != "open":
            await wtx.execute(_SETTLE, **mine, status=status, failure_code=facts.failure_code)


def _outcome(change: Row, facts: SubscriptionFacts) -> str:
    """What became of a change, by how the subscription stands now."""
    if change["slug"] == (facts.plan if facts.pending_plan is None else facts.pending_plan):
        return "done"
    waits = facts.action_url is not None and facts.status != "canceled"
    return "open" if waits else "failed"


async def _ask(runtime: Runtime, change: Row, change_id: UUID) -> SubscriptionFacts:
    """What the provider says to the change; a package that is kept keeps its price."""
    price = change["present_price_cents"] if change["is_present"] else change["price_cents"]
    cents: int | None = change["prorated_cents"]
    return await runtime.payments.named(change["provider"]).change_subscription(
        change["provider_ref"],
        plan_of(change, price, change["currency"]),
        prorated=None if cents is None else Money(cents, change["currency"]),
        key=f"matinee:change:{change_id}",
    )


async def _refuse_failed(tx: ReadTx, user_id: UUID, change_id: UUID) -> None:
    change = await tx.one(_CHANGE, user_id=user_id, change_id=change_id)
    if change is not None and change["status"] == "failed":
        raise PaymentDeclined(failure_code=change["failure_code"])
