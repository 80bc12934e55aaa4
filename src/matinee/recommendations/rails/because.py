"""The titles behind the rails "because you watched X": strong, recent, and others every day."""

from collections.abc import Sequence
from datetime import date

from matinee.viewing.taste import Signal, Taste

ROWS = 2
STRONGEST = 6
KINDS = ("loved", "liked", "completed", "watched")


def seeds_of_the_day(taste: Taste, day: date) -> list[Signal]:
    """Two of the strongest positives with different first genres, none of yesterday's if possible.

    The strongest take turns: on even days every other one from the first, on odd days from the
    second. Where that does not give enough, the others help out.
    """
    positives = [signal for signal in taste.signals if signal.kind in KINDS]
    strongest = sorted(positives, key=lambda signal: -signal.weight)[:STRONGEST]
    turn = day.toordinal() % 2
    return _of_different_genres([*strongest[turn::2], *strongest[1 - turn :: 2]])


def _of_different_genres(signals: Sequence[Signal]) -> list[Signal]:
    """The first signal of each first genre, so many as there are rows."""
    chosen: dict[str, Signal] = {}
    for signal in signals:
        chosen.setdefault(signal.genres[0] if signal.genres else "", signal)
    return list(chosen.values())[:ROWS]
