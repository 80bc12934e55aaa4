"""The demo: a whole service with its own database, running after one command."""

import asyncio
import base64
import os
import secrets
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from matinee.cli.console import CommandFailed
from matinee.cli.database import data_folder, database_of, url_of, with_runtime
from matinee.cli.http_server import check_address, run_server
from matinee.core.settings import Settings, load_settings
from matinee.core.telemetry import configure_logging
from matinee.demo.customers import open_shop
from matinee.demo.events import generate_events
from matinee.demo.generate import generate_titles, generate_users
from matinee.demo.live import go_on_air, sell_channels
from matinee.demo.media import give_media
from matinee.demo.people import (
    CUSTOMERS,
    GIFT_CODE,
    HOUSEHOLD,
    PASSWORD,
    PIN,
    PROFILES,
    STAFF,
)
from matinee.demo.seed import learn_from_texts, seed
from matinee.embedded.postgres import EmbeddedPostgres, InUse
from matinee.installation import install
from matinee.migrations.state import current_revision, head_revision
from matinee.runtime import Runtime

app = typer.Typer(help="A whole service with a catalogue and accounts to try.")

DataDir = Annotated[Path | None, typer.Option(help="Where the demo keeps its data.")]


@app.callback(invoke_without_command=True)
def demo(
    context: typer.Context,
    port: Annotated[int | None, typer.Option(help="Where to listen.", min=1, max=65535)] = None,
    data_dir: DataDir = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Throw the data away first.")] = False,
) -> None:
    """Start the demo; Ctrl-C stops it, and the next start goes on with its data.

    Uses PostgreSQL of its own, unless MATINEE_DATABASE_URL names a server.
    """
    if context.invoked_subcommand is not None:
        return
    settings, folder = _settings(port, data_dir)
    configure_logging(settings.log_level, settings.log_format)
    check_address(settings)
    if fresh:
        _erase(settings, folder)
    try:
        with database_of(settings, folder, join=False) as place:
            _install(place.settings, named=settings.database_url is not None)
            welcome = partial(_welcome, place.where)
            run_server(place.settings, alive=place.alive, first=_fill, ready=welcome)
    except InUse as error:
        raise CommandFailed(
            f"A demo, or a command, uses {folder} already. "
            "Stop it, or choose another --data-dir and --port."
        ) from error


@app.command()
def generate(
    titles: Annotated[int, typer.Option(help="How many titles.", min=0)] = 0,
    users: Annotated[int, typer.Option(help="How many households.", min=0)] = 0,
    events: Annotated[int, typer.Option(help="How often they watched.", min=0)] = 0,
    seed_number: Annotated[int, typer.Option("--seed", help="Another one, other names.")] = 1,
    data_dir: DataDir = None,
) -> None:
    """Add invented titles, households and what they watched in any number, for measurements."""
    settings, folder = _settings(None, data_dir)

    async def make(runtime: Runtime) -> None:
        if titles:
            report = await generate_titles(runtime, titles, seed=seed_number)
            typer.echo(f"{report['created']} titles made.")
        if users:
            typer.echo(f"{await generate_users(runtime, users, seed=seed_number)} households made.")
        if events:
            typer.echo(f"{await generate_events(runtime, events, seed=seed_number)} events made.")

    with_runtime(settings, make, folder)


def _settings(port: int | None, data_dir: Path | None) -> tuple[Settings, Path]:
    """The operator's settings; what they leave open is chosen for a demo."""
    asked = {"port": port} if port else {}
    settings = load_settings(environment="demo", workers=1, run_worker_in_api=True, **asked)
    folder = (data_dir or data_folder(settings)).resolve()
    choices = {
        "public_url": f"http://{settings.host}:{settings.port}",
        "secret_key": SecretStr(_secret_of(folder, "secret-key")),
        "payment_provider": "sandbox",
        "sandbox_webhook_secrets": [_webhook_secret_of(folder)],
        "media_dir": folder / "media",
        "log_level": "warning",
        "log_format": "console",
    }
    open_choices = {name: choices[name] for name in choices.keys() - settings.model_fields_set}
    return settings.model_copy(update=open_choices), folder


def _webhook_secret_of(folder: Path) -> str:
    """What the practice provider signs its webhooks with."""
    secret = base64.b64encode(_secret_of(folder, "webhook-secret").encode()).decode()
    return f"whsec_{secret}"


def _secret_of(folder: Path, name: str) -> str:
    """A secret that outlasts restarts, so that whoever is signed in stays so."""
    file = folder / name
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f"{name}.{os.getpid()}"
        unfinished.touch(mode=0o600)
        unfinished.write_text(secrets.token_urlsafe(32))
        unfinished.rename(file)
    return file.read_text()


def _erase(settings: Settings, folder: Path) -> None:
    if settings.database_url is not None:
        raise CommandFailed("--fresh empties only the demo's own PostgreSQL, not a named server.")
    EmbeddedPostgres(folder / "postgresql", programs=settings.embedded_pg_bin).erase()


def _install(settings: Settings, *, named: bool) -> None:
    """Bring the demo's own database, or a named one that is empty, to the newest schema."""
    url = url_of(settings)
    if named and current_revision(url) not in (None, head_revision()):
        raise CommandFailed("The database has another schema: run `matinee db upgrade`.")
    asyncio.run(install(url))


async def _fill(runtime: Runtime) -> None:
    await seed(runtime)
    await give_media(runtime)
    await go_on_air(runtime)


async def _welcome(where: str, runtime: Runtime) -> None:
    await learn_from_texts(runtime)
    await open_shop(runtime)  # now that webhooks of the practice provider arrive
    await sell_channels(runtime)
    address = runtime.settings.public_url
    typer.echo(f"""\
Matinee is ready; Ctrl-C stops it.

  API            {address}/api/v1
  documentation  {address}/api/docs
  data           {where}

Accounts, all with the password "{PASSWORD}":
""")
    for account in (HOUSEHOLD, *STAFF, *CUSTOMERS):
        typer.echo(f"  {account.email:<25} {account.purpose}")
    typer.echo(f"\nNo money moves; a card is tok_ok or tok_declined, a gift code {GIFT_CODE}.")
    guarded = [str(profile["name"]) for profile in PROFILES if profile.get("pin")]
    typer.echo(f"\nThe PIN of {', '.join(guarded)} is {PIN}.")
