"""The command that brings guides in."""

from functools import partial
from pathlib import Path
from typing import Annotated

import orjson
import typer

from matinee.cli.catalog import app
from matinee.cli.console import CommandFailed
from matinee.cli.database import command_settings, with_runtime
from matinee.epg.importing.command import Sought, import_xmltv
from matinee.epg.importing.schemas import GuideImport
from matinee.epg.importing.service import Wish
from matinee.runtime import Runtime


@app.command()
def xmltv(
    place: Annotated[str, typer.Argument(help="An XMLTV guide: a file or an address.")],
    source: Annotated[
        str | None,
        typer.Option("--source", help="Name of its source; else the file's name or the host."),
    ] = None,
    accept_shrink: Annotated[
        bool,
        typer.Option("--accept-shrink", help="Even if it has less than half of its programmes."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
) -> None:
    """Import a guide: the airings of channels that are mapped, as a difference.

    Prints the report as JSON. A guide that cannot be read, or has suddenly shrunk, is refused and
    leaves the old one as it is.
    """
    sought = Sought(place, source)
    if not sought.is_address and not Path(place).is_file():
        raise CommandFailed(f"There is no file {place}.")
    wish = Wish(accept_shrink, dry_run)
    done = with_runtime(command_settings(), partial(_import, sought, wish))
    typer.echo(orjson.dumps(done.report.model_dump(mode="json"), option=orjson.OPT_INDENT_2))


async def _import(sought: Sought, wish: Wish, runtime: Runtime) -> GuideImport:
    return await import_xmltv(runtime, sought, wish)
