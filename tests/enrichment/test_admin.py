"""What operators see of vectors, and who may have them made."""

import pytest
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.enrichment.conftest import Notebook
from tests.makers import as_staff, as_viewer, make_title, scalar

EMBEDDINGS = "/api/v1/admin/embeddings"
GENERATE = f"{EMBEDDINGS}/generate"


async def test_the_model_and_its_vectors_are_counted(
    runtime: Runtime, client: AsyncClient, notebook: Notebook
) -> None:
    await make_title(runtime)

    answer = await client.get(EMBEDDINGS, headers=await as_staff(runtime, client, "analyst"))

    nothing_yet = {"fresh": 0, "stale": 0, "missing": 1, "orphan": 0}
    assert answer.json() == {
        "available": True,
        "model": "notebook",
        "dims": 384,
        "purposes": [{"purpose": "search", **nothing_yet}, {"purpose": "taste", **nothing_yet}],
    }


async def test_an_editor_has_vectors_made(
    runtime: Runtime, client: AsyncClient, notebook: Notebook
) -> None:
    await make_title(runtime)
    headers = await as_staff(runtime, client, "editor")

    answer = await client.post(GENERATE, json={"scope": "all"}, headers=headers)
    await runtime.worker.drain()

    job = await client.get(f"/api/v1/admin/jobs/{answer.json()['job_id']}", headers=headers)
    assert answer.status_code == 202
    assert (job.json()["state"], job.json()["done"], job.json()["total"]) == ("succeeded", 1, 1)
    assert await scalar(runtime, "SELECT count(*) FROM content_embeddings") == 2


async def test_what_waits_already_is_not_asked_for_twice(
    runtime: Runtime, client: AsyncClient, notebook: Notebook
) -> None:
    headers = await as_staff(runtime, client)

    first, same, other = [
        (await client.post(GENERATE, json={"scope": scope}, headers=headers)).json()["job_id"]
        for scope in ("stale", "stale", "missing")
    ]

    assert first == same != other


async def test_it_is_written_down(
    runtime: Runtime, client: AsyncClient, notebook: Notebook
) -> None:
    headers = await as_staff(runtime, client)

    await client.post(GENERATE, json={"scope": "stale"}, headers=headers)

    changes = "SELECT changes->'scope'->>1 FROM admin_audit_log WHERE action = $1"
    assert await scalar(runtime, changes, "embeddings.generate") == "stale"


async def test_without_a_model_there_is_nothing_to_make(
    runtime: Runtime, client: AsyncClient
) -> None:
    answer = await client.post(GENERATE, json={}, headers=await as_staff(runtime, client))

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "embeddings_off"


@pytest.mark.parametrize("body", [{"scope": "some"}, {"scope": None}, {"what": "all"}, []])
async def test_other_scopes_are_refused(
    runtime: Runtime, client: AsyncClient, notebook: Notebook, body: object
) -> None:
    answer = await client.post(GENERATE, json=body, headers=await as_staff(runtime, client))

    assert answer.status_code == 422


@pytest.mark.parametrize("role", ["analyst", "support"])
async def test_who_may_only_read_has_none_made(
    runtime: Runtime, client: AsyncClient, notebook: Notebook, role: str
) -> None:
    answer = await client.post(GENERATE, json={}, headers=await as_staff(runtime, client, role))

    assert answer.status_code == 403


async def test_viewers_are_kept_out(runtime: Runtime, client: AsyncClient) -> None:
    headers = await as_viewer(runtime, client)

    answers = [
        await client.get(EMBEDDINGS, headers=headers),
        await client.post(GENERATE, json={}, headers=headers),
        await client.get(EMBEDDINGS),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 401]
