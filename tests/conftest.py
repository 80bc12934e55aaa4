"""Fixtures of the whole suite: a real PostgreSQL, a fresh database per test, the application."""

import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import hypothesis
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr
from xdist.remote import Producer

from matinee.core.ratelimit import Limiter
from matinee.core.settings import Settings
from matinee.demo.customers import open_shop
from matinee.demo.seed import seed
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.installation import install
from matinee.main import create_app
from matinee.runtime import Runtime
from tests.contract import Contract
from tests.workers import Scheduling

TEMPLATE = "template_matinee"
STILL = 1_800_000_010.0
"""The time by which limits are counted: no window ends in the middle of a test."""
MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 2_000_000_000

# the same cases every time: a red suite is somebody's change, never luck
hypothesis.settings.register_profile("suite", derandomize=True, deadline=None)
hypothesis.settings.load_profile("suite")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Who runs which test, where several workers do."""
    return Scheduling(config, log)


def quickest_folder() -> Path:
    """Memory where there is enough: a database is cloned there in a twentieth of the time."""
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES:
        return MEMORY
    return Path(tempfile.gettempdir())


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """One server per test process."""
    server = EmbeddedPostgres(quickest_folder() / f"matinee-tests-{os.getpid()}", durable=False)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture(scope="session")
async def admin_connection(postgres: EmbeddedPostgres) -> AsyncIterator[asyncpg.Connection]:
    """A connection that makes and drops databases, once there is an installed one to clone."""
    connection = await asyncpg.connect(postgres.url("postgres"))
    await connection.execute(f"CREATE DATABASE {TEMPLATE}")
    await install(postgres.url(TEMPLATE))
    yield connection
    await connection.close()


@contextlib.asynccontextmanager
async def cloned(
    postgres: EmbeddedPostgres, admin_connection: asyncpg.Connection, template: str
) -> AsyncIterator[str]:
    """A copy of a database, thrown away afterwards."""
    name = f"test_{uuid4().hex}"
    await admin_connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    yield postgres.url(name)
    await admin_connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
async def demo_url(postgres: EmbeddedPostgres, admin_connection: asyncpg.Connection) -> str:
    """A database with the demo in it, filled once to be cloned."""
    await admin_connection.execute(f"CREATE DATABASE demo TEMPLATE {TEMPLATE}")
    url = postgres.url("demo")
    demo = Settings(environment="test", database_url=SecretStr(url), payment_provider="sandbox")
    runtime = Runtime(demo)
    await runtime.open()
    await seed(runtime)
    await open_shop(runtime)
    await runtime.close()
    return url


@pytest.fixture
async def database_url(
    postgres: EmbeddedPostgres, admin_connection: asyncpg.Connection
) -> AsyncIterator[str]:
    """A database of its own for one test: whatever it commits is gone afterwards."""
    async with cloned(postgres, admin_connection, TEMPLATE) as url:
        yield url


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings of a small installation; tests that need others copy them with `model_copy`."""
    return Settings(
        environment="test",
        database_url=SecretStr(database_url),
        secret_key=SecretStr("a secret of the test suite, long enough"),
        public_url="http://testserver",
        media_dir=tmp_path / "media",
        rate_limits_enabled=False,
        embedding_provider="none",
        unsold_titles="free",
        included_streams=20,
        payment_provider="sandbox",
        sandbox_webhook_secrets=["whsec_c2VjcmV0IG9mIHRoZSB0ZXN0IHN1aXRlLCAzMiBieXRlcw=="],
        log_level="error",
    )


@pytest.fixture
async def runtime(settings: Settings) -> AsyncIterator[Runtime]:
    """The parts of a running process; its worker runs only what tests drain."""
    runtime = Runtime(settings)
    runtime.limiter = Limiter(None, clock=itertools.repeat(STILL).__next__)
    await runtime.open()
    yield runtime
    await runtime.close()
    assert runtime.buffers.dropped == 0


@pytest.fixture
def app(runtime: Runtime) -> FastAPI:
    """The application on that runtime."""
    return create_app(runtime=runtime)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    """Somebody who calls the application; each answer is held against the API document."""
    transport = ASGITransport(app=app, client=("203.0.113.7", 50000))
    hooks = {"response": [Contract(app).check]}
    async with AsyncClient(
        transport=transport, base_url="http://testserver", event_hooks=hooks
    ) as client:
        yield client
