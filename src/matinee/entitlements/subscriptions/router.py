"""The household's endpoints of subscriptions and codes."""

from typing import Annotated

from fastapi import Query, Response

from matinee.accounts.purchase_pin import PinRequired
from matinee.accounts.service import AccountHeld
from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.core.errors import (
    Conflict,
    NotFound,
    ProviderError,
    RateLimited,
    RequestInProgress,
    problems,
)
from matinee.core.routing import api_router
from matinee.core.schema import PathId, Slug
from matinee.entitlements.purchases.orders import AlreadyOwned
from matinee.entitlements.spending import (
    SPENDING,
    Buyer,
    IdempotencyKey,
    PaymentDeclined,
    PriceChanged,
    PurchaseNotAllowed,
)
from matinee.entitlements.subscriptions import changes, queries, redeeming, service, steering
from matinee.entitlements.subscriptions.redeeming import PromoExhausted
from matinee.entitlements.subscriptions.schemas import (
    ChangeQuote,
    ChangeSubscription,
    NewSubscription,
    RedeemCode,
    Redeemed,
    ResumeSubscription,
    SubscriptionOut,
    Subscriptions,
)
from matinee.integrations.payments.manual import PaidByHand
from matinee.runtime import Read, RuntimeDep

router = api_router("", tag="subscriptions")

BY_PROVIDER = (NotFound, Conflict, PaidByHand, RequestInProgress)
STEERING = (*CHANGING, PurchaseNotAllowed, *BY_PROVIDER, ProviderError)

NewPackage = Annotated[Slug, Query(description="Slug of the package to have instead.")]


@router.get(
    "/subscriptions",
    summary="The household's subscriptions",
    responses=problems(*SIGNED_IN, PurchaseNotAllowed),
)
async def list_subscriptions(viewer: Buyer, tx: Read) -> Subscriptions:
    """All of them, the newest first, with what was paid and what comes next."""
    return await queries.list_subscriptions(tx, viewer.household)


@router.get(
    "/subscriptions/{subscription_id}",
    summary="A subscription",
    responses=problems(*SIGNED_IN, PurchaseNotAllowed, NotFound),
)
async def get_subscription(viewer: Buyer, tx: Read, subscription_id: PathId) -> SubscriptionOut:
    """How it stands; ask again while it is `incomplete`."""
    return await queries.get_subscription(tx, viewer.household, subscription_id)


@router.post(
    "/subscriptions",
    summary="Subscribe to a package",
    status_code=201,
    responses={
        202: {"model": SubscriptionOut, "description": "The provider has not confirmed it yet."},
        **problems(*SPENDING, NotFound, Conflict),
    },
)
async def create_subscription(
    viewer: Buyer,
    runtime: RuntimeDep,
    response: Response,
    key: IdempotencyKey,
    wish: NewSubscription,
) -> SubscriptionOut:
    """Begins with a trial where the package has one and the household and its card had none.

    202: it waits for the payer at `action_url`, or for the provider; it goes on by itself. One
    base subscription runs at a time, and an add-on needs a base package. A second request while
    one is open joins it.
    """
    subscription = await service.subscribe(runtime, viewer, wish, key)
    response.status_code = subscription.answered(201)
    return subscription


@router.get(
    "/subscriptions/{subscription_id}/change",
    summary="What a change would cost",
    responses=problems(*SIGNED_IN, PurchaseNotAllowed, NotFound, Conflict),
)
async def quote_change(
    viewer: Buyer, tx: Read, subscription_id: PathId, package: NewPackage
) -> ChangeQuote:
    """Nothing is changed. The amount only gets less until the period ends."""
    return await changes.quote_change(tx, viewer, subscription_id, package)


@router.post(
    "/subscriptions/{subscription_id}/change",
    summary="Change to another package",
    responses={
        202: {"model": SubscriptionOut, "description": "The provider has not confirmed it yet."},
        **problems(*SPENDING, *BY_PROVIDER, PriceChanged),
    },
)
async def change_subscription(
    viewer: Buyer,
    runtime: RuntimeDep,
    response: Response,
    subscription_id: PathId,
    key: IdempotencyKey,
    wish: ChangeSubscription,
) -> SubscriptionOut:
    """A dearer package begins at once, for the rest of the period; any other with the next one.

    Naming the present package takes back a change that waits for its period. 202: the provider
    could not be reached, or waits for the payer; it goes on by itself.
    """
    subscription = await changes.change_subscription(runtime, viewer, subscription_id, wish, key)
    response.status_code = subscription.answered(200)
    return subscription


@router.post(
    "/subscriptions/{subscription_id}/cancel",
    summary="End a subscription with its period",
    responses=problems(*STEERING),
)
async def cancel_subscription(
    viewer: Buyer, runtime: RuntimeDep, subscription_id: PathId
) -> SubscriptionOut:
    """What is paid can be watched until `access_until`; where nothing is paid it ends at once."""
    return await steering.cancel_subscription(runtime, viewer, subscription_id)


@router.post(
    "/subscriptions/{subscription_id}/resume",
    summary="Take back a cancellation or a pause",
    responses=problems(*STEERING, AccountHeld, PinRequired, PaymentDeclined),
)
async def resume_subscription(
    viewer: Buyer, runtime: RuntimeDep, subscription_id: PathId, wish: ResumeSubscription
) -> SubscriptionOut:
    """After a pause that was longer than the paid period a new one begins, and is paid now."""
    return await steering.resume_subscription(runtime, viewer, subscription_id, wish)


@router.post(
    "/subscriptions/{subscription_id}/pause",
    summary="Pause a subscription",
    responses=problems(*STEERING),
)
async def pause_subscription(
    viewer: Buyer, runtime: RuntimeDep, subscription_id: PathId
) -> SubscriptionOut:
    """Nothing is charged until it is resumed; what is paid can be watched to its end."""
    return await steering.pause_subscription(runtime, viewer, subscription_id)


@router.post(
    "/codes/redeem",
    summary="Redeem a code",
    responses=problems(
        *CHANGING,
        PurchaseNotAllowed,
        AccountHeld,
        NotFound,
        Conflict,
        AlreadyOwned,
        PromoExhausted,
        RateLimited,
    ),
)
async def redeem_code(viewer: Buyer, runtime: RuntimeDep, wish: RedeemCode) -> Redeemed:
    """A package for some days, or a title for good; once per household."""
    return await redeeming.redeem_code(runtime, viewer, wish)
