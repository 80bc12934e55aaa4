"""Vectors follow their titles: whatever changes, fails or is killed in between."""

import asyncio
from typing import Any
from uuid import UUID

import orjson
import pytest
from httpx import AsyncClient

from matinee.core import jobs
from matinee.core.jobs import JobCanceled, JobRun
from matinee.enrichment import embeddings
from matinee.enrichment.embeddings import embed_catalog, refresh_embeddings
from matinee.integrations.embeddings.embedder import EmbeddingFailed
from matinee.integrations.embeddings.providers import make_embedder
from matinee.runtime import Runtime
from tests.enrichment.conftest import Notebook, vector_of
from tests.makers import as_staff, execute, insert, make_title, scalar

TITLES = "/api/v1/admin/titles"
STARTED = "2026-01-01T00:00:00+00:00"

Counts = dict[str, int]


async def counts(runtime: Runtime, purpose: str = "search") -> Counts:
    """How many vectors are fresh, stale, missing; what is none is left out."""
    found = await embeddings.count_embeddings(runtime)
    [of_purpose] = [each for each in found.purposes if each.purpose == purpose]
    return {
        state: count for state, count in of_purpose.model_dump(exclude={"purpose"}).items() if count
    }


def run_of(runtime: Runtime, job_id: int = 1) -> JobRun:
    return JobRun(job_id, 0, runtime.database)


async def embed(runtime: Runtime, scope: str, asked_at: str = STARTED) -> None:
    await embed_catalog(runtime, run_of(runtime), scope=scope, asked_at=asked_at)


async def make_titles(runtime: Runtime, count: int) -> list[UUID]:
    return [await make_title(runtime, f"Film {number:03}") for number in range(count)]


