"""The operator's endpoints of search."""

from typing import Annotated

from fastapi import Query

from matinee.accounts.audit import Actor, AuditedWrite
from matinee.accounts.staff import CatalogEditor, CatalogReader
from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.catalog.search import pins, statistics, upkeep
from matinee.catalog.search.schemas import Pin, Pins, PutPin, QueryCounts, QueryText, Rebuild
from matinee.catalog.search.statistics import KEPT_DAYS, Order
from matinee.core.errors import Forbidden, InvalidValue, NotFound, UnknownField, problems
from matinee.core.routing import api_router
from matinee.core.schema import JobAccepted
from matinee.runtime import Read

router = api_router("/admin/search", tag="search")

READ = (*SIGNED_IN, Forbidden)
WRITE = (*CHANGING, Forbidden, UnknownField)


@router.post("/rebuild", summary="Index titles anew", status_code=202, responses=problems(*WRITE))
async def rebuild_search(staff: CatalogEditor, tx: AuditedWrite, wish: Rebuild) -> JobAccepted:
    """By a job that can be followed and canceled; titles that change are seen to without it."""
    return await upkeep.rebuild(tx, Actor.of(staff), wish.scope)


@router.get("/queries", summary="What is searched for", responses=problems(*READ))
async def list_search_queries(
    _staff: CatalogReader,
    tx: Read,
    order: Order = "popular",
    days: Annotated[int, Query(ge=1, le=KEPT_DAYS, description="Up to today.")] = 7,
) -> QueryCounts:
    """The most frequent queries, or those that found nothing most often; names nobody."""
    return await statistics.list_queries(tx, order, days)


@router.get("/pins", summary="Pinned titles", responses=problems(*READ))
async def list_search_pins(_staff: CatalogReader, tx: Read) -> Pins:
    """By query."""
    return await pins.list_pins(tx)


@router.put("/pins", summary="Pin titles to a query", responses=problems(*WRITE, InvalidValue))
async def put_search_pin(staff: CatalogEditor, tx: AuditedWrite, wish: PutPin) -> Pin:
    """They come first, in this order, for viewers who may see them."""
    return await pins.put_pin(tx, staff, wish)


@router.delete(
    "/pins",
    summary="Unpin a query",
    status_code=204,
    responses=problems(*CHANGING, Forbidden, NotFound),
)
async def delete_search_pin(
    staff: CatalogEditor,
    tx: AuditedWrite,
    q: Annotated[QueryText, Query(description="The query.")],
) -> None:
    """The titles stay, and are found by themselves."""
    await pins.delete_pin(tx, staff, q)
