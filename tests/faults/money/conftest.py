"""A shop in this process on a database of its own; tests of kills take servers of their own."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from httpx import AsyncClient
from pydantic import SecretStr

from matinee.core.settings import Settings
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.runtime import Runtime
from tests.conftest import TEMPLATE, cloned
from tests.faults.conftest import SECRET
from tests.faults.money.shop import Shop, open_shop
from tests.faults.money.tally import TALLIES, table

WEBHOOK_SECRET = "whsec_c2VjcmV0IG9mIHRoZSBmYXVsdCB0ZXN0cywgMzIgYnl0ZXMhIQ=="


@pytest.fixture
async def database_url(
    postgres: EmbeddedPostgres, admin_connection: asyncpg.Connection
) -> AsyncIterator[str]:
    async with cloned(postgres, admin_connection, TEMPLATE) as url:
        yield url


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(
        environment="test",
        database_url=SecretStr(database_url),
        secret_key=SecretStr(SECRET),
        public_url="http://testserver",
        rate_limits_enabled=False,
        embedding_provider="none",
        payment_provider="sandbox",
        sandbox_webhook_secrets=[WEBHOOK_SECRET],
        log_level="error",
    )


@pytest.fixture
async def shop(runtime: Runtime, client: AsyncClient) -> Shop:
    """Two households and some films, in this process."""
    return await open_shop(runtime, client, films=4, households=2)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table when all is over."""
    if TALLIES:
        terminalreporter.section("what became of money")
        for line in table():
            terminalreporter.write_line(line)
