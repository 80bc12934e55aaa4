"""Editors shape series: seasons, episodes, their numbers and order."""

from typing import Any
from uuid import uuid4

from httpx import AsyncClient, Response

from matinee.runtime import Runtime
from tests.catalog.makers import ADMIN, CATALOG, Headers, make_series
from tests.makers import make_title, scalar

ASSET = {
    "kind": "main",
    "name": None,
    "protocol": "hls",
    "url": "https://media.example.com/e.m3u8",
    "quality": None,
    "duration_seconds": 1500,
}


async def send(
    client: AsyncClient,
    editor: Headers,
    method: str,
    path: str,
    body: Any = None,
    if_match: str | None = None,
) -> Response:
    headers = editor | ({"If-Match": if_match} if if_match else {})
    return await client.request(method, f"{ADMIN}/titles/{path}", json=body, headers=headers)


async def add_season(client: AsyncClient, editor: Headers, title_id: object, number: int) -> str:
    answer = await send(client, editor, "POST", f"{title_id}/seasons", {"number": number})
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


async def add_episode(
    client: AsyncClient, editor: Headers, title_id: object, season_id: str, **fields: Any
) -> dict[str, Any]:
    answer = await send(
        client, editor, "POST", f"{title_id}/seasons/{season_id}/episodes", {"name": "One"} | fields
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def numbers(
    client: AsyncClient, editor: Headers, title_id: object, season_id: str
) -> list[tuple[str, int]]:
    answer = await send(client, editor, "GET", f"{title_id}/seasons/{season_id}/episodes")
    return [(episode["name"], episode["number"]) for episode in answer.json()["items"]]


async def test_a_series_grows_season_by_season(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_title(runtime, kind="series")
    for number in (2, 0, 1):
        await add_season(client, editor, title_id, number)
    listed = (await send(client, editor, "GET", f"{title_id}/seasons")).json()["items"]
    assert [(season["number"], season["episode_count"]) for season in listed] == [
        (1, 0),
        (2, 0),
        (0, 0),
    ]


async def test_a_number_is_given_once(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_title(runtime, kind="series")
    first, second = [await add_season(client, editor, title_id, n) for n in (1, 2)]
    taken = await send(client, editor, "POST", f"{title_id}/seasons", {"number": 1})
    moved = await send(client, editor, "PATCH", f"{title_id}/seasons/{second}", {"number": 1})
    await add_episode(client, editor, title_id, first, number=1)
    path = f"{title_id}/seasons/{first}/episodes"
    again = await send(client, editor, "POST", path, {"number": 1, "name": "Again"})
    for answer in (taken, moved, again):
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


async def test_a_movie_has_no_seasons(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_title(runtime)
    answer = await send(client, editor, "POST", f"{title_id}/seasons", {"number": 1})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "rule_violated")


async def test_a_new_episode_is_a_draft_until_it_is_published(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_title(runtime, kind="series")
    season_id = await add_season(client, editor, title_id, 1)
    segments = [{"kind": "intro", "from_seconds": 0, "to_seconds": 60}]
    made = await add_episode(
        client,
        editor,
        title_id,
        season_id,
        number=1,
        air_date="1913-05-09",
        segments=segments,
        assets=[ASSET],
    )
    assert (made["status"], made["segments"], made["assets"]) == ("draft", segments, [ASSET])
    seen = f"{CATALOG}/titles/{title_id}/episodes"
    assert (await client.get(seen)).json()["items"] == []
    path = f"{title_id}/episodes/{made['id']}"
    changed = await send(client, editor, "PATCH", path, {"status": "published"}, '"1"')
    assert changed.headers["etag"] == '"2"'
    assert [episode["playable"] for episode in (await client.get(seen)).json()["items"]] == [True]


async def test_only_what_is_given_changes_in_an_episode(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_title(runtime, kind="series")
    season_id = await add_season(client, editor, title_id, 1)
    made = await add_episode(
        client, editor, title_id, season_id, number=1, synopsis="…", assets=[ASSET]
    )
    path = f"{title_id}/episodes/{made['id']}"
    changed = (await send(client, editor, "PATCH", path, {"runtime_minutes": 54})).json()
    assert {name for name in made if made[name] != changed[name]} == {"runtime_minutes", "version"}
    emptied = (await send(client, editor, "PATCH", path, {"assets": None})).json()
    assert emptied["assets"] == []


async def test_an_episode_moves_to_another_season(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_title(runtime, kind="series")
    first, second = [await add_season(client, editor, title_id, n) for n in (1, 2)]
    made = await add_episode(client, editor, title_id, first, number=1)
    path = f"{title_id}/episodes/{made['id']}"
    await send(client, editor, "PATCH", path, {"season_id": second, "number": 7})
    assert await numbers(client, editor, title_id, second) == [("One", 7)]
    other = await make_title(runtime, "Other", kind="series")
    foreign = await add_season(client, editor, other, 1)
    refused = await send(client, editor, "PATCH", path, {"season_id": foreign})
    assert refused.status_code == 404


async def test_episodes_are_ordered_and_the_numbers_in_use_dealt_out_anew(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_title(runtime, kind="series")
    season_id = await add_season(client, editor, title_id, 1)
    ids = {
        name: (await add_episode(client, editor, title_id, season_id, number=number, name=name))[
            "id"
        ]
        for name, number in (("A", 0), ("B", 1), ("C", 5))
    }
    wish = {"episode_ids": [ids["C"], ids["A"], ids["B"]]}
    path = f"{title_id}/seasons/{season_id}/order"
    answer = await send(client, editor, "PUT", path, wish)
    assert answer.status_code == 200, answer.text
    assert await numbers(client, editor, title_id, season_id) == [("C", 0), ("A", 1), ("B", 5)]


async def test_an_order_names_each_episode_once(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_title(runtime, kind="series")
    season_id = await add_season(client, editor, title_id, 1)
    one = await add_episode(client, editor, title_id, season_id, number=1)
    path = f"{title_id}/seasons/{season_id}/order"
    for ids in ([], [one["id"], one["id"]], [one["id"], str(uuid4())]):
        answer = await send(client, editor, "PUT", path, {"episode_ids": ids})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "rule_violated")


async def test_an_old_version_is_refused(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_title(runtime, kind="series")
    season_id = await add_season(client, editor, title_id, 1)
    episode_id = (await add_episode(client, editor, title_id, season_id, number=1))["id"]
    for path in (f"{title_id}/seasons/{season_id}", f"{title_id}/episodes/{episode_id}"):
        await send(client, editor, "PATCH", path, {"name": "New"}, '"1"')
        for method, body in (("PATCH", {"name": "Newer"}), ("DELETE", None)):
            answer = await send(client, editor, method, path, body, '"1"')
            assert (answer.status_code, answer.json()["error"]["code"]) == (
                412,
                "version_conflict",
            )


async def test_a_season_goes_with_its_episodes(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_series(runtime, seasons=2, episodes=2)
    seasons = (await send(client, editor, "GET", f"{title_id}/seasons")).json()["items"]
    answer = await send(client, editor, "DELETE", f"{title_id}/seasons/{seasons[0]['id']}")
    assert answer.status_code == 204
    assert await scalar(runtime, "SELECT count(*) FROM episodes") == 2


async def test_a_season_or_episode_of_another_title_is_404(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_series(runtime)
    other = await make_title(runtime, "Other", kind="series")
    season_id = await scalar(runtime, "SELECT id FROM seasons")
    episode_id = await scalar(runtime, "SELECT id FROM episodes LIMIT 1")
    assert title_id != other
    requests = [
        ("PATCH", f"{other}/seasons/{season_id}", {"year": 1913}),
        ("DELETE", f"{other}/seasons/{season_id}", None),
        ("GET", f"{other}/seasons/{season_id}/episodes", None),
        ("POST", f"{other}/seasons/{season_id}/episodes", {"number": 9, "name": "X"}),
        ("PUT", f"{other}/seasons/{season_id}/order", {"episode_ids": []}),
        ("PATCH", f"{other}/episodes/{episode_id}", {"name": "X"}),
        ("DELETE", f"{other}/episodes/{episode_id}", None),
    ]
    for method, path, body in requests:
        assert (await send(client, editor, method, path, body)).status_code == 404, path


async def test_what_makes_no_sense_is_refused(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_series(runtime)
    season_id = await scalar(runtime, "SELECT id FROM seasons")
    episode_id = await scalar(runtime, "SELECT id FROM episodes LIMIT 1")
    backwards = [{"kind": "intro", "from_seconds": 60, "to_seconds": 60}]
    requests: list[tuple[str, dict[str, Any], str]] = [
        (f"seasons/{season_id}", {"number": None}, "invalid_value"),
        (f"seasons/{season_id}", {"number": 10_001}, "validation_failed"),
        (f"seasons/{season_id}", {"title": "X"}, "unknown_field"),
        (f"episodes/{episode_id}", {"name": None}, "invalid_value"),
        (f"episodes/{episode_id}", {"status": "hidden"}, "invalid_value"),
        (f"episodes/{episode_id}", {"number": 10**20}, "validation_failed"),
        (f"episodes/{episode_id}", {"segments": backwards}, "validation_failed"),
        (f"episodes/{episode_id}", {"synopsis": "\0"}, "validation_failed"),
    ]
    for path, body, code in requests:
        answer = await send(client, editor, "PATCH", f"{title_id}/{path}", body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, code), body


async def test_every_change_is_written_down(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    title_id = await make_title(runtime, kind="series")
    season_id = await add_season(client, editor, title_id, 1)
    episode_id = (await add_episode(client, editor, title_id, season_id, number=1))["id"]
    season, episode = f"{title_id}/seasons/{season_id}", f"{title_id}/episodes/{episode_id}"
    await send(client, editor, "PATCH", season, {"name": "First"})
    await send(client, editor, "PATCH", episode, {"name": "First"})
    await send(client, editor, "PUT", f"{season}/order", {"episode_ids": [episode_id]})
    await send(client, editor, "DELETE", episode)
    await send(client, editor, "DELETE", season)
    written = await scalar(
        runtime, "SELECT array_agg(action || ' ' || (targets ->> 'title') ORDER BY id)"
        " FROM admin_audit_log"
    )  # fmt: skip
    assert written == [
        f"{action} {title_id}"
        for action in (
            "season.create", "episode.create", "season.update", "episode.update", "season.order",
            "episode.delete", "season.delete",
        )
    ]  # fmt: skip
