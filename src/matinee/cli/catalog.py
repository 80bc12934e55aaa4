"""Commands that bring catalogues in."""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import orjson
import typer

from matinee.catalog.importers.files import import_file
from matinee.catalog.importers.problems import RowsRefused
from matinee.catalog.importers.service import Wish
from matinee.catalog.importers.shapes import FileFormat
from matinee.cli.console import CommandFailed
from matinee.cli.database import command_settings, with_runtime
from matinee.runtime import Runtime

SOME_REFUSED = 2
"""The exit status of an import with errors in some of its rows."""

app = typer.Typer(no_args_is_help=True, help="Bring catalogues in.")


@app.callback()
def _group() -> None:
    pass


@app.command()
def titles(
    file: Annotated[Path, typer.Argument(help="A file, a folder of NFO files, or -.")],
    file_format: Annotated[FileFormat, typer.Option("--format", help="What it holds.")] = "auto",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    all_or_nothing: Annotated[
        bool, typer.Option("--all-or-nothing", help="Import nothing if a row is wrong.")
    ] = False,
) -> None:
    """Import titles; known ones (by external_id) are updated.

    Prints the report as JSON; the exit status is 2 when rows were refused.
    """
    wish = Wish(file_format, dry_run, all_or_nothing)
    source: Path | BinaryIO = sys.stdin.buffer if str(file) == "-" else file
    if isinstance(source, Path) and not source.exists():
        raise CommandFailed(f"There is no file {file}.")
    try:
        report = with_runtime(command_settings(), partial(_import, source, wish))
    except RowsRefused as refused:
        report = refused.details or {}
    typer.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2))
    if report["error_count"]:
        raise typer.Exit(SOME_REFUSED)


async def _import(source: Path | BinaryIO, wish: Wish, runtime: Runtime) -> dict[str, Any]:
    async def say(done: int, total: int) -> None:
        typer.echo(f"{done} of {total} rows", err=True)

    return await import_file(runtime, source, wish, say)
