"""The operator's endpoints of households' subscriptions."""

from typing import Annotated

from fastapi import Query

from matinee.accounts.audit import AuditedWrite
from matinee.accounts.staff import UsersEditor, UsersReader
from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.core.errors import (
    Conflict,
    Forbidden,
    NotFound,
    ProviderError,
    RequestInProgress,
    RuleViolated,
    problems,
)
from matinee.core.routing import api_router
from matinee.core.schema import PathId, Reason
from matinee.entitlements.subscriptions import by_hand, ending, staff_grants
from matinee.entitlements.subscriptions.schemas import (
    CancelNow,
    ConfirmPayment,
    GrantPackage,
    HouseholdSubscriptions,
    SubscriptionOut,
)
from matinee.runtime import Read, RuntimeDep

router = api_router("/admin/users/{user_id}", tag="admin")

WhyWithdrawn = Annotated[Reason, Query(description="Kept in the audit log.")]


@router.get(
    "/subscriptions",
    summary="A household's subscriptions",
    responses=problems(*SIGNED_IN, Forbidden, NotFound),
)
async def list_household_subscriptions(
    _viewer: UsersReader, tx: Read, user_id: PathId
) -> HouseholdSubscriptions:
    """What it subscribes to, what was paid, and what staff has given it."""
    return await staff_grants.household_subscriptions(tx, user_id)


@router.patch(
    "/subscription",
    summary="Give a household a package",
    responses=problems(*CHANGING, Forbidden, NotFound, Conflict, RuleViolated),
)
async def grant_subscription(
    viewer: UsersEditor, tx: AuditedWrite, user_id: PathId, wish: GrantPackage
) -> HouseholdSubscriptions:
    """Besides what it pays for, until a date or until it is withdrawn; no provider touches it.

    Where the household pays a provider for a base subscription this needs `override`, because it
    goes on paying.
    """
    return await staff_grants.grant_package(tx, viewer, user_id, wish)


@router.delete(
    "/subscription",
    summary="Withdraw what staff has given",
    responses=problems(*CHANGING, Forbidden, NotFound),
)
async def withdraw_subscription(
    viewer: UsersEditor, tx: AuditedWrite, user_id: PathId, reason: WhyWithdrawn
) -> HouseholdSubscriptions:
    """At once; what the household pays for stays."""
    return await staff_grants.withdraw_grants(tx, viewer, user_id, reason)


@router.post(
    "/subscriptions/{household_subscription_id}/cancel",
    summary="End a household's subscription at once",
    responses=problems(*CHANGING, Forbidden, NotFound, RequestInProgress, ProviderError),
)
async def cancel_household_subscription(
    viewer: UsersEditor,
    runtime: RuntimeDep,
    user_id: PathId,
    household_subscription_id: PathId,
    wish: CancelNow,
) -> SubscriptionOut:
    """Also what is paid cannot be watched any longer; giving money back is another matter."""
    return await ending.cancel_now(runtime, viewer, user_id, household_subscription_id, wish)


@router.post(
    "/subscriptions/{household_subscription_id}/confirm",
    summary="Write down a payment by hand",
    responses=problems(*CHANGING, Forbidden, NotFound, Conflict, RuleViolated),
)
async def confirm_subscription_payment(
    viewer: UsersEditor,
    tx: AuditedWrite,
    user_id: PathId,
    household_subscription_id: PathId,
    wish: ConfirmPayment,
) -> SubscriptionOut:
    """Only for subscriptions of the `manual` provider: one more period was paid."""
    return await by_hand.confirm(tx, viewer, user_id, household_subscription_id, wish)
