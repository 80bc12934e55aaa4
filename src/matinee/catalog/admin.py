"""The operator's endpoints of titles, their seasons and episodes, and of what titles lack."""

from typing import Annotated

from fastapi import Query, Response
from fastapi.responses import StreamingResponse

from matinee.accounts.audit import AuditedWrite
from matinee.accounts.staff import CatalogEditor, CatalogReader
from matinee.accounts.viewer import CHANGING, SIGNED_IN
from matinee.catalog import completeness
from matinee.catalog.completeness import Completeness, CompletenessPage, CompletenessSearch
from matinee.catalog.editing import episodes, seasons, titles
from matinee.catalog.editing.episode_schemas import (
    AdminEpisode,
    AdminEpisodes,
    AdminSeason,
    AdminSeasons,
    CreateEpisode,
    CreateSeason,
    EpisodeOrder,
    UpdateEpisode,
    UpdateSeason,
)
from matinee.catalog.editing.schemas import (
    AdminTitle,
    AdminTitles,
    ChangeStatus,
    CreateTitle,
    TitleSearch,
    UpdateTitle,
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
from matinee.core.schema import IfMatch, PathId, version_of, with_etag
from matinee.entitlements.ownership import TitleInUse
from matinee.runtime import Read, RuntimeDep

router = api_router("/admin", tag="catalogue editing")

READ = (*SIGNED_IN, Forbidden)
WRITE = (*CHANGING, Forbidden, UnknownField)
ONE = (NotFound, VersionConflict)


@router.get(
    "/titles",
    summary="Titles, for editors",
    responses=problems(*READ, BadCursor, UnknownField, InvalidValue),
)
async def list_admin_titles(
    _staff: CatalogReader, tx: Read, wish: Annotated[TitleSearch, Query()]
) -> AdminTitles:
    """In whatever state, last changed first."""
    return await titles.list_titles(tx, wish)


@router.post(
    "/titles",
    summary="Add a title",
    status_code=201,
    responses=problems(*WRITE, Conflict, InvalidValue, RuleViolated),
)
async def create_title(
    staff: CatalogEditor, response: Response, tx: AuditedWrite, wish: CreateTitle
) -> AdminTitle:
    """A draft unless asked otherwise; `gaps` says what it lacks."""
    return with_etag(response, await titles.create_title(tx, staff, wish))


@router.get(
    "/titles/completeness",
    summary="What titles lack",
    responses=problems(*READ, BadCursor, UnknownField, InvalidValue),
)
async def get_completeness(
    _staff: CatalogReader, runtime: RuntimeDep, wish: Annotated[CompletenessPage, Query()]
) -> Completeness:
    """Counts per field (a minute old at most), and titles that lack something, newest first."""
    return await completeness.report(runtime, wish)


@router.get(
    "/titles/completeness.csv",
    summary="What titles lack, as a file",
    response_class=StreamingResponse,
    responses=problems(*READ, UnknownField, InvalidValue)
    | {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export_completeness(
    _staff: CatalogReader, runtime: RuntimeDep, wish: Annotated[CompletenessSearch, Query()]
) -> StreamingResponse:
    """The whole list as CSV, streamed."""
    lines = completeness.as_csv(runtime, wish)
    return StreamingResponse(lines, media_type="text/csv", headers=completeness.CSV_HEADERS)


@router.get(
    "/titles/{title_id}", summary="A title, for editors", responses=problems(*READ, NotFound)
)
async def get_admin_title(
    _staff: CatalogReader, response: Response, tx: Read, title_id: PathId
) -> AdminTitle:
    """With all that belongs to it but its episodes; the ETag is its version."""
    return with_etag(response, await titles.get_title(tx, title_id))


@router.patch(
    "/titles/{title_id}",
    summary="Change a title",
    responses=problems(*WRITE, *ONE, InvalidValue, RuleViolated),
)
async def update_title(
    staff: CatalogEditor,
    response: Response,
    tx: AuditedWrite,
    title_id: PathId,
    wish: UpdateTitle,
    if_match: IfMatch = None,
) -> AdminTitle:
    """Only what is given changes; a list replaces the one there was, null clears."""
    version = version_of(if_match)
    return with_etag(response, await titles.update_title(tx, staff, title_id, wish, version))


@router.post(
    "/titles/{title_id}/status",
    summary="Publish, withdraw or take down a title",
    responses=problems(*WRITE, *ONE, RuleViolated),
)
async def change_title_status(
    staff: CatalogEditor,
    response: Response,
    tx: AuditedWrite,
    title_id: PathId,
    wish: ChangeStatus,
    if_match: IfMatch = None,
) -> AdminTitle:
    """At once for everybody; blocking gaps are told in the answer, they do not prevent it."""
    version = version_of(if_match)
    return with_etag(response, await titles.change_status(tx, staff, title_id, wish, version))


@router.delete(
    "/titles/{title_id}",
    summary="Delete a title",
    status_code=204,
    responses=problems(*CHANGING, Forbidden, *ONE, Conflict, TitleInUse),
)
async def delete_title(
    staff: CatalogEditor, tx: AuditedWrite, title_id: PathId, if_match: IfMatch = None
) -> None:
    """With all that belongs to it; a published title must be withdrawn first.

    One that households have bought, rented or ordered stays: take it down instead.
    """
    await titles.delete_title(tx, staff, title_id, version_of(if_match))


@router.get(
    "/titles/{title_id}/seasons",
    summary="Seasons, for editors",
    responses=problems(*READ, NotFound),
)
async def list_admin_seasons(_staff: CatalogReader, tx: Read, title_id: PathId) -> AdminSeasons:
    """All of them, specials last."""
    return await seasons.list_seasons(tx, title_id)


@router.post(
    "/titles/{title_id}/seasons",
    summary="Add a season",
    status_code=201,
    responses=problems(*WRITE, NotFound, Conflict, RuleViolated),
)
async def create_season(
    staff: CatalogEditor,
    response: Response,
    tx: AuditedWrite,
    title_id: PathId,
    wish: CreateSeason,
) -> AdminSeason:
    """To a series."""
    return with_etag(response, await seasons.create_season(tx, staff, title_id, wish))


@router.patch(
    "/titles/{title_id}/seasons/{season_id}",
    summary="Change a season",
    responses=problems(*WRITE, *ONE, Conflict, InvalidValue),
)
async def update_season(
    staff: CatalogEditor,
    response: Response,
    tx: AuditedWrite,
    title_id: PathId,
    season_id: PathId,
    wish: UpdateSeason,
    if_match: IfMatch = None,
) -> AdminSeason:
    """Only what is given changes; another number moves it."""
    version = version_of(if_match)
    changed = await seasons.update_season(tx, staff, title_id, season_id, wish, version)
    return with_etag(response, changed)


@router.delete(
    "/titles/{title_id}/seasons/{season_id}",
    summary="Delete a season",
    status_code=204,
    responses=problems(*CHANGING, Forbidden, *ONE, TitleInUse),
)
async def delete_season(
    staff: CatalogEditor,
    tx: AuditedWrite,
    title_id: PathId,
    season_id: PathId,
    if_match: IfMatch = None,
) -> None:
    """With its episodes."""
    await seasons.delete_season(tx, staff, title_id, season_id, version_of(if_match))


@router.get(
    "/titles/{title_id}/seasons/{season_id}/episodes",
    summary="Episodes, for editors",
    responses=problems(*READ, NotFound),
)
async def list_admin_episodes(
    _staff: CatalogReader, tx: Read, title_id: PathId, season_id: PathId
) -> AdminEpisodes:
    """In whatever state, by number."""
    return await episodes.list_episodes(tx, title_id, season_id)


@router.post(
    "/titles/{title_id}/seasons/{season_id}/episodes",
    summary="Add an episode",
    status_code=201,
    responses=problems(*WRITE, NotFound, Conflict),
)
async def create_episode(
    staff: CatalogEditor,
    response: Response,
    tx: AuditedWrite,
    title_id: PathId,
    season_id: PathId,
    wish: CreateEpisode,
) -> AdminEpisode:
    """A draft unless asked otherwise."""
    made = await episodes.create_episode(tx, staff, title_id, season_id, wish)
    return with_etag(response, made)


@router.put(
    "/titles/{title_id}/seasons/{season_id}/order",
    summary="Order the episodes of a season",
    responses=problems(*WRITE, NotFound, RuleViolated),
)
async def order_episodes(
    staff: CatalogEditor,
    tx: AuditedWrite,
    title_id: PathId,
    season_id: PathId,
    wish: EpisodeOrder,
) -> AdminEpisodes:
    """The numbers in use are dealt out anew, in the given order."""
    return await episodes.order_episodes(tx, staff, title_id, season_id, wish)


@router.patch(
    "/titles/{title_id}/episodes/{episode_id}",
    summary="Change an episode",
    responses=problems(*WRITE, *ONE, Conflict, InvalidValue),
)
async def update_episode(
    staff: CatalogEditor,
    response: Response,
    tx: AuditedWrite,
    title_id: PathId,
    episode_id: PathId,
    wish: UpdateEpisode,
    if_match: IfMatch = None,
) -> AdminEpisode:
    """Only what is given changes; another season or number moves it."""
    version = version_of(if_match)
    changed = await episodes.update_episode(tx, staff, title_id, episode_id, wish, version)
    return with_etag(response, changed)


@router.delete(
    "/titles/{title_id}/episodes/{episode_id}",
    summary="Delete an episode",
    status_code=204,
    responses=problems(*CHANGING, Forbidden, *ONE),
)
async def delete_episode(
    staff: CatalogEditor,
    tx: AuditedWrite,
    title_id: PathId,
    episode_id: PathId,
    if_match: IfMatch = None,
) -> None:
    """To take it off the catalogue only, make it a draft."""
    await episodes.delete_episode(tx, staff, title_id, episode_id, version_of(if_match))
