"""The database that commands work on: the one the settings name, or the embedded one."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

import asyncpg
from pydantic import SecretStr

from matinee.cli.console import CommandFailed
from matinee.core.settings import Settings
from matinee.core.telemetry import configure_logging
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.installation import install
from matinee.runtime import Runtime

CONNECT_SECONDS = 10
CHECKOUT = Path(__file__).parents[3]

Answer = TypeVar("Answer")


def home() -> Path:
    """Where this installation keeps its data: in a checkout beside the sources, else per user."""
    if (CHECKOUT / "pyproject.toml").exists():
        return CHECKOUT / ".matinee"
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "matinee"


def data_folder(settings: Settings, name: str) -> Path:
    """The folder of an embedded database; the demo has another one than a real service."""
    return (settings.embedded_data_dir or home()) / name


class Place(NamedTuple):
    """Settings that name a database, and whether the server we started for it still runs."""

    settings: Settings
    alive: Callable[[], bool]


@contextlib.contextmanager
def database_of(
    settings: Settings, folder: Path | None = None, *, upgraded: bool = True
) -> Iterator[Place]:
    """The database of these settings for as long as the block lasts.

    An embedded one (in `folder`) runs inside the block and is brought to the newest schema unless
    `upgraded` is false; a server named by the settings is the operator's to upgrade.
    """
    if settings.database_url is not None:
        asyncio.run(_check_connection(url_of(settings)))
        yield Place(settings, lambda: True)
        return
    folder = folder or data_folder(settings, "server")
    server = EmbeddedPostgres(folder / "postgresql", programs=settings.embedded_pg_bin)
    server.start()
    started_here = server.started_here
    try:
        if upgraded:
            asyncio.run(install(server.url()))
        named = settings.model_copy(update={"database_url": SecretStr(server.url())})
        yield Place(named, lambda: server.started_here or not started_here)
    finally:
        server.stop()


async def _check_connection(url: str) -> None:
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        reason = str(error) or type(error).__name__
        raise CommandFailed(f"No way to the database of MATINEE_DATABASE_URL: {reason}") from error
    await connection.close()


def url_of(settings: Settings) -> str:
    """The DSN of settings that name a database."""
    if settings.database_url is None:
        raise ValueError("these settings name no database")
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
        return asyncio.run(connected(place.settings))
