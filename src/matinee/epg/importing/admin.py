"""The operator's endpoints of guide sources and imports."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from matinee.accounts.audit import AuditedWrite
from matinee.accounts.staff import CatalogEditor, CatalogReader
from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.core.errors import (
    BadCursor,
    Busy,
    Conflict,
    Forbidden,
    InvalidValue,
    NotFound,
    RequestCutOff,
    UnknownField,
    VersionConflict,
    problems,
)
from matinee.core.routing import UploadRoute, api_router
from matinee.core.schema import Cursor, IfMatch, PageSize, PathId, version_of, with_etag
from matinee.epg.importing import runs, sources, uploads
from matinee.epg.importing.problems import GuideShrunk, GuideUnreadable, ImportRunning, LeaseLost
from matinee.epg.importing.schemas import (
    CreateSource,
    GuideImportAccepted,
    GuideImports,
    GuideSource,
    GuideSources,
    ImportGuideWish,
    UpdateSource,
)
from matinee.runtime import Read, RuntimeDep

router = api_router("/admin/epg", tag="admin")
upload_router = api_router("/admin/epg", tag="admin", route_class=UploadRoute)

READ = (*SIGNED_IN, Forbidden)
WRITE = (*CHANGING, Forbidden, UnknownField, InvalidValue)

BODY = {
    "required": False,
    "description": "An XMLTV guide, plain or packed (gzip, xz, bzip2). Leave it out to fetch the"
    " source from its address.",
    "content": {
        "application/xml": {
            "schema": {"type": "string", "format": "binary"},
            "example": '<tv><channel id="one"><display-name>One</display-name></channel></tv>',
        },
        "application/gzip": {"schema": {"type": "string", "format": "binary"}},
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    },
}


@upload_router.post(
    "/import",
    summary="Import a guide",
    openapi_extra={"requestBody": BODY},
    responses={
        202: {"model": GuideImportAccepted, "description": "Accepted; a job fetches the source."},
        **problems(
            *WRITE, NotFound, ImportRunning, LeaseLost, GuideUnreadable, GuideShrunk,
            RequestCutOff, Busy,
        ),
    },
)  # fmt: skip
async def import_guide(
    request: Request,
    response: Response,
    staff: CatalogEditor,
    runtime: RuntimeDep,
    wish: Annotated[ImportGuideWish, Query()],
) -> GuideImportAccepted:
    """The airings of channels that are mapped, as a difference: what is equal is not touched.

    A body is imported at once (200); without one a job fetches the source (202).
    """
    done = await uploads.import_upload(runtime, staff, request.stream(), wish)
    response.status_code = 202 if done.finished is None else 200
    return done


@router.get(
    "/imports", summary="Imports of guides", responses=problems(*READ, BadCursor, UnknownField)
)
async def list_guide_imports(
    _staff: CatalogReader,
    tx: Read,
    source_id: Annotated[UUID | None, Query(description="Of one source only.")] = None,
    cursor: Cursor = None,
    page_size: PageSize = 50,
) -> GuideImports:
    """Each run with its report, newest first."""
    return await runs.list_runs(tx, source_id, cursor, page_size)


@router.get("/sources", summary="Guide sources", responses=problems(*READ))
async def list_guide_sources(_staff: CatalogReader, tx: Read) -> GuideSources:
    """All of them, those of the highest priority first."""
    return await sources.list_sources(tx)


@router.post(
    "/sources",
    summary="Add a guide source",
    status_code=201,
    responses=problems(*WRITE, Conflict),
)
async def create_guide_source(
    staff: CatalogEditor, response: Response, tx: AuditedWrite, wish: CreateSource
) -> GuideSource:
    """One with an address is fetched within a minute, and from then on every `refresh_minutes`."""
    return with_etag(response, await sources.create_source(tx, staff, wish))


@router.get("/sources/{source_id}", summary="A guide source", responses=problems(*READ, NotFound))
async def get_guide_source(
    _staff: CatalogReader, response: Response, tx: Read, source_id: PathId
) -> GuideSource:
    """The ETag is its version."""
    return with_etag(response, await sources.get_source(tx, source_id))


@router.patch(
    "/sources/{source_id}",
    summary="Change a guide source",
    responses=problems(*WRITE, NotFound, VersionConflict, Conflict),
)
async def update_guide_source(
    staff: CatalogEditor,
    response: Response,
    tx: AuditedWrite,
    source_id: PathId,
    wish: UpdateSource,
    if_match: IfMatch = None,
) -> GuideSource:
    """Only what is given changes; the guide follows with the next import."""
    version = version_of(if_match)
    changed = await sources.update_source(tx, staff, source_id, wish, version)
    return with_etag(response, changed)


@router.delete(
    "/sources/{source_id}",
    summary="Delete a guide source",
    status_code=204,
    responses=problems(*CHANGING, Forbidden, NotFound, VersionConflict, ImportRunning),
)
async def delete_guide_source(
    staff: CatalogEditor, tx: AuditedWrite, source_id: PathId, if_match: IfMatch = None
) -> None:
    """With its channels and mappings; its airings stay until another source replaces them."""
    await sources.delete_source(tx, staff, source_id, version_of(if_match))
