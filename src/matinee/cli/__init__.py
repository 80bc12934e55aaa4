"""The `matinee` command: each file holds one group of commands."""

from typing import Annotated

import typer

from matinee import __version__
from matinee.cli import (
    audit,
    catalog,
    channels,
    config,
    db,
    demo,
    guide_imports,
    media,
    openapi,
    recommendations,
    serve,
    staff,
)
from matinee.cli.console import ReadableErrors

OF_OTHER_GROUPS = (channels, guide_imports)
"""Files that add their commands to the group `import`."""

app = typer.Typer(
    name="matinee",
    cls=ReadableErrors,
    help="Matinee: the whole back end of a streaming-TV service.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(serve.app)
app.add_typer(demo.app, name="demo")
app.add_typer(db.app, name="db")
app.add_typer(catalog.app, name="import")
app.add_typer(media.app, name="media")
app.add_typer(recommendations.app, name="recommendations")
app.add_typer(staff.app, name="admin")
app.add_typer(audit.app, name="audit")
app.add_typer(config.app, name="config")
app.add_typer(openapi.app)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"matinee {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    pass
