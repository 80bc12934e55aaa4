"""Staff who sells, and how to ask for it."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from httpx import AsyncClient, Response

from matinee.runtime import Runtime
from tests.makers import as_staff, scalar

ADMIN = "/api/v1/admin"


@dataclass
class Seller:
    """An administrator who works over HTTP."""

    client: AsyncClient
    headers: dict[str, str] = field(default_factory=dict)

    async def ask(
        self, method: str, path: str, body: Any = None, version: int | None = None
    ) -> Response:
        """Do something under the address of staff."""
        headers = self.headers | ({} if version is None else {"If-Match": f'"{version}"'})
        return await self.client.request(method, f"{ADMIN}{path}", json=body, headers=headers)

    async def get(self, path: str) -> Any:
        """Read something."""
        answer = await self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def make(self, path: str, **body: Any) -> dict[str, Any]:
        """Add something."""
        answer = await self.ask("POST", path, body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def package(self, slug: str = "basic", **fields: Any) -> dict[str, Any]:
        """A package that costs 9.99 a month."""
        terms = {"slug": slug, "name": slug.title(), "price_cents": 999, "currency": "USD"}
        return await self.make("/packages", **(terms | fields))


@pytest.fixture
async def seller(runtime: Runtime, client: AsyncClient) -> Seller:
    return Seller(client, await as_staff(runtime, client))


def refusal(answer: Response) -> tuple[int, str, str | None]:
    """Status, code and field of an error."""
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["field"]


async def actions(runtime: Runtime) -> list[str]:
    """What was written down, in order."""
    found = await scalar(runtime, "SELECT array_agg(action ORDER BY id) FROM admin_audit_log")
    return found or []
