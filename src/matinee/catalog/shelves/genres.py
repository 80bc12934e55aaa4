"""What editors do with genres: add, rename, merge, delete."""

from matinee.accounts.viewer import Viewer, profile_tag, user_tag
from matinee.catalog.editing.changes import assignments, write_down
from matinee.catalog.events import titles_changed
from matinee.catalog.importers.loader import genre_slug
from matinee.catalog.shelves.schemas import (
    AdminGenre,
    AdminGenres,
    CreateGenre,
    MergeGenre,
    UpdateGenre,
)
from matinee.core.database import ReadTx, WriteTx
from matinee.core.errors import Conflict, InvalidValue, NotFound, RuleViolated
from matinee.entitlements.packages import rules

MERGE_TIMEOUT = "SET LOCAL statement_timeout = '30s'"
"""A genre may have a third of all titles."""

_ALL = """
    SELECT g.slug, g.name, g.names, coalesce(used.titles, 0) AS titles
    FROM genres g
    LEFT JOIN (
        SELECT slug, count(*) AS titles FROM titles t, unnest(t.genres) AS slug GROUP BY slug
    ) AS used USING (slug)
    ORDER BY lower(g.name), g.slug
"""
_ONE = """
    SELECT g.slug, g.name, g.names,
           (SELECT count(*) FROM titles t WHERE t.genres @> ARRAY[g.slug]) AS titles
    FROM genres g WHERE g.slug = :slug
"""
_ADD = """
    INSERT INTO genres (slug, name, names) VALUES (:slug, :name, :names::jsonb)
    ON CONFLICT (slug) DO NOTHING
"""
_LOCK = "SELECT slug FROM genres WHERE slug = ANY (:slugs::text[]) ORDER BY slug FOR UPDATE"
_DELETE = "DELETE FROM genres WHERE slug = :slug"

# in the order in which imports lock titles
_MOVE_TITLES = """
    WITH concerned AS (
        SELECT id FROM titles WHERE genres @> ARRAY[:slug::text] ORDER BY external_id FOR UPDATE
    )
    UPDATE titles t
    SET version = version + 1, updated_at = clock_timestamp(),
        genres = (
            SELECT array_agg(slug ORDER BY n)
            FROM (
                SELECT CASE WHEN slug = :slug THEN :into::text ELSE slug END AS slug, min(n) AS n
                FROM unnest(t.genres) WITH ORDINALITY AS own(slug, n) GROUP BY 1
            ) AS kept
        )
    FROM concerned WHERE t.id = concerned.id RETURNING t.id
"""
_MOVE_FILTERS = """
    UPDATE collections
    SET version = version + 1, updated_at = clock_timestamp(),
        filter = jsonb_set(filter, '{genre}', (
            SELECT jsonb_agg(DISTINCT CASE WHEN slug = :slug THEN :into::text ELSE slug END)
            FROM jsonb_array_elements_text(filter -> 'genre') AS wanted(slug)
        ))
    WHERE filter -> 'genre' ? :slug::text
"""
# The old slug stays blocked beside the new one: free tags of titles may still carry it.
_MOVE_BLOCKS = """
    UPDATE profiles
    SET version = version + 1,
        blocked_tags = CASE WHEN cardinality(blocked_tags) < 100
                            THEN array_append(blocked_tags, :into::text)
                            ELSE array_replace(blocked_tags, :slug::text, :into::text) END
    WHERE blocked_tags @> ARRAY[:slug::text] AND NOT blocked_tags @> ARRAY[:into::text]
    RETURNING user_id, id  -- cross-user
"""
_COPY_PREFERENCES = """
    INSERT INTO profile_preferences (user_id, profile_id, kind, label, liked)
    SELECT user_id, profile_id, kind, :into::text, liked FROM profile_preferences
    WHERE kind = 'genre' AND label = :slug::text  -- cross-user
    ON CONFLICT DO NOTHING
"""
_DROP_PREFERENCES = """
    DELETE FROM profile_preferences WHERE kind = 'genre' AND label = :slug  -- cross-user
"""


