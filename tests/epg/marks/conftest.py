"""A profile that marks channels and airings."""

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.makers import as_viewer

Headers = dict[str, str]


@pytest.fixture
async def viewer(runtime: Runtime, client: AsyncClient) -> Headers:
    """A grown-up profile of a household."""
    return await as_viewer(runtime, client)
