"""The operator's endpoints of purchases and holds: looking, refunding, payments by hand."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from matinee.accounts.audit import AuditedWrite
from matinee.accounts.staff import UsersEditor, UsersReader
from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.core.errors import (
    BadCursor,
    Forbidden,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    NotFound,
    RequestInProgress,
    RuleViolated,
    problems,
)
from matinee.core.routing import api_router
from matinee.core.schema import Cursor, PageSize, PathId, Reason
from matinee.entitlements import holds
from matinee.entitlements.holds import Hold, Holds, PlaceHold
from matinee.entitlements.purchases import by_hand, queries, staff_refunds
from matinee.entitlements.purchases.by_hand import NotByHand, PaidAlready
from matinee.entitlements.purchases.refunds import NotRefundable
from matinee.entitlements.purchases.schemas import (
    DecideByHand,
    PurchaseStatus,
    RefundPurchase,
    StaffPurchaseDetail,
    StaffPurchases,
)
from matinee.entitlements.spending import IdempotencyKey
from matinee.runtime import Read, RuntimeDep

router = api_router("/admin/users/{user_id}", tag="admin")

OfStatus = Annotated[PurchaseStatus | None, Query(description="Only those.")]
OfTitle = Annotated[UUID | None, Query(description="Only those of this title.")]
WhyLifted = Annotated[Reason, Query(description="Kept in the audit log.")]
DECIDED = problems(*CHANGING, Forbidden, NotFound, NotByHand, PaidAlready, RequestInProgress)


@router.get(
    "/purchases",
    summary="Find purchases of a household",
    responses=problems(*SIGNED_IN, Forbidden, NotFound, BadCursor),
)
async def list_household_purchases(
    _viewer: UsersReader,
    runtime: RuntimeDep,
    tx: Read,
    user_id: PathId,
    status: OfStatus = None,
    title_id: OfTitle = None,
    cursor: Cursor = None,
    page_size: PageSize = 50,
) -> StaffPurchases:
    """Newest first, whatever became of them."""
    return await queries.find_purchases(
        tx,
        user_id,
        runtime.settings.refund_hours,
        status=status,
        title_id=title_id,
        cursor=cursor,
        page_size=page_size,
    )


@router.get(
    "/purchases/{household_purchase_id}",
    summary="Look into a purchase",
    responses=problems(*SIGNED_IN, Forbidden, NotFound),
)
async def get_household_purchase(
    _viewer: UsersReader,
    runtime: RuntimeDep,
    tx: Read,
    user_id: PathId,
    household_purchase_id: PathId,
) -> StaffPurchaseDetail:
    """With its refunds and what was booked."""
    hours = runtime.settings.refund_hours
    return await queries.look_into_purchase(tx, user_id, hours, household_purchase_id)


@router.post(
    "/purchases/{household_purchase_id}/refund",
    summary="Give money back",
    status_code=202,
    responses=problems(
        *CHANGING,
        IdempotencyKeyRequired,
        IdempotencyKeyReused,
        Forbidden,
        NotFound,
        NotRefundable,
        RequestInProgress,
    ),
)
async def refund_household_purchase(
    viewer: UsersEditor,
    runtime: RuntimeDep,
    tx: AuditedWrite,
    user_id: PathId,
    household_purchase_id: PathId,
    wish: RefundPurchase,
    key: IdempotencyKey,
) -> StaffPurchaseDetail:
    """All that is left, or a part; also of what was played. A job asks the provider."""
    return await staff_refunds.refund_by_staff(
        runtime, tx, viewer, user_id, household_purchase_id, wish, key
    )


@router.post(
    "/purchases/{household_purchase_id}/confirm",
    summary="Confirm a payment taken by hand",
    responses=DECIDED,
)
async def confirm_household_purchase(
    viewer: UsersEditor,
    runtime: RuntimeDep,
    tx: AuditedWrite,
    user_id: PathId,
    household_purchase_id: PathId,
    wish: DecideByHand,
) -> StaffPurchaseDetail:
    """The money has come: what was ordered can be played."""
    return await by_hand.decide(
        runtime, tx, viewer, user_id, household_purchase_id, "confirm", wish.reason
    )


@router.post(
    "/purchases/{household_purchase_id}/cancel",
    summary="Cancel a payment taken by hand",
    responses=DECIDED,
)
async def cancel_household_purchase(
    viewer: UsersEditor,
    runtime: RuntimeDep,
    tx: AuditedWrite,
    user_id: PathId,
    household_purchase_id: PathId,
    wish: DecideByHand,
) -> StaffPurchaseDetail:
    """No money is expected any more; the household can order anew."""
    return await by_hand.decide(
        runtime, tx, viewer, user_id, household_purchase_id, "cancel", wish.reason
    )


@router.get(
    "/holds", summary="Holds of a household", responses=problems(*SIGNED_IN, Forbidden, NotFound)
)
async def list_holds(_viewer: UsersReader, tx: Read, user_id: PathId) -> Holds:
    """Why it may not play or buy, live holds first."""
    return await holds.list_holds(tx, user_id)


@router.post(
    "/holds",
    summary="Put a household on hold",
    status_code=201,
    responses=problems(*CHANGING, Forbidden, NotFound, RuleViolated),
)
async def place_hold(
    viewer: UsersEditor, tx: AuditedWrite, user_id: PathId, wish: PlaceHold
) -> Hold:
    """It can sign in, but neither play nor buy, as you say."""
    return await holds.place_hold(tx, viewer, user_id, wish)


@router.delete(
    "/holds/{hold_id}",
    summary="Lift a hold",
    status_code=204,
    responses=problems(*CHANGING, Forbidden, NotFound),
)
async def lift_hold(
    viewer: UsersEditor, tx: AuditedWrite, user_id: PathId, hold_id: PathId, reason: WhyLifted
) -> None:
    """Also that of a dispute."""
    await holds.lift_hold(tx, viewer, user_id, hold_id, reason)
