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
from tests.world import Headers, World, make_world

RANDOM_CASES = 4
"""Of each kind, for each operation."""

MANY_RANDOM_CASES = 60
"""The same, where there is time."""

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
            requests = requests_for(operation, world, RANDOM_CASES)
            for role, headers in world.headers.items():
                runtime.limiter = Limiter(None)
                chosen = chosen_for(role, operation, requests)
                broken += await broken_promises(client, chosen, role, headers)
    assert not broken


@pytest.mark.faults
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
async def test_every_answer_to_everybody_is_promised(
    operation: APIOperation, runtime: Runtime, client: AsyncClient
) -> None:
    world = await make_world(runtime, client)
    requests = requests_for(operation, world, MANY_RANDOM_CASES)
    for role, headers in world.headers.items():
        runtime.limiter = Limiter(None)
        assert not await broken_promises(client, requests, role, headers)


def requests_for(operation: APIOperation, world: World, random_cases: int) -> list[httpx.Request]:
    """Everything that is sent to one operation."""
    cases = fuzzing.boundary_cases(operation) + fuzzing.random_cases(operation, random_cases)
    return list(fuzzing.requests_of(cases, world.ids))


def chosen_for(
    role: str, operation: APIOperation, requests: list[httpx.Request]
) -> list[httpx.Request]:
    """All requests for the role that an operation is made for, a few for the others."""
    made_for = "admin" if "/admin/" in operation.path else "household"
    return requests if role == made_for else requests[:: max(1, len(requests) // FEW)]


async def broken_promises(
    client: AsyncClient, requests: list[httpx.Request], role: str, headers: Headers
) -> list[str]:
    """What is wrong with the answers, who asked, and how to ask again."""
    broken = []
    for number, request in enumerate(requests):
        address = {"X-Forwarded-For": f"198.51.{number // 256}.{number % 256}"}
        try:
            answer = await client.send(fuzzing.sent_by(request, headers | address))
            fuzzing.check_answer(answer)
        except AssertionError as wrong:
            asked = f"{request.method} {request.url} {request.content[:500]!r}"
            broken.append(f"{role}: {asked}: {wrong}")
    return broken
