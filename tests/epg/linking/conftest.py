"""Staff at work on links."""

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.makers import as_staff


@pytest.fixture
async def editor(runtime: Runtime, client: AsyncClient) -> dict[str, str]:
    """The headers of an editor."""
    return await as_staff(runtime, client, "editor")
