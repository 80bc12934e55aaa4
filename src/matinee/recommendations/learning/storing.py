"""Storing models: all rows and the swap in one transaction, so that readers see one or the other.

What is current serves; the one before it is kept for a rollback; older ones are deleted.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matinee.core.database import ReadTx, WriteTx
from matinee.recommendations.learning.arrays import Matrix, Places
from matinee.recommendations.learning.model import Model

LEARNED = "learned"
"""Cache tag of everything that is ranked by the learned tables."""

ROWS_AT_ONCE = 2000
KEPT_REJECTED = 30

_HOLD = "LOCK TABLE recommendation_models IN SHARE ROW EXCLUSIVE MODE"
_CURRENT = "SELECT id, report FROM recommendation_models WHERE state = 'current'"
_DELETE_PREVIOUS = """
    DELETE FROM recommendation_models WHERE state = 'previous'
      AND EXISTS (SELECT FROM recommendation_models WHERE state = 'current')
"""
_STEP_BACK = "UPDATE recommendation_models SET state = 'previous' WHERE state = 'current'"
_ADD = """
    INSERT INTO recommendation_models (state, source, report, trained_at)
    VALUES (:state, :source, :report::jsonb, clock_timestamp()) RETURNING id
"""
_FORGET = """
    DELETE FROM recommendation_models m
    WHERE m.state = 'rejected' AND m.id NOT IN (
        SELECT id FROM recommendation_models WHERE state = 'rejected' ORDER BY id DESC LIMIT :kept
    )
"""
_COLUMNS = (
    "model_id", "title_number", "is_virtual",
    "together_numbers", "together_weights",
    "next_numbers", "next_weights",
    "content_numbers", "content_weights",
)  # fmt: skip

Neighbours = tuple[list[int], list[float]]


async def current_model(tx: ReadTx) -> tuple[int, dict[str, Any]] | None:
    """Number and report of the model that serves."""
    row = await tx.one(_CURRENT)
    return (row["id"], row["report"]) if row else None


async def store_model(
    tx: WriteTx, model: Model, numbers: Places, *, source: str, report: Mapping[str, Any]
) -> int:
    """Make a model the current one as part of this transaction; returns its number."""
    await tx.execute(_HOLD)
    await tx.execute(_DELETE_PREVIOUS)
    await tx.execute(_STEP_BACK)
    model_id: int = await tx.scalar(_ADD, state="current", source=source, report=dict(report))
    for rows in _batches(_rows(model_id, model, numbers)):
        await tx.copy("title_neighbors", _COLUMNS, rows)
    tx.invalidate(LEARNED)
    return model_id


async def store_rejection(tx: WriteTx, *, source: str, report: Mapping[str, Any]) -> int:
    """Keep what was measured of a model that may not serve, without its rows."""
    model_id: int = await tx.scalar(_ADD, state="rejected", source=source, report=dict(report))
    await tx.execute(_FORGET, kept=KEPT_REJECTED)
    return model_id


def _rows(model_id: int, model: Model, numbers: Places) -> Iterator[Sequence[Any]]:
    """The rows of all titles that have neighbours of any kind."""
    for place, number in enumerate(numbers.tolist()):
        lists = [
            neighbours_of(table, place, numbers)
            for table in (model.together, model.following, model.content)
        ]
        if any(names for names, _ in lists):
            flat = [column for pair in lists for column in pair]
            yield (model_id, number, bool(model.virtual[place]), *flat)


def neighbours_of(table: Matrix, place: int, numbers: Places) -> Neighbours:
    """The neighbours of a title by number, those with the largest weights first."""
    start, stop = table.indptr[place], table.indptr[place + 1]
    weights: NDArray[np.float32] = table.data[start:stop]
    order = np.argsort(-weights, kind="stable")
    return numbers[table.indices[start:stop][order]].tolist(), weights[order].tolist()


def _batches(rows: Iterator[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    batch: list[Sequence[Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == ROWS_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
