"""Which of the drafts become rails: a title once above the fold, none too short."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from matinee.recommendations.layout import COLLECTION
from matinee.recommendations.picks import Draft

FOLD = 4
"""So many rails are seen without scrolling; in them a title stands once."""
LEAST = 3
LENGTH = 20
HERO_LENGTH = 5
OWN = ("continue-watching", "new-episodes", "my-list")
"""What the profile chose itself: these rails keep a title that others would show as well."""
WORTH_ONE = frozenset({*OWN, "hero", "recently-browsed"})
"""Rails that are worth showing with a single title."""


def arrange(drafts: Iterable[Draft]) -> list[Draft]:
    """Drafts in the same order, without titles that stand in a better place, without short ones.

    Their picks go on behind what is shown (see `shown_of`).
    """
    waiting = [draft for draft in drafts if _is_long_enough(draft)]
    arranged: list[Draft] = []
    while waiting and len(arranged) < FOLD:
        taken = FOLD - len(arranged)
        arranged = _without_repetitions([*arranged, *waiting[:taken]])
        del waiting[:taken]
    return [*arranged, *waiting]


def shown_of(draft: Draft) -> Draft:
    """The part of a draft that the home screen shows."""
    return draft.with_picks(draft.picks[: HERO_LENGTH if draft.rail == "hero" else LENGTH])


def _without_repetitions(drafts: Sequence[Draft]) -> list[Draft]:
    """Every title in one draft only, where somebody chose it rather than where it was computed."""
    claimed: set[UUID] = set()
    kept: dict[str, Draft] = {}
    for draft in sorted(drafts, key=_precedence):
        picks = tuple(pick for pick in draft.picks if pick.title_id not in claimed)
        kept[draft.rail] = draft.with_picks(picks)
        if _is_long_enough(kept[draft.rail]):
            claimed.update(shown_of(kept[draft.rail]).title_ids)
    return [kept[draft.rail] for draft in drafts if _is_long_enough(kept[draft.rail])]


def _precedence(draft: Draft) -> int:
    """What the profile chose, then what the operator chose, then all others as they come."""
    if draft.rail in OWN:
        return OWN.index(draft.rail)
    return len(OWN) if draft.rail.startswith(COLLECTION) else len(OWN) + 1


def _is_long_enough(draft: Draft) -> bool:
    return len(draft.picks) >= (1 if draft.rail in WORTH_ONE else LEAST)
