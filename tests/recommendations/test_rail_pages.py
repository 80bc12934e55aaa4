"""A rail by itself, page by page; the operator's pins of the hero."""

from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from matinee.accounts.viewer import Viewer
from matinee.core.paging import encode_cursor
from matinee.recommendations.layout import HEADINGS, SEVERAL
from matinee.runtime import Runtime
from tests.catalog.makers import Headers, make_collection, make_genre
from tests.makers import as_staff, scalar
from tests.recommendations.makers import headers_of, make_trend, make_viewer
from tests.recommendations.screens import RAILS, home, make_titles, names, rail

RECOMMENDATIONS = "/api/v1/recommendations"
PINS = "/api/v1/admin/recommendations/hero"


@pytest.fixture
async def viewer(runtime: Runtime) -> Viewer:
    return await make_viewer(runtime)


@pytest.fixture
async def headers(client: AsyncClient, viewer: Viewer) -> Headers:
    return await headers_of(client, viewer)


async def walk(client: AsyncClient, headers: Headers, rail_id: str, size: int) -> list[str]:
    """The names of all pages."""
    found: list[str] = []
    params: dict[str, object] = {"page_size": size}
    while True:
        page = await rail(client, headers, rail_id, **params)
        found += names(page)
        if page["next_cursor"] is None:
            return found
        assert len(page["items"]) == size
        params["cursor"] = page["next_cursor"]


NOTHING = f"because:{UUID(int=7)}"


@pytest.mark.parametrize(
    "rail_id", ["for-you", "top-rated", "new", "genre:western", "collection:all"]
)
async def test_all_pages_together_are_the_whole_rail(
    runtime: Runtime, client: AsyncClient, headers: Headers, rail_id: str
) -> None:
    await make_genre(runtime, "western", "Western")
    ids = await make_titles(runtime, 31, genres=["western"])
    await make_collection(runtime, "all", *ids)
    found = await walk(client, headers, rail_id, 7)
    assert sorted(found) == sorted(f"Film {n}" for n in range(31))


async def test_what_the_home_screen_shows_goes_on_there(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    for n, title_id in enumerate(await make_titles(runtime, 30)):
        await make_trend(runtime, title_id, 100 - n)
    staff = await as_staff(runtime, client)
    body = {"audience": "standard", "rails": [{"rail": "trending"}]}
    await client.put("/api/v1/admin/recommendations/layout", json=body, headers=staff)
    shown = (await home(client, headers))["trending"]
    rest = await rail(client, headers, "trending", cursor=shown["next_cursor"])
    assert names(shown) + names(rest) == [f"Film {n}" for n in range(30)]


async def test_a_page_goes_on_behind_its_title_when_the_rail_has_changed(
    runtime: Runtime, client: AsyncClient, headers: Headers
) -> None:
    ids = await make_titles(runtime, 6)
    for n, title_id in enumerate(ids):
        await make_trend(runtime, title_id, 100 - n)
    first = await rail(client, headers, "trending", page_size=2)
    [late] = await make_titles(runtime, 1, "Late")
    await make_trend(runtime, late, 500)
    second = await rail(client, headers, "trending", page_size=2, cursor=first["next_cursor"])
    assert names(first) + names(second) == [f"Film {n}" for n in range(4)]


@pytest.mark.parametrize("rail_id", sorted(HEADINGS.keys() - SEVERAL))
async def test_a_rail_without_titles_is_an_empty_page(
    client: AsyncClient, headers: Headers, rail_id: str
) -> None:
    page = await rail(client, headers, rail_id)
    assert (page["items"], page["next_cursor"]) == ([], None)
    assert page["heading"] == HEADINGS[rail_id]


@pytest.mark.parametrize(
    "rail_id",
    [
        "nonsense",
        "because",
        "genres",
        "genre:none",
        "collection:none",
        NOTHING,
        "x:y",
    ],
)
async def test_what_is_no_rail_is_not_found(
    client: AsyncClient, headers: Headers, rail_id: str
) -> None:
    answer = await client.get(f"{RAILS}/{rail_id}", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "cursor", ["nonsense", encode_cursor(1), encode_cursor("a", "b"), encode_cursor(1, "b")]
)
async def test_a_forged_cursor_is_refused(
    client: AsyncClient, headers: Headers, cursor: str
) -> None:
    answer = await client.get(f"{RAILS}/top-rated", params={"cursor": cursor}, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_cursor")


@pytest.mark.parametrize("offset", [-5, 10**12, None])
async def test_a_cursor_that_points_nowhere_ends_the_rail_or_begins_it(
    runtime: Runtime, client: AsyncClient, headers: Headers, offset: int | None
) -> None:
    await make_titles(runtime, 3)
    page = await rail(client, headers, "new", cursor=encode_cursor(offset, uuid4()))
    assert len(page["items"]) in (0, 3)


@pytest.mark.parametrize("name", ["trending", "top-rated", "new-episodes"])
async def test_some_rails_have_addresses_of_their_own(
    runtime: Runtime, client: AsyncClient, headers: Headers, name: str
) -> None:
    for title_id in await make_titles(runtime, 3):
        await make_trend(runtime, title_id, 5)
    answer = await client.get(f"{RECOMMENDATIONS}/{name}", headers=headers)
    assert answer.status_code == 200
    assert answer.json()["items"] == (await rail(client, headers, name))["items"]


async def test_pins_are_put_in_order_and_written_down(
    runtime: Runtime, client: AsyncClient
) -> None:
    staff = await as_staff(runtime, client, "editor")
    ids = [str(title_id) for title_id in await make_titles(runtime, 3)]
    answer = await client.put(PINS, json={"title_ids": [ids[2], ids[0], ids[2]]}, headers=staff)
    assert answer.json() == {"title_ids": [ids[2], ids[0]]}
    assert (await client.get(PINS, headers=staff)).json() == answer.json()
    changes = await scalar(runtime, "SELECT changes FROM admin_audit_log WHERE action = 'hero.pin'")
    assert changes == {"title_ids": [[], [ids[2], ids[0]]]}


async def test_only_titles_can_be_pinned(runtime: Runtime, client: AsyncClient) -> None:
    staff = await as_staff(runtime, client, "editor")
    unknown = str(uuid4())
    answer = await client.put(PINS, json={"title_ids": [unknown]}, headers=staff)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "invalid_value")
    assert error["details"]["unknown"] == [unknown]
