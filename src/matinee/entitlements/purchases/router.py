"""The viewer's endpoints of renting and buying."""

from typing import Any

from fastapi import Response

from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.core.errors import (
    BadCursor,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    NotFound,
    RequestInProgress,
    problems,
)
from matinee.core.routing import api_router
from matinee.core.schema import Cursor, PageSize, PathId
from matinee.entitlements.purchases import queries, refunds, service
from matinee.entitlements.purchases.orders import AlreadyOwned, AlreadyRented
from matinee.entitlements.purchases.refunds import NotRefundable
from matinee.entitlements.purchases.schemas import (
    NewPurchase,
    PurchaseOut,
    Purchases,
    PurchaseWithTitle,
    with_status,
)
from matinee.entitlements.spending import (
    SPENDING,
    Buyer,
    IdempotencyKey,
    PriceChanged,
    PurchaseNotAllowed,
)
from matinee.runtime import Read, RuntimeDep

router = api_router("", tag="purchases")

REFUSALS = (*SPENDING, NotFound, AlreadyOwned, AlreadyRented, PriceChanged, RequestInProgress)
WAITING: dict[int | str, dict[str, Any]] = {
    202: {"model": PurchaseOut, "description": "Not decided yet; ask for the purchase again."}
}


@router.post(
    "/catalog/titles/{title_id}/purchase",
    summary="Rent or buy a title",
    status_code=201,
    responses=problems(*REFUSALS) | WAITING,
)
async def purchase_title(
    viewer: Buyer,
    runtime: RuntimeDep,
    response: Response,
    title_id: PathId,
    wish: NewPurchase,
    key: IdempotencyKey,
) -> PurchaseOut:
    """Nothing is taken when it is refused. 202: the payment, or what the payer does about it, takes
    longer; follow the purchase. A second click joins the first."""
    return with_status(response, await service.purchase(runtime, viewer, title_id, wish, key))


@router.get(
    "/purchases",
    summary="What the household rented and bought",
    responses=problems(*SIGNED_IN, PurchaseNotAllowed, BadCursor),
)
async def list_purchases(
    viewer: Buyer, runtime: RuntimeDep, tx: Read, cursor: Cursor = None, page_size: PageSize = 50
) -> Purchases:
    """Newest first, with those that failed."""
    hours = runtime.settings.refund_hours
    return await queries.list_purchases(tx, viewer, hours, cursor, page_size)


@router.get(
    "/purchases/{purchase_id}",
    summary="A purchase",
    responses=problems(*SIGNED_IN, PurchaseNotAllowed, NotFound),
)
async def get_purchase(
    viewer: Buyer, runtime: RuntimeDep, tx: Read, purchase_id: PathId
) -> PurchaseWithTitle:
    """How it stands now."""
    return await queries.get_purchase(tx, viewer, runtime.settings.refund_hours, purchase_id)


@router.post(
    "/purchases/{purchase_id}/refund",
    summary="Give back what was not played",
    responses=problems(
        *CHANGING,
        IdempotencyKeyRequired,
        IdempotencyKeyReused,
        PurchaseNotAllowed,
        NotFound,
        NotRefundable,
        RequestInProgress,
    )
    | WAITING,
)
async def refund_purchase(
    viewer: Buyer,
    runtime: RuntimeDep,
    response: Response,
    purchase_id: PathId,
    key: IdempotencyKey,
) -> PurchaseOut:
    """It cannot be played from now on. 202: the money is on its way, but not confirmed yet."""
    return with_status(response, await refunds.request_refund(runtime, viewer, purchase_id, key))
