"""Collections as rails: the operator's lists, made by hand or by a saved filter (S-07)."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from matinee.catalog.collections import saved_filter
from matinee.catalog.filters import condition_of
from matinee.catalog.tags import CATALOG
from matinee.recommendations.rails.shelves import OFFERED, Shelf
from matinee.runtime import FIVE_MINUTES, Runtime

_PUBLISHED = """
    SELECT slug, name, kind, filter FROM collections
    WHERE status = 'published' AND statement_timestamp() < published_until
    ORDER BY position, name, slug LIMIT 200
"""


class Published(NamedTuple):
    """A collection that is published, or will be; a filter where it is a smart one."""

    slug: str
    name: str
    kind: str
    filter: dict[str, Any] | None


async def published_collections(runtime: Runtime) -> dict[str, Published]:
    """Collections by slug in the operator's order, remembered until the catalogue changes."""

    async def build() -> dict[str, Published]:
        async with runtime.database.read() as tx:
            return {row["slug"]: Published(**row) for row in await tx.all(_PUBLISHED)}

    return await runtime.cache.get_or_build_object(
        "published-collections", "", depends_on={CATALOG}, ttl=FIVE_MINUTES, build=build
    )


def collection_shelves(collections: Iterable[Published], prefix: str) -> list[Shelf]:
    """What to read for collections; their rails are named `prefix` and slug."""
    return [
        _shelf(collection, f"{prefix}{collection.slug}", n)
        for n, collection in enumerate(collections)
    ]


def _shelf(collection: Published, rail: str, n: int) -> Shelf:
    """Names of parameters end in a number, so that all of them fit into one statement."""
    params = {f"slug_{n}": collection.slug}
    if collection.filter is None:
        return Shelf(rail, _manual(n), params)
    condition, given = condition_of(saved_filter(collection.filter), suffix=f"_{n}")
    return Shelf(rail, _smart(n, condition), params | given)


def _manual(n: int) -> str:
    return f"""
        SELECT t.id, false AS pinned
        FROM collections c
        JOIN collection_items i ON i.collection_id = c.id JOIN titles t ON t.id = i.title_id
        WHERE {_is_open(n)} AND {OFFERED}
        ORDER BY i.position, t.id LIMIT :limit
    """


def _smart(n: int, condition: str) -> str:
    return f"""
        SELECT t.id, false AS pinned
        FROM titles t
        WHERE t.status = 'published' AND {condition} AND {OFFERED}
          AND EXISTS (SELECT FROM collections c WHERE {_is_open(n)})
        ORDER BY t.added_at DESC, t.id DESC LIMIT :limit
    """


def _is_open(n: int) -> str:
    return f"""
        c.slug = :slug_{n}::text AND c.status = 'published'
        AND c.published_from <= statement_timestamp()
        AND statement_timestamp() < c.published_until
    """
