"""Somebody who watches."""

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.viewing.progress.makers import Somebody, make_somebody


@pytest.fixture
async def ana(runtime: Runtime, client: AsyncClient) -> Somebody:
    """A profile of a household, on a device of its own."""
    return await make_somebody(runtime, client)
