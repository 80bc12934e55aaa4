"""Staff read, try and write plans of linear channels, and look at what comes of them."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient, Response

from matinee.runtime import Runtime
from tests.epg.makers import make_channel
from tests.makers import as_staff, execute, make_title, scalar
from tests.playback.linear.makers import (
    change_plan,
    guide_of,
    item,
    loop,
    make_linear,
    make_playable,
    plan_at,
    runs_of,
    slots_of,
)

ADMIN = "/api/v1/admin/linear"
PLAN = {"plan": loop("New"), "filler": "slate", "slot_minutes": 30}


class Editor:
    """Somebody who plans channels."""

    def __init__(self, runtime: Runtime, client: AsyncClient, headers: dict[str, str]) -> None:
        self.runtime, self.client, self.headers = runtime, client, headers

    async def call(
        self, method: str, path: str, *, version: str | None = None, **options: Any
    ) -> Response:
        headers = self.headers | ({"If-Match": version} if version else {})
        return await self.client.request(method, f"{ADMIN}/{path}", headers=headers, **options)

    async def put(
        self, channel_id: UUID, plan: dict[str, Any], version: str | None = None
    ) -> Response:
        return await self.call("PUT", str(channel_id), json=plan, version=version)


@pytest.fixture
async def editor(runtime: Runtime, client: AsyncClient) -> Editor:
    return Editor(runtime, client, await as_staff(runtime, client, "editor"))


def code_of(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def test_a_plan_is_read_as_it_was_written(editor: Editor, runtime: Runtime) -> None:
    channel_id = await make_linear(runtime)
    written = await editor.put(channel_id, PLAN)
    assert written.status_code == 200, written.text
    read = await editor.call("GET", str(channel_id))
    assert read.json() == written.json()
    assert read.json()["plan"] == PLAN["plan"]
    assert read.headers["etag"] == '"2"'


async def test_a_plan_that_is_written_is_planned_at_once(editor: Editor, runtime: Runtime) -> None:
    channel_id = await make_linear(runtime)
    await editor.put(channel_id, PLAN)
    await runtime.worker.drain()
    assert {row["title"] for row in await guide_of(runtime, channel_id)} == {"New"}
    assert await runs_of(runtime, channel_id)


async def test_a_plan_is_written_down_with_what_changed(editor: Editor, runtime: Runtime) -> None:
    channel_id = await make_linear(runtime)
    await editor.put(channel_id, PLAN | {"reason": "A new season"})
    sql = "SELECT changes FROM admin_audit_log WHERE action = 'linear_plan.put' AND reason = $1"
    changes = await scalar(runtime, sql, "A new season")
    assert changes["plan"] == [loop("One", "Two", "Three"), PLAN["plan"]]


async def test_of_two_who_change_a_plan_the_second_is_refused(
    editor: Editor, runtime: Runtime
) -> None:
    channel_id = await make_linear(runtime)
    assert (await editor.put(channel_id, PLAN, '"1"')).status_code == 200
    assert code_of(await editor.put(channel_id, PLAN, '"1"')) == (412, "version_conflict")


@pytest.mark.parametrize(
    "plan",
    [
        {"kind": "loop"},
        {"kind": "loop", "items": []},
        {"kind": "loop", "items": [item("A")], "pick": {}},
        {"kind": "loop", "items": [item("A", "../etc")]},
        {"kind": "loop", "items": [item("A", minutes=0)]},
        {"kind": "loop", "items": [item("A")] * 501},
        {"kind": "blocks", "blocks": []},
        {"kind": "blocks", "blocks": [{"minutes": 45, "items": [item("A")]}]},
        {"kind": "day_parts", "parts": [{"starts": "24:00", "items": [item("A")]}]},
        {"kind": "day_parts", "parts": [{"starts": "06:01", "items": [item("A")]}]},
        {"kind": "day_parts", "parts": [{"starts": "06:00", "items": [item("A")]}] * 2},
        {"kind": "random", "items": [item("A")]},
    ],
)
async def test_a_plan_that_makes_no_sense_is_refused(
    editor: Editor, runtime: Runtime, plan: dict[str, Any]
) -> None:
    channel_id = await make_linear(runtime)
    answer = await editor.put(channel_id, PLAN | {"plan": plan})
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize(
    "wish",
    [
        PLAN | {"filler": "nothing"},
        PLAN | {"plan": {"kind": "shuffle", "items": [item("A", "nothing")]}},
    ],
)
async def test_media_that_are_not_registered_are_named(
    editor: Editor, runtime: Runtime, wish: dict[str, Any]
) -> None:
    channel_id = await make_linear(runtime)
    answer = await editor.put(channel_id, wish)
    assert code_of(answer) == (422, "invalid_value")
    assert answer.json()["error"]["details"] == {"missing": ["nothing"]}


async def test_channels_of_others_have_no_plan(editor: Editor, runtime: Runtime) -> None:
    channel_id = await make_channel(runtime, "Other")
    assert code_of(await editor.put(channel_id, PLAN)) == (409, "not_linear")
    for method, path in (("GET", ""), ("POST", "/rebuild")):
        assert (await editor.call(method, f"{channel_id}{path}")).status_code == 404


@pytest.mark.parametrize("path", ["", "/slots", "/rebuild", "/preview"])
async def test_a_channel_that_is_not_there(editor: Editor, path: str) -> None:
    methods = {"": "GET", "/slots": "GET", "/rebuild": "POST", "/preview": "POST"}
    body = {"json": PLAN} if path == "/preview" else {}
    answer = await editor.call(methods[path], f"{uuid4()}{path}", **body)
    assert code_of(answer) == (404, "not_found")


async def test_a_preview_shows_a_day_and_writes_nothing(editor: Editor, runtime: Runtime) -> None:
    channel_id = await make_linear(runtime)
    answer = await editor.call("POST", f"{channel_id}/preview", json=PLAN)
    assert answer.status_code == 200, answer.text
    slots = answer.json()["items"]
    assert {slot["title"] for slot in slots} == {"New"}
    assert len(slots) == 48
    assert await slots_of(runtime, channel_id) == []
    sql = "SELECT version FROM linear_plans WHERE channel_id = $1"
    assert await scalar(runtime, sql, channel_id) == 1


async def test_rebuilding_plans_anew_what_is_not_settled(editor: Editor, runtime: Runtime) -> None:
    channel_id = await make_linear(runtime, {"kind": "loop", "pick": {}})
    await editor.call("POST", f"{channel_id}/rebuild")
    await runtime.worker.drain()
    title_id = await make_title(runtime, "Cops")
    await make_playable(runtime, title_id)
    accepted = await editor.call("POST", f"{channel_id}/rebuild")
    assert accepted.status_code == 202
    await runtime.worker.drain()
    slots = await slots_of(runtime, channel_id)
    assert {(slot["title"], slot["locked"]) for slot in slots} == {("Slate", True), ("Cops", False)}


async def test_slots_come_in_pages_in_the_order_of_time(editor: Editor, runtime: Runtime) -> None:
    channel_id = await make_linear(runtime)
    now = int(await scalar(runtime, "SELECT extract(epoch FROM clock_timestamp())"))
    await plan_at(runtime, channel_id, now)
    found, cursor = [], None
    for _ in range(10):
        query = {"page_size": 20} | ({"cursor": cursor} if cursor else {})
        page = (await editor.call("GET", f"{channel_id}/slots", params=query)).json()
        found += [datetime.fromisoformat(slot["starts_at"]) for slot in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert found == sorted(set(found))
    assert len(found) in (48, 49)


@pytest.mark.parametrize("year", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("edge", ["from", "to"])
async def test_at_the_ends_of_time_there_are_no_slots(
    editor: Editor, runtime: Runtime, edge: str, year: str
) -> None:
    channel_id = await make_linear(runtime)
    query = {edge: f"{year}T12:00:00Z"}
    answer = await editor.call("GET", f"{channel_id}/slots", params=query)
    assert (answer.status_code, answer.json()["items"]) == (200, [])


async def test_media_of_a_plan_cannot_be_deleted(editor: Editor, runtime: Runtime) -> None:
    channel_id = await make_linear(runtime)
    await change_plan(runtime, channel_id, {"kind": "loop", "items": [item("A", "short")]})
    for slug in ("short", "slate"):
        address = f"/api/v1/admin/media/{slug}"
        answer = await editor.client.delete(address, headers=editor.headers)
        assert code_of(answer) == (409, "media_in_use")


async def test_a_plan_of_before_is_planned_even_if_its_words_are_no_more(
    editor: Editor, runtime: Runtime
) -> None:
    """A time zone that the system does not know (any more) is taken for UTC."""
    channel_id = await make_linear(runtime, time_zone="Mars/Olympus")
    await execute(runtime, "UPDATE channels SET version = version + 1")
    assert await plan_at(runtime, channel_id)
