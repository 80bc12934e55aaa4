"""The operator's endpoints of imports: sending a file, following and stopping what became of it."""

from typing import Annotated

from fastapi import Depends, Header, Query, Request, Response

from matinee.accounts.audit import Actor, AuditedWrite
from matinee.accounts.staff import CatalogEditor, CatalogReader
from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.catalog.importers import imports, uploads
from matinee.catalog.importers.file_types import BODY, known_file_type
from matinee.catalog.importers.problems import RowsRefused, UnreadableFile
from matinee.catalog.importers.schemas import ImportOut, Imports, ImportWish
from matinee.core.errors import (
    BadCursor,
    Busy,
    Conflict,
    Forbidden,
    IdempotencyKeyReused,
    NotFound,
    RequestCutOff,
    RequestInProgress,
    problems,
)
from matinee.core.routing import UploadRoute, api_router
from matinee.core.schema import Cursor, PageSize, PathId
from matinee.runtime import Read, RuntimeDep

router = api_router("/admin", tag="admin")
upload_router = api_router("/admin", tag="admin", route_class=UploadRoute)

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="The same key with the same file gives the first outcome again.",
    ),
]


@upload_router.post(
    "/titles/import",
    summary="Import titles from a file",
    dependencies=[Depends(known_file_type)],
    openapi_extra={"requestBody": BODY},
    responses={
        202: {"model": ImportOut, "description": "Accepted; a job does the work."},
        **problems(
            *CHANGING, Forbidden, UnreadableFile, RequestCutOff, RequestInProgress, RowsRefused,
            IdempotencyKeyReused, Busy,
        ),
    },
)  # fmt: skip
async def import_titles(
    request: Request,
    response: Response,
    staff: CatalogEditor,
    runtime: RuntimeDep,
    wish: Annotated[ImportWish, Query()],
    idempotency_key: IdempotencyKey = None,
) -> ImportOut:
    """Titles by external id, new ones added and known ones changed; equal rows change nothing.

    Files of up to 500 rows are imported at once (200), longer ones by a job (202). Wrong rows are
    reported with their index and field, and the others imported all the same.
    """
    done = await uploads.import_upload(
        runtime, Actor.of(staff), request.stream(), wish.as_options(), idempotency_key
    )
    response.status_code = done.status_code
    return done


@router.get("/imports", summary="Imports", responses=problems(*SIGNED_IN, Forbidden, BadCursor))
async def list_imports(
    _staff: CatalogReader, tx: Read, cursor: Cursor = None, page_size: PageSize = 50
) -> Imports:
    """Every import, newest first."""
    return await imports.list_imports(tx, cursor, page_size)


@router.get(
    "/imports/{import_id}", summary="An import", responses=problems(*SIGNED_IN, Forbidden, NotFound)
)
async def get_import(_staff: CatalogReader, tx: Read, import_id: PathId) -> ImportOut:
    """How far it is, and what became of the rows so far."""
    return await imports.get_import(tx, import_id)


@router.post(
    "/imports/{import_id}/cancel",
    summary="Stop an import",
    responses=problems(*CHANGING, Forbidden, NotFound, Conflict),
)
async def cancel_import(staff: CatalogEditor, tx: AuditedWrite, import_id: PathId) -> ImportOut:
    """What it has stored stays; its job can be retried and then goes on from there."""
    return await imports.cancel_import(tx, Actor.of(staff), import_id)
