"""Fixtures of profiles."""

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.makers import as_viewer


@pytest.fixture
async def ana(runtime: Runtime, client: AsyncClient) -> dict[str, str]:
    """The headers of a household with one profile, which is chosen."""
    return await as_viewer(runtime, client)
