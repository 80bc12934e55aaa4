"""Fixtures of the import tests."""

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.importers.files import Editor


@pytest.fixture
async def editor(runtime: Runtime, client: AsyncClient) -> Editor:
    """A member of staff who may import."""
    return await Editor.hired(runtime, client)
