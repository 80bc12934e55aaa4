"""Commands for the schema of the database."""

import asyncio
from typing import Annotated

import typer

from matinee.cli.console import CommandFailed
from matinee.cli.database import command_settings, database_of, url_of
from matinee.installation import install
from matinee.migrations.state import current_revision, downgrade, head_revision

app = typer.Typer(no_args_is_help=True, help="The schema of the database.")


@app.command()
def upgrade() -> None:
    """Bring the database to the schema of this version; several may try at once."""
    with database_of(command_settings()) as place:
        asyncio.run(install(url_of(place.settings)))
        typer.echo(f"The database is at {current_revision(url_of(place.settings))}.")


@app.command(name="downgrade")
def go_back(
    revision: Annotated[str, typer.Argument(help="Where to go back to; `base` empties it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Go back to an older schema; what only the newer one can hold is lost."""
    with database_of(command_settings()) as place:
        if not yes:
            typer.confirm(f"Go back to {revision}? Data may be lost.", abort=True)
        downgrade(url_of(place.settings), revision)
        typer.echo(f"The database is at {current_revision(url_of(place.settings)) or 'base'}.")


@app.command()
def current() -> None:
    """Say which schema the database has."""
    with database_of(command_settings()) as place:
        typer.echo(current_revision(url_of(place.settings)) or "base")


@app.command()
def check() -> None:
    """Succeed if the database has the schema that this version needs."""
    with database_of(command_settings()) as place:
        found = current_revision(url_of(place.settings))
    if found != head_revision():
        raise CommandFailed(
            f"The database is at {found or 'base'}, this version needs {head_revision()}: "
            "run `matinee db upgrade`."
        )
    typer.echo(f"The database is at {found}, as it should be.")
