"""Somebody in front of a television, and a film to watch."""

from uuid import UUID

import pytest
from httpx import AsyncClient

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
