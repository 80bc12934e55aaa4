"""The guide and the list of channels that players read."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from httpx import AsyncClient

from matinee.epg.feeds.entries import LIVE, NEW, Credit, FeedChannel, FeedProgramme, Rating
from matinee.epg.feeds.m3u import Playlist, PlaylistEntry
from matinee.epg.feeds.xmltv import Entry, Guide
from matinee.runtime import Runtime
from tests.entitlements.makers import make_package
from tests.epg.exports.conftest import GUIDE, PLAYLIST, Player, let_in, stream_number
from tests.epg.makers import at, carry_channel, make_airing, make_channel
from tests.makers import as_viewer

TODAY = datetime.combine(datetime.now(UTC).date(), time.min, UTC)


async def guide(client: AsyncClient, player: Player) -> list[Entry]:
    answer = await client.get(GUIDE, params=player.asks)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/gzip"
    return list(Guide([answer.content]))


async def titles(client: AsyncClient, player: Player) -> list[str]:
    return [e.title for e in await guide(client, player) if isinstance(e, FeedProgramme)]


async def playlist(client: AsyncClient, player: Player) -> list[PlaylistEntry]:
    answer = await client.get(PLAYLIST, params=player.asks)
    assert answer.status_code == 200
    return list(Playlist([answer.content]))


async def test_our_own_reader_understands_the_guide(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    one = await make_channel(runtime, "One & All", number=7, logo_url="/art/one.webp")
    starts_at = TODAY + timedelta(hours=20)
    await make_airing(
        runtime,
        one,
        starts_at,
        45,
        "Tom <& Jerry>",
        flags=NEW | LIVE,
        sub_title="The „Cat“",
        description="First.\nSecond & third.",
        season=2,
        episode=5,
        language="en",
        categories=["Film", "Comedy"],
        maturity_label="PG",
        year=1999,
        original_air_date=date(1999, 3, 1),
        image_url="https://example.com/1.png",
        credits=[{"role": "actor", "name": "B. Person", "character": "Hero"}],
    )
    assert await guide(client, player) == [
        FeedChannel("one-and-all", ("One & All",), "http://testserver/art/one.webp", "7"),
        FeedProgramme(
            channel="one-and-all",
            starts_at=int(starts_at.timestamp()),
            ends_at=int(starts_at.timestamp()) + 2_700,
            title="Tom <& Jerry>",
            titles={"en": "Tom <& Jerry>"},
            language="en",
            sub_title="The „Cat“",
            description="First. Second & third.",
            categories=("Film", "Comedy"),
            season=2,
            episode=5,
            ratings=(Rating(None, "PG"),),
            star_rating=None,
            icon="https://example.com/1.png",
            year=1999,
            original_air_date=None,
            credits=(Credit("actor", "B. Person", "Hero"),),
            external_ids={},
            flags=NEW | LIVE,
        ),
    ]


async def test_our_own_reader_understands_the_list(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    one = await make_channel(
        runtime, 'One, "the" first', number=1, group_title="News; Local", radio=True,
        logo_url="https://example.com/1.png", catch_up_days=3, kind="linear",
    )  # fmt: skip
    two = await make_channel(runtime, "Two", number=2)
    first, second = await playlist(client, player)
    url = "http://testserver" + player.live(await stream_number(runtime, one))
    assert (first.name, first.url, first.tvg_id) == ('One, "the" first', url, "one-the-first")
    assert (first.number, first.radio, first.groups) == (1, True, ("News", "Local"))
    assert first.logo_url == "https://example.com/1.png"
    assert first.catch_up == ("default", url + "?utc={utc}", 3)
    assert second.url == "http://testserver" + player.live(await stream_number(runtime, two))
    assert second.catch_up is None


async def test_the_list_names_the_guide(client: AsyncClient, player: Player) -> None:
    answer = await client.get(PLAYLIST, params=player.asks)
    reader = Playlist([answer.content])
    assert list(reader) == []
    (url,) = reader.header.guide_urls
    assert url == player.credential["guide_url"]
    assert (await client.get(url)).status_code == 200


HIDDEN = {
    "a draft": {"status": "draft"},
    "what is for grown-ups": {"maturity_score": 18},
    "what bears a blocked tag": {"tags": ["gore"]},
}


@pytest.mark.parametrize("columns", HIDDEN.values(), ids=HIDDEN)
async def test_channels_that_the_profile_may_not_see_stand_in_neither(
    runtime: Runtime, client: AsyncClient, columns: dict[str, object]
) -> None:
    headers = await as_viewer(runtime, client, kind="kids", max_maturity=7, blocked_tags=["gore"])
    player = await let_in(client, headers)
    await make_airing(runtime, await make_channel(runtime, "Hidden", **columns), at(60))
    assert await guide(client, player) == []
    assert await playlist(client, player) == []


async def test_channels_that_the_household_has_not_paid_for_stand_in_neither(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    channel_id = await make_channel(runtime)
    await carry_channel(runtime, await make_package(runtime), channel_id)
    await make_airing(runtime, channel_id, at(60))
    assert await guide(client, player) == []
    assert await playlist(client, player) == []


async def test_programmes_that_the_profile_may_not_see_are_left_out(
    runtime: Runtime, client: AsyncClient
) -> None:
    headers = await as_viewer(runtime, client, kind="kids", max_maturity=7)
    player = await let_in(client, headers)
    channel_id = await make_channel(runtime)
    await make_airing(runtime, channel_id, at(60), 60, "Sandman")
    await make_airing(runtime, channel_id, at(120), 60, "Slasher", maturity_score=18)
    assert await titles(client, player) == ["Sandman"]


async def test_the_past_reaches_back_as_far_as_catch_up_and_the_future_two_weeks(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    channel_id = await make_channel(runtime, kind="linear", catch_up_days=3)
    for days in (-5, -2, 13, 15):
        await make_airing(
            runtime, channel_id, TODAY + timedelta(days=days, hours=12), 60, str(days)
        )
    assert await titles(client, player) == ["-2", "13"]


async def test_a_guide_that_has_not_changed_is_not_read_again(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    channel_id = await make_channel(runtime)
    await make_airing(runtime, channel_id, at(60))
    etag = (await client.get(GUIDE, params=player.asks)).headers["etag"]
    headers = {"If-None-Match": etag}
    answer = await client.get(GUIDE, params=player.asks, headers=headers)
    assert (answer.status_code, answer.content) == (304, b"")
    await make_airing(runtime, channel_id, at(180))
    assert (await client.get(GUIDE, params=player.asks, headers=headers)).status_code == 200


async def test_many_channels_come_in_order_and_whole(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    for number in range(1, 13):
        channel_id = await make_channel(runtime, f"Channel {number}", number=number)
        await make_airing(runtime, channel_id, at(60), 60, f"Show {number}")
    assert await titles(client, player) == [f"Show {number}" for number in range(1, 13)]
