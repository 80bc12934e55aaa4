"""The operator's endpoints of accounts: households for support, and who works here."""

from typing import Annotated

from fastapi import Query

from matinee.accounts import staffing, support
from matinee.accounts.audit import AuditedWrite
from matinee.accounts.schemas import (
    AppointStaff,
    StaffMember,
    StaffMembers,
    UpdateUser,
    UserDetail,
    Users,
)
from matinee.accounts.staff import StaffManager, UsersEditor, UsersReader
from matinee.accounts.staffing import LastAdmin
from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.core.errors import BadCursor, Forbidden, NotFound, RuleViolated, problems
from matinee.core.routing import api_router
from matinee.core.schema import Cursor, PageSize, PathId, Reason
from matinee.runtime import Read

router = api_router("/admin", tag="admin")

EmailStart = Annotated[
    str | None, Query(max_length=254, pattern=r"^[^\x00]*$", description="How the address begins.")
]
WhyDismissed = Annotated[Reason, Query(description="Kept in the audit log.")]


@router.get(
    "/users", summary="Find households", responses=problems(*SIGNED_IN, Forbidden, BadCursor)
)
async def find_users(
    _viewer: UsersReader,
    tx: Read,
    email: EmailStart = None,
    cursor: Cursor = None,
    page_size: PageSize = 50,
) -> Users:
    """By the beginning of the e-mail address, in the order of addresses."""
    return await support.find_users(tx, email, cursor, page_size)


@router.get(
    "/users/{user_id}", summary="A household", responses=problems(*SIGNED_IN, Forbidden, NotFound)
)
async def get_user(_viewer: UsersReader, tx: Read, user_id: PathId) -> UserDetail:
    """What support needs to help; neither names of its people nor what they watch."""
    return await support.get_user(tx, user_id)


@router.patch(
    "/users/{user_id}",
    summary="Disable or enable a household",
    responses=problems(*CHANGING, Forbidden, NotFound, RuleViolated, LastAdmin),
)
async def update_user(
    viewer: UsersEditor, tx: AuditedWrite, user_id: PathId, wish: UpdateUser
) -> UserDetail:
    """Disabling signs all its devices out at once; accounts of staff need `staff.manage`."""
    return await support.update_user(tx, viewer, user_id, wish)


@router.get("/staff", summary="Who works here", responses=problems(*SIGNED_IN, Forbidden))
async def list_staff(_viewer: StaffManager, tx: Read) -> StaffMembers:
    """All members of staff with their roles."""
    return await staffing.list_staff(tx)


@router.put(
    "/staff/{user_id}",
    summary="Appoint staff",
    responses=problems(*CHANGING, Forbidden, NotFound, LastAdmin),
)
async def appoint_staff(
    viewer: StaffManager, tx: AuditedWrite, user_id: PathId, wish: AppointStaff
) -> StaffMember:
    """Gives a household a role; takes effect with its next request."""
    return await staffing.appoint(tx, viewer, user_id, wish)


@router.delete(
    "/staff/{user_id}",
    summary="Dismiss staff",
    status_code=204,
    responses=problems(*CHANGING, Forbidden, LastAdmin),
)
async def dismiss_staff(
    viewer: StaffManager, tx: AuditedWrite, user_id: PathId, reason: WhyDismissed
) -> None:
    """Takes the role away; the household stays. The last administrator cannot go."""
    await staffing.dismiss(tx, viewer, user_id, reason)
