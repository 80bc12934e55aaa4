"""Many who write about the same bookmarks at once: nobody fails, and the latest mark stands."""

import asyncio
import random
from datetime import timedelta
from uuid import UUID

from httpx import AsyncClient

from matinee.runtime import Runtime
from matinee.viewing.progress.bookmarks import Mark, save_bookmarks
from tests.makers import make_title, scalar
from tests.viewing.progress.makers import VIEWING, Somebody
from tests.viewing.progress.test_bookmarks import NOW

WRITERS = 8


def shuffled(who: Somebody, films: list[UUID], writer: int) -> list[Mark]:
    """A mark for each film in an order of the writer's own; higher writers are later."""
    at = NOW + timedelta(seconds=writer)
    marks = [
        Mark(who.user_id, who.profile_id, film, None, 100 + writer, at, 3000, watched_seconds=1)
        for film in films
    ]
    random.Random(writer).shuffle(marks)
    return marks


async def test_writers_in_any_order_do_not_block_each_other_for_good(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    films = [await make_title(runtime, f"Film {number}") for number in range(40)]

    async def write(writer: int) -> None:
        async with runtime.database.write() as tx:
            await save_bookmarks(tx, shuffled(ana, films, writer))

    for _ in range(5):
        await asyncio.gather(*map(write, range(WRITERS)))
    found = "SELECT array_agg(DISTINCT ROW(position_seconds, watched_seconds)::text) FROM bookmarks"
    assert await scalar(runtime, found) == [f"({99 + WRITERS},{5 * WRITERS})"]


async def test_forgetting_while_devices_send_leaves_signals_true(
    runtime: Runtime, client: AsyncClient, ana: Somebody
) -> None:
    films = [await make_title(runtime, f"Film {number}") for number in range(20)]
    rows = [
        {"title_id": str(film), "position_seconds": 1500, "duration_seconds": 3000,
         "at": NOW.isoformat()}
        for film in films
    ]  # fmt: skip

    async def send() -> int:
        answer = await client.post(
            f"{VIEWING}/bookmarks/bulk", json={"bookmarks": rows}, headers=ana.headers
        )
        return answer.status_code

    async def clear() -> int:
        return (await client.delete(f"{VIEWING}/history", headers=ana.headers)).status_code

    codes = await asyncio.gather(*(call() for _ in range(4) for call in (send, clear)))
    assert set(codes) == {200, 204}
    untrue = """
        SELECT count(*) FROM bookmarks b FULL JOIN profile_signals s
            ON (s.user_id, s.profile_id, s.title_id) = (b.user_id, b.profile_id, b.title_id)
        WHERE b.title_id IS NULL OR s.title_id IS NULL
    """
    assert await scalar(runtime, untrue) == 0
