"""Staff looks after channels one by one."""

from typing import Any

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.epg.makers import EPG, at, make_airing, make_channel
from tests.makers import execute, insert, scalar

CHANNELS = "/api/v1/admin/channels"
STREAM = "https://live.example.com/arte.m3u8"

Headers = dict[str, str]


async def created(client: AsyncClient, editor: Headers, **fields: Any) -> dict[str, Any]:
    answer = await client.post(CHANNELS, json={"name": "Arte"} | fields, headers=editor)
    assert answer.status_code == 201, answer.text
    channel: dict[str, Any] = answer.json()
    return channel


async def code_of(client: AsyncClient, editor: Headers, **fields: Any) -> str:
    answer = await client.post(CHANNELS, json={"name": "Arte"} | fields, headers=editor)
    return str(answer.json()["error"]["code"])


async def test_a_new_channel_is_a_draft_with_a_slug_of_its_name(
    client: AsyncClient, editor: Headers
) -> None:
    channel = await created(client, editor, name="Canal+ Décalé")
    assert (channel["slug"], channel["status"]) == ("canal-decale", "draft")


async def test_slugs_of_the_same_name_are_numbered(client: AsyncClient, editor: Headers) -> None:
    slugs = [(await created(client, editor))["slug"] for _ in range(3)]
    assert slugs == ["arte", "arte-2", "arte-3"]


async def test_a_name_without_latin_letters_gets_a_slug(
    client: AsyncClient, editor: Headers
) -> None:
    assert (await created(client, editor, name="第一"))["slug"] == "channel"


async def test_every_field_that_is_sent_is_kept(client: AsyncClient, editor: Headers) -> None:
    wish = {
        "slug": "arte-hd", "tvg_id": "Arte.de", "number": 7, "description": "Culture.",
        "status": "published", "group_title": "Culture", "genres": ["Documentary"],
        "tags": ["public"], "language": "de", "country": "DE",
        "logo_url": "https://img.example.com/arte.png", "radio": False, "maturity_score": 12,
        "hls_live_url": STREAM, "delivery": "direct", "signer": "builtin",
        "stream_headers": {"Referer": "https://example.com/"},
        "catch_up": {"mode": "shift", "source": None}, "catch_up_days": 7, "start_over": True,
        "dvr_minutes": 60, "time_zone": "Europe/Berlin", "guide_shift_minutes": 60,
        "aliases": ["arte deutsch"],
    }  # fmt: skip
    channel = await created(client, editor, **wish)
    assert {name: channel[name] for name in wish} == wish


async def test_a_taken_slug_is_refused(client: AsyncClient, editor: Headers) -> None:
    await created(client, editor)
    assert await code_of(client, editor, slug="arte") == "conflict"


async def test_a_taken_tvg_id_is_refused(client: AsyncClient, editor: Headers) -> None:
    await created(client, editor, tvg_id="Arte.de")
    assert await code_of(client, editor, tvg_id="Arte.de") == "conflict"


@pytest.mark.parametrize(
    "url",
    [
        "rtmp://live.example.com/a", "file:///etc/passwd", "javascript:alert(1)", "//example.com/a",
        "https://", "https://user:secret@example.com/a.m3u8", "https://exa mple.com/a",
    ],
)  # fmt: skip
async def test_a_stream_that_is_no_address_of_the_web_is_refused(
    client: AsyncClient, editor: Headers, url: str
) -> None:
    assert await code_of(client, editor, hls_live_url=url) == "validation_failed"


async def test_an_external_channel_without_stream_is_not_published(
    client: AsyncClient, editor: Headers
) -> None:
    assert await code_of(client, editor, status="published") == "rule_violated"


async def test_a_linear_channel_comes_from_nowhere_else(
    client: AsyncClient, editor: Headers
) -> None:
    assert await code_of(client, editor, kind="linear", hls_live_url=STREAM) == "rule_violated"


async def test_an_unknown_signer_is_refused_with_the_known_ones(
    client: AsyncClient, editor: Headers
) -> None:
    answer = await client.post(CHANNELS, json={"name": "A", "signer": "mine"}, headers=editor)
    assert "builtin" in answer.json()["error"]["details"]["allowed"]


