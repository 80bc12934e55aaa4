"""Looking at the home screen as its client does."""

from typing import Any
from uuid import UUID

from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import Headers
from tests.makers import make_title

HOME = "/api/v1/recommendations/home"
RAILS = "/api/v1/recommendations/rails"
VIEWING = "/api/v1/viewing"

Rails = dict[str, dict[str, Any]]


async def home(client: AsyncClient, headers: Headers) -> Rails:
    """The rails of the home screen by id, in order."""
    answer = await client.get(HOME, headers=headers)
    assert answer.status_code == 200, answer.text
    assert not answer.json()["partial"]
    return {rail["id"]: rail for rail in answer.json()["rails"]}


async def rail(
    client: AsyncClient, headers: Headers, rail_id: str, **params: Any
) -> dict[str, Any]:
    """A page of one rail."""
    answer = await client.get(f"{RAILS}/{rail_id}", params=params, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def names(rail: dict[str, Any] | None) -> list[str]:
    """The names of the titles in a rail, in order; none where there is no rail."""
    return [item["card"]["name"] for item in rail["items"]] if rail else []


def everything(rails: Rails) -> set[str]:
    """The names of all titles on the screen."""
    return {name for one in rails.values() for name in names(one)}


async def make_titles(
    runtime: Runtime, count: int, prefix: str = "Film", **columns: Any
) -> list[UUID]:
    """Movies with numbers in their names."""
    return [await make_title(runtime, f"{prefix} {n}", **columns) for n in range(count)]
