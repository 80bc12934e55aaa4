"""Ending subscriptions that nobody wants any more: of leaving households, duplicates, add-ons."""

from uuid import UUID

from matinee.accounts import audit
from matinee.accounts.audit import Actor
from matinee.accounts.deletion import HOUSEHOLD_LEAVES
from matinee.accounts.viewer import Viewer
from matinee.core.errors import Problem
from matinee.core.jobs import EVERY_HOUR, JobRun, job
from matinee.entitlements.events import BASE_ENDED, SUBSCRIPTION_UNWANTED
from matinee.entitlements.subscriptions import by_hand
from matinee.entitlements.subscriptions.queries import get_subscription
from matinee.entitlements.subscriptions.schemas import CancelNow, SubscriptionOut
from matinee.entitlements.subscriptions.steering import end, standing_of
from matinee.runtime import Runtime

ATTEMPTS = 200
"""More than a day: somebody would pay on for what is not wanted."""

# Who has only asked to be deleted may come back, so what is paid stays until its end.
_OF_LEAVING = """
    -- cross-user
    SELECT s.user_id, s.id, u.status = 'deleted' AS at_once
    FROM subscriptions s JOIN users u ON u.user_id = s.user_id
    WHERE s.status <> 'canceled' AND (:user_id::uuid IS NULL OR s.user_id = :user_id)
      AND (u.status = 'deleted'
           OR u.deletion_requested_at IS NOT NULL AND NOT s.cancel_at_period_end)
    ORDER BY s.user_id, s.id
"""
_ADDONS_ALONE = """
    SELECT s.id FROM subscriptions s
    WHERE s.user_id = :user_id AND NOT s.is_base AND NOT s.cancel_at_period_end
      AND s.status IN ('trialing', 'active', 'past_due', 'paused')
      AND NOT EXISTS (
          SELECT FROM user_entitlements g JOIN content_packages p ON p.id = g.package_id
          WHERE g.user_id = s.user_id AND p.kind = 'base' AND g.revoked_at IS NULL
            AND g.starts_at <= clock_timestamp()
            AND (g.expires_at IS NULL OR clock_timestamp() + interval '5 minutes' < g.expires_at))
    ORDER BY s.id
"""


@job("entitlements.end_subscriptions_of", follows=HOUSEHOLD_LEAVES, attempts=ATTEMPTS)
async def end_subscriptions_of(runtime: Runtime, _run: JobRun, user_id: str) -> None:
    """Let a household that leaves pay no more."""
    await _end_of_leaving(runtime, UUID(user_id))


@job("entitlements.end_subscriptions_of_leaving", every=EVERY_HOUR)
async def end_subscriptions_of_leaving(runtime: Runtime, _run: JobRun) -> None:
    """The same for all: what the provider confirmed only after its household had left."""
    await _end_of_leaving(runtime, None)


@job("entitlements.end_unwanted", follows=SUBSCRIPTION_UNWANTED, attempts=ATTEMPTS)
async def end_unwanted(runtime: Runtime, _run: JobRun, user_id: str, subscription_id: str) -> None:
    """End what the provider must not go on with."""
    await end_anywhere(runtime, UUID(user_id), UUID(subscription_id), at_once=True)


@job("entitlements.end_addons", follows=BASE_ENDED, attempts=ATTEMPTS)
async def end_addons(runtime: Runtime, _run: JobRun, user_id: str) -> None:
    """Add-ons end with their period once their household has no base package left."""
    async with runtime.database.read() as tx:
        alone = await tx.all(_ADDONS_ALONE, user_id=UUID(user_id))
    for addon in alone:
        await end_anywhere(runtime, UUID(user_id), addon["id"], at_once=False)


async def _end_of_leaving(runtime: Runtime, user_id: UUID | None) -> None:
    async with runtime.database.read() as tx:
        leaving = await tx.all(_OF_LEAVING, user_id=user_id)
    failures: list[Problem] = []
    for row in leaving:
        try:
            await end_anywhere(runtime, row["user_id"], row["id"], at_once=row["at_once"])
        except Problem as problem:
            failures.append(problem)
    if failures:
        raise failures[0]


async def end_anywhere(
    runtime: Runtime, user_id: UUID, subscription_id: UUID, *, at_once: bool
) -> None:
    """End a subscription where it is managed: at its provider, or by hand.

    What is paid by hand does not go on by itself; so it needs no ending unless it is at once.

    Raises:
        NotFound: the household has no such subscription.
        RequestInProgress: the provider has not confirmed the order yet.
        ProviderError: the provider could not be reached; nothing has changed.
    """
    async with runtime.database.read() as tx:
        standing = await standing_of(tx, user_id, subscription_id)
    if standing["provider"] == by_hand.NAME:
        if at_once:
            async with runtime.database.write() as wtx:
                await by_hand.end_by_hand(wtx, user_id, subscription_id)
    else:
        await end(runtime, user_id, subscription_id, standing, at_once=at_once)


async def cancel_now(
    runtime: Runtime, viewer: Viewer, user_id: UUID, subscription_id: UUID, wish: CancelNow
) -> SubscriptionOut:
    """End a household's subscription at once, as staff; the wish is written down first.

    Raises:
        NotFound: the household has no such subscription.
        RequestInProgress: the provider has not confirmed the order yet.
        ProviderError: the provider could not be reached; nothing has changed.
    """
    async with runtime.database.write() as wtx:
        standing = await standing_of(wtx, user_id, subscription_id)
        await audit.record(
            wtx,
            Actor.of(viewer),
            "subscription.cancel",
            targets={"user": user_id, "subscription": subscription_id},
            before={"status": standing["status"]},
            after={"status": "canceled"},
            reason=wish.reason,
        )
    if standing["status"] != "canceled":
        await end_anywhere(runtime, user_id, subscription_id, at_once=True)
    async with runtime.database.read() as tx:
        return await get_subscription(tx, user_id, subscription_id)
