"""Neighbours learned by another engine, brought in from a file (NDJSON, one title a line).

    {"title": "tt0017136", "neighbors": ["tt0013442", "tt0010323"], "weights": [1.5, -0.2]}

Titles go by their id or their external_id; of each the strongest 200 neighbours are kept. What is
watched next and what is alike is learned here as ever.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator

from matinee.accounts.audit import COMMAND_LINE, record
from matinee.core.database import ReadTx
from matinee.core.errors import InvalidValue
from matinee.core.schema import Input, Line, Number
from matinee.recommendations.learning import lessons
from matinee.recommendations.learning.apart import run_apart, run_in_thread
from matinee.recommendations.learning.arrays import Matrix, Places, matrix
from matinee.recommendations.learning.lessons import Lesson
from matinee.recommendations.learning.reading import read_library
from matinee.recommendations.learning.storing import store_model
from matinee.runtime import Runtime

EXTERNAL = "external"

_NAMES = "SELECT number, id::text AS id, external_id FROM titles"


class NeighborLine(Input):
    """A title and what is watched by the same people, with weights."""

    title: Line
    neighbors: Annotated[list[Line], Field(max_length=1000)]
    weights: Annotated[list[Number], Field(max_length=1000)]

    @model_validator(mode="after")
    def _match(self) -> Self:
        if len(self.neighbors) != len(self.weights):
            raise ValueError("neighbors and weights must be equally many")
        return self


async def import_neighbours(runtime: Runtime, lines: Iterable[bytes]) -> dict[str, Any]:
    """Let the neighbours of a file serve; returns the report of the new model.

    Titles that are not in the catalogue are left out and counted.

    Raises:
        InvalidValue: a line is not of that form, or none is about titles that there are.
    """
    said = list(_parsed(lines))
    async with runtime.database.read() as tx:
        library = await read_library(tx, runtime.settings.signal_weights)
        places = await _places(tx, library.content.numbers)
    together, unknown = _table(said, places, len(library.content.numbers))
    if not together.nnz:
        raise InvalidValue("title", message="None of these titles is in the catalogue.")
    run = run_in_thread if library.small else run_apart
    lesson: Lesson = await run(lessons.adopt, *library, together, on_step=_unheard)
    report = lesson.report | {"lines": len(said), "unknown_titles": unknown}
    async with runtime.database.write() as wtx:
        model_id = await store_model(
            wtx, lesson.model, library.content.numbers, source=EXTERNAL, report=report
        )
        targets = {"model": model_id}
        await record(wtx, COMMAND_LINE, "recommendations.import", targets=targets, after=report)
    return {"model_id": model_id} | report


def _parsed(lines: Iterable[bytes]) -> Iterator[NeighborLine]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield NeighborLine.model_validate_json(line)
        except ValidationError as error:
            complaint = error.errors()[0]
            field = ".".join(str(part) for part in complaint["loc"])
            raise InvalidValue(field, message=f"Line {number}: {complaint['msg']}") from None


async def _places(tx: ReadTx, numbers: Places) -> dict[str, int]:
    """Where titles are in the tables, by both of their names."""
    places: dict[str, int] = {}
    async for row in tx.stream(_NAMES):
        place = int(np.searchsorted(numbers, row["number"]))
        places[row["id"]] = place
        if row["external_id"] is not None:
            places.setdefault(row["external_id"], place)
    return places


def _table(said: list[NeighborLine], places: dict[str, int], count: int) -> tuple[Matrix, int]:
    """The table, and how many names are of no title."""
    rows: list[int] = []
    columns: list[int] = []
    weights: list[float] = []
    names = {name for line in said for name in (line.title, *line.neighbors)}
    for line in said:
        for neighbour, weight in zip(line.neighbors, line.weights, strict=True):
            seed, other = places.get(line.title), places.get(neighbour)
            if seed is not None and other is not None and seed != other:
                rows.append(seed)
                columns.append(other)
                weights.append(weight)
    values = np.array(weights, np.float32)
    made = matrix(values, np.array(rows, int), np.array(columns, int), (count, count))
    return made, len(names - places.keys())


async def _unheard(_step: str) -> None:
    pass
