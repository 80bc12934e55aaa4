"""How commands talk to people: expected failures are one message, never a traceback."""

from typing import Any

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from matinee.core.errors import Problem
from matinee.core.settings import PREFIX, Settings, UnsafeSettings
from matinee.demo.seed import NotADemo
from matinee.embedded.postgres import EmbeddedFailed
from matinee.embedded.programs import NoPrograms


class CommandFailed(Exception):
    """The command cannot do what was asked; the message is for whoever typed it."""


EXPECTED = (CommandFailed, UnsafeSettings, EmbeddedFailed, NoPrograms, NotADemo)


class ReadableErrors(TyperGroup):
    """A group of commands that turns what may go wrong into a message and exit status 1."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except EXPECTED as failure:
            _fail(str(failure))
        except Problem as problem:
            where = f"{problem.field}: " if problem.field else ""
            _fail(f"{where}{problem.text}")
        except ValidationError as error:
            if error.title != Settings.__name__:
                raise
            _fail("\n".join(settings_faults(error)))


def settings_faults(error: ValidationError) -> list[str]:
    """One line per wrong setting, named as its variable."""
    faults = []
    for fault in error.errors():
        message = fault["msg"].removeprefix("Value error, ")
        variable = "_".join(str(part) for part in fault["loc"][:1]).upper()
        faults.append(f"{PREFIX}{variable}: {message}" if variable else message)
    return faults


def _fail(message: str) -> None:
    typer.secho(message, fg=typer.colors.RED, err=True)
    raise typer.Exit(1)
