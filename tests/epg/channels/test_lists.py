"""Importing channel lists: what is found again, what changes, what is left out."""

import gzip
from typing import Any

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.epg.makers import EPG, make_channel
from tests.makers import execute, insert, scalar

CHANNELS = "/api/v1/admin/channels"
STREAM = "https://live.example.com"

Headers = dict[str, str]


def entry(name: str, path: str = "a", **attributes: str) -> str:
    said = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in attributes.items())
    return f"#EXTINF:-1{said},{name}\n{STREAM}/{path}.m3u8\n"


def listed(*entries: str) -> bytes:
    return ("#EXTM3U\n" + "".join(entries)).encode()


async def imported(
    client: AsyncClient, editor: Headers, content: bytes, query: str = ""
) -> dict[str, Any]:
    answer = await client.post(f"{CHANNELS}/import{query}", content=content, headers=editor)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


def counts(report: dict[str, Any]) -> dict[str, int]:
    names = ("created", "updated", "unchanged", "refused", "missing")
    return {name: report[name] for name in names if report[name]}


async def the_channel(client: AsyncClient, editor: Headers) -> dict[str, Any]:
    [channel] = (await client.get(CHANNELS, headers=editor)).json()["items"]
    return dict(channel)


async def test_a_new_channel_has_all_that_its_entry_says(
    client: AsyncClient, editor: Headers
) -> None:
    text = entry(
        "Arte HD", "arte", tvg_id="Arte.de@HD", tvg_logo="https://img.example.com/a.png",
        tvg_chno="7", group_title="Documentary;Culture", tvg_shift="-1", catchup="shift",
        catchup_days="5",
    )  # fmt: skip
    await imported(client, editor, listed(f"#EXTVLCOPT:http-user-agent=Kodi\n{text}"))
    channel = await the_channel(client, editor)
    expected = {
        "name": "Arte HD", "slug": "arte-hd", "tvg_id": "Arte.de@HD", "country": "DE",
        "hls_live_url": f"{STREAM}/arte.m3u8", "logo_url": "https://img.example.com/a.png",
        "number": 7, "group_title": "Documentary", "genres": ["Documentary", "Education"],
        "guide_shift_minutes": -60, "catch_up": {"mode": "shift", "source": None},
        "catch_up_days": 5, "stream_headers": {"User-Agent": "Kodi"}, "status": "draft",
    }  # fmt: skip
    assert {name: channel[name] for name in expected} == expected


