"""What the operator's staff may do: one table of permissions, one dependency."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from matinee.accounts.viewer import Viewer, resolve
from matinee.core.errors import Forbidden
from matinee.runtime import RuntimeDep

CATALOG_READ = "catalog.read"
CATALOG_WRITE = "catalog.write"
OFFERS_WRITE = "offers.write"
USERS_READ = "users.read"
USERS_WRITE = "users.write"
AUDIT_READ = "audit.read"
JOBS_MANAGE = "jobs.manage"
ANALYTICS_READ = "analytics.read"
STAFF_MANAGE = "staff.manage"

PERMISSIONS: dict[str, frozenset[str]] = {
    "admin": frozenset(
        {
            CATALOG_READ,
            CATALOG_WRITE,
            OFFERS_WRITE,
            USERS_READ,
            USERS_WRITE,
            AUDIT_READ,
            JOBS_MANAGE,
            ANALYTICS_READ,
            STAFF_MANAGE,
        }
    ),
    "editor": frozenset({CATALOG_READ, CATALOG_WRITE, JOBS_MANAGE, ANALYTICS_READ}),
    "support": frozenset({CATALOG_READ, USERS_READ, USERS_WRITE}),
    "analyst": frozenset({CATALOG_READ, ANALYTICS_READ}),
}


def allowed(viewer: Viewer, permission: str) -> bool:
    """Whether this viewer works for the operator in a role with the permission."""
    return permission in PERMISSIONS.get(viewer.role or "", frozenset())


def staff_with(permission: str) -> Callable[..., Awaitable[Viewer]]:
    """The dependency of staff routes; the session's row is read each time."""

    async def member_of_staff(request: Request, runtime: RuntimeDep) -> Viewer:
        viewer = await resolve(request, runtime, fresh=True)
        viewer.household  # noqa: B018 - 401 before 403
        if not allowed(viewer, permission):
            raise Forbidden(permission=permission)
        return viewer

    return member_of_staff


CatalogReader = Annotated[Viewer, Depends(staff_with(CATALOG_READ))]
CatalogEditor = Annotated[Viewer, Depends(staff_with(CATALOG_WRITE))]
OffersEditor = Annotated[Viewer, Depends(staff_with(OFFERS_WRITE))]
UsersReader = Annotated[Viewer, Depends(staff_with(USERS_READ))]
UsersEditor = Annotated[Viewer, Depends(staff_with(USERS_WRITE))]
AuditReader = Annotated[Viewer, Depends(staff_with(AUDIT_READ))]
JobsManager = Annotated[Viewer, Depends(staff_with(JOBS_MANAGE))]
AnalyticsReader = Annotated[Viewer, Depends(staff_with(ANALYTICS_READ))]
StaffManager = Annotated[Viewer, Depends(staff_with(STAFF_MANAGE))]
