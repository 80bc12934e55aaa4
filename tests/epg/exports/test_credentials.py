"""Credentials of players: shown once, good for one profile, taken back at any time."""

import hashlib
from typing import Any

import pytest
from fastapi import Request
from httpx import AsyncClient

from matinee.core.settings import Settings
from matinee.epg.exports import credentials
from matinee.epg.exports.addresses import server_of
from matinee.runtime import Runtime
from tests.epg.exports.conftest import EXPORTS, GUIDE, PLAYLIST, Player, let_in
from tests.makers import as_viewer, choose_profile, execute, make_profile, scalar

READS = [GUIDE, PLAYLIST, "/player_api.php", "/xmltv.php", "/get.php"]


async def test_the_password_is_shown_once_and_kept_as_a_hash(
    runtime: Runtime, client: AsyncClient, player: Player
) -> None:
    listed = (await client.get(EXPORTS, headers=player.headers)).json()["items"]
    stored = await scalar(runtime, "SELECT password_hash FROM export_credentials")
    assert [one["username"] for one in listed] == [player.credential["username"]]
    assert "password" not in listed[0]
    assert stored == hashlib.sha256(player.credential["password"].encode()).digest()


async def test_the_addresses_are_those_by_which_we_were_reached(player: Player) -> None:
    made = player.credential
    query = f"username={made['username']}&password={made['password']}"
    assert made["server_url"] == "http://testserver"
    assert made["playlist_url"] == f"http://testserver{PLAYLIST}?{query}"
    assert made["guide_url"] == f"http://testserver{GUIDE}?{query}"


@pytest.mark.parametrize(
    ("host", "server"),
    [
        (b"tv.example.com", "https://tv.example.com"),
        (b"192.168.1.5:8000", "http://192.168.1.5:8000"),
    ],
)
def test_only_the_setting_knows_that_a_proxy_ends_tls(
    settings: Settings, host: bytes, server: str
) -> None:
    public = settings.model_copy(update={"public_url": "https://tv.example.com"})
    scope = {"type": "http", "scheme": "http", "path": "/", "headers": [(b"host", host)]}
    assert server_of(Request(scope), public) == server


@pytest.mark.parametrize("address", READS)
async def test_a_credential_opens_what_players_read(
    client: AsyncClient, player: Player, address: str
) -> None:
    assert (await client.get(address, params=player.asks)).status_code == 200


@pytest.mark.parametrize("wrong", [{"password": "nothing"}, {"username": "nobody"}])
@pytest.mark.parametrize("address", READS)
async def test_a_wrong_one_opens_nothing(
    client: AsyncClient, player: Player, address: str, wrong: dict[str, str]
) -> None:
    answer = await client.get(address, params=player.asks | wrong)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_credentials"


@pytest.mark.parametrize("address", READS)
async def test_without_one_nothing_is_read(client: AsyncClient, address: str) -> None:
    assert (await client.get(address)).status_code == 422


async def test_a_revoked_one_counts_no_more(client: AsyncClient, player: Player) -> None:
    assert (await client.get(PLAYLIST, params=player.asks)).status_code == 200
    for _ in range(2):
        answer = await client.delete(f"{EXPORTS}/{player.credential['id']}", headers=player.headers)
        assert answer.status_code == 204
    assert (await client.get(PLAYLIST, params=player.asks)).status_code == 401
    assert (await client.get(EXPORTS, headers=player.headers)).json()["items"] == []


GONE = {
    "a deleted profile": "DELETE FROM profiles",
    "a disabled account": "UPDATE users SET status = 'disabled'",
}


@pytest.mark.parametrize("change", GONE.values(), ids=GONE)
async def test_it_ends_with_its_profile_and_account(
    runtime: Runtime, client: AsyncClient, player: Player, change: str
) -> None:
    await execute(runtime, change)
    assert (await client.get(PLAYLIST, params=player.asks)).status_code == 401


async def test_that_of_a_deleted_profile_is_not_listed_and_not_counted(
    runtime: Runtime, client: AsyncClient, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "MOST", 2)
    user_id = await scalar(runtime, "SELECT user_id FROM profiles")
    child = await make_profile(runtime, user_id, name="Child")
    await let_in(client, await choose_profile(client, player.headers, child))
    await execute(runtime, "DELETE FROM profiles WHERE id = $1", child)
    listed = (await client.get(EXPORTS, headers=player.headers)).json()["items"]
    assert [one["id"] for one in listed] == [player.credential["id"]]
    await let_in(client, player.headers, "TiviMate")


async def test_a_household_may_let_in_only_so_many(
    client: AsyncClient, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "MOST", 2)
    await let_in(client, player.headers, "TiviMate")
    answer = await client.post(EXPORTS, json={"name": "VLC"}, headers=player.headers)
    assert answer.status_code == 409


async def test_failures_from_one_place_are_limited_and_successes_are_not(
    client: AsyncClient, player: Player
) -> None:
    wrong = player.asks | {"password": "nothing"}
    failures = [(await client.get(PLAYLIST, params=wrong)).status_code for _ in range(12)]
    assert failures == [401] * 10 + [429] * 2
    assert (await client.get("/player_api.php", params=player.asks)).status_code == 200


async def test_when_it_was_used_is_known_to_the_hour(client: AsyncClient, player: Player) -> None:
    async def used() -> Any:
        (one,) = (await client.get(EXPORTS, headers=player.headers)).json()["items"]
        return one["last_used_at"]

    assert await used() is None
    await client.get(PLAYLIST, params=player.asks)
    first = await used()
    await client.get(PLAYLIST, params=player.asks)
    assert await used() == first is not None


async def test_a_kids_profile_lets_in_a_player_of_its_own_but_does_not_see_the_others(
    runtime: Runtime, client: AsyncClient
) -> None:
    kids = await as_viewer(runtime, client, kind="kids", max_maturity=7)
    made = (await let_in(client, kids)).credential
    assert (await client.get(EXPORTS, headers=kids)).status_code == 403
    assert (await client.delete(f"{EXPORTS}/{made['id']}", headers=kids)).status_code == 403
