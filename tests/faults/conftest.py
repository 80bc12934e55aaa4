"""A real server in a process of its own, on a PostgreSQL that tests may hurt."""

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from matinee.core.settings import Settings
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.installation import install
from matinee.runtime import Runtime
from tests.cli.processes import RUN, find_free_port, is_ready, process, wait_until

HOST = "127.0.0.1"
SECRET = "a secret of the fault tests, long enough"
CONNECTIONS = 3


@dataclass(frozen=True)
class Server:
    """Where it listens, and what it says."""

    port: int
    output: Path

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def complaints(self) -> list[str]:
        """Its log lines about our own mistakes."""
        lines = [
            json.loads(line) for line in self.output.read_text().splitlines() if line[:1] == "{"
        ]
        ours = ("unhandled_error", "answer_broke_off", "after_commit_failed")
        return [
            line.get("exception", line["event"])
            for line in lines
            if line["event"] in ours or line.get("code") == "internal_error"
        ]

    async def send(self, request: bytes, *, seconds: float = 10) -> bytes:
        """Send bytes as they are; returns all that comes back until the server hangs up."""
        reader, writer = await asyncio.open_connection(HOST, self.port)
        try:
            async with asyncio.timeout(seconds):
                writer.write(request)
                await writer.drain()
                return await reader.read()
        finally:
            writer.close()


@pytest.fixture
async def fragile_postgres() -> AsyncIterator[EmbeddedPostgres]:
    """A server of its own, installed."""
    folder = Path(tempfile.gettempdir()) / f"matinee-faults-{os.getpid()}"
    postgres = EmbeddedPostgres(folder, durable=True)  # else a crash may lose what was committed
    postgres.start()
    try:
        await install(postgres.url())
        yield postgres
    finally:
        postgres.stop()
        shutil.rmtree(postgres.folder, ignore_errors=True)


@pytest.fixture
def database_url(fragile_postgres: EmbeddedPostgres) -> str:
    return fragile_postgres.url()


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(
        environment="test",
        database_url=SecretStr(database_url),
        secret_key=SecretStr(SECRET),
        rate_limits_enabled=False,
        log_level="error",
    )


@pytest.fixture
async def server(runtime: Runtime, database_url: str, tmp_path: Path) -> AsyncIterator[Server]:
    """`matinee serve` with few connections; it must have done nothing wrong in the end."""
    port, output = find_free_port(), tmp_path / "output"
    wishes = {
        "environment": "test",
        "database_url": database_url,
        "secret_key": SECRET,
        "port": str(port),
        "rate_limits_enabled": "false",
        "database_pool_max": str(CONNECTIONS),
    }
    with process([*RUN, "serve"], output, **wishes):
        await asyncio.to_thread(wait_until, lambda: is_ready(port))
        server = Server(port, output)
        yield server
        await asyncio.to_thread(wait_until, lambda: is_ready(port), seconds=20)
        assert server.complaints() == []
