"""Nobody reaches what belongs to another household: its ids are answered like missing ones (C5)."""

from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx import AsyncClient, Response

from matinee.runtime import Runtime
from tests.fuzzing import check_answer
from tests.makers import choose_profile, make_profile, scalar, sign_in
from tests.permissions import RULES
from tests.snapshot import contents
from tests.walking import address_of, asker_of, method_of, routes_of
from tests.world import THIRD_PARTY, Headers, World, make_world

OWNED = (
    "profile_id",
    "child_id",
    "session_id",
    "viewing_session_id",
    "subscription_id",
    "purchase_id",
    "export_id",
    "reminder_id",
    "series_id",
)
"""Parameters of paths that name something of one household."""

SHARED = (
    "title_id",
    "item_id",
    "person_id",
    "slug",
    "avatar_id",
    "rail_id",
    "channel_id",
    "airing_id",
    "ref",
    "provider",
)
"""Those that name something of all, or (`ref`) of whoever knows the name."""


@pytest.fixture
async def world(runtime: Runtime, client: AsyncClient) -> World:
    """The administrator has a profile as well, else it would be asked for one."""
    world = await make_world(runtime, client, ["household", "admin"])
    admin_id = await scalar(runtime, "SELECT user_id FROM staff")
    profile_id = await make_profile(runtime, admin_id, "Root")
    await choose_profile(client, world.headers["admin"], profile_id)
    return world


@pytest.fixture
async def stranger(runtime: Runtime, client: AsyncClient, world: World) -> Headers:
    """Somebody of another household."""
    user_id = world.ids["user_id"]
    profile_id = await make_profile(runtime, user_id, "Eve")
    return await choose_profile(client, await sign_in(client, THIRD_PARTY), profile_id)


def owned_routes(app: FastAPI) -> list[APIRoute]:
    """Routes of viewers about something of one household."""
    return [
        route
        for route in routes_of(app)
        if asker_of(route) != "admin" and set(route.param_convertors) & set(OWNED)
    ]


def test_every_parameter_is_known_to_be_owned_or_shared(app: FastAPI) -> None:
    of_viewers = [route for route in routes_of(app) if asker_of(route) != "admin"]
    names = {name for route in of_viewers for name in route.param_convertors}
    assert names == {*OWNED, *SHARED}


async def test_foreign_ids_are_answered_like_missing_ones_and_nothing_happens(
    runtime: Runtime, app: FastAPI, client: AsyncClient, world: World, stranger: Headers
) -> None:
    before = await contents(runtime)
    nothing = world.ids | {name: uuid4() for name in OWNED}
    for route in owned_routes(app):
        for headers in (stranger, world.headers["admin"]):
            foreign = await call(client, route, address_of(route, world.ids), headers)
            missing = await call(client, route, address_of(route, nothing), headers)
            assert foreign.status_code == 404, route.name
            assert told(foreign) == told(missing), route.name
    assert await contents(runtime) == before


async def test_lists_hold_only_what_is_ones_own(
    client: AsyncClient, world: World, stranger: Headers
) -> None:
    theirs = [str(world.user_id), str(world.ids["profile_id"]), str(world.ids["session_id"])]
    for path in ("me", "me/export", "profiles", "auth/sessions"):
        own = await client.get(f"/api/v1/{path}", headers=world.headers["household"])
        other = await client.get(f"/api/v1/{path}", headers=stranger)
        assert any(one in own.text for one in theirs)
        assert not any(one in other.text for one in theirs)


async def call(client: AsyncClient, route: APIRoute, address: str, headers: Headers) -> Response:
    """Call an operation with a body with which it would do something."""
    rule = RULES[route.name]
    answer = await client.request(
        method_of(route),
        address + rule.query,
        headers=headers | {"Idempotency-Key": str(uuid4())},
        **rule.said({}),
    )
    check_answer(answer)
    return answer


def told(answer: Response) -> dict[str, Any]:
    """What an error says, but for the number of the request."""
    error: dict[str, Any] = answer.json()["error"]
    return error | {"request_id": None}
