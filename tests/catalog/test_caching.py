"""What of the catalogue clients and we ourselves may remember, and for how long."""

from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.makers import ADMIN, CATALOG, browse, make_genre, make_title
from tests.makers import as_staff, as_viewer

TITLES = f"{CATALOG}/titles"


async def test_a_visitor_s_answer_may_be_shared_for_a_moment(
    runtime: Runtime, client: AsyncClient
) -> None:
    answer = await client.get(TITLES)
    assert answer.headers["cache-control"].startswith("public")
    assert "accept-language" in answer.headers["vary"].lower()


async def test_a_viewer_s_answer_is_his_own(runtime: Runtime, client: AsyncClient) -> None:
    headers = await as_viewer(runtime, client)
    answer = await client.get(TITLES, headers=headers)
    assert answer.headers["cache-control"].startswith("private")
    assert "authorization" in answer.headers["vary"].lower()


async def test_what_has_not_changed_is_304(runtime: Runtime, client: AsyncClient) -> None:
    title_id = await make_title(runtime)
    for path in ("/titles", f"/titles/{title_id}", "/genres", "/collections", "/ratings"):
        first = await client.get(f"{CATALOG}{path}")
        again = await client.get(
            f"{CATALOG}{path}", headers={"If-None-Match": first.headers["etag"]}
        )
        assert (again.status_code, again.content) == (304, b""), path


async def test_another_language_is_another_answer(runtime: Runtime, client: AsyncClient) -> None:
    await make_genre(runtime, "comedy", "Comedy", de="Komödie")
    await make_title(runtime, genres=["comedy"])
    first = await client.get(f"{CATALOG}/genres")
    german = await client.get(
        f"{CATALOG}/genres",
        headers={"If-None-Match": first.headers["etag"], "Accept-Language": "de"},
    )
    assert german.json()["items"][0]["name"] == "Komödie"


async def test_an_editor_s_change_is_seen_at_once(runtime: Runtime, client: AsyncClient) -> None:
    staff = await as_staff(runtime, client, "editor")
    await make_genre(runtime, "comedy", "Comedy")
    title_id = await make_title(runtime, genres=["comedy"])
    before = await browse(client, facets=True)
    answer = await client.post(
        f"{ADMIN}/titles/{title_id}/status", json={"status": "draft"}, headers=staff
    )
    assert answer.status_code == 200, answer.text
    after = await browse(client, facets=True)
    assert (before["total"], after["total"]) == (1, 0)
    assert (await client.get(f"{CATALOG}/genres")).json() == {"items": []}