async def create(client: AsyncClient, headers: dict[str, str], **fields: Any) -> str:
    answer = await client.post(TITLES, json={"name": "Metropolis", **fields}, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_a_new_title_gets_its_vectors_by_itself(
    runtime: Runtime, client: AsyncClient, notebook: Notebook
) -> None:
    await create(client, await as_staff(runtime, client), synopsis="A city.")
    before = await counts(runtime)

    await runtime.worker.drain()

    assert (before, await counts(runtime)) == ({"missing": 1}, {"fresh": 1})
    assert await counts(runtime, "taste") == {"fresh": 1}
    assert notebook.asked == ["Metropolis. A city."]


async def test_the_vector_is_that_of_the_text(runtime: Runtime, notebook: Notebook) -> None:
    await make_title(runtime, "Metropolis")

    await embed(runtime, "missing")

    stored = await scalar(runtime, "SELECT embedding::text FROM content_embeddings LIMIT 1")
    assert orjson.loads(stored) == pytest.approx(vector_of("Metropolis"), abs=1e-6)


async def test_what_is_said_anew_is_embedded_anew(
    runtime: Runtime, client: AsyncClient, notebook: Notebook
) -> None:
    headers = await as_staff(runtime, client)
    title_id = await create(client, headers)
    await runtime.worker.drain()

    await client.patch(f"{TITLES}/{title_id}", json={"synopsis": "A city."}, headers=headers)
    between = await counts(runtime)
    await runtime.worker.drain()

    assert (between, await counts(runtime)) == ({"stale": 1}, {"fresh": 1})


async def test_what_the_text_does_not_say_changes_nothing(
    runtime: Runtime, client: AsyncClient, notebook: Notebook
) -> None:
    headers = await as_staff(runtime, client)
    title_id = await create(client, headers)
    await runtime.worker.drain()
    notebook.asked.clear()

    await client.patch(f"{TITLES}/{title_id}", json={"runtime_minutes": 153}, headers=headers)
    await runtime.worker.drain()

    assert notebook.asked == []


async def test_a_person_with_another_name_is_another_taste(
    runtime: Runtime, client: AsyncClient, notebook: Notebook
) -> None:
    headers = await as_staff(runtime, client)
    await create(client, headers, people=[{"name": "Fritz Lnag", "role": "director"}])
    await runtime.worker.drain()
    person_id = await scalar(runtime, "SELECT id FROM people")

    url = f"/api/v1/admin/people/{person_id}"
    await client.patch(url, json={"name": "Fritz Lang"}, headers=headers)
    await runtime.worker.drain()

    assert notebook.asked[-1] == "Metropolis. Directed by Fritz Lang"
    assert await counts(runtime, "taste") == {"fresh": 1}


async def test_titles_of_a_merged_genre_are_embedded_anew(
    runtime: Runtime, client: AsyncClient, notebook: Notebook
) -> None:
    headers = await as_staff(runtime, client)
    await create(client, headers, genres=["SciFi"])
    await create(client, headers, name="Frau im Mond", genres=["Science Fiction"])
    await runtime.worker.drain()

    url = "/api/v1/admin/genres/scifi/merge"
    answer = await client.post(url, json={"into": "science-fiction"}, headers=headers)
    await runtime.worker.drain()

    assert answer.is_success, answer.text
    assert notebook.asked[-1] == "Metropolis. science fiction"


async def test_a_broken_model_does_not_break_the_title(
    runtime: Runtime, client: AsyncClient, notebook: Notebook
) -> None:
    notebook.broken = True
    await create(client, await as_staff(runtime, client))
    await runtime.worker.drain()
    notebook.broken = False

    await refresh_embeddings(runtime, run_of(runtime))

    assert await counts(runtime) == {"fresh": 1}


async def test_without_a_model_nothing_happens(runtime: Runtime) -> None:
    await make_titles(runtime, 1)

    await refresh_embeddings(runtime, run_of(runtime))
    await embed(runtime, "all")

    assert await counts(runtime) == {"missing": 1}


async def test_another_model_makes_all_stale_and_the_old_vectors_stay_meanwhile(
    runtime: Runtime, notebook: Notebook
) -> None:
    await make_titles(runtime, 2)
    await embed(runtime, "missing")

    notebook.model = "another"
    between = await counts(runtime)
    kept = await scalar(runtime, "SELECT count(*) FROM content_embeddings")
    await refresh_embeddings(runtime, run_of(runtime))

    assert (between, kept, await counts(runtime)) == ({"stale": 2}, 4, {"fresh": 2})


@pytest.mark.parametrize(
    ("scope", "asked"),
    [
        ("missing", {"new"}),
        ("stale", {"changed"}),
        ("all", {"new", "changed", "fresh"}),
    ],
)
async def test_a_scope_says_what_is_made(
    runtime: Runtime, notebook: Notebook, scope: str, asked: set[str]
) -> None:
    await make_title(runtime, "fresh")
    await make_title(runtime, "old")
    await embed(runtime, "missing")
    await execute(runtime, "UPDATE titles SET name = 'changed' WHERE name = 'old'")
    await make_title(runtime, "new")
    notebook.asked.clear()
    now = await scalar(runtime, "SELECT clock_timestamp()")

    await embed(runtime, scope, now.isoformat())

    assert set(notebook.asked) == asked


async def test_a_job_that_was_interrupted_goes_on_where_it_was(
    runtime: Runtime, notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "TITLES_AT_ONCE", 2)
    await make_titles(runtime, 6)
    await embed(runtime, "missing")
    notebook.asked.clear()
    now = await scalar(runtime, "SELECT clock_timestamp()")

    async def break_after_two_batches() -> None:
        notebook.broken = len(notebook.asked) >= 4

    notebook.before = break_after_two_batches
    with pytest.raises(EmbeddingFailed):
        await embed(runtime, "all", now.isoformat())
    notebook.broken, notebook.before = False, None
    await embed(runtime, "all", now.isoformat())

    assert sorted(notebook.asked) == [f"Film {number:03}" for number in range(6)]


async def test_a_canceled_job_keeps_what_it_made(
    runtime: Runtime, notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "TITLES_AT_ONCE", 2)
    await make_titles(runtime, 6)
    async with runtime.database.write() as tx:
        job_id = await jobs.enqueue(tx, embed_catalog, scope="missing", asked_at=STARTED)
    await execute(runtime, "UPDATE procrastinate_jobs SET status = 'doing' WHERE id = $1", job_id)

    async def cancel() -> None:
        async with runtime.database.write() as tx:
            await jobs.cancel(tx, job_id)

    notebook.before = cancel
    with pytest.raises(JobCanceled):
        await embed_catalog(runtime, run_of(runtime, job_id), scope="missing", asked_at=STARTED)

    assert await counts(runtime) == {"fresh": 2, "missing": 4}


async def test_it_says_how_far_it_is(runtime: Runtime, notebook: Notebook) -> None:
    await make_titles(runtime, 3)

    await embed(runtime, "missing")

    progress = await scalar(
        runtime, "SELECT (done, total, note)::text FROM job_progress WHERE job_id = 1"
    )
    assert progress == '(3,3,"6 vectors made")'


async def test_a_title_deleted_meanwhile_does_not_hold_up_the_others(
    runtime: Runtime, notebook: Notebook
) -> None:
    gone, _kept = await make_titles(runtime, 2)

    async def delete() -> None:
        await execute(runtime, "DELETE FROM titles WHERE id = $1", gone)

    notebook.before = delete
    await embed(runtime, "missing")

    assert await counts(runtime) == {"fresh": 1}


async def test_a_title_changed_meanwhile_is_seen_to_be_stale(
    runtime: Runtime, notebook: Notebook
) -> None:
    await make_titles(runtime, 1)

    async def change() -> None:
        await execute(runtime, "UPDATE titles SET synopsis = 'A city.'")

    notebook.before = change
    await embed(runtime, "missing")

    assert await counts(runtime) == {"stale": 1}


async def test_no_transaction_waits_for_the_model(runtime: Runtime, notebook: Notebook) -> None:
    await make_titles(runtime, 1)
    waiting: list[int] = []

    async def look() -> None:
        waiting.append(
            await scalar(
                runtime,
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND state LIKE 'idle in transaction%'",
            )
        )

    notebook.before = look
    await embed(runtime, "missing")

    assert waiting == [0]


async def test_two_jobs_at_once_do_no_harm(runtime: Runtime, notebook: Notebook) -> None:
    await make_titles(runtime, 20)

    await asyncio.gather(*(embed(runtime, "all") for _ in range(4)))

    assert await counts(runtime) == {"fresh": 20}


async def test_the_hourly_job_leaves_the_catalogue_to_one_that_is_at_it(
    runtime: Runtime, notebook: Notebook
) -> None:
    await make_titles(runtime, 1)
    await insert(
        runtime,
        "procrastinate_jobs",
        task_name=embed_catalog.name,
        queue_name="default",
        status="doing",
    )

    await refresh_embeddings(runtime, run_of(runtime, job_id=0))

    assert await counts(runtime) == {"missing": 1}


async def test_similar_titles_are_near_each_other(runtime: Runtime) -> None:
    """With the real model."""
    runtime.embedder = make_embedder(
        runtime.settings.model_copy(update={"embedding_provider": "local"})
    )
    await make_title(runtime, "Alien", synopsis="A monster hunts the crew of a spaceship.")
    await make_title(runtime, "Life", synopsis="Astronauts find a deadly creature in orbit.")
    await make_title(runtime, "Notting Hill", synopsis="A bookseller falls for a film star.")

    await refresh_embeddings(runtime, run_of(runtime))

    nearest = await scalar(
        runtime,
        """
        SELECT string_agg(t.name, ' ' ORDER BY e.embedding <=> alien.embedding)
        FROM content_embeddings e JOIN titles t ON t.id = e.title_id,
             (SELECT embedding FROM content_embeddings c JOIN titles a ON a.id = c.title_id
              WHERE a.name = 'Alien' AND c.purpose = 'search') AS alien
        WHERE e.purpose = 'search'
        """,
    )
    await runtime.embedder.aclose()
    assert nearest == "Alien Life Notting Hill"
