"""The viewer's endpoints of packages: what can be subscribed to."""

from typing import Annotated

from fastapi import Path

from matinee.accounts.viewer import SIGNED_IN, AnyViewer, ProfileRequired
from matinee.core.errors import NotFound, problems
from matinee.core.routing import api_router
from matinee.entitlements.packages import queries
from matinee.entitlements.packages.schemas import PackageDetail, Packages, PackageSlug
from matinee.entitlements.spending import PurchaseNotAllowed
from matinee.runtime import Read, RuntimeDep

router = api_router("/packages", tag="packages")

WHO = (*SIGNED_IN, ProfileRequired, PurchaseNotAllowed)


@router.get("", summary="What can be subscribed to", responses=problems(*WHO))
async def list_packages(viewer: AnyViewer, runtime: RuntimeDep, tx: Read) -> Packages:
    """Packages that are for sale here, and those that the household has; not for kids profiles."""
    return await queries.list_packages(tx, viewer, runtime.settings.max_profiles)


@router.get("/{slug}", summary="A package", responses=problems(*WHO, NotFound))
async def get_package(
    viewer: AnyViewer, runtime: RuntimeDep, tx: Read, slug: Annotated[PackageSlug, Path()]
) -> PackageDetail:
    """With some of the titles in it that this viewer may see."""
    return await queries.get_package(tx, viewer, runtime.settings.max_profiles, slug)
