"""The operator's endpoints of packages, what they carry, and their rules."""

from typing import Annotated

from fastapi import Query, Response

from matinee.accounts.audit import AuditedWrite
from matinee.accounts.staff import CatalogEditor, CatalogReader, OffersEditor
from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.core.errors import (
    BadCursor,
    Conflict,
    Forbidden,
    InvalidValue,
    NotFound,
    UnknownField,
    VersionConflict,
    problems,
)
from matinee.core.routing import api_router
from matinee.core.schema import IfMatch, PathId, version_of, with_etag
from matinee.entitlements.packages import contents, rules, service
from matinee.entitlements.packages.content_schemas import (
    Assigned,
    AssignTitles,
    Conditions,
    Contents,
    ContentSearch,
    RemoveTitles,
    RuleOut,
    RulePreview,
    Rules,
    TitleWindows,
    TitleWindowsOut,
    WriteRule,
)
from matinee.entitlements.packages.schemas import (
    AdminPackage,
    AdminPackages,
    CreatePackage,
    UpdatePackage,
)
from matinee.entitlements.packages.service import PackageInUse
from matinee.entitlements.packages.windows import WindowOverlap
from matinee.runtime import Read

router = api_router("/admin", tag="selling")

READ = (*SIGNED_IN, Forbidden)
WRITE = (*CHANGING, Forbidden, UnknownField)
ONE = (NotFound, VersionConflict)


@router.get("/packages", summary="Packages, for staff", responses=problems(*READ))
async def list_admin_packages(_staff: CatalogReader, tx: Read) -> AdminPackages:
    """All of them: those for sale first, then as viewers see them."""
    return await service.list_packages(tx)


@router.post(
    "/packages",
    summary="Add a package",
    status_code=201,
    responses=problems(*WRITE, Conflict, InvalidValue),
)
async def create_package(
    staff: OffersEditor, response: Response, tx: AuditedWrite, wish: CreatePackage
) -> AdminPackage:
    """For sale at once, unless `active` is false: then fill it first."""
    return with_etag(response, await service.create_package(tx, staff, wish))


@router.get(
    "/package-rules/preview",
    summary="What a rule would carry",
    responses=problems(*READ, UnknownField, InvalidValue),
)
async def preview_rule(
    _staff: CatalogReader, tx: Read, wish: Annotated[Conditions, Query()]
) -> RulePreview:
    """How many titles fulfil the conditions now, and some of them."""
    return await rules.preview(tx, wish)


@router.get(
    "/packages/{package_id}", summary="A package, for staff", responses=problems(*READ, NotFound)
)
async def get_admin_package(
    _staff: CatalogReader, response: Response, tx: Read, package_id: PathId
) -> AdminPackage:
    """The ETag is its version."""
    return with_etag(response, await service.get_package(tx, package_id))


@router.patch(
    "/packages/{package_id}",
    summary="Change or archive a package",
    responses=problems(*WRITE, *ONE, Conflict, PackageInUse, InvalidValue),
)
async def update_package(
    staff: OffersEditor,
    response: Response,
    tx: AuditedWrite,
    package_id: PathId,
    wish: UpdatePackage,
    if_match: IfMatch = None,
) -> AdminPackage:
    """Only what is given changes; a price holds for those who subscribe from now on."""
    version = version_of(if_match)
    changed = await service.update_package(tx, staff, package_id, wish, version)
    return with_etag(response, changed)


@router.delete(
    "/packages/{package_id}",
    summary="Delete a package",
    status_code=204,
    responses=problems(*CHANGING, Forbidden, *ONE, PackageInUse),
)
async def delete_package(
    staff: OffersEditor, tx: AuditedWrite, package_id: PathId, if_match: IfMatch = None
) -> None:
    """One that nobody ever had; others are archived (`active: false`)."""
    await service.delete_package(tx, staff, package_id, version_of(if_match))


