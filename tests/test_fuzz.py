"""Whatever the API document allows or forbids to send, every answer is one that it promises.

Each operation is called with values at and beyond all limits it states, and with random ones, by
those who may do it; the others try a few.
"""

import httpx
import pytest
from httpx import AsyncClient
from pydantic import SecretStr
from schemathesis.schemas import APIOperation

from matinee.core.ratelimit import Limiter
from matinee.core.settings import Settings
from matinee.main import create_app
from matinee.runtime import Runtime
from tests import fuzzing
from tests.world import World, make_world

RANDOM_CASES = 4
"""Of each kind, for each operation."""

FEW = 6
"""Cases for those who may not do it anyway."""

APP = create_app(Settings(environment="test", database_url=SecretStr("postgresql://nowhere")))
OPERATIONS = fuzzing.operations_of(APP.openapi())
TAGS = sorted({tag for operation in OPERATIONS for tag in operation.tags or ()})


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Each request comes from another address, and profiles do not run out."""
    return settings.model_copy(update={"trusted_proxies": ["203.0.113.7"], "max_profiles": 20})


@pytest.mark.parametrize("tag", TAGS)
async def test_every_answer_is_promised(tag: str, runtime: Runtime, client: AsyncClient) -> None:
    world = await make_world(runtime, client, ["household", "kids", "admin"])
    broken = []
    for operation in OPERATIONS:
        if tag in (operation.tags or ()):
            runtime.limiter = Limiter(None)
            broken += await broken_promises(client, world, operation)
    assert not broken


async def broken_promises(client: AsyncClient, world: World, operation: APIOperation) -> list[str]:
    """What is wrong with the answers of one operation, who asked, and how to ask again."""
    cases = fuzzing.boundary_cases(operation) + fuzzing.random_cases(operation, RANDOM_CASES)
    requests = list(fuzzing.requests_of(cases, world.ids))
    broken = []
    for role, headers in world.headers.items():
        for number, request in enumerate(asked_by(role, operation, requests)):
            address = {"X-Forwarded-For": f"198.51.{number // 256}.{number % 256}"}
            try:
                answer = await client.send(fuzzing.sent_by(request, headers | address))
                fuzzing.check_answer(answer)
            except AssertionError as wrong:
                asked = f"{request.method} {request.url} {request.content[:500]!r}"
                broken.append(f"{role}: {asked}: {wrong}")
    return broken


def asked_by(
    role: str, operation: APIOperation, requests: list[httpx.Request]
) -> list[httpx.Request]:
    """All requests for the role that an operation is made for, a few for the others."""
    made_for = "admin" if "/admin/" in operation.path else "household"
    return requests if role == made_for else requests[:: max(1, len(requests) // FEW)]
