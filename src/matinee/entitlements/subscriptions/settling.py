"""Applying what providers say about subscriptions: idempotent, in whatever order it is heard."""

from datetime import timedelta
from uuid import UUID

from matinee.accounts.households import lock_household
from matinee.core.database import Row, WriteTx
from matinee.core.jobs import announce
from matinee.entitlements.events import BASE_ENDED, SUBSCRIPTION_UNWANTED
from matinee.entitlements.ledger import Entry, book, provider_account, revenue_account
from matinee.entitlements.subscriptions import trials
from matinee.entitlements.subscriptions.grants import access_until, write_grant
from matinee.entitlements.subscriptions.tier import refresh_tier
from matinee.integrations.payments.protocol import InvoiceFacts, Reference, SubscriptionFacts

BEGUN = ("trialing", "active", "past_due", "paused")
DUPLICATE = "duplicate"

_LOCK = """
    SELECT package_id, is_base, price_cents, currency, trial_days, status,
           (:at::timestamptz, :rank::bigint) > (facts_at, facts_rank) AS is_news
    FROM subscriptions
    WHERE user_id = :user_id AND id = :subscription_id AND provider = :provider FOR UPDATE
"""
_PACKAGES = """
    SELECT id, slug, price_cents, currency, grace_days FROM content_packages
    WHERE id = :package_id OR slug = ANY(:slugs::text[])
"""
_CLASH = """
    SELECT EXISTS (
        SELECT FROM subscriptions
        WHERE user_id = :user_id AND id <> :subscription_id
          AND status IN ('trialing', 'active', 'past_due', 'paused')
          AND ((is_base AND :is_base::bool) OR package_id = :package_id))
"""
_CLASH_WHILE_OPEN = """
    SELECT EXISTS (
        SELECT FROM subscriptions
        WHERE user_id = :user_id AND id <> :subscription_id AND status = 'incomplete'
          AND ((is_base AND :is_base::bool) OR package_id = :package_id))
"""
_DESCRIBE = """
    UPDATE subscriptions
    SET package_id = :package_id, price_cents = :price_cents, currency = :currency,
        provider_ref = :ref, status = :status,
        current_period_start = :period_start, current_period_end = :period_end,
        trial_end = :trial_end, cancel_at_period_end = :cancel_at_period_end,
        past_due_since = :past_due_since, pending_package_id = :pending_package_id,
        facts_at = :at, facts_rank = :rank, action_url = :action_url,
        failure_code = :failure_code, canceled_at = :canceled_at
    WHERE user_id = :user_id AND id = :subscription_id
"""
# By the order of primary keys, as all who write several of them. Nothing is written where one is
# that of something else: it pays for one thing only.
_PLACE = """
    INSERT INTO payment_objects AS known (provider, ref, user_id, subject, subject_id)
    SELECT :provider, ref, :user_id, 'subscription', :subscription_id
    FROM unnest(:refs::text[]) AS ref
    WHERE NOT EXISTS (
        SELECT FROM payment_objects o
        WHERE o.provider = :provider AND o.ref = ANY(:refs::text[])
          AND (o.user_id, o.subject, o.subject_id)
              <> (:user_id, 'subscription', :subscription_id))
    ORDER BY ref
    ON CONFLICT (provider, ref) DO UPDATE SET subject = known.subject
    WHERE (known.user_id, known.subject, known.subject_id)
        = (excluded.user_id, excluded.subject, excluded.subject_id)
"""
_IS_KNOWN = """
    SELECT id FROM subscriptions
    WHERE user_id = :user_id AND id = :subscription_id AND provider = :provider FOR UPDATE
"""
_ADD_PAYMENT = """
    INSERT INTO subscription_payments
        (user_id, provider, provider_ref, subscription_id, amount_cents, currency,
         period_start, period_end, paid_at)
    VALUES (:user_id, :provider, :ref, :subscription_id, :amount_cents, :currency,
            :period_start, :period_end, :paid_at)
    ON CONFLICT DO NOTHING
"""
_PAYMENT = """
    SELECT amount_cents, currency, refunded_cents FROM subscription_payments
    WHERE user_id = :user_id AND provider = :provider AND provider_ref = :ref FOR UPDATE
"""
_REFUND = """
    UPDATE subscription_payments SET refunded_cents = :refunded_cents
    WHERE user_id = :user_id AND provider = :provider AND provider_ref = :ref
"""