@router.get(
    "/packages/{package_id}/titles",
    summary="Titles listed in a package",
    responses=problems(*READ, NotFound, BadCursor, UnknownField),
)
async def list_package_titles(
    _staff: CatalogReader, tx: Read, package_id: PathId, wish: Annotated[ContentSearch, Query()]
) -> Contents:
    """A row per window, by the names of the titles; what rules add is not among them."""
    return await contents.list_contents(tx, package_id, wish)


@router.post(
    "/packages/{package_id}/titles",
    summary="Add titles to a package",
    responses=problems(*WRITE, NotFound, WindowOverlap, InvalidValue),
)
async def assign_package_titles(
    staff: CatalogEditor, tx: AuditedWrite, package_id: PathId, wish: AssignTitles
) -> Assigned:
    """Up to 1000 in one window; all or none. Titles that are in it like that already stay."""
    return await contents.assign_titles(tx, staff, package_id, wish)


@router.post(
    "/packages/{package_id}/remove-titles",
    summary="Remove titles from a package",
    responses=problems(*WRITE, NotFound),
)
async def remove_package_titles(
    staff: CatalogEditor, tx: AuditedWrite, package_id: PathId, wish: RemoveTitles
) -> Assigned:
    """Up to 1000, each with all of its windows."""
    return await contents.remove_titles(tx, staff, package_id, wish)


@router.put(
    "/packages/{package_id}/titles/{title_id}",
    summary="Set the windows of a title in a package",
    responses=problems(*WRITE, NotFound, WindowOverlap),
)
async def put_package_title(
    staff: CatalogEditor,
    tx: AuditedWrite,
    package_id: PathId,
    title_id: PathId,
    wish: TitleWindows,
) -> TitleWindowsOut:
    """Replaces them all; an empty list takes the title out."""
    return await contents.put_windows(tx, staff, package_id, title_id, wish)


@router.delete(
    "/packages/{package_id}/titles/{title_id}",
    summary="Remove a title from a package",
    status_code=204,
    responses=problems(*CHANGING, Forbidden, NotFound),
)
async def delete_package_title(
    staff: CatalogEditor, tx: AuditedWrite, package_id: PathId, title_id: PathId
) -> None:
    """With all of its windows; one that is not in it stays out."""
    await contents.remove_titles(tx, staff, package_id, RemoveTitles(title_ids=[title_id]))


@router.get(
    "/packages/{package_id}/rules",
    summary="Rules of a package",
    responses=problems(*READ, NotFound),
)
async def list_package_rules(_staff: CatalogReader, tx: Read, package_id: PathId) -> Rules:
    """It carries what any of them matches, besides what it lists."""
    return await rules.list_rules(tx, package_id)


@router.post(
    "/packages/{package_id}/rules",
    summary="Add a rule to a package",
    status_code=201,
    responses=problems(*WRITE, NotFound, InvalidValue),
)
async def create_package_rule(
    staff: CatalogEditor, tx: AuditedWrite, package_id: PathId, wish: WriteRule
) -> RuleOut:
    """It holds for titles that are there, and for those to come."""
    return await rules.create_rule(tx, staff, package_id, wish)


@router.put(
    "/packages/{package_id}/rules/{rule_id}",
    summary="Replace a rule of a package",
    responses=problems(*WRITE, NotFound, InvalidValue),
)
async def put_package_rule(
    staff: CatalogEditor, tx: AuditedWrite, package_id: PathId, rule_id: PathId, wish: WriteRule
) -> RuleOut:
    """With all of its conditions and its window."""
    return await rules.put_rule(tx, staff, package_id, rule_id, wish)


@router.delete(
    "/packages/{package_id}/rules/{rule_id}",
    summary="Delete a rule of a package",
    status_code=204,
    responses=problems(*CHANGING, Forbidden, NotFound),
)
async def delete_package_rule(
    staff: CatalogEditor, tx: AuditedWrite, package_id: PathId, rule_id: PathId
) -> None:
    """What the package lists by name stays."""
    await rules.delete_rule(tx, staff, package_id, rule_id)
