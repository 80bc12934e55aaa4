"""Titles nearest to a vector among those that a condition admits (A-06)."""

from typing import Any, Literal, NamedTuple
from uuid import UUID

from matinee.core.database import ReadTx, Row

CANDIDATES_PER_ROW = 20
FEWEST_CANDIDATES, MOST_CANDIDATES = 100, 1000
"""How many titles the index gives at once, for each that is wanted; pgvector's limit is 1000."""

MOST_COMPARED = 20_000
"""Up to so many titles are compared one by one: 0.1 s."""

MOST_SCANNED = 20_000
"""Where the index ends its search at last."""

_SETTINGS = """
    SELECT set_config('hnsw.ef_search', :candidates, true),
           set_config('hnsw.iterative_scan', :iterative_scan, true),
           set_config('hnsw.max_scan_tuples', :most_scanned, true)
"""
_BY_INDEX = """
    SELECT e.title_id, e.embedding <=> :vector::float4[]::vector AS distance
    FROM content_embeddings e JOIN titles t ON t.id = e.title_id
    WHERE e.purpose = 'search' AND e.model = :model AND {condition}
    ORDER BY e.embedding <=> :vector::float4[]::vector LIMIT :wanted
"""
_ONE_BY_ONE = """
    WITH admitted AS MATERIALIZED (
        SELECT t.id FROM titles t WHERE {condition} LIMIT :most_compared + 1
    )
    SELECT e.title_id, e.embedding <=> :vector::float4[]::vector AS distance,
           (SELECT count(*) FROM admitted) <= :most_compared AS complete
    FROM admitted JOIN content_embeddings e ON e.title_id = admitted.id AND e.purpose = 'search'
    WHERE e.model = :model
    ORDER BY distance, e.title_id LIMIT :wanted
"""


class Near(NamedTuple):
    """A title and its cosine distance: 0 means the same, 1 unrelated, 2 the opposite."""

    title_id: UUID
    distance: float


async def nearest(
    tx: ReadTx, vector: list[float], condition: str, limit: int, *, model: str, **params: Any
) -> list[Near]:
    """Up to `limit` titles that the condition admits, nearest first.

    `condition` is SQL over `titles t`, such as `VISIBLE`, and `params` are its parameters; only
    vectors made by `model` are compared. At most four statements, mostly two.

    The HNSW index is asked for a batch of candidates. Where too few of these are admitted, the
    titles that are admitted are compared one by one, for the index could fill the page but would
    miss half of what belongs there. Where they are too many for that, the index goes on.
    """
    asked = {"vector": vector, "model": model, "wanted": limit, **params}
    rows = await _by_index(tx, condition, "off", asked)
    if len(rows) < limit:
        statement = _ONE_BY_ONE.format(condition=condition)
        rows = await tx.all(statement, most_compared=MOST_COMPARED, **asked)
        if rows and not rows[0]["complete"]:
            further = await _by_index(tx, condition, "strict_order", asked)
            rows = further if len(further) == limit else rows
    return [Near(row["title_id"], row["distance"]) for row in rows]


async def _by_index(
    tx: ReadTx,
    condition: str,
    iterative_scan: Literal["off", "strict_order"],
    asked: dict[str, Any],
) -> list[Row]:
    candidates = CANDIDATES_PER_ROW * int(asked["wanted"])
    await tx.all(
        _SETTINGS,
        candidates=str(min(max(candidates, FEWEST_CANDIDATES), MOST_CANDIDATES)),
        iterative_scan=iterative_scan,
        most_scanned=str(MOST_SCANNED),
    )
    return await tx.all(_BY_INDEX.format(condition=condition), **asked)