async def list_genres(tx: ReadTx) -> AdminGenres:
    """All genres with the number of their titles, by name."""
    return AdminGenres(items=[AdminGenre(**row) for row in await tx.all(_ALL)])


async def get_genre(tx: ReadTx, slug: str) -> AdminGenre:
    """One genre.

    Raises:
        NotFound: there is none of that slug.
    """
    row = await tx.one(_ONE, slug=slug)
    if row is None:
        raise NotFound()
    return AdminGenre(**row)


async def create_genre(tx: WriteTx, staff: Viewer, wish: CreateGenre) -> AdminGenre:
    """Add a genre.

    Raises:
        Conflict: there is one of that slug.
    """
    slug = genre_slug(wish.name)
    if not await tx.execute(_ADD, slug=slug, name=wish.name, names=wish.names):
        raise Conflict("name", slug=slug)
    genre = await get_genre(tx, slug)
    await write_down(tx, staff, "genre.create", {"genre": slug}, after=genre)
    return genre


async def update_genre(tx: WriteTx, staff: Viewer, slug: str, wish: UpdateGenre) -> AdminGenre:
    """Give a genre other names; titles keep naming it by its slug.

    Raises:
        NotFound: there is none of that slug.
    """
    await _lock(tx, slug)
    before = await get_genre(tx, slug)
    given = wish.model_dump(exclude_unset=True)
    if given.get("name", "") is None:
        raise InvalidValue("name", message="A genre needs a name.")
    if "names" in given:
        given["names"] = given["names"] or {}
    if given:
        await tx.execute(
            f"UPDATE genres SET {assignments(given)} WHERE slug = :slug", slug=slug, **given
        )
    after = await get_genre(tx, slug)
    await write_down(tx, staff, "genre.update", {"genre": slug}, before=before, after=after)
    return after


async def merge_genre(tx: WriteTx, staff: Viewer, slug: str, wish: MergeGenre) -> AdminGenre:
    """Give all titles of a genre to another one, and remove it.

    Whoever blocked the one blocks the other from now on; likes, saved filters and rules of
    packages move along. An
    import that still names the old genre brings it back.

    Raises:
        NotFound: one of the two does not exist.
        RuleViolated: both are the same.
    """
    if slug == wish.into:
        raise RuleViolated("into", message="A genre cannot be merged into itself.")
    await tx.execute(MERGE_TIMEOUT)
    await _lock(tx, slug, wish.into)
    before = await get_genre(tx, slug)
    both = {"slug": slug, "into": wish.into}
    moved = await tx.all(_MOVE_TITLES, **both)
    await titles_changed(tx, [row["id"] for row in moved])
    await tx.execute(_MOVE_FILTERS, **both)
    await rules.move_genre(tx, **both)
    await _move_wishes(tx, **both)
    await tx.execute(_DELETE, slug=slug)
    merged = await get_genre(tx, wish.into)
    targets = {"genre": wish.into, "merged": slug}
    await write_down(tx, staff, "genre.merge", targets, before=before, after=merged)
    return merged


async def _move_wishes(tx: WriteTx, slug: str, into: str) -> None:
    """What households blocked and liked; their remembered viewers are forgotten."""
    for row in await tx.all(_MOVE_BLOCKS, slug=slug, into=into):
        tx.invalidate(user_tag(row["user_id"]), profile_tag(row["id"]))
    await tx.execute(_COPY_PREFERENCES, slug=slug, into=into)
    await tx.execute(_DROP_PREFERENCES, slug=slug)


async def delete_genre(tx: WriteTx, staff: Viewer, slug: str) -> None:
    """Remove a genre that no title has.

    Raises:
        NotFound: there is none of that slug.
        Conflict: titles have it.
    """
    await _lock(tx, slug)
    before = await get_genre(tx, slug)
    if before.titles:
        raise Conflict("slug", message="Titles have this genre; merge it into another one.")
    await tx.execute(_DELETE, slug=slug)
    await write_down(tx, staff, "genre.delete", {"genre": slug}, before=before)


async def _lock(tx: WriteTx, *slugs: str) -> None:
    if len(await tx.all(_LOCK, slugs=list(slugs))) < len(slugs):
        raise NotFound()
