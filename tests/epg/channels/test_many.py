"""Staff lists channels, and changes many at once."""

from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.epg.makers import at, make_airing, make_channel
from tests.makers import scalar

CHANNELS = "/api/v1/admin/channels"
NOBODY = str(UUID(int=1))

Headers = dict[str, str]


async def names(client: AsyncClient, editor: Headers, query: str = "") -> list[str]:
    answer = await client.get(f"{CHANNELS}{query}", headers=editor)
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


async def test_channels_are_listed_by_number_then_name(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    for name, number in (("Zulu", None), ("Beta", 2), ("Alpha", None), ("Gamma", 1)):
        await make_channel(runtime, name, number=number)
    assert await names(client, editor) == ["Gamma", "Beta", "Alpha", "Zulu"]


async def test_pages_hold_every_channel_once(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    for number in range(7):
        await make_channel(runtime, f"Channel {number}", number=number % 3 or None)
    seen: list[str] = []
    cursor = ""
    while True:
        answer = (await client.get(f"{CHANNELS}?page_size=2{cursor}", headers=editor)).json()
        seen += [item["name"] for item in answer["items"]]
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"
    assert seen == await names(client, editor)
    assert len(seen) == answer["total"] == 7


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=first", ["The First"]),
        ("?q=Second.uk", ["Second"]),
        ("?q=%25", []),
        ("?status=draft", ["Second"]),
        ("?genre=News", ["The First"]),
        ("?group=Local", ["Second"]),
        ("?country=GB", ["Second"]),
        ("?has_guide=true", ["The First"]),
        ("?has_guide=false", ["Second"]),
        ("?radio=true", []),
        ("?kind=linear", []),
    ],
)
async def test_a_filter_leaves_the_others_out(
    runtime: Runtime, client: AsyncClient, editor: Headers, query: str, found: list[str]
) -> None:
    first = await make_channel(runtime, "The First", genres=["News"])
    await make_airing(runtime, first, at(60))
    await make_channel(
        runtime, "Second", status="draft", tvg_id="Second.uk", group_title="Local", country="GB"
    )
    assert await names(client, editor, query) == found


async def test_a_cursor_of_another_list_is_refused(client: AsyncClient, editor: Headers) -> None:
    answer = await client.get(f"{CHANNELS}?cursor=WzFd", headers=editor)
    assert answer.json()["error"]["code"] == "bad_cursor"


async def test_a_number_beyond_any_in_a_cursor_is_no_error_of_ours(
    client: AsyncClient, editor: Headers
) -> None:
    cursor = "WzkwMDcxOTkyNTQ3NDA5OTEsImEiLCIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDEiXQ"
    answer = await client.get(f"{CHANNELS}?cursor={cursor}", headers=editor)
    assert answer.status_code == 200


async def test_channels_are_numbered_at_once(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    first, second = await make_channel(runtime, "A", number=1), await make_channel(runtime, "B")
    wish = {"channels": [{"channel_id": str(second), "number": 1},
                         {"channel_id": str(first), "number": 2}]}  # fmt: skip
    answer = await client.post(f"{CHANNELS}/number", json=wish, headers=editor)
    assert (answer.json()["changed"], await names(client, editor)) == (2, ["B", "A"])


async def test_numbers_are_all_given_or_none(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    first = await make_channel(runtime, "A", number=5)
    wish = {"channels": [{"channel_id": str(first), "number": 1},
                         {"channel_id": NOBODY, "number": 2}]}  # fmt: skip
    answer = await client.post(f"{CHANNELS}/number", json=wish, headers=editor)
    assert answer.json()["error"]["code"] == "invalid_value"
    assert await scalar(runtime, "SELECT number FROM channels") == 5


async def test_channels_are_hidden_at_once(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    ids = [str(await make_channel(runtime, name)) for name in ("A", "B")]
    wish = {"channel_ids": ids, "status": "hidden"}
    answer = await client.post(f"{CHANNELS}/status", json=wish, headers=editor)
    assert answer.json() == {"changed": 2, "unchanged": 0}
    assert (await client.get("/api/v1/epg/channels")).json()["items"] == []


async def test_none_is_published_where_one_has_no_stream(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    good = await make_channel(runtime, "A", status="draft")
    bad = await make_channel(runtime, "B", status="draft", hls_live_url=None)
    wish = {"channel_ids": [str(good), str(bad)], "status": "published"}
    answer = await client.post(f"{CHANNELS}/status", json=wish, headers=editor)
    assert answer.json()["error"]["details"]["channels"] == ["b"]
    assert await scalar(runtime, "SELECT count(*) FROM channels WHERE status = 'published'") == 0
