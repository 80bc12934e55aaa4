"""Training on what is in the database, and what is stored of it."""

import asyncio

import pytest
from httpx import AsyncClient

from matinee.core.jobs import enqueue
from matinee.recommendations.learning import reading
from matinee.recommendations.learning.model import learn_from_content
from matinee.recommendations.learning.storing import store_model
from matinee.recommendations.learning.training import train
from matinee.runtime import Runtime
from tests.makers import as_staff, execute, scalar
from tests.recommendations.learning.rows import (
    LIKED,
    introduce,
    learn,
    make_audience,
    make_titles,
)
from tests.recommendations.learning.samples import described

ADMIN = "/api/v1/admin/recommendations"
STATES = "SELECT array_agg(state ORDER BY id) FROM recommendation_models"
ROWS = "SELECT count(*) FROM title_neighbors"
WITHOUT_MODEL = """
    SELECT count(*) FROM title_neighbors n
    WHERE NOT EXISTS (SELECT FROM recommendation_models m WHERE m.id = n.model_id)
"""
BEST = """
    SELECT t.id FROM title_neighbors n
    JOIN recommendation_models m ON m.id = n.model_id AND m.state = 'current'
    JOIN titles s ON s.number = n.title_number,
        unnest(n.{column}_numbers) WITH ORDINALITY AS b(x, o)
    JOIN titles t ON t.number = b.x
    WHERE s.id = $1 ORDER BY b.o LIMIT 1
"""


def best(column: str) -> str:
    """SQL of the first neighbour of a title."""
    return BEST.format(column=column)


async def test_neighbours_are_of_the_same_kind(runtime: Runtime):
    kinds = await make_audience(runtime)
    await learn(runtime)
    assert await scalar(runtime, STATES) == ["current"]
    for column in ("together", "next", "content"):
        for titles in kinds:
            assert await scalar(runtime, best(column), titles[0]) in titles


async def test_the_report_tells_what_was_measured(runtime: Runtime, client: AsyncClient):
    await make_audience(runtime)
    await learn(runtime)
    headers = await as_staff(runtime, client, "analyst")
    [model] = (await client.get(f"{ADMIN}/models", headers=headers)).json()["items"]
    assert model["state"] == "current"
    assert model["source"] == "matinee"
    assert model["report"]["signals"] == 30 * LIKED
    assert model["report"]["ndcg"] > model["report"]["ndcg_popularity"]
    quality = (await client.get(f"{ADMIN}/quality", headers=headers)).json()
    assert quality["ndcg"] == model["report"]["ndcg"]


async def test_without_viewers_titles_have_neighbours_by_content(runtime: Runtime):
    titles = await make_titles(runtime, 0, 5)
    await make_titles(runtime, 1, 5)
    await learn(runtime)
    assert await scalar(runtime, best("content"), titles[0]) in titles
    assert await scalar(runtime, best("together"), titles[0]) is None


async def test_an_empty_installation_learns_nothing_and_fails_nowhere(runtime: Runtime):
    await learn(runtime)
    assert await scalar(runtime, STATES) == ["current"]
    assert await scalar(runtime, ROWS) == 0


async def test_the_previous_model_is_kept_and_older_ones_are_not(runtime: Runtime):
    await make_audience(runtime)
    for _ in range(3):
        await learn(runtime)
    assert await scalar(runtime, STATES) == ["previous", "current"]
    assert await scalar(runtime, ROWS) == 2 * 36
    assert await scalar(runtime, WITHOUT_MODEL) == 0


async def test_ignored_signals_teach_nothing(runtime: Runtime):
    await make_audience(runtime)
    await execute(runtime, "UPDATE profile_signals SET kind = 'ignored'")
    await learn(runtime)
    assert await scalar(runtime, "SELECT report ->> 'kind' FROM recommendation_models") == "content"


async def test_a_rejected_model_does_not_serve(runtime: Runtime):
    await make_audience(runtime)
    await learn(runtime)
    await execute(
        runtime,
        "UPDATE recommendation_models SET report = jsonb_build_object("
        "'ndcg', 2.0::float8, 'ndcg_popularity', 0.01::float8)",
    )
    await learn(runtime)
    assert await scalar(runtime, STATES) == ["current", "rejected"]
    assert await scalar(runtime, ROWS) == 36
    objections = "SELECT report #>> '{objections,0}' FROM recommendation_models ORDER BY id DESC"
    assert await scalar(runtime, objections) == "worse_than_current"


async def test_rolling_back_changes_places(runtime: Runtime, client: AsyncClient):
    await make_audience(runtime)
    headers = await as_staff(runtime, client, "editor")
    await learn(runtime)
    refused = await client.post(f"{ADMIN}/models/rollback", headers=headers)
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "nothing_to_roll_back_to"
    await learn(runtime)
    answer = await client.post(f"{ADMIN}/models/rollback", headers=headers)
    assert [model["state"] for model in answer.json()["items"]] == ["previous", "current"]
    again = await client.post(f"{ADMIN}/models/rollback", headers=headers)
    assert [model["state"] for model in again.json()["items"]] == ["current", "previous"]


