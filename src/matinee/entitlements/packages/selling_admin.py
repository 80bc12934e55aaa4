"""The operator's endpoints of offers of titles, and of promo and gift codes."""

from typing import Annotated

from fastapi import Query, Response

from matinee.accounts.audit import AuditedWrite
from matinee.accounts.staff import CatalogReader, OffersEditor
from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.core.errors import (
    BadCursor,
    Forbidden,
    InvalidValue,
    NotFound,
    RuleViolated,
    UnknownField,
    VersionConflict,
    problems,
)
from matinee.core.routing import api_router
from matinee.core.schema import IfMatch, PathId, version_of, with_etag
from matinee.entitlements.packages import codes, offers
from matinee.entitlements.packages.code_schemas import (
    Codes,
    CodeSearch,
    CreateCodes,
    DisableCodes,
    Disabled,
    NewCodes,
)
from matinee.entitlements.packages.offer_schemas import (
    AdminOffer,
    AdminOffers,
    CreateOffer,
    UpdateOffer,
)
from matinee.entitlements.packages.offers import OfferInUse
from matinee.entitlements.packages.windows import WindowOverlap
from matinee.runtime import Read

router = api_router("/admin", tag="selling")

READ = (*SIGNED_IN, Forbidden)
WRITE = (*CHANGING, Forbidden, UnknownField)
ONE = (NotFound, VersionConflict)


@router.get(
    "/titles/{title_id}/offers", summary="Offers of a title", responses=problems(*READ, NotFound)
)
async def list_title_offers(_staff: CatalogReader, tx: Read, title_id: PathId) -> AdminOffers:
    """Of the title and its seasons: those for sale first, then what was."""
    return await offers.list_offers(tx, title_id)


@router.post(
    "/titles/{title_id}/offers",
    summary="Offer a title",
    status_code=201,
    responses=problems(*WRITE, NotFound, WindowOverlap, InvalidValue, RuleViolated),
)
async def create_offer(
    staff: OffersEditor, response: Response, tx: AuditedWrite, title_id: PathId, wish: CreateOffer
) -> AdminOffer:
    """For rent, for sale or free; the title, or one season of it. Never two prices at a time."""
    return with_etag(response, await offers.create_offer(tx, staff, title_id, wish))


@router.get(
    "/titles/{title_id}/offers/{offer_id}",
    summary="An offer of a title",
    responses=problems(*READ, NotFound),
)
async def get_offer(
    _staff: CatalogReader, response: Response, tx: Read, title_id: PathId, offer_id: PathId
) -> AdminOffer:
    """The ETag is its version."""
    return with_etag(response, await offers.get_offer(tx, title_id, offer_id))


@router.patch(
    "/titles/{title_id}/offers/{offer_id}",
    summary="Change or archive an offer",
    responses=problems(*WRITE, *ONE, WindowOverlap, InvalidValue, RuleViolated),
)
async def update_offer(
    staff: OffersEditor,
    response: Response,
    tx: AuditedWrite,
    title_id: PathId,
    offer_id: PathId,
    wish: UpdateOffer,
    if_match: IfMatch = None,
) -> AdminOffer:
    """Only what is given changes; orders keep the price that they agreed on."""
    version = version_of(if_match)
    changed = await offers.update_offer(tx, staff, title_id, offer_id, wish, version)
    return with_etag(response, changed)


@router.delete(
    "/titles/{title_id}/offers/{offer_id}",
    summary="Delete an offer",
    status_code=204,
    responses=problems(*CHANGING, Forbidden, *ONE, OfferInUse),
)
async def delete_offer(
    staff: OffersEditor,
    tx: AuditedWrite,
    title_id: PathId,
    offer_id: PathId,
    if_match: IfMatch = None,
) -> None:
    """One that nobody has ordered; others are archived (`active: false`)."""
    await offers.delete_offer(tx, staff, title_id, offer_id, version_of(if_match))


@router.get(
    "/codes",
    summary="Promo and gift codes",
    responses=problems(*READ, BadCursor, UnknownField, InvalidValue),
)
async def list_codes(
    _staff: CatalogReader, tx: Read, wish: Annotated[CodeSearch, Query()]
) -> Codes:
    """The newest first, with how often they were used; what they read is kept nowhere."""
    return await codes.list_codes(tx, wish)


@router.post(
    "/codes",
    summary="Make promo or gift codes",
    status_code=201,
    responses=problems(*WRITE, InvalidValue, RuleViolated),
)
async def create_codes(staff: OffersEditor, tx: AuditedWrite, wish: CreateCodes) -> NewCodes:
    """Up to 1000 that give the same. Keep the answer: they are shown this once."""
    return await codes.create_codes(tx, staff, wish)


@router.post("/codes/disable", summary="Disable codes", responses=problems(*WRITE))
async def disable_codes(staff: OffersEditor, tx: AuditedWrite, wish: DisableCodes) -> Disabled:
    """Some, or all of a label: nobody can use them any more. What they gave stays."""
    return await codes.disable_codes(tx, staff, wish)
