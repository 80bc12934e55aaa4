"""Playing by a credential: a session of its profile begins, as by any other device."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient, Response

from matinee.core.middleware import RequestMiddleware
from matinee.runtime import Runtime
from tests.entitlements.makers import make_package
from tests.epg.exports.conftest import EXPORTS, Player, let_in, stream_number
from tests.epg.makers import at, black_out, carry_channel, make_airing, make_channel
from tests.makers import as_viewer, execute, scalar

SESSIONS = """
    SELECT array_agg((device_name, end_reason, airing_id IS NOT NULL)::text ORDER BY started_at)
    FROM viewing_sessions
"""


async def play(
    runtime: Runtime, client: AsyncClient, player: Player, channel_id: UUID, **params: Any
) -> Response:
    number = await stream_number(runtime, channel_id)
    return await client.get(player.live(number), params=params)


async def sessions(runtime: Runtime) -> list[str]:
    """Device, reason of the end, and whether it is of an airing, of every session."""
    found: list[str] = await scalar(runtime, SESSIONS) or []
    return found


def code_of(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def test_a_player_is_sent_to_the_playlist_of_a_session(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    answer = await play(runtime, client, player, await make_channel(runtime))
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/playback/")
    assert "no-store" in answer.headers["cache-control"]
    assert await sessions(runtime) == ["(Kodi,,f)"]


@pytest.mark.parametrize("change", ["DELETE FROM profiles", "UPDATE users SET status = 'disabled'"])
async def test_a_player_that_is_still_believed_begins_nothing_for_whoever_is_gone(
    runtime: Runtime, client: AsyncClient, player: Player, change: str
) -> None:
    channel_id = await make_channel(runtime)
    assert (await client.get("/player_api.php", params=player.asks)).status_code == 200
    await execute(runtime, change)
    answer = await play(runtime, client, player, channel_id)
    assert code_of(answer) == (401, "invalid_credentials")
    assert await sessions(runtime) == []


@pytest.mark.parametrize("ending", ["", ".m3u8", ".ts"])
async def test_any_ending_will_do(
    runtime: Runtime, client: AsyncClient, player: Player, ending: str
) -> None:
    number = await stream_number(runtime, await make_channel(runtime))
    assert (await client.get(player.live(number, ending))).status_code == 302


async def test_whoever_only_looks_begins_nothing(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    number = await stream_number(runtime, await make_channel(runtime))
    answer = await client.head(player.live(number))
    assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert await sessions(runtime) == []


async def test_zapping_ends_what_the_player_played_before(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    for name in ("One", "Two"):
        await play(runtime, client, player, await make_channel(runtime, name))
    first, second = await sessions(runtime)
    assert (first, second) != ("(Kodi,,f)", "(Kodi,,f)")
    assert second == "(Kodi,,f)"
    assert await scalar(runtime, "SELECT count(*) FROM stream_slots") == 1


async def test_what_was_on_is_played_from_its_beginning(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    channel_id = await make_channel(runtime, kind="linear", catch_up_days=3)
    begin = at(-600)
    await make_airing(runtime, channel_id, begin, 30)
    answer = await play(runtime, client, player, channel_id, utc=int(begin.timestamp()) + 60)
    assert answer.status_code == 302
    number = await stream_number(runtime, channel_id)
    user, password = player.asks.values()
    stamp = f"{begin:%Y-%m-%d:%H-%M}"
    again = await client.get(f"/timeshift/{user}/{password}/30/{stamp}/{number}.ts")
    assert again.status_code == 302
    assert [one[-3:] for one in await sessions(runtime)] == [",t)", ",t)"]


async def test_where_nothing_was_on_nothing_is_played(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    channel_id = await make_channel(runtime, kind="linear", catch_up_days=3)
    answer = await play(runtime, client, player, channel_id, utc=1)
    assert code_of(answer)[1] == "not_playable"


async def test_a_channel_that_is_not_paid_for_is_refused(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    channel_id = await make_channel(runtime)
    await carry_channel(runtime, await make_package(runtime), channel_id)
    assert code_of(await play(runtime, client, player, channel_id)) == (402, "not_entitled")
    assert await sessions(runtime) == []


async def test_a_blackout_is_kept(runtime: Runtime, client: AsyncClient, player: Player) -> None:
    channel_id = await make_channel(runtime)
    await black_out(runtime, channel_id)
    assert (await play(runtime, client, player, channel_id)).status_code in (402, 403, 451)


async def test_what_the_profile_may_not_see_is_not_played(
    runtime: Runtime, client: AsyncClient
) -> None:
    headers = await as_viewer(runtime, client, kind="kids", max_maturity=7)
    player = await let_in(client, headers)
    hidden = await make_channel(runtime, "Hidden", maturity_score=18)
    shown = await make_channel(runtime, "Shown")
    await make_airing(runtime, shown, at(-10), 60, "Slasher", maturity_score=18)
    assert code_of(await play(runtime, client, player, hidden)) == (404, "not_found")
    assert code_of(await play(runtime, client, player, shown)) == (403, "parental_blocked")
    assert await sessions(runtime) == []


async def test_revoking_ends_what_is_played(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    channel_id = await make_channel(runtime)
    await play(runtime, client, player, channel_id)
    await client.delete(f"{EXPORTS}/{player.credential['id']}", headers=player.headers)
    assert await sessions(runtime) == ["(Kodi,signed_out,f)"]
    assert (await play(runtime, client, player, channel_id)).status_code == 401


@pytest.mark.parametrize(
    "path",
    ["live/{}/{}/x.m3u8", "live/{}/{}/999999.m3u8", "live/{}/{}/99999999999999999999",
     "live/{}/{}/1.m3u8?utc=99999999999999", "timeshift/{}/{}/30/yesterday/1.ts",
     "timeshift/{}/{}/30/2026-13-41:99-99/1.ts"],
)  # fmt: skip
async def test_what_cannot_be_is_not_found(client: AsyncClient, player: Player, path: str) -> None:
    answer = await client.get("/" + path.format(*player.asks.values()))
    assert code_of(answer) == (404, "not_found")


async def test_no_password_stands_in_the_log(
    runtime: Runtime,
    client: AsyncClient,
    player: Player,
    monkeypatch: pytest.MonkeyPatch,
    app: Any,
) -> None:
    written: list[dict[str, Any]] = []
    middleware = app.middleware_stack
    while not isinstance(middleware, RequestMiddleware):
        middleware = middleware.app
    monkeypatch.setattr(middleware.log, "write", lambda _request, fields: written.append(fields))
    await play(runtime, client, player, await make_channel(runtime))
    await client.get(player.live(1) + "/more")
    await client.get("/player_api.php", params=player.asks)
    assert [one["path"] for one in written] == ["/live/…", "/live/…", "/player_api.php"]
    assert player.credential["password"] not in str(written)


async def test_reloading_the_playlist_keeps_the_session_alive(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    answer = await play(runtime, client, player, await make_channel(runtime))
    await runtime.buffers.flush()
    assert await sessions(runtime) == ["(Kodi,,f)"]
    await execute(
        runtime, "UPDATE viewing_sessions SET lease_until = clock_timestamp() + interval '5 s'"
    )
    await client.get(answer.headers["location"])
    await runtime.buffers.flush()
    assert await scalar(
        runtime,
        "SELECT ended_at IS NULL AND lease_until > clock_timestamp() + interval '1 minute'"
        " FROM viewing_sessions",
    )


async def test_what_nobody_reloads_is_over_and_frees_its_stream(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    answer = await play(runtime, client, player, await make_channel(runtime))
    await execute(runtime, "UPDATE viewing_sessions SET lease_until = clock_timestamp()")
    assert (await client.get(answer.headers["location"])).status_code == 410
    streams = await client.get("/api/v1/viewing/sessions", headers=player.headers)
    assert streams.json()["items"] == []


async def test_an_account_that_is_disabled_ends_it(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    answer = await play(runtime, client, player, await make_channel(runtime))
    await execute(runtime, "UPDATE users SET status = 'disabled'")
    await client.get(answer.headers["location"])
    await runtime.buffers.flush()
    assert await sessions(runtime) == ["(Kodi,signed_out,f)"]


async def test_a_credential_that_is_revoked_meanwhile_begins_nothing(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    await client.get("/player_api.php", params=player.asks)
    await execute(runtime, "UPDATE export_credentials SET revoked_at = clock_timestamp()")
    answer = await play(runtime, client, player, await make_channel(runtime))
    assert code_of(answer) == (401, "invalid_credentials")


async def test_of_a_start_and_a_revocation_at_once_nothing_plays_on(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    channel_id = await make_channel(runtime)
    await client.get("/player_api.php", params=player.asks)
    address = f"{EXPORTS}/{player.credential['id']}"
    await asyncio.gather(
        *(play(runtime, client, player, channel_id) for _ in range(4)),
        client.delete(address, headers=player.headers),
    )
    assert await scalar(runtime, "SELECT count(*) FROM stream_slots") == 0
    assert await scalar(
        runtime, "SELECT count(*) FROM viewing_sessions WHERE ended_at IS NULL"
    ) == 0  # fmt: skip