async def test_a_change_raises_the_version(client: AsyncClient, editor: Headers) -> None:
    channel = await created(client, editor)
    answer = await client.patch(
        f"{CHANNELS}/{channel['id']}", json={"number": 3}, headers=editor | {"If-Match": '"1"'}
    )
    assert (answer.json()["number"], answer.headers["etag"]) == (3, '"2"')


async def test_a_change_of_an_old_version_is_refused(client: AsyncClient, editor: Headers) -> None:
    address = f"{CHANNELS}/{(await created(client, editor))['id']}"
    await client.patch(address, json={"number": 3}, headers=editor)
    late = await client.patch(address, json={"number": 4}, headers=editor | {"If-Match": '"1"'})
    assert late.status_code == 412


async def test_null_empties_what_can_be_empty(client: AsyncClient, editor: Headers) -> None:
    address = f"{CHANNELS}/{(await created(client, editor, number=3, catch_up_days=2))['id']}"
    emptied = await client.patch(address, json={"number": None}, headers=editor)
    refused = await client.patch(address, json={"catch_up_days": None}, headers=editor)
    assert (emptied.json()["number"], refused.status_code) == (None, 422)


async def test_a_stream_cannot_be_taken_from_a_published_channel(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    address = f"{CHANNELS}/{await make_channel(runtime)}"
    answer = await client.patch(address, json={"hls_live_url": None}, headers=editor)
    assert answer.json()["error"]["code"] == "rule_violated"


async def test_viewers_see_a_change_at_once(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    channel_id = await make_channel(runtime, "One")
    before = (await client.get(f"{EPG}/channels")).json()["items"]
    await client.patch(f"{CHANNELS}/{channel_id}", json={"name": "First"}, headers=editor)
    after = (await client.get(f"{EPG}/channels")).json()["items"]
    assert [item["name"] for item in before + after] == ["One", "First"]


async def test_viewers_never_see_the_stream(runtime: Runtime, client: AsyncClient) -> None:
    channel_id = await make_channel(runtime)
    answers = [
        await client.get(f"{EPG}/channels"),
        await client.get(f"{EPG}/channels/{channel_id}"),
        await client.get(f"{EPG}/now"),
    ]
    assert not [answer for answer in answers if "live.example.com" in answer.text]


async def test_a_change_is_written_down(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    channel_id = await make_channel(runtime, "One")
    wish = {"name": "First", "reason": "It was renamed"}
    await client.patch(f"{CHANNELS}/{channel_id}", json=wish, headers=editor)
    changes = await scalar(
        runtime, "SELECT changes FROM admin_audit_log WHERE action = 'channel.update'"
    )
    assert changes["name"] == ["One", "First"]


async def test_a_deleted_channel_is_gone_with_its_guide(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    channel_id = await make_channel(runtime)
    await make_airing(runtime, channel_id, at(10))
    answer = await client.delete(f"{CHANNELS}/{channel_id}", headers=editor)
    left = await scalar(runtime, "SELECT count(*) FROM schedule_entries")
    again = await client.get(f"{CHANNELS}/{channel_id}", headers=editor)
    assert (answer.status_code, left, again.status_code) == (204, 0, 404)


async def test_a_new_shift_is_that_of_its_guides(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    channel_id = await make_channel(runtime)
    source_id = await insert(runtime, "epg_sources", name="Guide", kind="upload")
    columns = "(source_id, xmltv_id) VALUES ($1, 'one')"
    await execute(runtime, f"INSERT INTO epg_source_channels {columns}", source_id)
    await execute(
        runtime,
        "INSERT INTO channel_epg_map (source_id, xmltv_id, channel_id, method)"
        " VALUES ($1, 'one', $2, 'name')",
        source_id,
        channel_id,
    )
    wish = {"guide_shift_minutes": -60}
    await client.patch(f"{CHANNELS}/{channel_id}", json=wish, headers=editor)
    assert await scalar(runtime, "SELECT shift_minutes FROM channel_epg_map") == -60
