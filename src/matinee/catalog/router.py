"""The viewer's endpoints of the catalogue."""

from typing import Annotated

from fastapi import Path, Query

from matinee.accounts.viewer import AnyViewer, ProfileRequired, SessionRevoked
from matinee.catalog import collections, lists, queries
from matinee.catalog.browse import Browse
from matinee.catalog.queries import NotInTerritory
from matinee.catalog.schemas import (
    CollectionOut,
    Collections,
    Episodes,
    Extras,
    Genres,
    Labels,
    PersonOut,
    Seasons,
    TitleDetail,
    TitlePage,
)
from matinee.core.errors import BadCursor, InvalidValue, NotFound, UnknownField, problems
from matinee.core.routing import api_router
from matinee.core.schema import Cursor, PageSize, PathId
from matinee.runtime import Read, RuntimeDep

router = api_router("/catalog", tag="catalogue")

WHO = (SessionRevoked, ProfileRequired)


@router.get(
    "/titles",
    summary="Browse titles",
    responses=problems(*WHO, BadCursor, UnknownField, InvalidValue),
)
async def list_titles(
    viewer: AnyViewer, runtime: RuntimeDep, wish: Annotated[Browse, Query()]
) -> TitlePage:
    """Titles the viewer may see, filtered and sorted; `facets=true` adds counts per value."""
    return await lists.browse_titles(runtime, viewer, wish)


@router.get(
    "/titles/{title_id}", summary="A title", responses=problems(*WHO, NotFound, NotInTerritory)
)
async def get_title(
    viewer: AnyViewer, runtime: RuntimeDep, tx: Read, title_id: PathId
) -> TitleDetail:
    """Texts, credits, seasons and what can be played; hidden titles are not found."""
    reveal = runtime.settings.reveal_territories
    return await queries.title_detail(tx, viewer, title_id, reveal_territories=reveal)


@router.get(
    "/titles/{title_id}/seasons", summary="Seasons of a series", responses=problems(*WHO, NotFound)
)
async def list_seasons(viewer: AnyViewer, tx: Read, title_id: PathId) -> Seasons:
    """Seasons in order, specials last; empty for a movie."""
    return await queries.seasons(tx, viewer, title_id)


@router.get(
    "/titles/{title_id}/episodes",
    summary="Episodes of a series",
    responses=problems(*WHO, NotFound),
)
async def list_episodes(
    viewer: AnyViewer,
    tx: Read,
    title_id: PathId,
    season: Annotated[int | None, Query(ge=0, le=10_000, description="Only this season.")] = None,
) -> Episodes:
    """Published episodes in order."""
    return await queries.episodes(tx, viewer, title_id, season)


@router.get(
    "/titles/{title_id}/extras", summary="Trailers and extras", responses=problems(*WHO, NotFound)
)
async def list_extras(viewer: AnyViewer, tx: Read, title_id: PathId) -> Extras:
    """Trailers first."""
    return await queries.extras(tx, viewer, title_id)


@router.get("/genres", summary="Genres", responses=problems(*WHO))
async def list_genres(viewer: AnyViewer, runtime: RuntimeDep) -> Genres:
    """Genres with titles the viewer may see, by name."""
    return await lists.list_genres(runtime, viewer)


@router.get("/moods", summary="Moods", responses=problems(*WHO))
async def list_moods(viewer: AnyViewer, runtime: RuntimeDep) -> Labels:
    """Moods with titles the viewer may see, most frequent first."""
    return await lists.list_labels(runtime, viewer, "mood")


@router.get("/themes", summary="Themes", responses=problems(*WHO))
async def list_themes(viewer: AnyViewer, runtime: RuntimeDep) -> Labels:
    """Themes with titles the viewer may see, most frequent first."""
    return await lists.list_labels(runtime, viewer, "theme")


@router.get("/people/{person_id}", summary="A person", responses=problems(*WHO, NotFound))
async def get_person(viewer: AnyViewer, tx: Read, person_id: PathId) -> PersonOut:
    """Somebody with the titles the viewer may see."""
    return await lists.person(tx, viewer, person_id)


@router.get("/collections", summary="Collections", responses=problems(*WHO))
async def list_collections(viewer: AnyViewer, tx: Read) -> Collections:
    """Published collections in which the viewer may see at least three titles."""
    return await collections.list_collections(tx, viewer)


@router.get(
    "/collections/{slug}", summary="A collection", responses=problems(*WHO, NotFound, BadCursor)
)
async def get_collection(
    viewer: AnyViewer,
    tx: Read,
    slug: Annotated[str, Path(max_length=80, examples=["silent-wonders"])],
    cursor: Cursor = None,
    page_size: PageSize = 24,
) -> CollectionOut:
    """A collection and the titles in it that the viewer may see."""
    return await collections.collection(tx, viewer, slug, cursor=cursor, page_size=page_size)
