"""The rails "because you watched X": about strong, recent titles, and others every day."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from matinee.accounts.viewer import Viewer
from matinee.core.database import ReadTx
from matinee.entitlements.visibility import VISIBLE, visibility_of
from matinee.recommendations.blend import CONTENT_SHARE, NEXT_SHARE
from matinee.recommendations.layout import BECAUSE
from matinee.recommendations.picks import Draft, Pick, Reason, ReasonCode
from matinee.recommendations.statements import CURRENT_MODEL, OFFERED
from matinee.viewing.taste import Signal, Taste

ROWS = 2
DEPTH = 60
"""So many neighbours of each kind are looked at on the home screen."""
STRONGEST = 6
REASONS: dict[str, ReasonCode] = {
    "loved": "because_liked",
    "liked": "because_liked",
    "completed": "because_watched",
    "watched": "because_watched",
}
"""What a title has to be to its profile to stand behind a rail, and how that is said."""


def _near(name: str, share: float) -> str:
    return f"""
        SELECT near.number, {share} * near.weight / l.{name}_weights[1] AS value
        FROM unnest(l.{name}_numbers[:{DEPTH}],
             l.{name}_weights[:{DEPTH}])
             AS near(number, weight)
        WHERE near.weight > 0 AND l.{name}_weights[1] > 0
    """


_LISTS = " UNION ALL ".join(
    (_near("together", 1.0), _near("next", NEXT_SHARE), _near("content", CONTENT_SHARE))
)
_LIKE = f"""
    SELECT seed.number AS seed, alike.id, alike.genres, alike.value
    FROM unnest(:numbers::bigint[]) AS seed(number)
    CROSS JOIN LATERAL (
        SELECT t.id, t.genres, near.value
        FROM (
            SELECT list.number, sum(list.value) AS value
            FROM title_neighbors l CROSS JOIN LATERAL ({_LISTS}) AS list
            WHERE l.model_id = {CURRENT_MODEL} AND l.title_number = seed.number
            GROUP BY list.number ORDER BY value DESC
        ) AS near JOIN titles t ON t.number = near.number
        WHERE {OFFERED}
        ORDER BY near.value DESC, t.id LIMIT :limit
    ) AS alike
    WHERE EXISTS (SELECT FROM titles t WHERE t.number = seed.number AND {VISIBLE})
    ORDER BY seed.number, alike.value DESC, alike.id
"""
"""Per seed that the viewer still sees, what is learned to go with it and may be offered."""


class Alike(NamedTuple):
    """A title that goes with another one, and how well; values are comparable per seed."""

    title_id: UUID
    genres: tuple[str, ...]
    value: float


def seeds_of_the_day(taste: Taste, day: date) -> list[Signal]:
    """Two of the strongest positives with different first genres, none of yesterday's if possible.

    The strongest take turns: on even days every other one from the first, on odd days from the
    second. Where that does not give enough, the others help out.
    """
    positives = [signal for signal in taste.signals if signal.kind in REASONS]
    strongest = sorted(positives, key=lambda signal: -signal.weight)[:STRONGEST]
    turn = day.toordinal() % 2
    return _of_different_genres([*strongest[turn::2], *strongest[1 - turn :: 2]])


def _of_different_genres(signals: Sequence[Signal]) -> list[Signal]:
    """The first signal of each first genre, so many as there are rows."""
    chosen: dict[str, Signal] = {}
    for signal in signals:
        chosen.setdefault(signal.genres[0] if signal.genres else "", signal)
    return list(chosen.values())[:ROWS]


def seed_named(taste: Taste, rail: str) -> Signal | None:
    """The title behind a rail, if the profile likes it."""
    title_id = rail.removeprefix(BECAUSE)
    named = (signal for signal in taste.signals if str(signal.title_id) == title_id)
    return next((signal for signal in named if signal.kind in REASONS), None)


async def read_alike(
    tx: ReadTx, viewer: Viewer, numbers: Sequence[int], limit: int
) -> dict[int, list[Alike]]:
    """What goes with each of the titles with these numbers, best first, in one statement."""
    alike: dict[int, list[Alike]] = {number: [] for number in numbers}
    for row in await tx.all(_LIKE, numbers=list(numbers), limit=limit, **visibility_of(viewer)):
        alike[row["seed"]].append(Alike(row["id"], tuple(row["genres"]), row["value"]))
    return alike


def because_draft(seed: Signal, alike: Sequence[Alike]) -> Draft:
    """The rail of what goes with a title."""
    best = max((one.value for one in alike), default=1.0)
    picks = (
        Pick(
            one.title_id,
            one.value,
            Reason(REASONS[seed.kind], seed.title_id, one.value / best),
            one.genres,
        )
        for one in alike
    )
    return Draft(f"{BECAUSE}{seed.title_id}", tuple(picks), title_id=seed.title_id)
