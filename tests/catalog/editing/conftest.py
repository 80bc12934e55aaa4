"""Fixtures of the editors' tests."""

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import Headers
from tests.makers import as_staff


@pytest.fixture
async def editor(runtime: Runtime, client: AsyncClient) -> Headers:
    """The headers of an editor."""
    return await as_staff(runtime, client, "editor")
