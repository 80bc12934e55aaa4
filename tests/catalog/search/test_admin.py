"""What operators see and decide: queries, pins, a new index."""

import pytest
from httpx import AsyncClient

from matinee.catalog.search import statistics
from matinee.core.jobs import JobRun
from matinee.runtime import Runtime
from tests.catalog.makers import ADMIN, Headers
from tests.catalog.search.conftest import Index, ask, hits
from tests.makers import as_staff, as_viewer, execute, make_title, scalar

PINS = f"{ADMIN}/search/pins"
QUERIES = f"{ADMIN}/search/queries"


@pytest.fixture
async def editor(runtime: Runtime, client: AsyncClient) -> Headers:
    return await as_staff(runtime, client, "editor")


async def queries(
    runtime: Runtime, client: AsyncClient, editor: Headers, order: str
) -> list[tuple[str, int, int]]:
    await runtime.buffers.flush()
    answer = await client.get(QUERIES, params={"order": order}, headers=editor)
    assert answer.status_code == 200, answer.text
    return [(q["query"], q["searches"], q["without_hits"]) for q in answer.json()["items"]]


async def test_queries_are_counted_without_names(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_title(runtime, "Cops")
    viewer = await as_viewer(runtime, client)
    for query in ("cops", "COPS", "zzz", "Cops!", "zzz"):
        await ask(client, query, viewer)
    popular = await queries(runtime, client, editor, "popular")
    assert popular == [("cops", 3, 0), ("zzz", 2, 2)]
    assert await queries(runtime, client, editor, "without_hits") == [("zzz", 2, 2)]
    await ask(client, "cops")
    assert (await queries(runtime, client, editor, "popular"))[0] == ("cops", 4, 0)


async def test_old_queries_are_dropped(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await execute(
        runtime,
        "INSERT INTO search_queries VALUES (current_date - 91, 'old', 1, 0),"
        " (current_date - 30, 'month', 1, 0)",
    )
    await statistics.drop_old_queries(runtime, JobRun(1, 0, runtime.database))
    assert await scalar(runtime, "SELECT array_agg(folded_query) FROM search_queries") == ["month"]
    assert await queries(runtime, client, editor, "popular") == []


async def test_pinned_titles_come_first_in_order(
    runtime: Runtime, client: AsyncClient, editor: Headers, index: Index
) -> None:
    ids = {name: await make_title(runtime, name) for name in ("Halloween", "Cops", "Nosferatu")}
    await index()
    wish = {"query": "Halloween!", "title_ids": [str(ids["Nosferatu"]), str(ids["Cops"])]}
    answer = await client.put(PINS, json=wish, headers=editor)
    assert answer.json() == wish | {"query": "halloween"}
    found = await ask(client, "HALLOWEEN")
    assert [hit["title"]["name"] for hit in found["items"]] == ["Nosferatu", "Cops", "Halloween"]
    assert [hit["pinned"] for hit in found["items"]] == [True, True, False]
    assert (await client.get(PINS, headers=editor)).json()["items"] == [answer.json()]
    gone = await client.delete(PINS, params={"q": "halloween"}, headers=editor)
    assert gone.status_code == 204
    assert await hits(client, "halloween") == ["Halloween"]
    again = await client.delete(PINS, params={"q": "halloween"}, headers=editor)
    assert again.status_code == 404


async def test_a_pin_shows_nobody_what_is_hidden(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    hidden = await make_title(runtime, "Saw", maturity_score=18)
    await client.put(PINS, json={"query": "x", "title_ids": [str(hidden)]}, headers=editor)
    child = await as_viewer(runtime, client, kind="kids", max_maturity=9)
    assert await hits(client, "x", child) == []
    adult = await as_viewer(runtime, client, "ben@example.com")
    assert await hits(client, "x", adult) == ["Saw"]


async def test_a_pin_of_nothing_is_refused(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    wish = {"query": "x", "title_ids": ["00000000-0000-0000-0000-000000000000"]}
    answer = await client.put(PINS, json=wish, headers=editor)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_value")
    assert await scalar(runtime, "SELECT count(*) FROM search_pins") == 0


async def test_a_rebuild_is_a_job_joined_when_it_waits(
    runtime: Runtime, client: AsyncClient, editor: Headers
) -> None:
    await make_title(runtime, "Cops", synopsis="Policemen everywhere.")
    jobs = [
        (await client.post(f"{ADMIN}/search/rebuild", json={}, headers=editor)).json()["job_id"]
        for _ in range(2)
    ]
    assert jobs[0] == jobs[1]
    await runtime.worker.drain()
    assert await hits(client, "policemen") == ["Cops"]
