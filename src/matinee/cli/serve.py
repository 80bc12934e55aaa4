"""Commands that run for as long as the service does: `serve` and `worker`."""

import asyncio

import typer
import uvloop

from matinee.accounts.staffing import issue_setup_token
from matinee.cli.console import CommandFailed
from matinee.cli.database import check_connection, opened
from matinee.cli.http_server import check_address, run_server
from matinee.cli.workers import Workers
from matinee.core.settings import Settings, load_settings
from matinee.core.telemetry import configure_logging
from matinee.migrations.state import schema_is_current

app = typer.Typer()


@app.command()
def serve() -> None:
    """Serve the API, as the MATINEE_* variables say (`matinee config check` shows them)."""
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    check_address(settings)
    asyncio.run(_prepare(settings))
    if settings.workers == 1:
        run_server(settings)
    elif not Workers(settings).run():
        raise CommandFailed("A server process ended right after its start; see the log.")


@app.command()
def worker() -> None:
    """Run background jobs, beside `matinee serve`."""
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    uvloop.run(_work(settings))


async def _work(settings: Settings) -> None:
    await check_connection(settings)
    async with opened(settings) as runtime:
        await runtime.worker.run(install_signal_handlers=True)


async def _prepare(settings: Settings) -> None:
    """What happens once, however many processes serve."""
    await check_connection(settings)
    async with opened(settings) as runtime:
        if not await schema_is_current(runtime.database):
            raise CommandFailed("The database has another schema: run `matinee db upgrade`.")
        if token := await issue_setup_token(runtime):
            typer.echo(
                "There is no administrator yet. Within a day, make yourself one:\n"
                f"  POST {settings.public_url}/api/v1/auth/setup with the token {token}",
                err=True,
            )
