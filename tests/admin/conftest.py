"""Fixtures of the tests of running the service."""

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.admin.operator import Operator
from tests.makers import as_staff


@pytest.fixture
async def operator(runtime: Runtime, client: AsyncClient) -> Operator:
    """An administrator."""
    return Operator(client, await as_staff(runtime, client, "admin"))
