"""The ways in which playing is refused, and which of them answers a decision."""

from typing import Any

from matinee.accounts.service import AccountHeld
from matinee.core.errors import Forbidden, NotFound, Problem
from matinee.entitlements.access import Decision
from matinee.entitlements.schemas import AccessOption, access_fields

__all__ = [
    "REFUSALS",
    "AccountHeld",
    "Blackout",
    "NotEntitled",
    "NotInTerritory",
    "ParentalBlocked",
    "refuse",
]


class NotEntitled(Problem):
    """This has to be subscribed to, rented or bought first."""

    status = 402


class ParentalBlocked(Problem):
    """This profile may not watch that."""

    status = 403


class Blackout(Forbidden):
    """This channel must not be shown here at the moment."""


class NotInTerritory(Problem):
    """This cannot be shown in your country."""

    status = 451


REFUSALS = (NotFound, NotEntitled, AccountHeld, ParentalBlocked, NotInTerritory, Blackout)
"""All that `refuse` can answer."""


def refuse(decision: Decision) -> Problem:
    """The problem that tells why a decision went against the viewer.

    `NotEntitled` carries what would help: `access_options` and `best_option`.
    """
    match decision.via:
        case "account_held":
            return AccountHeld()
        case "parental":
            return ParentalBlocked()
        case "blackout":
            return Blackout(ends_at=decision.until and decision.until.isoformat())
        case "not_in_territory":
            return NotInTerritory()
        case "locked":
            return NotEntitled(**_ways(decision))
        case _:
            return NotFound()


def _ways(decision: Decision) -> dict[str, Any]:
    fields = access_fields(decision)
    options: list[AccessOption] = fields["access_options"]
    best: AccessOption | None = fields["best_option"]
    return {
        "access_options": [option.model_dump(mode="json") for option in options],
        "best_option": best.model_dump(mode="json") if best else None,
    }
