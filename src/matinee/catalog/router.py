"""The viewer's endpoints of the catalogue."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request

from matinee.accounts.viewer import SIGNED_IN, AnyViewer, ProfileRequired
from matinee.catalog import collections, lists, queries, views
from matinee.catalog.filters import Browse
from matinee.catalog.schemas import (
    CollectionOut,
    Collections,
    ComingSoon,
    Episodes,
    Extras,
    Genres,
    Labels,
    PersonOut,
    RatingSystems,
    Seasons,
    TitleDetail,
    TitlePage,
)
from matinee.core.caching import revalidated
from matinee.core.errors import BadCursor, InvalidValue, NotFound, UnknownField, problems
from matinee.core.routing import api_router
from matinee.core.schema import Cursor, PageSize, PathId, Slug
from matinee.entitlements.problems import NotInTerritory
from matinee.runtime import Read, RuntimeDep

router = api_router("/catalog", tag="catalogue", dependencies=[Depends(revalidated)])

WHO = (*SIGNED_IN, ProfileRequired)


async def _is_prefetch(request: Request) -> bool:
    """Whether the browser asks ahead, and nobody looks yet."""
    return any("prefetch" in request.headers.get(name, "") for name in ("sec-purpose", "purpose"))


Prefetched = Annotated[bool, Depends(_is_prefetch)]


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
    viewer: AnyViewer, runtime: RuntimeDep, tx: Read, title_id: PathId, prefetched: Prefetched
) -> TitleDetail:
    """Texts, credits, seasons and what can be played; hidden titles are not found."""
    return await views.open_title(runtime, tx, viewer, title_id, prefetched=prefetched)


@router.get(
    "/titles/{title_id}/seasons", summary="Seasons of a series", responses=problems(*WHO, NotFound)
)
async def list_seasons(viewer: AnyViewer, tx: Read, title_id: PathId) -> Seasons:
    """Seasons in order, specials last; empty for a movie."""
    return await queries.seasons(tx, viewer, title_id)


@router.get(
    "/titles/{title_id}/episodes",
    summary="Episodes of a series",
    responses=problems(*WHO, NotFound, BadCursor),
)
async def list_episodes(
    viewer: AnyViewer,
    tx: Read,
    title_id: PathId,
    season: Annotated[int | None, Query(ge=0, le=10_000, description="Only this season.")] = None,
    cursor: Cursor = None,
    page_size: PageSize = 100,
) -> Episodes:
    """Published episodes in order, specials last."""
    return await queries.episodes(
        tx, viewer, title_id, season=season, cursor=cursor, page_size=page_size
    )


@router.get(
    "/titles/{title_id}/extras", summary="Trailers and extras", responses=problems(*WHO, NotFound)
)
async def list_extras(viewer: AnyViewer, tx: Read, title_id: PathId) -> Extras:
    """Trailers first."""
    return await queries.extras(tx, viewer, title_id)


@router.get("/coming-soon", summary="Coming soon", responses=problems(*WHO, BadCursor))
async def list_coming_soon(
    viewer: AnyViewer, tx: Read, cursor: Cursor = None, page_size: PageSize = 24
) -> ComingSoon:
    """Announced titles whose rights window has yet to open here, next to open first."""
    return await lists.coming_soon(tx, viewer, cursor=cursor, page_size=page_size)


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
async def list_collections(viewer: AnyViewer, runtime: RuntimeDep) -> Collections:
    """Published collections in which the viewer may see at least three titles."""
    return await lists.list_collections(runtime, viewer)


@router.get(
    "/collections/{slug}", summary="A collection", responses=problems(*WHO, NotFound, BadCursor)
)
async def get_collection(
    viewer: AnyViewer,
    tx: Read,
    slug: Annotated[Slug, Path(examples=["silent-wonders"])],
    cursor: Cursor = None,
    page_size: PageSize = 24,
) -> CollectionOut:
    """A collection and the titles in it that the viewer may see."""
    return await collections.collection(tx, viewer, slug, cursor=cursor, page_size=page_size)


@router.get("/ratings", summary="Age ratings")
async def list_ratings(tx: Read) -> RatingSystems:
    """National rating systems and the ages that their labels stand for."""
    return await queries.rating_systems(tx)