async def test_after_a_rollback_the_next_model_follows_the_one_that_served(
    runtime: Runtime, client: AsyncClient
):
    await make_audience(runtime)
    headers = await as_staff(runtime, client, "editor")
    await learn(runtime)
    await learn(runtime)
    served = await scalar(runtime, "SELECT min(id) FROM recommendation_models")
    await client.post(f"{ADMIN}/models/rollback", headers=headers)
    await learn(runtime)
    previous = "SELECT id FROM recommendation_models WHERE state = 'previous'"
    assert await scalar(runtime, previous) == served


async def test_training_on_demand_is_a_job(runtime: Runtime, client: AsyncClient):
    await make_audience(runtime)
    headers = await as_staff(runtime, client, "editor")
    answer = await client.post(f"{ADMIN}/train", headers=headers)
    assert answer.status_code == 202
    again = await client.post(f"{ADMIN}/train", headers=headers)
    assert again.json()["job_id"] == answer.json()["job_id"]
    await runtime.worker.drain()
    job = (await client.get(answer.json()["status_url"], headers=headers)).json()
    assert (job["state"], job["note"]) == ("succeeded", "done")
    assert await scalar(runtime, STATES) == ["current"]


async def test_trainings_at_the_same_time_leave_one_current_model(runtime: Runtime):
    await make_audience(runtime)
    await asyncio.gather(learn(runtime), learn(runtime))
    assert await scalar(runtime, STATES) == ["previous", "current"]


async def test_a_training_cut_off_while_storing_leaves_the_current_model(runtime: Runtime):
    await make_audience(runtime)
    await learn(runtime)
    with pytest.raises(asyncio.CancelledError):
        await _store_in_vain(runtime)
    assert await scalar(runtime, STATES) == ["current"]
    assert await scalar(runtime, ROWS) == 36


async def test_a_large_installation_learns_in_a_process_of_its_own(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reading, "SMALL_SIGNALS", 0)
    kinds = await make_audience(runtime)
    await learn(runtime)
    assert await scalar(runtime, best("together"), kinds[0][0]) in kinds[0]


async def test_new_titles_get_to_know_the_model(runtime: Runtime):
    kinds = await make_audience(runtime)
    await learn(runtime)
    [new] = await make_titles(runtime, 1, 1, start=50)
    await introduce(runtime)
    assert await scalar(runtime, best("content"), new) in kinds[1]
    assert await scalar(runtime, best("together"), new) in kinds[1]
    leading_to = """
        SELECT array_agg(s.id) FROM title_neighbors n JOIN titles s ON s.number = n.title_number,
            titles t WHERE t.id = $1 AND t.number = ANY (n.{column}_numbers[1:12])
    """
    for column in ("together", "content"):
        seeds = set(await scalar(runtime, leading_to.format(column=column), new))
        assert seeds & set(kinds[1])
    assert await scalar(runtime, STATES) == ["current"]


async def test_introducing_twice_equals_introducing_once(runtime: Runtime):
    await make_audience(runtime)
    await learn(runtime)
    await make_titles(runtime, 1, 2, start=50)
    await introduce(runtime)
    whole = "SELECT md5(array_agg(n ORDER BY n.title_number)::text) FROM title_neighbors n"
    first = await scalar(runtime, whole)
    await introduce(runtime)
    assert await scalar(runtime, whole) == first


async def test_the_first_model_need_not_wait_for_the_night(runtime: Runtime):
    await make_titles(runtime, 0, 5)
    await introduce(runtime)
    waiting = "SELECT task_name FROM procrastinate_jobs WHERE status = 'todo'"
    assert await scalar(runtime, waiting) == train.name


async def test_titles_that_are_gone_are_left_out(runtime: Runtime):
    kinds = await make_audience(runtime)
    await learn(runtime)
    await execute(runtime, "DELETE FROM titles WHERE id = $1", kinds[0][3])
    await make_titles(runtime, 0, 1, start=50)
    await introduce(runtime)
    assert await scalar(runtime, best("content"), kinds[0][0]) in kinds[0]


async def _store_in_vain(runtime: Runtime) -> None:
    content = described(36)
    async with runtime.database.write() as tx:
        model = learn_from_content(content)
        await store_model(tx, model, content.numbers, source="matinee", report={})
        raise asyncio.CancelledError


async def test_no_second_training_is_asked_for_while_the_first_model_is_learned(runtime: Runtime):
    async with runtime.database.write() as tx:
        await enqueue(tx, train)
    await execute(runtime, "UPDATE procrastinate_jobs SET status = 'doing', queueing_lock = NULL")
    await introduce(runtime)
    assert await scalar(runtime, "SELECT count(*) FROM procrastinate_jobs") == 1
