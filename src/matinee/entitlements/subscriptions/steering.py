"""Ending a subscription with its period, pausing it, and taking either back."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx, Row
from matinee.core.errors import Conflict, NotFound, RequestInProgress
from matinee.entitlements.spending import PaymentDeclined, allow_spending, refuse_held
from matinee.entitlements.subscriptions.orders import reference_of
from matinee.entitlements.subscriptions.queries import get_subscription
from matinee.entitlements.subscriptions.schemas import ResumeSubscription, SubscriptionOut
from matinee.entitlements.subscriptions.settling import apply_subscription
from matinee.integrations.payments.protocol import PaymentProvider, SubscriptionFacts
from matinee.runtime import Runtime

_STANDING = """
    SELECT provider, provider_ref, status, cancel_at_period_end, facts_rank,
           extract(epoch FROM facts_at)::text AS facts_at,
           coalesce(coalesce(current_period_end, trial_end) > clock_timestamp(), false)
               AS paid_ahead
    FROM subscriptions WHERE user_id = :user_id AND id = :subscription_id
"""

Step = Callable[[PaymentProvider, str, str], Awaitable[SubscriptionFacts]]
"""Something a provider does with a subscription, given its reference and a key."""


async def cancel_subscription(
    runtime: Runtime, viewer: Viewer, subscription_id: UUID
) -> SubscriptionOut:
    """Have it end with what is paid; where nothing is paid ahead, at once. Twice is once.

    Raises:
        NotFound: the household has no such subscription.
        ProviderError: the provider could not be reached; nothing has changed.
    """
    async with runtime.database.read() as tx:
        standing = await standing_of(tx, viewer.household, subscription_id)
    if standing["status"] != "canceled" and not standing["cancel_at_period_end"]:
        await end(runtime, viewer.household, subscription_id, standing)
    return await _shown(runtime, viewer, subscription_id)


async def pause_subscription(
    runtime: Runtime, viewer: Viewer, subscription_id: UUID
) -> SubscriptionOut:
    """Take no more money until it is resumed; what is paid can be watched to its end.

    Raises:
        NotFound: the household has no such subscription.
        Conflict: it is not running, or ends anyway.
        ProviderError: the provider could not be reached; nothing has changed.
    """
    async with runtime.database.read() as tx:
        standing = await standing_of(tx, viewer.household, subscription_id)
    if standing["status"] != "paused":
        if standing["status"] != "active" or standing["cancel_at_period_end"]:
            raise Conflict(message="Only a running, paid subscription can be paused.")
        await step(runtime, viewer.household, subscription_id, standing, "pause", _pause)
    return await _shown(runtime, viewer, subscription_id)


async def resume_subscription(
    runtime: Runtime, viewer: Viewer, subscription_id: UUID, wish: ResumeSubscription
) -> SubscriptionOut:
    """Take back that it ends with its period, or its pause.

    Raises:
        NotFound: the household has no such subscription.
        AccountHeld: the household is on hold.
        Conflict: it has ended, or has not begun.
        PaymentDeclined: the pause goes on.
        ProviderError: the provider could not be reached; nothing has changed.
    """
    await allow_spending(runtime, viewer, wish.purchase_pin)
    async with runtime.database.read() as tx:
        standing = await standing_of(tx, viewer.household, subscription_id)
        await refuse_held(tx, viewer.household)
    if standing["status"] in ("canceled", "incomplete"):
        raise Conflict(message="It has ended or not begun; subscribe anew.")
    if standing["cancel_at_period_end"]:
        await step(runtime, viewer.household, subscription_id, standing, "keep", _keep)
    elif standing["status"] == "paused":
        facts = await step(runtime, viewer.household, subscription_id, standing, "resume", _resume)
        if facts.status == "paused":
            raise PaymentDeclined(failure_code=facts.failure_code)
    return await _shown(runtime, viewer, subscription_id)


async def standing_of(tx: ReadTx, user_id: UUID, subscription_id: UUID) -> Row:
    """What has to be known before anything is done with a subscription.

    Raises:
        NotFound: the household has none of that id.
    """
    row = await tx.one(_STANDING, user_id=user_id, subscription_id=subscription_id)
    if row is None:
        raise NotFound()
    return row


async def end(
    runtime: Runtime, user_id: UUID, subscription_id: UUID, standing: Row, *, at_once: bool = False
) -> None:
    """Have the provider end it: with the period where one is paid, else at once."""
    if standing["paid_ahead"] and not at_once:
        await step(runtime, user_id, subscription_id, standing, "cancel", _cancel)
    else:
        await step(runtime, user_id, subscription_id, standing, "end", _end)


async def step(
    runtime: Runtime, user_id: UUID, subscription_id: UUID, standing: Row, verb: str, take: Step
) -> SubscriptionFacts:
    """Have the provider do one thing, and apply what it says.

    The key names what we knew: a second click does the same thing once, and doing it again later,
    when something has happened in between, is another one.

    Raises:
        RequestInProgress: the provider has not confirmed the order yet.
        ProviderError: the provider could not be reached; nothing has changed.
    """
    if standing["provider_ref"] is None:
        raise RequestInProgress(message="The payment provider has not confirmed it yet.")
    provider = runtime.payments.named(standing["provider"])
    known = f"{standing['facts_at']}:{standing['facts_rank']}"
    key = f"matinee:subscription:{subscription_id}:{verb}:{known}"
    facts = await take(provider, standing["provider_ref"], key)
    async with runtime.database.write() as tx:
        await apply_subscription(tx, reference_of(user_id, subscription_id), provider.name, facts)
    return facts


async def _cancel(provider: PaymentProvider, ref: str, key: str) -> SubscriptionFacts:
    return await provider.set_cancellation(ref, cancel=True, key=key)


async def _keep(provider: PaymentProvider, ref: str, key: str) -> SubscriptionFacts:
    return await provider.set_cancellation(ref, cancel=False, key=key)


async def _end(provider: PaymentProvider, ref: str, key: str) -> SubscriptionFacts:
    return await provider.cancel_subscription(ref, key)


async def _pause(provider: PaymentProvider, ref: str, key: str) -> SubscriptionFacts:
    return await provider.pause_subscription(ref, key)


async def _resume(provider: PaymentProvider, ref: str, key: str) -> SubscriptionFacts:
    return await provider.resume_subscription(ref, key)


async def _shown(runtime: Runtime, viewer: Viewer, subscription_id: UUID) -> SubscriptionOut:
    async with runtime.database.read() as tx:
        return await get_subscription(tx, viewer.household, subscription_id)
