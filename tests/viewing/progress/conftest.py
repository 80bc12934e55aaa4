"""Who watches in these tests."""

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.viewing.progress.makers import Somebody, make_somebody


@pytest.fixture
async def ana(runtime: Runtime, client: AsyncClient) -> Somebody:
    """A grown-up with a profile of her own."""
    return await make_somebody(runtime, client)