async def test_a_dry_run_stores_nothing_and_says_what_would_be(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    report = await imported(client, editor, listed(entry("One")), "?dry_run=true")
    assert (counts(report), report["changes"][0]["channel_id"]) == ({"created": 1}, None)
    assert await scalar(runtime, "SELECT count(*) FROM channels") == 0


async def test_a_dry_run_says_the_same_as_the_import(client: AsyncClient, editor: Headers) -> None:
    await imported(client, editor, listed(entry("One"), entry("Two", "b"), entry("Three", "c")))
    changed = listed(entry("One"), entry("Two", "d"), entry("Four", "e"))
    dry = await imported(client, editor, changed, "?dry_run=true")
    done = await imported(client, editor, changed)
    assert counts(dry) == counts(done)
    assert counts(done) == {"created": 1, "updated": 1, "unchanged": 1, "missing": 1}


async def test_a_change_names_the_old_and_the_new(client: AsyncClient, editor: Headers) -> None:
    await imported(client, editor, listed(entry("One")))
    report = await imported(client, editor, listed(entry("One", "b")), "?dry_run=true")
    assert report["changes"][0]["fields"] == {
        "hls_live_url": [f"{STREAM}/a.m3u8", f"{STREAM}/b.m3u8"]
    }


async def test_the_same_list_again_writes_nothing(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    content = listed(entry("One", tvg_id="one.uk"), entry("Two", "b"))
    await imported(client, editor, content)
    before = await scalar(runtime, "SELECT array_agg(xmin::text ORDER BY id) FROM channels")
    report = await imported(client, editor, content)
    after = await scalar(runtime, "SELECT array_agg(xmin::text ORDER BY id) FROM channels")
    assert (counts(report), after) == ({"unchanged": 2}, before)


async def test_a_renamed_channel_is_found_by_its_id(client: AsyncClient, editor: Headers) -> None:
    await imported(client, editor, listed(entry("One", tvg_id="one.uk")))
    report = await imported(client, editor, listed(entry("First", tvg_id="ONE.uk")))
    assert (counts(report), (await the_channel(client, editor))["name"]) == (
        {"updated": 1}, "First",
    )  # fmt: skip


async def test_a_channel_without_id_is_found_by_its_name_and_gets_the_id(
    client: AsyncClient, editor: Headers
) -> None:
    await imported(client, editor, listed(entry("Télé Une")))
    report = await imported(client, editor, listed(entry("tele une", tvg_id="une.fr")))
    assert (counts(report), (await the_channel(client, editor))["tvg_id"]) == (
        {"updated": 1}, "une.fr",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "other"), [("Canal", "Canal+"), ("Sport 1", "Sport 11"), ("One", "One +1")]
)
async def test_a_name_that_differs_by_a_number_or_plus_is_another_channel(
    client: AsyncClient, editor: Headers, name: str, other: str
) -> None:
    await imported(client, editor, listed(entry(name)))
    report = await imported(client, editor, listed(entry(other)))
    assert counts(report) == {"created": 1, "missing": 1}


async def test_the_same_name_with_another_id_is_another_channel(
    client: AsyncClient, editor: Headers
) -> None:
    content = listed(entry("One", tvg_id="one.uk"), entry("One", "b", tvg_id="one.us"))
    assert counts(await imported(client, editor, content)) == {"created": 2}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (listed(entry("A", tvg_id="a.uk"), entry("A 2", "b", tvg_id="A.uk")), "duplicate_id"),
        (listed(entry("One"), entry("ONE", "b")), "duplicate_name"),
        (listed(entry("One"), "#EXTINF:-1,Two\nrtmp://live.example.com/two\n"), "not_playable"),
    ],
)
async def test_an_entry_that_is_left_out_says_why(
    client: AsyncClient, editor: Headers, content: bytes, reason: str
) -> None:
    report = await imported(client, editor, content)
    assert [refused["reason"] for refused in report["refusals"]] == [reason]
    assert (await the_channel(client, editor))["hls_live_url"] == f"{STREAM}/a.m3u8"


