"""What is on now and next (L-03)."""

import time
from typing import Any
from uuid import UUID

from httpx import AsyncClient

from matinee.epg.tags import GUIDE
from matinee.runtime import Runtime
from tests.epg.guide.calls import names, see
from tests.epg.makers import at, make_airing, make_channel
from tests.makers import as_viewer, execute
from tests.viewing.makers import counted

CHILD: dict[str, Any] = {"kind": "kids", "max_maturity": 9, "block_unrated": True}


async def one(client: AsyncClient, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """What is on the only channel there is."""
    [item] = (await see(client, "/now", headers))["items"]
    found: dict[str, Any] = item
    return found


def told(item: dict[str, Any]) -> tuple[str | None, str | None, bool]:
    """What is on, what comes next, and whether the former may not be seen."""
    now, coming = (
        airing and airing["programme"]["title"] for airing in (item["now"], item["next"])
    )
    return now, coming, item["blocked"]


async def test_an_airing_that_begins_where_another_ends_is_the_next(
    runtime: Runtime, client: AsyncClient
) -> None:
    channel_id = await make_channel(runtime)
    for begin, title in ((-70, "Before"), (-10, "Now"), (50, "Next"), (110, "Later")):
        await make_airing(runtime, channel_id, at(begin), 59, title)
    assert told(await one(client)) == ("Now", "Next", False)


async def test_in_a_gap_nothing_is_on_and_the_next_is_told(
    runtime: Runtime, client: AsyncClient
) -> None:
    channel_id = await make_channel(runtime)
    await make_airing(runtime, channel_id, at(-90), 60, "Before")
    await make_airing(runtime, channel_id, at(3000), 60, "In two days")
    assert told(await one(client)) == (None, "In two days", False)


async def test_a_channel_without_a_guide_is_listed(runtime: Runtime, client: AsyncClient) -> None:
    await make_channel(runtime)
    assert told(await one(client)) == (None, None, False)


async def test_what_a_child_may_not_see_is_blocked_and_never_named(
    runtime: Runtime, client: AsyncClient
) -> None:
    channel_id = await make_channel(runtime)
    await make_airing(runtime, channel_id, at(-10), 20, "Horror", maturity_score=18)
    await make_airing(runtime, channel_id, at(10), 20, "Gore", maturity_score=18)
    await make_airing(runtime, channel_id, at(30), 20, "Cartoon")
    child = await as_viewer(runtime, client, **CHILD)
    assert told(await one(client, child)) == (None, "Cartoon", True)
    adult = await as_viewer(runtime, client, "adult@example.com")
    assert told(await one(client, adult)) == ("Horror", "Gore", False)


async def test_the_answer_is_kept_until_the_guide_changes(
    runtime: Runtime, client: AsyncClient
) -> None:
    channel_id = await make_channel(runtime)
    assert told(await one(client)) == (None, None, False)
    await make_airing(runtime, channel_id, at(-10), 20, "News")
    assert told(await one(client)) == (None, None, False)
    await runtime.cache.invalidate({GUIDE})
    assert told(await one(client)) == ("News", None, False)


async def test_the_answer_is_not_kept_past_the_end_of_what_is_on(
    runtime: Runtime, client: AsyncClient
) -> None:
    channel_id = await make_channel(runtime)
    airing_id = await make_airing(runtime, channel_id, at(-10), 10.2, "Ending")
    await one(client)
    await execute(runtime, "DELETE FROM schedule_entries WHERE id = $1", airing_id)
    assert told(await one(client))[0] == "Ending"
    runtime.cache._clock = lambda: time.monotonic() + 12
    assert told(await one(client))[0] is None


async def test_it_takes_one_statement_for_any_number_of_channels(
    runtime: Runtime, client: AsyncClient
) -> None:
    await make_channel(runtime, "Zero")
    await see(client, "/now")
    for n in range(5):
        await make_airing(runtime, await make_channel(runtime, f"Channel {n}"), at(-5), 20)
    await runtime.cache.invalidate({GUIDE})
    await see(client, "/labels")
    with counted(runtime) as statements:
        assert len((await see(client, "/now"))["items"]) == 6
    assert len(statements) == 2  # what is on; and whether links to titles have changed


async def test_programmes_are_filtered_by_a_parameter_of_their_own(
    runtime: Runtime, client: AsyncClient
) -> None:
    football = await make_channel(runtime, "Football", genres=["Sports"])
    mixed = await make_channel(runtime, "Mixed", genres=["General"])
    await make_airing(runtime, football, at(-5), 20, "Quiz", genres=["Quiz"])
    await make_airing(runtime, mixed, at(-5), 20, "Match", genres=["Sports"])
    assert names(await see(client, "/now", genre="Sports")) == ["Football"]
    assert names(await see(client, "/now", programme_genre="sports")) == ["Mixed"]


async def test_the_genre_of_what_is_hidden_finds_nothing(
    runtime: Runtime, client: AsyncClient
) -> None:
    channel_id: UUID = await make_channel(runtime)
    await make_airing(
        runtime, channel_id, at(-5), 20, "Hidden", genres=["Horror"], maturity_score=18
    )
    child = await as_viewer(runtime, client, **CHILD)
    assert names(await see(client, "/now", child, programme_genre="Horror")) == []
