"""Commands about what to watch next."""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import orjson
import typer

from matinee.cli.console import CommandFailed
from matinee.cli.database import command_settings, with_runtime
from matinee.recommendations.learning.external import import_neighbours
from matinee.runtime import Runtime

app = typer.Typer(no_args_is_help=True, help="What to watch next.")


@app.callback()
def _group() -> None:
    pass


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="NDJSON with neighbours of titles, or -.")],
) -> None:
    """Let neighbours that another engine has learned serve, until the next training.

    Each line: {"title": id, "neighbors": [ids], "weights": [numbers]}. Prints the report as JSON.
    """
    if str(file) == "-":
        _import(sys.stdin.buffer)
        return
    try:
        with file.open("rb") as opened:
            _import(opened)
    except OSError as error:
        raise CommandFailed(f"{file}: {error.strerror}") from None


def _import(lines: BinaryIO) -> None:
    report = with_runtime(command_settings(), partial(_bring_in, lines))
    typer.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2))


async def _bring_in(lines: BinaryIO, runtime: Runtime) -> dict[str, Any]:
    return await import_neighbours(runtime, lines)
