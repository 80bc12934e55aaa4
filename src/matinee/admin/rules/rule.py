"""A rule of the data: a name, a sentence, and how to find what violates it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from matinee.core.database import ReadTx
from matinee.core.settings import Settings

Check = Callable[[ReadTx, Settings], Awaitable[list[str]]]


@dataclass(frozen=True)
class Rule:
    """A rule, and how to find what violates it."""

    name: str
    text: str
    violations: Check


def sql(statement: str, **limits: str) -> Check:
    """A check whose violations are the first column of a statement.

    `limits` names the settings that its parameters take.
    """

    async def check(tx: ReadTx, settings: Settings) -> list[str]:
        params = {name: getattr(settings, setting) for name, setting in limits.items()}
        return [str(row[0]) for row in await tx.all(statement, **params)]

    return check