async def apply_subscription(
    tx: WriteTx, reference: Reference, provider: str, facts: SubscriptionFacts
) -> bool:
    """Make a subscription, its grant and the household's label say what its provider says.

    Of two descriptions the later `(at, rank)` wins; the same one again changes nothing. A provider
    names the plan always or never; one that we do not know leaves the package as it is.

    Returns:
        False where we do not know the subscription (yet), or `facts` are of another one.
    """
    mine = {"user_id": reference.user_id, "subscription_id": reference.id}
    # its row first, as everywhere: its label follows, and its subscriptions queue up
    household = await lock_household(tx, reference.user_id)
    row = await tx.one(_LOCK, **mine, provider=provider, at=facts.at, rank=facts.rank)
    if row is None or not await _placed(tx, mine, provider, facts.ref):
        return False
    if not row["is_news"]:
        return True
    packages = _Packages(row, facts, await _packages_of(tx, row, facts))
    status, failure_code = await _standing(tx, mine, row, facts, packages.current["id"])
    await _describe(tx, mine, facts, packages, status, failure_code)
    until = access_until(facts, timedelta(days=packages.current["grace_days"]))
    if household == "deleted" or failure_code == DUPLICATE:
        until = None
    await write_grant(tx, reference.user_id, reference.id, packages.current["id"], until)
    await refresh_tier(tx, reference.user_id)
    await _follow_up(tx, mine, row, facts, status)
    return True


async def _placed(tx: WriteTx, mine: dict[str, UUID], provider: str, *refs: str) -> bool:
    """Note that objects of the provider are about this; False where they are not."""
    distinct = sorted(set(refs))
    return await tx.execute(_PLACE, **mine, provider=provider, refs=distinct) == len(distinct)


class _Packages:
    """The package that a subscription has by its facts, what it costs, and the one to come."""

    def __init__(self, row: Row, facts: SubscriptionFacts, known: list[Row]) -> None:
        by_slug = {package["slug"]: package for package in known}
        had = next(package for package in known if package["id"] == row["package_id"])
        self.current = by_slug.get(facts.plan or "", had)
        changed = self.current["id"] != row["package_id"]
        priced = self.current if changed else row
        self.price_cents: int = priced["price_cents"]
        self.currency: str = priced["currency"]
        pending = by_slug.get(facts.pending_plan or "", self.current)["id"]
        self.pending_id: UUID | None = pending if pending != self.current["id"] else None


async def _packages_of(tx: WriteTx, row: Row, facts: SubscriptionFacts) -> list[Row]:
    slugs = [slug for slug in (facts.plan, facts.pending_plan) if slug]
    return await tx.all(_PACKAGES, package_id=row["package_id"], slugs=slugs)


async def _standing(
    tx: WriteTx, mine: dict[str, UUID], row: Row, facts: SubscriptionFacts, package_id: UUID
) -> tuple[str, str | None]:
    """The status to keep and why it failed.

    A refused first payment ends the order, so that another can be made. A second live subscription
    to the same thing cannot be: it counts for nothing and is ended where it is.
    """
    whom = {**mine, "is_base": row["is_base"], "package_id": package_id}
    if facts.status == "incomplete":
        refused = facts.failure_code is not None and facts.action_url is None
        if refused or await tx.scalar(_CLASH_WHILE_OPEN, **whom):
            return "canceled", facts.failure_code or DUPLICATE
    elif facts.status in BEGUN and await tx.scalar(_CLASH, **whom):
        return "canceled", DUPLICATE
    return facts.status, facts.failure_code


