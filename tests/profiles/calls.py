"""Calls that tests of profiles make."""

from typing import Any

from httpx import AsyncClient

PROFILES = "/api/v1/profiles"


async def add(caller: AsyncClient, headers: dict[str, str], **fields: Any) -> Any:
    return await caller.post(PROFILES, json={"name": "Bea"} | fields, headers=headers)


async def change(
    caller: AsyncClient,
    headers: dict[str, str],
    profile_id: object,
    version: str = "*",
    **fields: Any,
) -> Any:
    return await caller.patch(
        f"{PROFILES}/{profile_id}", json=fields, headers=headers | {"If-Match": version}
    )


async def remove(
    caller: AsyncClient, headers: dict[str, str], profile_id: object, proof: str | None = None
) -> Any:
    proven = {"X-Household-Proof": proof} if proof else {}
    return await caller.delete(f"{PROFILES}/{profile_id}", headers=headers | proven)


def code_of(answer: Any) -> str:
    code: str = answer.json()["error"]["code"]
    return code
