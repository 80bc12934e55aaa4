"""Somebody who runs the service, through HTTP."""

from typing import Any

from httpx import AsyncClient, Response

ADMIN = "/api/v1/admin"


class Operator:
    """A member of staff with a client."""

    def __init__(self, client: AsyncClient, headers: dict[str, str]) -> None:
        self.client = client
        self.headers = headers

    async def get(self, path: str, **query: Any) -> Response:
        """Look at something."""
        return await self.client.get(f"{ADMIN}{path}", params=query, headers=self.headers)

    async def found(self, path: str, **query: Any) -> Any:
        """What is there."""
        answer = await self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str) -> Response:
        """Do something."""
        return await self.client.post(f"{ADMIN}{path}", headers=self.headers)
