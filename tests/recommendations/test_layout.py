"""Operators decide which rails an audience sees, and in which order."""

from typing import Any

import pytest
from httpx import AsyncClient, Response

from matinee.runtime import Runtime
from tests.catalog.makers import Headers, make_collection, make_genre
from tests.makers import as_staff, scalar

LAYOUT = "/api/v1/admin/recommendations/layout"


@pytest.fixture
async def editor(runtime: Runtime, client: AsyncClient) -> Headers:
    return await as_staff(runtime, client, "editor")


async def put(client: AsyncClient, editor: Headers, *rails: str, **fields: Any) -> Response:
    body = {"audience": "standard", "rails": [{"rail": rail} for rail in rails]} | fields
    return await client.put(LAYOUT, json=body, headers=editor)


async def layout(client: AsyncClient, editor: Headers, audience: str) -> dict[str, Any]:
    items = (await client.get(LAYOUT, headers=editor)).json()["items"]
    [found] = [item for item in items if item["audience"] == audience]
    return dict(found)


async def test_a_layout_that_nobody_changed_is_ours(client: AsyncClient, editor: Headers) -> None:
    ours = await layout(client, editor, "standard")
    assert ours["is_default"]
    assert [place["rail"] for place in ours["rails"]][:6] == [
        "hero",
        "continue-watching",
        "my-list",
        "on-now",
        "new-episodes",
        "for-you",
    ]


async def test_children_have_a_layout_of_their_own(client: AsyncClient, editor: Headers) -> None:
    await put(client, editor, "for-you", audience="kids")
    kids = await layout(client, editor, "kids")
    assert kids["rails"] == [{"rail": "for-you", "enabled": True}]
    assert (await layout(client, editor, "standard"))["is_default"]


async def test_a_child_s_home_speaks_neither_of_the_household_nor_of_what_ends(
    client: AsyncClient, editor: Headers
) -> None:
    rails = {place["rail"] for place in (await layout(client, editor, "kids"))["rails"]}
    assert {"for-you", "trending", "collections"} <= rails
    assert not {"household", "leaving-soon"} & rails


async def test_genres_and_collections_are_placed_one_by_one(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_genre(runtime, "western", "Western")
    await make_collection(runtime, "silents")
    answer = await put(client, editor, "genre:western", "for-you", "collection:silents")
    assert answer.status_code == 200, answer.text
    kept = await layout(client, editor, "standard")
    assert kept == answer.json()
    assert [place["rail"] for place in kept["rails"]] == [
        "genre:western",
        "for-you",
        "collection:silents",
    ]


async def test_a_rail_can_be_switched_off_and_keep_its_place(
    client: AsyncClient, editor: Headers
) -> None:
    rails = [{"rail": "trending", "enabled": False}, {"rail": "for-you", "enabled": True}]
    await put(client, editor, rails=rails)
    assert (await layout(client, editor, "standard"))["rails"] == rails


async def test_no_rails_bring_ours_back(client: AsyncClient, editor: Headers) -> None:
    await put(client, editor, "trending")
    await put(client, editor)
    assert (await layout(client, editor, "standard"))["is_default"]


@pytest.mark.parametrize("rail", ["genre:western", "collection:none", "because:you", "For you"])
async def test_what_is_no_rail_is_refused_by_name(
    client: AsyncClient, editor: Headers, rail: str
) -> None:
    answer = await put(client, editor, "for-you", rail)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == (422, "invalid_value", "rails")
    assert error["details"]["unknown"] == [rail]
    assert "for-you" in error["details"]["allowed"]


async def test_a_rail_stands_in_one_place_only(client: AsyncClient, editor: Headers) -> None:
    answer = await put(client, editor, "for-you", "trending", "for-you")
    assert answer.status_code == 422
    assert answer.json()["error"]["details"] == {"repeated": ["for-you"]}


async def test_a_change_is_written_down_with_what_was_before(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await put(client, editor, "trending")
    await put(client, editor, "for-you")
    changes = await scalar(
        runtime,
        "SELECT changes FROM admin_audit_log WHERE action = 'home_layout.update'"
        " ORDER BY id DESC LIMIT 1",
    )
    assert [[place["rail"] for place in side] for side in changes["rails"]] == [
        ["trending"],
        ["for-you"],
    ]
