"""A household that may subscribe, and packages to choose from."""

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient, Response

from matinee.core.jobs import Job, JobRun
from matinee.core.ratelimit import Limiter
from matinee.runtime import Runtime
from tests.entitlements.makers import make_package
from tests.makers import as_viewer, scalar

API = "/api/v1"


@dataclass
class Household:
    """Somebody who subscribes over HTTP."""

    client: AsyncClient
    user_id: UUID
    headers: dict[str, str] = field(default_factory=dict)

    async def post(self, path: str, body: dict[str, Any] | None = None, key: str = "") -> Response:
        """Ask for something, with a key of its own unless one is given."""
        headers = self.headers | {"Idempotency-Key": key or uuid4().hex}
        return await self.client.post(f"{API}{path}", json=body, headers=headers)

    async def get(self, path: str) -> Any:
        """Read something."""
        answer = await self.client.get(f"{API}{path}", headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def order(
        self, package: str = "basic", method: str = "tok_ok", key: str = "", **more: Any
    ) -> Response:
        """Ask for a subscription."""
        body = {"package": package, "payment_method": method, **more}
        return await self.post("/subscriptions", body, key)

    async def subscribe(self, package: str = "basic", method: str = "tok_ok") -> dict[str, Any]:
        """A subscription that has begun."""
        answer = await self.order(package, method)
        assert answer.status_code == 201, answer.text
        begun: dict[str, Any] = answer.json()
        return begun


@dataclass
class Packages:
    """What there is to subscribe to."""

    basic: UUID
    premium: UUID
    sports: UUID


@pytest.fixture
async def packages(runtime: Runtime) -> Packages:
    return Packages(
        basic=await make_package(runtime, "basic", rank=1, grace_days=3),
        premium=await make_package(runtime, "premium", rank=2, price_cents=1599, trial_days=14),
        sports=await make_package(runtime, "sports", kind="addon", price_cents=500),
    )


@pytest.fixture
async def household(runtime: Runtime, client: AsyncClient, packages: Packages) -> Household:
    return await make_household(runtime, client)


@pytest.fixture
async def crowded(runtime: Runtime) -> None:
    """Many may come at once: no limit is met, and all connections are open already."""
    runtime.limiter = Limiter(None, clock=itertools.count(2e9, 3600.0).__next__)

    async def connect() -> None:
        async with runtime.database.read() as tx:
            await tx.scalar("SELECT pg_sleep(0.1)::text")

    await asyncio.gather(*(connect() for _ in range(10)))


async def make_household(
    runtime: Runtime, client: AsyncClient, email: str = "ana@example.com"
) -> Household:
    """Another household with one profile chosen."""
    headers = await as_viewer(runtime, client, email)
    user_id = await scalar(
        runtime, "SELECT user_id FROM login_identities WHERE identity = $1", email
    )
    return Household(client, user_id, headers)


async def run_job(runtime: Runtime, job: Job, **args: Any) -> None:
    """Run a job here and now."""
    await job(runtime, JobRun(1, 0, runtime.database), **args)