async def test_a_name_that_two_channels_bear_is_ambiguous(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    for number in (1, 2):
        await make_channel(runtime, "One", slug=f"one-{number}", tvg_id=f"one.{number}")
    report = await imported(client, editor, listed(entry("One")))
    assert report["refusals"][0]["reason"] == "ambiguous_name"


async def test_a_channel_of_our_own_media_is_left_alone(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_channel(runtime, "One", kind="linear", hls_live_url=None, tvg_id="one.uk")
    report = await imported(client, editor, listed(entry("First", tvg_id="one.uk")))
    assert report["refusals"][0]["reason"] == "own_channel"


async def test_what_staff_edited_stays(client: AsyncClient, editor: Headers) -> None:
    content = listed(entry("One", tvg_id="one.uk", group_title="News"))
    await imported(client, editor, content)
    address = f"{CHANNELS}/{(await the_channel(client, editor))['id']}"
    await client.patch(address, json={"name": "The First", "number": 1}, headers=editor)
    report = await imported(client, editor, content.replace(b"a.m3u8", b"b.m3u8"))
    channel = await the_channel(client, editor)
    assert report["changes"][0]["fields"].keys() == {"hls_live_url"}
    assert (channel["name"], channel["edited_fields"]) == ("The First", ["name", "number"])


async def test_what_staff_gives_back_is_set_again(client: AsyncClient, editor: Headers) -> None:
    await imported(client, editor, listed(entry("One", tvg_id="one.uk")))
    address = f"{CHANNELS}/{(await the_channel(client, editor))['id']}"
    await client.patch(address, json={"name": "The First"}, headers=editor)
    await client.patch(address, json={"edited_fields": []}, headers=editor)
    await imported(client, editor, listed(entry("One", tvg_id="one.uk")))
    assert (await the_channel(client, editor))["name"] == "One"


async def test_what_a_list_does_not_say_stays(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_channel(
        runtime, "One", number=3, logo_url="https://img.example.com/1.png", genres=["News"],
        maturity_score=12,
    )  # fmt: skip
    await imported(client, editor, listed(entry("One")))
    channel = await the_channel(client, editor)
    assert (channel["number"], channel["genres"], channel["maturity_score"]) == (3, ["News"], 12)
    assert channel["logo_url"] == "https://img.example.com/1.png"


async def test_publishing_shows_drafts_but_not_what_was_hidden(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    content = listed(entry("One"), entry("Two", "b"), entry("Three", "c"))
    await imported(client, editor, content)
    await execute(runtime, "UPDATE channels SET status = 'hidden' WHERE name = 'Two'")
    report = await imported(client, editor, content, "?publish=true")
    shown = (await client.get(f"{EPG}/channels")).json()["items"]
    assert (report["published"], [item["name"] for item in shown]) == (2, ["One", "Three"])


async def test_a_packed_list_is_unpacked(client: AsyncClient, editor: Headers) -> None:
    report = await imported(client, editor, gzip.compress(listed(entry("One"))))
    assert counts(report) == {"created": 1}


async def test_the_guide_of_a_list_is_proposed(client: AsyncClient, editor: Headers) -> None:
    guide = "https://epg.example.com/guide.xml.gz"
    content = f'#EXTM3U x-tvg-url="{guide}"\n{entry("One")}'.encode()
    assert (await imported(client, editor, content))["guide_urls"] == [guide]


@pytest.mark.parametrize("content", [b"", b"<html></html>", b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n"])
async def test_what_is_no_channel_list_is_refused(
    runtime: Runtime, client: AsyncClient, editor: Headers, content: bytes
) -> None:
    answer = await client.post(f"{CHANNELS}/import", content=content, headers=editor)
    assert answer.json()["error"]["code"] == "list_unreadable"


async def test_an_import_is_written_down(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await imported(client, editor, listed(entry("One")))
    changes = await scalar(
        runtime, "SELECT changes FROM admin_audit_log WHERE action = 'channels.import'"
    )
    assert changes["created"] == [None, 1]


async def test_a_long_list_takes_as_few_statements_as_a_short_one(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    statements: list[int] = []
    runtime.database.on_statement = lambda: statements.append(1)
    await imported(client, editor, listed(entry("Only")))
    short = len(statements)
    statements.clear()
    await imported(client, editor, listed(*(entry(f"C {n}", f"c{n}") for n in range(400))))
    assert len(statements) == short


async def test_a_new_shift_has_guides_imported_anew(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await imported(client, editor, listed(entry("One")))
    url = "https://epg.example.com/guide.xml"
    source_id = await insert(runtime, "epg_sources", name="Guide", kind="url", url=url)
    columns = "(source_id, xmltv_id) VALUES ($1, 'one')"
    await execute(runtime, f"INSERT INTO epg_source_channels {columns}", source_id)
    await execute(
        runtime,
        "INSERT INTO channel_epg_map (source_id, xmltv_id, channel_id, method)"
        " SELECT $1, 'one', id, 'name' FROM channels",
        source_id,
    )
    await imported(client, editor, listed(entry("One", tvg_shift="1")))
    waiting = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'epg.refresh_source'"
    assert await scalar(runtime, waiting) == 1
