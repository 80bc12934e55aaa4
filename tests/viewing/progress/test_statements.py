"""How many statements progress takes, however much was watched."""

from datetime import UTC, datetime

from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.makers import make_title
from tests.viewing.makers import counted
from tests.viewing.progress.makers import VIEWING, Somebody, make_numbered_series, watch


async def test_the_lists_take_three(runtime: Runtime, client: AsyncClient, ana: Somebody) -> None:
    for number in range(12):
        await watch(runtime, ana, await make_title(runtime, f"Film {number}"), to=0.5)
        series, episodes = await make_numbered_series(runtime, f"Series {number}", s1=2)
        await watch(runtime, ana, series, episodes[1, 1])
    for path in ("continue-watching", "history"):
        await client.get(f"{VIEWING}/{path}", headers=ana.headers)
        for size in (1, 24):
            with counted(runtime) as statements:
                answer = await client.get(
                    f"{VIEWING}/{path}", params={"page_size": size}, headers=ana.headers
                )
            assert len(answer.json()["items"]) == size
            assert len(statements) == 3


async def test_what_comes_next_takes_three_at_most(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    series, episodes = await make_numbered_series(runtime, s1=3)
    path = f"{VIEWING}/next-episode/{series}"
    await client.get(path, headers=ana.headers)
    queries = ({}, {"episode_id": episodes[1, 1]}, {"episode_id": episodes[1, 3]})
    for watched in episodes.values():
        for params in queries:
            with counted(runtime) as statements:
                await client.get(path, params=params, headers=ana.headers)
            assert len(statements) <= 3
        await watch(runtime, ana, series, watched)


async def test_an_upload_takes_as_many_for_one_as_for_hundreds(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    films = [await make_title(runtime, f"Film {number}") for number in range(100)]
    await client.get(f"{VIEWING}/history", headers=ana.headers)
    taken = set()
    for count in (1, 100):
        at = datetime.now(UTC).isoformat()
        rows = [
            {"title_id": str(film), "position_seconds": 900 + count, "at": at}
            for film in films[-count:]
        ]
        with counted(runtime) as statements:
            answer = await client.post(
                f"{VIEWING}/bookmarks/bulk", json={"bookmarks": rows}, headers=ana.headers
            )
        assert answer.json()["saved"] == count
        taken.add(len(statements))
    assert len(taken) == 1
    assert max(taken) <= 8
