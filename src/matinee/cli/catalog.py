"""Commands that bring catalogues in."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import anyio
import orjson
import typer

from matinee.catalog.importers.service import Wish, run_import
from matinee.catalog.importers.shapes import FileFormat
from matinee.cli.database import with_runtime
from matinee.core.settings import load_settings
from matinee.runtime import Runtime

PIECE = 65_536

app = typer.Typer(no_args_is_help=True, help="Bring catalogues in.")


@app.callback()
def _group() -> None:
    pass


@app.command()
def titles(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON, NDJSON or CSV.")],
    file_format: Annotated[FileFormat, typer.Option("--format", help="What it holds.")] = "auto",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    all_or_nothing: Annotated[
        bool, typer.Option("--all-or-nothing", help="Import nothing if a row is wrong.")
    ] = False,
) -> None:
    """Import titles from a file; known ones (by external_id) are updated.

    Prints the report as JSON; the exit status is 2 when rows were refused.
    """
    wish = Wish(file_format, dry_run, all_or_nothing)
    report = with_runtime(load_settings(), partial(_import, file, wish))
    typer.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2, default=str))
    if report["error_count"]:
        raise typer.Exit(2)


async def _import(file: Path, wish: Wish, runtime: Runtime) -> dict[str, Any]:
    async def say(rows: int) -> None:
        typer.echo(f"{rows} rows", err=True)

    return await run_import(runtime, _pieces(file), wish, say)


async def _pieces(file: Path) -> AsyncIterator[bytes]:
    async with await anyio.open_file(file, "rb") as opened:
        while piece := await opened.read(PIECE):
            yield piece
