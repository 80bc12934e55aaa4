"""Many requests about one title at once end with one truth."""

import asyncio
from uuid import UUID

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from matinee.viewing.progress.bookmarks import Mark, save_bookmarks
from matinee.viewing.taste import RATED, refresh_signals
from tests.catalog.makers import days
from tests.makers import make_title, scalar
from tests.viewing.makers import kinds_of
from tests.viewing.progress.makers import VIEWING, Somebody

SAID = (-1, 1, 2)


async def rate(client: AsyncClient, who: Somebody, title_id: UUID, value: int) -> int:
    answer = await client.put(
        f"{VIEWING}/ratings/{title_id}", json={"value": value}, headers=who.headers
    )
    return answer.status_code


async def watch(runtime: Runtime, who: Somebody, title_id: UUID) -> None:
    """See a film to its end, as the writer of heartbeats stores it."""
    mark = Mark(who.user_id, who.profile_id, title_id, None, 99, days(0), 100)
    async with runtime.database.write() as tx:
        await save_bookmarks(tx, [mark])
        await refresh_signals(tx, [(who.user_id, who.profile_id, title_id)])


async def test_of_fifty_ratings_one_stays_and_the_signal_says_the_same(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    title_id = await make_title(runtime)
    answers = await asyncio.gather(*(rate(client, ana, title_id, SAID[n % 3]) for n in range(50)))
    assert set(answers) == {204}
    assert await scalar(runtime, "SELECT count(*) FROM ratings") == 1
    value = await scalar(runtime, "SELECT value FROM ratings")
    assert await kinds_of(runtime, ana.profile_id) == {title_id: RATED[value]}


async def test_rating_and_clearing_at_once_leave_row_and_signal_or_neither(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    title_id = await make_title(runtime)

    async def clear() -> int:
        address = f"{VIEWING}/ratings/{title_id}"
        return (await client.delete(address, headers=ana.headers)).status_code

    calls = (rate(client, ana, title_id, 1) if n % 2 else clear() for n in range(30))
    assert set(await asyncio.gather(*calls)) == {204}
    value = await scalar(runtime, "SELECT value FROM ratings")
    expected = {title_id: RATED[value]} if value else {}
    assert await kinds_of(runtime, ana.profile_id) == expected


@pytest.mark.parametrize("_again", range(3))
async def test_two_writers_of_different_facts_see_each_other(
    runtime: Runtime, client: AsyncClient, ana: Somebody, _again: int
) -> None:
    """Whichever comes second, the opinion is stronger than the watching."""
    titles = [await make_title(runtime, f"Film {n}") for n in range(5)]
    await asyncio.gather(
        *(rate(client, ana, title_id, 1) for title_id in titles),
        *(watch(runtime, ana, title_id) for title_id in titles),
    )
    assert await kinds_of(runtime, ana.profile_id) == dict.fromkeys(titles, "liked")


async def test_my_list_does_not_grow_beyond_its_end_in_a_race(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    runtime.settings = runtime.settings.model_copy(update={"max_watchlist": 3})
    titles = [await make_title(runtime, f"Film {n}") for n in range(12)]

    async def add(title_id: UUID) -> int:
        address = f"{VIEWING}/watchlist/{title_id}"
        return (await client.put(address, headers=ana.headers)).status_code

    answers = await asyncio.gather(*(add(title_id) for title_id in titles))
    assert sorted(answers) == [204] * 3 + [409] * 9
    assert await scalar(runtime, "SELECT count(*) FROM watchlist") == 3


async def test_a_reset_among_ratings_leaves_no_signal_from_before_it(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    titles = [await make_title(runtime, f"Film {n}") for n in range(10)]
    reset = client.post(f"{VIEWING}/taste/reset", headers=ana.headers)
    await asyncio.gather(*(rate(client, ana, title_id, 1) for title_id in titles), reset)
    stale = await scalar(
        runtime,
        "SELECT count(*) FROM profile_signals s JOIN profiles p ON p.id = s.profile_id"
        " WHERE s.at <= p.taste_reset_at",
    )
    after = await scalar(
        runtime,
        "SELECT count(*) FROM ratings r JOIN profiles p ON p.id = r.profile_id"
        " WHERE r.rated_at > p.taste_reset_at",
    )
    assert (stale, after) == (0, len(await kinds_of(runtime, ana.profile_id)))


async def test_adding_and_removing_at_once_do_not_wait_for_each_other(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    title_id = await make_title(runtime)
    address = f"{VIEWING}/watchlist/{title_id}"
    methods = ("PUT", "DELETE") * 15
    answers = await asyncio.gather(
        *(client.request(method, address, headers=ana.headers) for method in methods)
    )
    assert {answer.status_code for answer in answers} == {204}
    listed = await scalar(runtime, "SELECT count(*) FROM watchlist")
    assert len(await kinds_of(runtime, ana.profile_id)) == listed
