"""Staff adds sources, uploads their guides, and reads what became of them."""

import gzip
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response

from matinee.runtime import Runtime
from tests.epg.importing.makers import MORNING, guide, guide_of, make_fed_channel
from tests.makers import as_staff, execute, scalar

EPG = "/api/v1/admin/epg"
GUIDE = guide(one=MORNING)
FETCHED = {"name": "National", "kind": "url", "url": "https://epg.example.com/guide.xml.gz"}


@pytest.fixture
async def editor(runtime: Runtime, client: AsyncClient) -> dict[str, str]:
    return await as_staff(runtime, client, "editor")


async def upload(
    client: AsyncClient, editor: dict[str, str], source_id: object, body: bytes, **wish: Any
) -> Response:
    return await client.post(
        f"{EPG}/import",
        params={"source_id": str(source_id)} | wish,
        content=body,
        headers=editor | {"Content-Type": "application/octet-stream"},
    )


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
async def test_an_uploaded_guide_is_imported_at_once(
    runtime: Runtime, client: AsyncClient, editor: dict[str, str], pack: Any
) -> None:
    one, source_id = await make_fed_channel(runtime)
    answer = await upload(client, editor, source_id, pack(GUIDE.encode()))
    assert answer.status_code == 200
    finished = answer.json()["finished"]
    assert (finished["state"], finished["report"]["created"]) == ("done", 3)
    assert await guide_of(runtime, one) == MORNING


async def test_an_upload_that_shrank_is_refused_until_it_is_accepted(
    runtime: Runtime, client: AsyncClient, editor: dict[str, str]
) -> None:
    one, source_id = await make_fed_channel(runtime)
    await upload(client, editor, source_id, GUIDE.encode())
    less = guide(one=MORNING[:1]).encode()
    refused = await upload(client, editor, source_id, less)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "guide_shrunk")
    accepted = await upload(client, editor, source_id, less, accept_shrink=True)
    assert accepted.status_code == 200
    assert await guide_of(runtime, one) == MORNING[:1]


async def test_an_upload_that_cannot_be_read_says_where(
    runtime: Runtime, client: AsyncClient, editor: dict[str, str]
) -> None:
    _, source_id = await make_fed_channel(runtime)
    answer = await upload(client, editor, source_id, b"<tv>\n<channel></tv>")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "guide_unreadable")
    assert "line 2" in answer.json()["error"]["message"]


async def test_a_source_that_is_being_imported_takes_no_second_upload(
    runtime: Runtime, client: AsyncClient, editor: dict[str, str]
) -> None:
    _, source_id = await make_fed_channel(runtime)
    await execute(
        runtime, "UPDATE epg_sources SET lease_until = clock_timestamp() + interval '1 minute'"
    )
    answer = await upload(client, editor, source_id, GUIDE.encode())
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "import_running")


async def test_an_unknown_source_is_not_found(client: AsyncClient, editor: dict[str, str]) -> None:
    for body in (GUIDE.encode(), b""):
        assert (await upload(client, editor, uuid4(), body)).status_code == 404


async def test_without_a_guide_a_job_fetches_the_source(
    runtime: Runtime, client: AsyncClient, editor: dict[str, str]
) -> None:
    made = (await client.post(f"{EPG}/sources", json=FETCHED, headers=editor)).json()
    answer = await upload(client, editor, made["id"], b"", dry_run=True)
    assert answer.status_code == 202
    args = await scalar(
        runtime, "SELECT args FROM procrastinate_jobs WHERE id = $1", answer.json()["job_id"]
    )
    assert args.items() >= {"source_id": made["id"], "dry_run": True}.items()


async def test_an_uploaded_source_cannot_be_fetched(
    runtime: Runtime, client: AsyncClient, editor: dict[str, str]
) -> None:
    _, source_id = await make_fed_channel(runtime)
    answer = await upload(client, editor, source_id, b"")
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "source_id")


