"""Servers are killed while people buy: what was acknowledged is there, and nothing twice."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from subprocess import Popen

import httpx
import pytest
from fastapi import FastAPI

from matinee.core.settings import Settings
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.runtime import Runtime
from tests.cli.processes import RUN, find_free_port, is_ready, process, wait_until
from tests.faults.conftest import HOST, SECRET
from tests.faults.money.conftest import WEBHOOK_SECRET
from tests.faults.money.shop import (
    Shop,
    broken_rules,
    in_parallel,
    let_days_pass,
    open_shop,
)
from tests.faults.test_server_under_attack import connected, crash

EACH = 5
"""Purchases of a household: more in a minute are refused."""

SOME = 60
PURCHASES = [SOME, pytest.param(2000, marks=pytest.mark.faults)]


@pytest.fixture
def database_url(fragile_postgres: EmbeddedPostgres) -> str:
    return fragile_postgres.url()


class Till:
    """`matinee serve` with its worker, which can be killed and started again."""

    def __init__(self, database_url: str, output: Path) -> None:
        self.port = find_free_port()
        self.url = f"http://{HOST}:{self.port}"
        self._output = output
        self._settings = {
            "environment": "test",
            "database_url": database_url,
            "secret_key": SECRET,
            "port": str(self.port),
            "public_url": self.url,
            "rate_limits_enabled": "false",
            "embedding_provider": "none",
            "payment_provider": "sandbox",
            "sandbox_webhook_secrets": WEBHOOK_SECRET,
            "run_worker_in_api": "true",
        }

    @contextlib.contextmanager
    def serving(self) -> Iterator[Popen[bytes]]:
        """A server, killed in the end."""
        with process([*RUN, "serve"], self._output, **self._settings) as server:
            wait_until(lambda: is_ready(self.port))
            yield server


@pytest.fixture
def till(database_url: str, tmp_path: Path) -> Till:
    return Till(database_url, tmp_path / "output")


@pytest.fixture
def settings(settings: Settings, till: Till) -> Settings:
    """What was signed for one address is good at that one only."""
    return settings.model_copy(update={"public_url": till.url})


@pytest.fixture
async def client(till: Till) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=till.url, timeout=20) as client:
        yield client


async def buying(
    shop: Shop, purchases: int, harm: Callable[[], Awaitable[None]], times: int
) -> None:
    """Everybody buys, and meanwhile harm is done so many times, and at last once more."""
    numbers = range(purchases)
    bought = asyncio.ensure_future(in_parallel([shop.buy(number) for number in numbers]))
    for _ in range(times):
        await asyncio.sleep(random.uniform(0.7, 2.0))
        if bought.done():
            break
        await harm()
    await bought


@pytest.mark.parametrize("purchases", PURCHASES)
async def test_the_server_is_killed(
    runtime: Runtime, app: FastAPI, client: httpx.AsyncClient, till: Till, purchases: int
) -> None:
    shop = await open_shop(runtime, client, EACH, purchases // EACH)
    with contextlib.ExitStack() as servers:
        servers.enter_context(till.serving())

        async def kill_and_start() -> None:
            await asyncio.to_thread(servers.close)
            await asyncio.to_thread(servers.enter_context, till.serving())

        await buying(shop, purchases, kill_and_start, 1 if purchases == SOME else 12)
    await let_days_pass(runtime, app)
    (await shop.tally("kill -9 of the server", purchases)).hold()
    assert await broken_rules(runtime) == []


@pytest.mark.parametrize("purchases", PURCHASES)
async def test_postgresql_is_killed(
    fragile_postgres: EmbeddedPostgres,
    runtime: Runtime,
    app: FastAPI,
    client: httpx.AsyncClient,
    till: Till,
    purchases: int,
) -> None:
    """A backend is killed like by the kernel: PostgreSQL ends all others and recovers."""
    shop = await open_shop(runtime, client, EACH, purchases // EACH)
    with till.serving():
        kill = partial(crash, fragile_postgres)
        await buying(shop, purchases, kill, 1 if purchases == SOME else 10)
    await (await connected(fragile_postgres)).close()
    await let_days_pass(runtime, app)
    (await shop.tally("kill -9 of PostgreSQL", purchases)).hold()
    assert await broken_rules(runtime) == []
