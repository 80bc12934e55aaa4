"""The operator's endpoints of media in the folder of our own origin."""

from matinee.accounts.audit import Actor, AuditedWrite
from matinee.accounts.staff import CatalogEditor, CatalogReader
from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.core.errors import BadCursor, Forbidden, NotFound, UnknownField, problems
from matinee.core.routing import api_router
from matinee.core.schema import Acknowledged, Cursor, PageSize
from matinee.playback.media import registry
from matinee.playback.media.registry import MediaInUse, NoSuchMedia
from matinee.playback.media.schemas import Media, MediaPage, PathMediaSlug, RegisterMedia
from matinee.runtime import Read, RuntimeDep

router = api_router("/admin/media", tag="playback")


@router.get(
    "",
    summary="Media of our own origin",
    responses=problems(*SIGNED_IN, Forbidden, UnknownField, BadCursor),
)
async def list_media(
    _staff: CatalogReader, tx: Read, cursor: Cursor = None, page_size: PageSize = 50
) -> MediaPage:
    """What titles (by a media asset of protocol `builtin`) and linear channels can play."""
    return await registry.list_media(tx, cursor, page_size)


@router.post(
    "",
    summary="Register ingested media",
    status_code=201,
    responses=problems(*CHANGING, Forbidden, UnknownField, NoSuchMedia),
)
async def register_media(
    staff: CatalogEditor, tx: AuditedWrite, runtime: RuntimeDep, wish: RegisterMedia
) -> Media:
    """For a folder that came into the media folder otherwise than by `matinee media ingest`."""
    library = registry.library_of(runtime)
    return await registry.register_media(tx, Actor.of(staff), library, wish.slug)


@router.delete(
    "/{media_slug}",
    summary="Delete media",
    responses=problems(*CHANGING, Forbidden, NotFound, MediaInUse),
)
async def delete_media(
    staff: CatalogEditor, tx: AuditedWrite, media_slug: PathMediaSlug
) -> Acknowledged:
    """With its folder, a little later; refused as long as titles or channels play it."""
    await registry.delete_media(tx, Actor.of(staff), media_slug)
    return Acknowledged()
