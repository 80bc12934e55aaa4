"""What a profile is told about the time it watched, and the grown-ups about their children."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from matinee.viewing.progress.history import FORGOTTEN
from tests.catalog.makers import make_genre
from tests.makers import choose_profile, execute, make_profile, make_title, make_user, sign_in
from tests.viewing.makers import bookmark, counted
from tests.viewing.progress.makers import Somebody, make_somebody

API = "/api/v1"
_SLOT = """
    INSERT INTO watch_time (user_id, profile_id, half_hour, watched_id, live, seconds)
    SELECT user_id, id, $2, $3, $4, $5 FROM profiles WHERE id = $1
"""


async def watched(
    runtime: Runtime,
    profile_id: UUID,
    title_id: UUID,
    seconds: int,
    *,
    days_ago: int = 0,
    live: bool = False,
) -> None:
    """Time that a profile spent with a title, in the half hour of now so many days ago."""
    day = datetime.now(UTC) - timedelta(days=days_ago)
    half_hour = day.replace(minute=day.minute // 30 * 30, second=0, microsecond=0)
    await execute(runtime, _SLOT, profile_id, half_hour, title_id, live, seconds)


async def stats(
    client: AsyncClient, who: Somebody, profile_id: UUID | None = None, **params: str
) -> dict[str, Any]:
    address = f"{API}/profiles/{profile_id or who.profile_id}/stats"
    answer = await client.get(address, params=params, headers=who.headers)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def add_child(
    runtime: Runtime, client: AsyncClient, parent: Somebody, **profile: Any
) -> Somebody:
    """A kids profile of the same household, on a device of its own."""
    columns = {"kind": "kids", "max_maturity": 9} | profile
    child = await make_profile(runtime, parent.user_id, "Mia", **columns)
    headers = await choose_profile(client, await sign_in(client), child)
    return Somebody(parent.user_id, child, headers)


async def test_time_is_summed_by_day_and_title(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    short, long = [await make_title(runtime, name) for name in ("Short", "Long")]
    await watched(runtime, ana.profile_id, short, 600)
    await watched(runtime, ana.profile_id, long, 1200, days_ago=1)
    await watched(runtime, ana.profile_id, long, 1800, days_ago=4)
    told = await stats(client, ana, range="7d")
    assert (told["seconds"], told["hours"]) == (3600, 1.0)
    assert [day["seconds"] for day in told["per_day"]] == [0, 0, 1800, 0, 0, 1200, 600]
    assert (told["days_watched"], told["longest_streak_days"]) == (3, 2)
    assert [(one["name"], one["seconds"]) for one in told["top_titles"]] == [
        ("Long", 3000),
        ("Short", 600),
    ]


@pytest.mark.parametrize(
    ("span", "seconds"), [("7d", 1), ("30d", 3), ("180d", 7), ("365d", 15), ("all", 31)]
)
async def test_a_range_leaves_out_what_was_before(
    runtime: Runtime, client: AsyncClient, ana: Somebody, span: str, seconds: int
) -> None:
    title_id = await make_title(runtime)
    for power, days_ago in enumerate((6, 29, 179, 364, 800)):
        await watched(runtime, ana.profile_id, title_id, 2**power, days_ago=days_ago)
    told = await stats(client, ana, range=span)
    assert told["seconds"] == sum(one["seconds"] for one in told["top_titles"]) == seconds
    assert told["per_day"][0]["day"] == told["first_day"]


async def test_a_title_shares_its_time_among_its_genres(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    await make_genre(runtime, "comedy", "Comedy", de="Komödie")
    await make_genre(runtime, "drama", "Drama")
    both = await make_title(runtime, "Both", genres=["comedy", "drama"])
    funny = await make_title(runtime, "Funny", genres=["comedy"])
    await watched(runtime, ana.profile_id, both, 1000)
    await watched(runtime, ana.profile_id, funny, 100)
    told = await stats(client, ana)
    assert told["genres"] == [
        {"slug": "comedy", "name": "Comedy", "seconds": 600},
        {"slug": "drama", "name": "Drama", "seconds": 500},
    ]


async def test_live_television_counts_as_time_but_is_no_title(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    await watched(runtime, ana.profile_id, uuid4(), 500, live=True)
    told = await stats(client, ana)
    assert (told["seconds"], told["live_seconds"], told["top_titles"]) == (500, 500, [])


async def test_a_hidden_title_counts_as_time_and_is_not_named(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    await make_genre(runtime, "drama", "Drama")
    title_id = await make_title(runtime, genres=["drama"])
    await watched(runtime, ana.profile_id, title_id, 500)
    await execute(runtime, "UPDATE titles SET status = 'takedown'")
    told = await stats(client, ana)
    assert (told["seconds"], told["top_titles"], told["genres"]) == (500, [], [])


async def test_what_was_forgotten_is_not_counted(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    await watched(runtime, ana.profile_id, FORGOTTEN, 500)
    assert (await stats(client, ana))["seconds"] == 0


async def test_days_are_those_of_the_profile(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    await execute(runtime, "UPDATE profiles SET time_zone = 'Pacific/Kiritimati'")
    told = await stats(client, ana, range="7d")
    assert told["time_zone"] == "Pacific/Kiritimati"
    today = (datetime.now(UTC) + timedelta(hours=14)).date()
    assert told["last_day"] == today.isoformat()


async def test_statistics_are_read_in_six_statements(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    await stats(client, ana)
    for n in range(12):
        await watched(runtime, ana.profile_id, await make_title(runtime, f"Film {n}"), 60)
    with counted(runtime) as statements:
        assert len((await stats(client, ana))["top_titles"]) == 10
    assert len(statements) == 6


async def test_an_unknown_range_is_refused(client: AsyncClient, ana: Somebody) -> None:
    address = f"{API}/profiles/{ana.profile_id}/stats"
    answer = await client.get(address, params={"range": "9d"}, headers=ana.headers)
    assert answer.status_code == 422


async def test_grown_ups_see_the_time_of_all_and_a_child_its_own(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    mia = await add_child(runtime, client, ana)
    await watched(runtime, mia.profile_id, await make_title(runtime), 60)
    assert (await stats(client, ana, mia.profile_id))["seconds"] == 60
    assert (await stats(client, mia))["seconds"] == 60
    address = f"{API}/profiles/{ana.profile_id}/stats"
    assert (await client.get(address, headers=mia.headers)).status_code == 403


@pytest.mark.parametrize("path", ["stats", "history"])
async def test_parents_read_about_their_own_children_only(
    runtime: Runtime, client: AsyncClient, ana: Somebody, path: str
) -> None:
    mia = await add_child(runtime, client, ana)
    eve = await make_somebody(runtime, client, "eve@example.com")
    child, adult = (f"{API}/parental/profiles/{one.profile_id}/{path}" for one in (mia, ana))
    answers = [
        await client.get(child, headers=ana.headers),
        await client.get(child, headers=mia.headers),
        await client.get(child, headers=eve.headers),
        await client.get(adult, headers=ana.headers),
    ]
    assert [answer.status_code for answer in answers] == [200, 403, 404, 404]


async def history(client: AsyncClient, parent: Somebody, child: Somebody) -> list[str]:
    address = f"{API}/parental/profiles/{child.profile_id}/history"
    answer = await client.get(address, headers=parent.headers)
    assert answer.status_code == 200, answer.text
    return [item["title"]["name"] for item in answer.json()["items"]]


async def test_a_child_s_history_is_what_the_child_watched(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    mia = await add_child(runtime, client, ana)
    theirs, own = [await make_title(runtime, name) for name in ("Theirs", "Own")]
    await bookmark(runtime, mia.profile_id, theirs, 600, of=1200)
    await bookmark(runtime, ana.profile_id, own, 600, of=1200)
    assert await history(client, ana, mia) == ["Theirs"]


async def test_parents_see_what_is_closed_to_the_child_by_now(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    mia = await add_child(runtime, client, ana)
    scary = await make_title(runtime, "Scary", maturity_score=12)
    await bookmark(runtime, mia.profile_id, scary, 600, of=1200)
    assert await history(client, ana, mia) == ["Scary"]


async def test_parents_do_not_see_what_is_hidden_from_themselves(
    runtime: Runtime, client: AsyncClient
) -> None:
    user_id = await make_user(runtime)
    strict = await make_profile(runtime, user_id, max_maturity=6)
    ana = Somebody(user_id, strict, await choose_profile(client, await sign_in(client), strict))
    mia = await add_child(runtime, client, ana)
    scary = await make_title(runtime, "Scary", maturity_score=9)
    await bookmark(runtime, mia.profile_id, scary, 600, of=1200)
    await watched(runtime, mia.profile_id, scary, 60)
    assert await history(client, ana, mia) == []
    assert (await stats(client, ana, mia.profile_id))["top_titles"] == []
