"""The endpoints of the practice provider: there only where it is set up, never in production."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from matinee.core.errors import NotFound, problems
from matinee.core.routing import Route, api_router
from matinee.entitlements.sandbox import page
from matinee.entitlements.sandbox.schemas import (
    PracticeDispute,
    PracticePayment,
    PracticePaymentOut,
    PracticeSubscriptionOut,
)
from matinee.runtime import RuntimeDep

router = api_router("/sandbox", tag="practice payments")
page_router = APIRouter(route_class=Route, include_in_schema=False)

Ref = Annotated[str, Path(max_length=80, pattern=r"^[a-z]+_[0-9a-z]+$", description="Its name.")]


@router.post(
    "/payments/{ref}/confirm",
    summary="Pay, or have the card refused",
    responses=problems(NotFound),
)
async def confirm_practice_payment(
    runtime: RuntimeDep, ref: Ref, wish: PracticePayment
) -> PracticePaymentOut:
    """End a payment, or the first or an overdue payment of a subscription, that waits for it.

    What has ended already stays as it is.
    """
    return PracticePaymentOut.of(await runtime.payments.sandbox.confirm(ref, wish.outcome))


@router.post(
    "/payments/{ref}/dispute", summary="Ask for the money back", responses=problems(NotFound)
)
async def dispute_practice_payment(
    runtime: RuntimeDep, ref: Ref, wish: PracticeDispute
) -> PracticePaymentOut:
    """Open a dispute over a captured payment, or decide it; what is decided stays."""
    return PracticePaymentOut.of(await runtime.payments.sandbox.dispute(ref, wish.outcome))


@router.post(
    "/subscriptions/{ref}/advance",
    summary="Let the period end now",
    responses=problems(NotFound),
)
async def advance_practice_subscription(runtime: RuntimeDep, ref: Ref) -> PracticeSubscriptionOut:
    """What would happen at the end of the period happens now.

    It is renewed (or not, by its token or a cancellation); the next attempt is made of what is
    past due.
    """
    return PracticeSubscriptionOut.model_validate(await runtime.payments.sandbox.advance(ref))


@page_router.get("/sandbox/payments/{ref}")
async def get_practice_page(runtime: RuntimeDep, ref: Ref) -> Response:
    """The page on which whoever pays decides how a payment goes."""
    return page.show(runtime)
