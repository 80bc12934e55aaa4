"""Somebody in front of a television, and a film to watch."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from httpx import ASGITransport, AsyncClient

from matinee.core.settings import Settings
from matinee.main import create_app
from matinee.runtime import Runtime
from tests.catalog.makers import make_asset
from tests.makers import make_title
from tests.viewing.progress.makers import Somebody, make_somebody
from tests.viewing.sessions.calls import LENGTH, Player, start


@pytest.fixture
async def ana(runtime: Runtime, client: AsyncClient) -> Somebody:
    return await make_somebody(runtime, client)


@pytest.fixture
async def film(runtime: Runtime) -> UUID:
    """An hour and a half with media."""
    title_id = await make_title(runtime)
    await make_asset(runtime, title_id, duration_seconds=LENGTH)
    return title_id


@pytest.fixture
async def player(runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID) -> Player:
    """Ana's television, which has begun to play the film."""
    return await start(runtime, client, ana.headers, film)


@pytest.fixture
async def elsewhere(settings: Settings) -> AsyncIterator[tuple[Runtime, AsyncClient]]:
    """The same service in another process, as far as memory goes."""
    other = Runtime(settings)
    await other.open()
    transport = ASGITransport(app=create_app(runtime=other))
    async with AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield other, client
    await other.close()
