"""Bookmarks in bulk: each row on its own, the latest of an item wins, signals follow."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient, Response

from matinee.runtime import Runtime
from tests.catalog.makers import make_rights
from tests.makers import execute, make_title, scalar
from tests.viewing.progress.makers import VIEWING, Somebody, make_numbered_series, watch

NOW = datetime.now(UTC)


def row(title_id: UUID, episode_id: UUID | None = None, **said: Any) -> dict[str, Any]:
    """A row of yesterday, at 1 000 of 3 000 seconds."""
    at = (NOW - timedelta(days=1)).isoformat()
    given = {"title_id": str(title_id), "position_seconds": 1000, "duration_seconds": 3000}
    episode = {"episode_id": str(episode_id)} if episode_id else {}
    return given | episode | {"at": at} | said


async def send(client: AsyncClient, who: Somebody, *rows: dict[str, Any]) -> Response:
    return await client.post(
        f"{VIEWING}/bookmarks/bulk", json={"bookmarks": rows}, headers=who.headers
    )


async def outcomes(client: AsyncClient, who: Somebody, *rows: dict[str, Any]) -> list[str]:
    answer = await send(client, who, *rows)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    statuses = [item["status"] for item in told["items"]]
    assert [item["index"] for item in told["items"]] == list(range(len(rows)))
    assert told["saved"] == statuses.count("saved")
    return statuses


async def test_what_cannot_be_stored_does_not_hold_up_the_rest(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    film, hidden = await make_title(runtime), await make_title(runtime, "M")
    await make_rights(runtime, hidden, "FR")
    series, episodes = await make_numbered_series(runtime, s1=2)
    await execute(runtime, "UPDATE episodes SET status = 'draft' WHERE number = 2")
    told = await outcomes(
        client,
        ana,
        row(uuid4()),
        row(hidden),
        row(film, episodes[1, 1]),
        row(series),
        row(series, uuid4()),
        row(series, episodes[1, 2]),
        row(film, at=(NOW + timedelta(hours=1)).isoformat()),
        row(film),
        row(series, episodes[1, 1]),
    )
    assert told == [
        "not_found",
        "not_found",
        "not_found",
        "episode_required",
        "not_found",
        "not_found",
        "in_future",
        "saved",
        "saved",
    ]
    assert await scalar(runtime, "SELECT count(*) FROM bookmarks") == 2


async def test_the_latest_of_an_item_wins_in_the_batch_and_against_what_is_known(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    film = await make_title(runtime)
    earlier = row(film, position_seconds=500, at=(NOW - timedelta(days=2)).isoformat())
    assert await outcomes(client, ana, row(film), earlier) == ["saved", "outdated"]
    assert await outcomes(client, ana, earlier) == ["outdated"]
    assert await outcomes(client, ana, row(film)) == ["saved"]
    assert await scalar(runtime, "SELECT position_seconds FROM bookmarks") == 1000
    await watch(runtime, ana, film, to=0.5)
    assert await outcomes(client, ana, row(film)) == ["outdated"]


async def test_a_clock_that_is_a_little_ahead_is_ours(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    film = await make_title(runtime)
    ahead = datetime.now(UTC) + timedelta(minutes=4)
    assert await outcomes(client, ana, row(film, at=ahead.isoformat())) == ["saved"]
    assert await scalar(runtime, "SELECT updated_at <= clock_timestamp() FROM bookmarks")


async def test_a_row_may_say_that_it_was_watched_to_its_end(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    film = await make_title(runtime)
    bare = row(film, finished=True, position_seconds=0, duration_seconds=None)
    assert await outcomes(client, ana, bare) == ["saved"]
    assert await scalar(runtime, "SELECT finished FROM bookmarks") is True


async def test_signals_follow(runtime: Runtime, client: AsyncClient, ana: Somebody) -> None:
    film, other = await make_title(runtime), await make_title(runtime, "Cops")
    await outcomes(client, ana, row(film), row(other, position_seconds=2900))
    kinds = "SELECT array_agg(kind ORDER BY kind) FROM profile_signals"
    assert await scalar(runtime, kinds) == ["completed", "watched"]


async def test_languages_are_remembered(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    film = await make_title(runtime)
    await outcomes(client, ana, row(film, audio_language="de", subtitle_language="off"))
    chosen = "SELECT ROW(audio_language, subtitle_language) FROM bookmarks"
    assert await scalar(runtime, chosen) == ("de", "off")


@pytest.mark.parametrize(
    "wrong",
    [
        {"position_seconds": -1},
        {"position_seconds": 2**31},
        {"position_seconds": 1.5},
        {"duration_seconds": 0},
        {"at": "2026-01-01T00:00:00"},
        {"at": 1_700_000_000},
        {"at": "0001-01-01T00:00:00+14:00"},
        {"audio_language": "klingon"},
        {"title_id": "1"},
        {"profile_id": str(uuid4())},
    ],
)
async def test_a_row_of_another_shape_refuses_the_body(
    runtime: Runtime, client: AsyncClient, ana: Somebody, wrong: dict[str, Any]
) -> None:
    answer = await send(client, ana, row(await make_title(runtime)) | wrong)
    assert answer.status_code == 422
    assert await scalar(runtime, "SELECT count(*) FROM bookmarks") == 0


async def test_none_and_more_than_five_hundred_are_refused(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    film = await make_title(runtime)
    for count, status in ((0, 422), (500, 200), (501, 422)):
        answer = await send(client, ana, *(row(film) for _ in range(count)))
        assert answer.status_code == status
