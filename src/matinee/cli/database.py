"""The database that commands work on: the server that the settings name, or the demo's own."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

import asyncpg
from pydantic import SecretStr

from matinee.cli.console import CommandFailed
from matinee.core.settings import Settings, UnsafeSettings, load_settings
from matinee.core.telemetry import configure_logging
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.installation import install
from matinee.runtime import Runtime

CONNECT_SECONDS = 10
CHECKOUT = Path(__file__).parents[3]

Answer = TypeVar("Answer")


def command_settings() -> Settings:
    """The settings of a command that does not serve: without a named server it is the demo's."""
    demo = load_settings(environment="demo")
    return demo if demo.database_url is None else load_settings()


def data_folder(settings: Settings) -> Path:
    """Where the demo keeps its data: in a checkout beside the sources, else per user."""
    if settings.embedded_data_dir is not None:
        return settings.embedded_data_dir
    if (CHECKOUT / "pyproject.toml").exists():
        return CHECKOUT / ".matinee"
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "matinee"


class Place(NamedTuple):
    """Settings that name a database, where that is, and whether what we started for it runs."""

    settings: Settings
    where: str
    alive: Callable[[], bool]


@contextlib.contextmanager
def database_of(
    settings: Settings, folder: Path | None = None, *, join: bool = True
) -> Iterator[Place]:
    """The database of these settings for as long as the block lasts.

    Without a named server it is the demo's own one (in `folder`): the one that runs already, or
    one that runs inside the block.

    Raises:
        InUse: it runs already, and `join` is false.
    """
    if settings.database_url is not None:
        asyncio.run(check_connection(settings))
        yield Place(settings, "the database of MATINEE_DATABASE_URL", lambda: True)
        return
    folder = folder or data_folder(settings)
    server = EmbeddedPostgres(folder / "postgresql", programs=settings.embedded_pg_bin)
    server.start(join=join)
    try:
        named = settings.model_copy(update={"database_url": SecretStr(server.url())})
        yield Place(named, str(server.folder), lambda: server.started_here)
    finally:
        server.stop()


async def check_connection(settings: Settings) -> None:
    """Make sure that there is a way to the database.

    Raises:
        UnsafeSettings: none is named.
        CommandFailed: there is none.
    """
    try:
        connection = await asyncpg.connect(url_of(settings), timeout=CONNECT_SECONDS)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        reason = str(error) or type(error).__name__
        raise CommandFailed(f"No way to the database of MATINEE_DATABASE_URL: {reason}") from error
    await connection.close()


def url_of(settings: Settings) -> str:
    """The DSN of settings that name a database."""
    if settings.database_url is None:
        raise UnsafeSettings("MATINEE_DATABASE_URL must name a PostgreSQL database")
    return settings.database_url.get_secret_value()


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Runtime]:
    """A runtime that is connected inside the block, and runs no jobs."""
    runtime = Runtime(settings.model_copy(update={"run_worker_in_api": False}))
    await runtime.open()
    try:
        yield runtime
    finally:
        await runtime.close()


def with_runtime(
    settings: Settings,
    work: Callable[[Runtime], Awaitable[Answer]],
    folder: Path | None = None,
) -> Answer:
    """Do something with a connected runtime, as a command that is not a server."""
    configure_logging("warning", "console")

    async def connected(settings: Settings) -> Answer:
        async with opened(settings) as runtime:
            return await work(runtime)

    with database_of(settings, folder) as place:
        if settings.database_url is None:
            asyncio.run(install(url_of(place.settings)))
        return asyncio.run(connected(place.settings))
