"""Starting once more with the same Idempotency-Key: the first session again."""

import asyncio
from typing import Any
from uuid import UUID

from httpx import AsyncClient, Response

from matinee.runtime import Runtime
from tests.entitlements.makers import grant_title, make_offer
from tests.makers import choose_profile, make_profile, scalar
from tests.viewing.progress.makers import Somebody
from tests.viewing.sessions.calls import SESSIONS, code_of


async def keyed(
    client: AsyncClient, headers: dict[str, str], title_id: UUID, key: str = "k1", **wish: Any
) -> Response:
    body = {"title_id": str(title_id), "device_id": "tv", "device_name": "Television"}
    return await client.post(SESSIONS, json=body | wish, headers=headers | {"Idempotency-Key": key})


async def test_the_same_wish_gives_the_first_session_again(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    first, again = [await keyed(client, ana.headers, film) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json() | {"server_time": again.json()["server_time"]}
    assert await scalar(runtime, "SELECT count(*) FROM viewing_sessions") == 1
    await runtime.buffers.flush()
    assert await scalar(runtime, "SELECT starts FROM bookmarks") == 1


async def test_many_at_once_begin_one_session(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    answers = await asyncio.gather(*(keyed(client, ana.headers, film) for _ in range(20)))
    assert len({answer.json()["session_id"] for answer in answers}) == 1
    assert await scalar(runtime, "SELECT count(*) FROM viewing_sessions") == 1


async def test_it_says_again_that_a_rental_was_begun(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    await make_offer(runtime, film)
    await grant_title(runtime, ana.user_id, film, "rent")
    first, again = [await keyed(client, ana.headers, film) for _ in range(2)]
    assert first.json()["access"]["clock_started"]
    assert again.json()["access"] == first.json()["access"]
    later = await keyed(client, ana.headers, film, "k2")
    assert not later.json()["access"]["clock_started"]


async def test_another_wish_is_refused(client: AsyncClient, ana: Somebody, film: UUID) -> None:
    await keyed(client, ana.headers, film)
    answer = await keyed(client, ana.headers, film, device_id="tablet")
    assert code_of(answer) == (422, "idempotency_key_reused")


async def test_the_wish_of_another_profile_is_another_one(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    await keyed(client, ana.headers, film)
    bea = await make_profile(runtime, ana.user_id, "Bea")
    headers = await choose_profile(client, ana.headers, bea)
    assert code_of(await keyed(client, headers, film)) == (422, "idempotency_key_reused")


async def test_another_key_begins_another_session(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    await keyed(client, ana.headers, film)
    await keyed(client, ana.headers, film, "k2")
    assert await scalar(runtime, "SELECT count(*) FROM viewing_sessions") == 2


async def test_a_refused_start_leaves_its_key_unused(
    runtime: Runtime, client: AsyncClient, ana: Somebody, film: UUID
) -> None:
    await make_offer(runtime, film)
    assert code_of(await keyed(client, ana.headers, film)) == (402, "not_entitled")
    await grant_title(runtime, ana.user_id, film)
    assert (await keyed(client, ana.headers, film)).status_code == 201
