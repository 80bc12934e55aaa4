"""Editors make collections: by hand or by a filter, with a window and an order (S-07)."""

from typing import Any
from uuid import uuid4

from httpx import AsyncClient, Response

from matinee.runtime import Runtime
from tests.catalog.makers import ADMIN, CATALOG, Headers, make_genre
from tests.makers import make_title, scalar

COLLECTIONS = f"{ADMIN}/collections"


async def create(client: AsyncClient, editor: Headers, slug: str, **fields: Any) -> dict[str, Any]:
    body = {"slug": slug, "name": slug} | fields
    answer = await client.post(COLLECTIONS, json=body, headers=editor)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def patch(
    client: AsyncClient, editor: Headers, made: dict[str, Any], **fields: Any
) -> Response:
    return await client.patch(f"{COLLECTIONS}/{made['id']}", json=fields, headers=editor)


async def fill(
    client: AsyncClient, editor: Headers, made: dict[str, Any], *title_ids: object
) -> Response:
    body = {"title_ids": [str(title_id) for title_id in title_ids]}
    return await client.put(f"{COLLECTIONS}/{made['id']}/items", json=body, headers=editor)


async def test_a_collection_is_filled_ordered_and_published(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    ids = [await make_title(runtime, f"Film {number}") for number in range(3)]
    made = await create(client, editor, "silents", description="Without a word.")
    assert (made["kind"], made["status"], made["version"]) == ("manual", "draft", 1)
    await fill(client, editor, made, *ids)
    refilled = await fill(client, editor, made, ids[2], ids[0], ids[1], ids[2])
    assert refilled.json()["title_ids"] == [str(ids[n]) for n in (2, 0, 1)]
    await patch(client, editor, made, status="published")
    seen = (await client.get(f"{CATALOG}/collections/silents")).json()
    assert [card["name"] for card in seen["items"]] == ["Film 2", "Film 0", "Film 1"]


async def test_a_filter_makes_it_a_smart_one(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_genre(runtime, "comedy", "Comedy")
    for number in range(3):
        await make_title(runtime, f"Laugh {number}", genres=["comedy"])
    made = await create(
        client, editor, "laughs", status="published", filter={"genre": ["comedy"], "q": "Laugh"}
    )
    assert (made["kind"], made["filter"]) == ("smart", {"genre": ["comedy"], "q": "Laugh"})
    seen = (await client.get(f"{CATALOG}/collections")).json()["items"]
    assert [(card["slug"], card["titles"]) for card in seen] == [("laughs", 3)]


async def test_a_filter_cannot_ask_what_a_household_may_play(
    client: AsyncClient, editor: Headers
) -> None:
    body = {"slug": "mine", "name": "Mine", "filter": {"entitled": True}}
    answer = await client.post(COLLECTIONS, json=body, headers=editor)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unknown_field")


async def test_a_collection_changes_its_kind_with_its_filter(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_title(runtime)
    made = await create(client, editor, "any")
    await fill(client, editor, made, title_id)
    smart = (await patch(client, editor, made, filter={"year_from": 1920})).json()
    refused = await fill(client, editor, made, title_id)
    manual = (await patch(client, editor, made, filter=None)).json()
    assert (smart["kind"], smart["title_ids"]) == ("smart", [])
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "rule_violated")
    assert (manual["kind"], manual["filter"]) == ("manual", None)


async def test_a_window_opens_and_closes(client: AsyncClient, editor: Headers) -> None:
    made = await create(client, editor, "summer", published_from="2026-06-01T00:00:00Z")
    assert (made["published_from"], made["published_until"]) == ("2026-06-01T00:00:00Z", None)
    backwards = await patch(client, editor, made, published_until="2026-05-01T00:00:00Z")
    assert (backwards.status_code, backwards.json()["error"]["code"]) == (422, "rule_violated")
    opened = (await patch(client, editor, made, published_from=None)).json()
    assert opened["published_from"] is None


async def test_a_slug_is_taken_once(client: AsyncClient, editor: Headers) -> None:
    await create(client, editor, "one")
    two = await create(client, editor, "two")
    taken = await client.post(COLLECTIONS, json={"slug": "one", "name": "X"}, headers=editor)
    renamed = await patch(client, editor, two, slug="one")
    assert (taken.status_code, renamed.status_code) == (409, 409)


async def test_the_list_shows_drafts_in_the_operator_s_order(
    client: AsyncClient, editor: Headers
) -> None:
    await create(client, editor, "second", position=2)
    await create(client, editor, "first", position=1)
    listed = (await client.get(COLLECTIONS, headers=editor)).json()["items"]
    assert [entry["slug"] for entry in listed] == ["first", "second"]


async def test_an_old_version_is_refused(client: AsyncClient, editor: Headers) -> None:
    made = await create(client, editor, "any")
    path, old = f"{COLLECTIONS}/{made['id']}", editor | {"If-Match": '"1"'}
    assert (await client.patch(path, json={"name": "New"}, headers=old)).headers["etag"] == '"2"'
    answers = [
        await client.patch(path, json={"name": "Newer"}, headers=old),
        await client.put(f"{path}/items", json={"title_ids": []}, headers=old),
        await client.delete(path, headers=old),
    ]
    assert {answer.status_code for answer in answers} == {412}


async def test_a_deleted_collection_is_gone_and_its_titles_stay(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    made = await create(client, editor, "any")
    await fill(client, editor, made, await make_title(runtime))
    path = f"{COLLECTIONS}/{made['id']}"
    answers = [(await client.delete(path, headers=editor)).status_code for _ in range(2)]
    assert answers == [204, 404]
    assert await scalar(runtime, "SELECT count(*) FROM titles") == 1


async def test_what_makes_no_sense_is_refused(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_genre(runtime, "comedy", "Comedy")
    made = await create(client, editor, "any")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"slug": "Not A Slug"}, "validation_failed"),
        ({"slug": None}, "invalid_value"),
        ({"name": None}, "invalid_value"),
        ({"image_url": "file:///etc/passwd"}, "validation_failed"),
        ({"position": -1}, "validation_failed"),
        ({"status": "hidden"}, "invalid_value"),
        ({"filter": {"genre": ["opera"]}}, "invalid_value"),
        ({"filter": {"mood": ["grumpy"]}}, "invalid_value"),
        ({"filter": {"sort": "name"}}, "unknown_field"),
        ({"kind": "smart"}, "unknown_field"),
    ]
    for body, code in wrong:
        answer = await patch(client, editor, made, **body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, code), body
    unknown = await fill(client, editor, made, uuid4())
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (422, "invalid_value")


async def test_every_change_is_written_down(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    made = await create(client, editor, "any")
    await patch(client, editor, made, name="Any")
    await fill(client, editor, made)
    await client.delete(f"{COLLECTIONS}/{made['id']}", headers=editor)
    written = await scalar(runtime, "SELECT array_agg(action ORDER BY id) FROM admin_audit_log")
    assert written == [
        "collection.create", "collection.update", "collection.fill", "collection.delete",
    ]  # fmt: skip