async def test_imports_are_listed_newest_first(
    runtime: Runtime, client: AsyncClient, editor: dict[str, str]
) -> None:
    _, source_id = await make_fed_channel(runtime)
    for body in (GUIDE.encode(), b"no guide"):
        await upload(client, editor, source_id, body)
    page = (await client.get(f"{EPG}/imports?page_size=1", headers=editor)).json()
    assert page["items"][0]["state"] == "failed"
    rest = await client.get(
        f"{EPG}/imports",
        params={"cursor": page["next_cursor"], "source_id": str(source_id)},
        headers=editor,
    )
    assert [item["state"] for item in rest.json()["items"]] == ["done"]


async def test_a_source_is_added_changed_and_removed(
    runtime: Runtime, client: AsyncClient, editor: dict[str, str]
) -> None:
    made = await client.post(f"{EPG}/sources", json=FETCHED | {"priority": 3}, headers=editor)
    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    address = f"{EPG}/sources/{made.json()['id']}"
    changed = await client.patch(
        address, json={"priority": 9, "country": "GB"}, headers=editor | {"If-Match": '"1"'}
    )
    assert (changed.json()["priority"], changed.headers["ETag"]) == (9, '"2"')
    stale = await client.delete(address, headers=editor | {"If-Match": '"1"'})
    assert stale.status_code == 412
    gone = await client.delete(address, headers=editor | {"If-Match": '"2"'})
    assert gone.status_code == 204
    assert (await client.get(address, headers=editor)).status_code == 404
    actions = await scalar(runtime, "SELECT array_agg(action ORDER BY id) FROM admin_audit_log")
    assert actions == ["guide_source.create", "guide_source.update", "guide_source.delete"]


async def test_sources_are_listed_by_priority(client: AsyncClient, editor: dict[str, str]) -> None:
    for name, priority in (("Low", 1), ("High", 7)):
        body = {"name": name, "kind": "upload", "priority": priority}
        await client.post(f"{EPG}/sources", json=body, headers=editor)
    listed = (await client.get(f"{EPG}/sources", headers=editor)).json()["items"]
    assert [source["name"] for source in listed] == ["High", "Low"]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "A", "kind": "url"},
        {"name": "A", "kind": "upload", "url": "https://epg.example.com/"},
        {"name": "A", "kind": "url", "url": "ftp://epg.example.com/"},
        {"name": "A", "kind": "upload", "refresh_minutes": 1},
        {"name": "A", "kind": "upload", "priority": 100_000},
        {"name": "A", "kind": "upload", "country": "XX"},
    ],
)
async def test_a_source_that_makes_no_sense_is_refused(
    client: AsyncClient, editor: dict[str, str], body: dict[str, Any]
) -> None:
    answer = await client.post(f"{EPG}/sources", json=body, headers=editor)
    assert answer.status_code == 422


async def test_a_name_is_given_once(client: AsyncClient, editor: dict[str, str]) -> None:
    await client.post(f"{EPG}/sources", json=FETCHED, headers=editor)
    again = await client.post(f"{EPG}/sources", json=FETCHED, headers=editor)
    assert (again.status_code, again.json()["error"]["field"]) == (409, "name")


async def test_a_source_is_not_removed_under_its_import(
    runtime: Runtime, client: AsyncClient, editor: dict[str, str]
) -> None:
    _, source_id = await make_fed_channel(runtime)
    await execute(
        runtime, "UPDATE epg_sources SET lease_until = clock_timestamp() + interval '1 minute'"
    )
    answer = await client.delete(f"{EPG}/sources/{source_id}", headers=editor)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "import_running")


async def test_airings_outlive_their_source(
    runtime: Runtime, client: AsyncClient, editor: dict[str, str]
) -> None:
    one, source_id = await make_fed_channel(runtime)
    await upload(client, editor, source_id, GUIDE.encode())
    await client.delete(f"{EPG}/sources/{source_id}", headers=editor)
    assert await guide_of(runtime, one) == MORNING
