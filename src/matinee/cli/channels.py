"""The command that brings channel lists in."""

import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO

import orjson
import typer

from matinee.accounts.audit import COMMAND_LINE
from matinee.cli.catalog import SOME_REFUSED, app
from matinee.cli.console import CommandFailed
from matinee.cli.database import command_settings, with_runtime
from matinee.core.safe_fetch import open_safely
from matinee.epg.channels.importing import import_list
from matinee.epg.channels.list_schemas import ImportListWish, ListReport
from matinee.epg.feeds.unpacking import PIECE
from matinee.runtime import Runtime


@app.command()
def m3u(
    source: Annotated[str, typer.Argument(help="A channel list: a file, an address, or -.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    publish: Annotated[
        bool, typer.Option("--publish", help="Publish channels of the list that are drafts.")
    ] = False,
) -> None:
    """Import a channel list; known channels (by tvg-id, else by name) are updated.

    Prints the report as JSON; the exit status is 2 when entries were refused.
    """
    wish = ImportListWish(dry_run=dry_run, publish=publish)
    report = with_runtime(command_settings(), partial(_import, source, wish))
    typer.echo(orjson.dumps(report.model_dump(mode="json"), option=orjson.OPT_INDENT_2))
    if report.refused:
        raise typer.Exit(SOME_REFUSED)


async def _import(source: str, wish: ImportListWish, runtime: Runtime) -> ListReport:
    if source.startswith(("http://", "https://")):
        most_bytes = runtime.settings.max_import_bytes
        async with open_safely(source, most_bytes=most_bytes) as found:
            return await import_list(runtime, COMMAND_LINE, found.pieces, wish)
    with ExitStack() as stack:
        file = sys.stdin.buffer if source == "-" else stack.enter_context(_opened(Path(source)))
        return await import_list(runtime, COMMAND_LINE, _pieces(file), wish)


def _opened(path: Path) -> BinaryIO:
    if not path.is_file():
        raise CommandFailed(f"There is no file {path}.")
    return path.open("rb")


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    while piece := file.read(PIECE):
        yield piece