async def _describe(
    tx: WriteTx,
    mine: dict[str, UUID],
    facts: SubscriptionFacts,
    packages: _Packages,
    status: str,
    failure_code: str | None,
) -> None:
    await tx.execute(
        _DESCRIBE,
        **mine,
        package_id=packages.current["id"],
        price_cents=packages.price_cents,
        currency=packages.currency,
        pending_package_id=packages.pending_id,
        status=status,
        failure_code=failure_code,
        ref=facts.ref,
        period_start=facts.period_start,
        period_end=facts.period_end,
        trial_end=facts.trial_end,
        cancel_at_period_end=facts.cancel_at_period_end,
        past_due_since=facts.past_due_since,
        at=facts.at,
        rank=facts.rank,
        action_url=facts.action_url,
        canceled_at=facts.at if status == "canceled" else None,
    )


async def _follow_up(
    tx: WriteTx, mine: dict[str, UUID], row: Row, facts: SubscriptionFacts, status: str
) -> None:
    """What the news means for others: trials, the provider, add-ons."""
    if status != "canceled":
        return
    never_began = row["status"] == "incomplete" and facts.trial_end is None
    if never_began and row["trial_days"]:
        await trials.release(tx, mine["user_id"], row["package_id"])
    if facts.status != "canceled":
        await announce(tx, SUBSCRIPTION_UNWANTED, **{name: str(id_) for name, id_ in mine.items()})
    if row["is_base"] and row["status"] in BEGUN:
        await announce(tx, BASE_ENDED, user_id=str(mine["user_id"]))


async def apply_invoice(
    tx: WriteTx, reference: Reference, provider: str, facts: InvoiceFacts
) -> bool:
    """Book a payment for a subscription once, and what was given back of it by the difference.

    Returns:
        False where we do not know the subscription (yet), or the payment is that of another one.
    """
    mine = {"user_id": reference.user_id, "subscription_id": reference.id}
    if await tx.scalar(_IS_KNOWN, **mine, provider=provider) is None:
        return False
    if not await _placed(tx, mine, provider, facts.ref, facts.subscription_ref):
        return False
    await tx.execute(
        _ADD_PAYMENT,
        **mine,
        provider=provider,
        ref=facts.ref,
        amount_cents=facts.amount.cents,
        currency=facts.amount.currency,
        period_start=facts.period_start,
        period_end=facts.period_end,
        paid_at=facts.paid_at,
    )
    which = {"user_id": reference.user_id, "provider": provider, "ref": facts.ref}
    payment = await tx.one(_PAYMENT, **which)
    assert payment is not None
    await book(tx, _entries(reference, provider, facts, payment))
    returned = min(facts.refunded_cents, payment["amount_cents"])
    if returned > payment["refunded_cents"]:
        await tx.execute(_REFUND, **which, refunded_cents=returned)
    return True


def _entries(reference: Reference, provider: str, facts: InvoiceFacts, payment: Row) -> list[Entry]:
    """The payment itself, and what was given back since the last news of it."""
    taken, known = payment["amount_cents"], payment["refunded_cents"]
    returned = min(facts.refunded_cents, taken)
    fact = f"{provider}:{facts.ref}"
    ours, theirs = provider_account(provider), revenue_account("subscription")
    movements = [
        (f"invoice:{fact}", ours, theirs, taken),
        (f"invoice_refund:{fact}:{returned}", theirs, ours, returned - known),
    ]
    return [
        Entry(
            user_id=reference.user_id,
            movement=movement,
            debit=debit,
            credit=credit,
            amount_cents=cents,
            currency=payment["currency"],
            subscription_id=reference.id,
        )
        for movement, debit, credit, cents in movements
        if cents > 0
    ]
