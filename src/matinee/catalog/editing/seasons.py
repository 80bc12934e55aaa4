"""What editors do with the seasons of a series."""

from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.catalog.editing.changes import assignments, lock, write_down
from matinee.catalog.editing.episode_schemas import (
    AdminSeason,
    AdminSeasons,
    CreateSeason,
    UpdateSeason,
)
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import InvalidValue, NotFound, RuleViolated
from matinee.entitlements.ownership import refuse_in_use

_KIND = "SELECT kind FROM titles WHERE id = :title_id"
_SEASONS = """
    SELECT s.id, s.title_id, s.number, s.name, s.synopsis, s.year, s.version,
           (SELECT count(*) FROM episodes e WHERE e.season_id = s.id) AS episode_count
    FROM seasons s
    WHERE s.title_id = :title_id AND (:season_id::uuid IS NULL OR s.id = :season_id)
    ORDER BY s.number = 0, s.number
"""
_LOCK = "SELECT version FROM seasons WHERE id = :season_id AND title_id = :title_id FOR UPDATE"
_ADD = """
    INSERT INTO seasons (title_id, number, name, synopsis, year)
    VALUES (:title_id, :number, :name, :synopsis, :year) RETURNING id
"""
_UPDATE = "UPDATE seasons SET {assignments}, version = version + 1 WHERE id = :season_id"
_DELETE = "DELETE FROM seasons WHERE id = :season_id"


async def list_seasons(tx: ReadTx, title_id: UUID) -> AdminSeasons:
    """All seasons of a title, specials last; none for a movie.

    Raises:
        NotFound: there is no such title.
    """
    if await tx.scalar(_KIND, title_id=title_id) is None:
        raise NotFound()
    rows = await tx.all(_SEASONS, title_id=title_id, season_id=None)
    return AdminSeasons(items=[AdminSeason(**row) for row in rows])


async def get_season(tx: ReadTx, title_id: UUID, season_id: UUID) -> AdminSeason:
    """One season.

    Raises:
        NotFound: the title has no such season.
    """
    row = await tx.one(_SEASONS, title_id=title_id, season_id=season_id)
    if row is None:
        raise NotFound()
    return AdminSeason(**row)


async def create_season(
    tx: WriteTx, staff: Viewer, title_id: UUID, wish: CreateSeason
) -> AdminSeason:
    """Add a season.

    Raises:
        NotFound: there is no such title.
        RuleViolated: it is a movie.
        Conflict: there is a season of that number.
    """
    kind = await tx.scalar(_KIND, title_id=title_id)
    if kind is None:
        raise NotFound()
    if kind != "series":
        raise RuleViolated("kind", message="Only a series has seasons.")
    season_id = await tx.scalar(_ADD, title_id=title_id, **wish.model_dump())
    season = await get_season(tx, title_id, season_id)
    await write_down(tx, staff, "season.create", _targets(season), after=season)
    return season


async def update_season(
    tx: WriteTx,
    staff: Viewer,
    title_id: UUID,
    season_id: UUID,
    wish: UpdateSeason,
    version: int | None,
) -> AdminSeason:
    """Change what was given.

    Raises:
        NotFound: the title has no such season.
        VersionConflict: somebody changed it since it was read.
        Conflict: there is another season of that number.
    """
    await lock(tx, _LOCK, version, season_id=season_id, title_id=title_id)
    before = await get_season(tx, title_id, season_id)
    given = wish.model_dump(exclude_unset=True)
    if "number" in given and given["number"] is None:
        raise InvalidValue("number", message="A season needs a number.")
    if given:
        sql = (
            f"UPDATE seasons SET {assignments(given)}, version = version + 1 WHERE id = :season_id"
        )
        await tx.execute(sql, season_id=season_id, **given)
    after = await get_season(tx, title_id, season_id)
    await write_down(tx, staff, "season.update", _targets(after), before=before, after=after)
    return after


async def delete_season(
    tx: WriteTx, staff: Viewer, title_id: UUID, season_id: UUID, version: int | None
) -> None:
    """Remove a season with its episodes.

    Raises:
        NotFound: the title has no such season.
        TitleInUse: a household has bought or rented this season, or has ordered it.
        VersionConflict: somebody changed it since it was read.
    """
    await lock(tx, _LOCK, version, season_id=season_id, title_id=title_id)
    await refuse_in_use(tx, title_id, season_id)
    before = await get_season(tx, title_id, season_id)
    await tx.execute(_DELETE, season_id=season_id)
    await write_down(tx, staff, "season.delete", _targets(before), before=before)


def _targets(season: AdminSeason) -> dict[str, UUID]:
    return {"title": season.title_id, "season": season.id}
