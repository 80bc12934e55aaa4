"""The viewer's endpoints of search."""

from typing import Annotated

from fastapi import Depends, Query

from matinee.accounts.viewer import (
    CHANGING,
    SIGNED_IN,
    AnyViewer,
    CurrentViewer,
    ProfileRequired,
)
from matinee.catalog.search import history, semantic, service, suggestions
from matinee.catalog.search.schemas import (
    QueryText,
    Search,
    SearchHistory,
    SearchResults,
    SemanticPage,
    SemanticSearch,
    Suggest,
    Suggestions,
)
from matinee.core.caching import revalidated
from matinee.core.errors import BadCursor, InvalidValue, RateLimited, UnknownField, problems
from matinee.core.routing import api_router
from matinee.runtime import Read, RuntimeDep, Write

router = api_router("/catalog/search", tag="search")

WHO = (*SIGNED_IN, ProfileRequired, UnknownField)


@router.get(
    "", summary="Search", responses=problems(*WHO, RateLimited), dependencies=[Depends(revalidated)]
)
async def search_catalog(
    viewer: AnyViewer, runtime: RuntimeDep, wish: Annotated[Search, Query()]
) -> SearchResults:
    """Titles, people, collections, channels and programmes in one ranking (S-08).

    Typing errors and plots are welcome.
    """
    return await service.search(runtime, viewer, wish)


@router.get(
    "/suggestions",
    summary="Suggestions while typing",
    responses=problems(*WHO),
    dependencies=[Depends(revalidated)],
)
async def suggest(
    viewer: AnyViewer, runtime: RuntimeDep, wish: Annotated[Suggest, Query()]
) -> Suggestions:
    """Whole names first, then beginnings of names, of words in them, then names that are alike."""
    return await suggestions.suggest(runtime, viewer, wish)


@router.get(
    "/semantic",
    summary="Search by meaning",
    responses=problems(*WHO, BadCursor, InvalidValue, RateLimited),
    dependencies=[Depends(revalidated)],
)
async def search_by_meaning(
    viewer: AnyViewer, runtime: RuntimeDep, wish: Annotated[SemanticSearch, Query()]
) -> SemanticPage:
    """Titles about something, in whatever words (S-01, S-02); filters as in `/catalog/titles`."""
    return await semantic.semantic_search(runtime, viewer, wish)


@router.get("/history", summary="Past searches", responses=problems(*SIGNED_IN, ProfileRequired))
async def list_search_history(viewer: CurrentViewer, tx: Read) -> SearchHistory:
    """The last 50 of the profile, latest first."""
    return await history.list_history(tx, viewer)


@router.delete(
    "/history",
    summary="Forget past searches",
    status_code=204,
    responses=problems(*CHANGING, ProfileRequired),
)
async def forget_searches(
    viewer: CurrentViewer,
    tx: Write,
    q: Annotated[QueryText | None, Query(description="Only this one.")] = None,
) -> None:
    """One of the profile's searches, or all."""
    await history.forget(tx, viewer, q)
