"""Many starts at once, of channels, films and airings: no more streams than the household has."""

import asyncio
from collections import Counter

import pytest
from httpx import AsyncClient, Response

from matinee.core.settings import Settings
from matinee.runtime import Runtime
from tests.catalog.makers import make_asset
from tests.epg.makers import at, make_airing, make_channel
from tests.makers import make_title, scalar
from tests.playback.screens import Screen
from tests.viewing.progress.makers import make_somebody
from tests.viewing.sessions.calls import ask, ask_channel


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"included_streams": 2})


async def test_a_hundred_starts_at_a_limit_of_two_grant_two(
    runtime: Runtime, client: AsyncClient
) -> None:
    who = await make_somebody(runtime, client)
    screen = Screen(runtime, client, who)
    channel_id = await make_channel(runtime, kind="linear", catch_up_days=7)
    airing_id = await make_airing(runtime, channel_id, at(-120))
    film = await make_title(runtime)
    await make_asset(runtime, film, duration_seconds=5400)

    async def begin(number: int) -> Response:
        device = {"device_id": f"device {number}"}
        match number % 4:
            case 0:
                return await ask_channel(client, who.headers, channel_id, **device)
            case 1:
                return await ask(client, who.headers, film, **device)
            case 2:
                return await screen.channel(channel_id, **device)
        return await screen.airing(airing_id, **device)

    answers = await asyncio.gather(*(begin(number) for number in range(100)))
    assert Counter(answer.status_code for answer in answers) == {201: 2, 409: 98}
    assert await scalar(runtime, "SELECT count(*) FROM stream_slots") == 2
    running = "SELECT count(*) FROM viewing_sessions WHERE ended_at IS NULL"
    assert await scalar(runtime, running) == 2
