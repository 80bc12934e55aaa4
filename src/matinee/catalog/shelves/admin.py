"""The operator's endpoints of genres, people and collections."""

from typing import Annotated

from fastapi import Path, Query, Response

from matinee.accounts.audit import AuditedWrite
from matinee.accounts.staff import CatalogEditor, CatalogReader
from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.catalog.shelves import collections, genres, people
from matinee.catalog.shelves.schemas import (
    AdminCollection,
    AdminCollections,
    AdminGenre,
    AdminGenres,
    AdminPeople,
    AdminPerson,
    CollectionItems,
    CreateCollection,
    CreateGenre,
    MergeGenre,
    MergePerson,
    PeopleSearch,
    UpdateCollection,
    UpdateGenre,
    UpdatePerson,
)
from matinee.core.errors import (
    BadCursor,
    Conflict,
    Forbidden,
    InvalidValue,
    NotFound,
    RuleViolated,
    UnknownField,
    VersionConflict,
    problems,
)
from matinee.core.routing import api_router
from matinee.core.schema import IfMatch, PathId, text, version_of, with_etag
from matinee.runtime import Read

router = api_router("/admin", tag="catalogue editing")

READ = (*SIGNED_IN, Forbidden)
WRITE = (*CHANGING, Forbidden, UnknownField)
ONE = (NotFound, VersionConflict)

GenreSlug = Annotated[str, *text(max_length=80), Path(examples=["science-fiction"])]


@router.get("/genres", summary="Genres, for editors", responses=problems(*READ))
async def list_admin_genres(_staff: CatalogReader, tx: Read) -> AdminGenres:
    """All of them with the number of their titles, by name."""
    return await genres.list_genres(tx)


@router.post(
    "/genres", summary="Add a genre", status_code=201, responses=problems(*WRITE, Conflict)
)
async def create_genre(staff: CatalogEditor, tx: AuditedWrite, wish: CreateGenre) -> AdminGenre:
    """Its slug comes from its name; imports and titles add genres by themselves."""
    return await genres.create_genre(tx, staff, wish)


@router.patch(
    "/genres/{slug}",
    summary="Rename a genre",
    responses=problems(*WRITE, NotFound, InvalidValue),
)
async def update_genre(
    staff: CatalogEditor, tx: AuditedWrite, slug: GenreSlug, wish: UpdateGenre
) -> AdminGenre:
    """Its shown names; the slug stays, so that nothing else changes."""
    return await genres.update_genre(tx, staff, slug, wish)


@router.post(
    "/genres/{slug}/merge",
    summary="Merge a genre into another",
    responses=problems(*WRITE, NotFound, RuleViolated),
)
async def merge_genre(
    staff: CatalogEditor, tx: AuditedWrite, slug: GenreSlug, wish: MergeGenre
) -> AdminGenre:
    """Titles, saved filters and likes move along, and whoever blocked it blocks the other one."""
    return await genres.merge_genre(tx, staff, slug, wish)


@router.delete(
    "/genres/{slug}",
    summary="Delete a genre",
    status_code=204,
    responses=problems(*CHANGING, Forbidden, NotFound, Conflict),
)
async def delete_genre(staff: CatalogEditor, tx: AuditedWrite, slug: GenreSlug) -> None:
    """Only one that no title has."""
    await genres.delete_genre(tx, staff, slug)


@router.get(
    "/people",
    summary="People, for editors",
    responses=problems(*READ, BadCursor, UnknownField),
)
async def list_admin_people(
    _staff: CatalogReader, tx: Read, wish: Annotated[PeopleSearch, Query()]
) -> AdminPeople:
    """By name, with the number of their credits."""
    return await people.list_people(tx, wish)


@router.patch(
    "/people/{person_id}",
    summary="Rename a person",
    responses=problems(*WRITE, NotFound, Conflict, InvalidValue),
)
async def update_person(
    staff: CatalogEditor, tx: AuditedWrite, person_id: PathId, wish: UpdatePerson
) -> AdminPerson:
    """In all titles at once; 409 where somebody else has that name."""
    return await people.update_person(tx, staff, person_id, wish)


@router.post(
    "/people/{person_id}/merge",
    summary="Merge two entries of a person",
    responses=problems(*WRITE, NotFound, RuleViolated),
)
async def merge_person(
    staff: CatalogEditor, tx: AuditedWrite, person_id: PathId, wish: MergePerson
) -> AdminPerson:
    """All credits go to the other entry, this one goes away."""
    return await people.merge_person(tx, staff, person_id, wish)


@router.get("/collections", summary="Collections, for editors", responses=problems(*READ))
async def list_admin_collections(_staff: CatalogReader, tx: Read) -> AdminCollections:
    """Drafts included, in the operator's order."""
    return await collections.list_collections(tx)


@router.post(
    "/collections",
    summary="Add a collection",
    status_code=201,
    responses=problems(*WRITE, Conflict, InvalidValue, RuleViolated),
)
async def create_collection(
    staff: CatalogEditor, response: Response, tx: AuditedWrite, wish: CreateCollection
) -> AdminCollection:
    """Made by hand, or by a filter (S-07); a draft unless asked otherwise."""
    return with_etag(response, await collections.create_collection(tx, staff, wish))


@router.get(
    "/collections/{collection_id}",
    summary="A collection, for editors",
    responses=problems(*READ, NotFound),
)
async def get_admin_collection(
    _staff: CatalogReader, response: Response, tx: Read, collection_id: PathId
) -> AdminCollection:
    """The ETag is its version."""
    return with_etag(response, await collections.get_collection(tx, collection_id))


@router.patch(
    "/collections/{collection_id}",
    summary="Change a collection",
    responses=problems(*WRITE, *ONE, Conflict, InvalidValue, RuleViolated),
)
async def update_collection(
    staff: CatalogEditor,
    response: Response,
    tx: AuditedWrite,
    collection_id: PathId,
    wish: UpdateCollection,
    if_match: IfMatch = None,
) -> AdminCollection:
    """Only what is given changes; a filter makes it a smart one and empties it."""
    version = version_of(if_match)
    changed = await collections.update_collection(tx, staff, collection_id, wish, version)
    return with_etag(response, changed)


@router.put(
    "/collections/{collection_id}/items",
    summary="Fill a collection",
    responses=problems(*WRITE, *ONE, InvalidValue, RuleViolated),
)
async def put_collection_items(
    staff: CatalogEditor,
    response: Response,
    tx: AuditedWrite,
    collection_id: PathId,
    wish: CollectionItems,
    if_match: IfMatch = None,
) -> AdminCollection:
    """Replaces the titles of a collection made by hand, in the given order."""
    version = version_of(if_match)
    changed = await collections.put_items(tx, staff, collection_id, wish, version)
    return with_etag(response, changed)


@router.delete(
    "/collections/{collection_id}",
    summary="Delete a collection",
    status_code=204,
    responses=problems(*CHANGING, Forbidden, *ONE),
)
async def delete_collection(
    staff: CatalogEditor, tx: AuditedWrite, collection_id: PathId, if_match: IfMatch = None
) -> None:
    """Its titles stay."""
    await collections.delete_collection(tx, staff, collection_id, version_of(if_match))
