"""Long imports: accepted at once, run as jobs with progress, canceled, resumed, cleaned up."""

import asyncio
from typing import Any

import pytest
from httpx import Response

from matinee.catalog.importers.running import forget_uploads, import_titles
from matinee.core.jobs import JobRun
from matinee.runtime import Runtime
from tests.catalog.importers.files import (
    IMPORTS,
    NDJSON,
    Editor,
    as_gzip,
    as_json,
    as_ndjson,
    in_pieces,
    title,
    titles,
    until,
)
from tests.makers import execute, scalar

ROWS = 2500


async def accepted(editor: Editor, content: bytes, **query: Any) -> dict[str, Any]:
    """Upload a long file; the import that waits for a worker."""
    answer: Response = await editor.send(in_pieces(content), NDJSON, **query)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


async def names_of(runtime: Runtime) -> int:
    return int(await scalar(runtime, "SELECT count(*) FROM titles"))


async def test_five_hundred_rows_are_imported_at_once_and_one_more_by_a_job(
    editor: Editor,
) -> None:
    assert (await editor.send(as_json(titles(500)))).status_code == 200
    assert (await editor.send(as_json(titles(501)))).status_code == 202


@pytest.mark.parametrize("pack", [bytes, as_gzip])
async def test_a_long_file_is_imported_by_the_worker(
    editor: Editor, runtime: Runtime, pack: Any
) -> None:
    waiting = await accepted(editor, pack(as_ndjson(titles(ROWS))))
    assert (waiting["state"], waiting["rows_total"], waiting["rows_done"]) == ("queued", ROWS, 0)
    await runtime.worker.drain()
    done = await editor.follow(waiting["id"])
    assert (done["state"], done["rows_done"], done["report"]["created"]) == ("done", ROWS, ROWS)
    assert await names_of(runtime) == ROWS
    assert await scalar(runtime, "SELECT count(*) FROM import_chunks") == 0


async def test_the_job_tells_how_far_it_is(editor: Editor, runtime: Runtime) -> None:
    waiting = await accepted(editor, as_ndjson(titles(ROWS)))
    await runtime.worker.drain()
    assert (
        await scalar(runtime, "SELECT (done, total)::text FROM job_progress") == f"({ROWS},{ROWS})"
    )
    assert (await editor.follow(waiting["id"]))["finished_at"] is not None


async def test_start_and_end_of_a_long_import_are_on_record(
    editor: Editor, runtime: Runtime
) -> None:
    await accepted(editor, as_ndjson(titles(ROWS)))
    await runtime.worker.drain()
    async with runtime.database.read() as tx:
        entries = await tx.all("SELECT actor_type, action FROM admin_audit_log ORDER BY id")
    assert [tuple(entry) for entry in entries] == [
        ("user", "import.start"),
        ("system", "import.finish"),
    ]


async def test_a_long_dry_run_changes_nothing(editor: Editor, runtime: Runtime) -> None:
    waiting = await accepted(editor, as_ndjson(titles(ROWS)), dry_run=True)
    await runtime.worker.drain()
    report = (await editor.follow(waiting["id"]))["report"]
    assert (report["dry_run"], report["created"], len(report["differences"])) == (True, ROWS, 100)
    assert await names_of(runtime) == 0


async def test_a_long_all_or_nothing_import_with_a_wrong_row_fails_as_a_whole(
    editor: Editor, runtime: Runtime
) -> None:
    rows = [*titles(ROWS), title(9999, year="soon")]
    waiting = await accepted(editor, as_ndjson(rows), all_or_nothing=True)
    await runtime.worker.drain()
    failed = await editor.follow(waiting["id"])
    assert (failed["state"], failed["report"]["reason"]) == ("failed", "rows_refused")
    assert failed["report"]["errors"][0]["index"] == ROWS
    assert await names_of(runtime) == 0


async def test_a_waiting_import_can_be_canceled_and_taken_up_again(
    editor: Editor, runtime: Runtime
) -> None:
    waiting = await accepted(editor, as_ndjson(titles(ROWS)))
    canceled = await cancel(editor, waiting["id"])
    assert canceled.json()["state"] == "canceled"
    await runtime.worker.drain()
    assert await names_of(runtime) == 0
    await retry(editor, waiting["job_id"])
    await runtime.worker.drain()
    assert (await editor.follow(waiting["id"]))["state"] == "done"
    assert await names_of(runtime) == ROWS


async def cancel(editor: Editor, import_id: str) -> Response:
    return await editor.client.post(f"{IMPORTS}/{import_id}/cancel", headers=editor.headers)


async def retry(editor: Editor, job_id: int) -> None:
    url = f"/api/v1/admin/jobs/{job_id}/retry"
    assert (await editor.client.post(url, headers=editor.headers)).status_code == 200


async def test_a_running_import_that_is_canceled_keeps_what_it_stored(
    editor: Editor, runtime: Runtime
) -> None:
    waiting = await accepted(editor, as_ndjson(titles(20_000)))
    working = asyncio.create_task(runtime.worker.drain())
    await until(lambda: names_of(runtime))
    assert (await cancel(editor, waiting["id"])).status_code == 200
    await working
    stopped = await editor.follow(waiting["id"])
    assert stopped["state"] == "canceled"
    assert 0 < stopped["report"]["created"] == await names_of(runtime) < 20_000
    await retry(editor, waiting["job_id"])
    await runtime.worker.drain()
    done = await editor.follow(waiting["id"])
    assert (done["state"], done["report"]["created"]) == ("done", 20_000)
    assert await names_of(runtime) == 20_000


async def test_an_import_that_has_ended_cannot_be_canceled(
    editor: Editor, runtime: Runtime
) -> None:
    done = (await editor.send(as_json(titles(1)))).json()
    answer = await cancel(editor, done["id"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


async def test_a_missing_import_is_not_found(editor: Editor) -> None:
    for answer in (
        await cancel(editor, "0199f3a4-1b2c-7d3e-8f40-5a6b7c8d9e0f"),
        await editor.client.get(
            f"{IMPORTS}/0199f3a4-1b2c-7d3e-8f40-5a6b7c8d9e0f", headers=editor.headers
        ),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


async def test_imports_are_listed_newest_first_page_by_page(editor: Editor) -> None:
    ids = [(await editor.send(as_json(titles(n)))).json()["id"] for n in range(3)]
    first = (
        await editor.client.get(IMPORTS, params={"page_size": 2}, headers=editor.headers)
    ).json()
    rest = (
        await editor.client.get(
            IMPORTS, params={"cursor": first["next_cursor"]}, headers=editor.headers
        )
    ).json()
    assert [item["id"] for item in [*first["items"], *rest["items"]]] == ids[::-1]
    assert rest["next_cursor"] is None


class Interrupted(Exception):
    """The worker dies."""


class DyingRun(JobRun):
    """A run whose worker dies when it has told its progress once."""

    async def progress(
        self, done: int, *, total: int | None = None, note: str | None = None
    ) -> None:
        await super().progress(done, total=total, note=note)
        raise Interrupted


async def interrupt(runtime: Runtime, waiting: dict[str, Any]) -> None:
    """Run an import for one batch."""
    run = DyingRun(waiting["job_id"], 0, runtime.database)
    with pytest.raises(Interrupted):
        await import_titles(runtime, run, import_id=waiting["id"])


async def test_an_interrupted_import_goes_on_and_counts_every_row_once(
    editor: Editor, runtime: Runtime
) -> None:
    rows = [*titles(1000), title(9998, year="soon"), *titles(ROWS)[1000:], title(3)]
    waiting = await accepted(editor, as_ndjson(rows))
    for stored in (1000, 1999):
        await interrupt(runtime, waiting)
        assert await names_of(runtime) == stored
    await runtime.worker.drain()
    done = await editor.follow(waiting["id"])
    report = done["report"]
    assert (done["state"], report["created"], report["unchanged"]) == ("done", ROWS, 0)
    assert [(error["index"], error["code"]) for error in report["errors"]] == [
        (1000, "validation_failed"),
        (ROWS + 1, "conflict"),
    ]


async def test_an_interrupted_all_or_nothing_import_starts_again(
    editor: Editor, runtime: Runtime
) -> None:
    waiting = await accepted(editor, as_ndjson(titles(ROWS)), all_or_nothing=True)
    await interrupt(runtime, waiting)
    assert await names_of(runtime) == 0
    await runtime.worker.drain()
    assert (await editor.follow(waiting["id"]))["report"]["created"] == ROWS


async def test_a_run_that_another_worker_has_overtaken_stops_without_counting_twice(
    editor: Editor, runtime: Runtime
) -> None:
    waiting = await accepted(editor, as_ndjson(titles(ROWS)))
    runs = [JobRun(waiting["job_id"], 0, runtime.database) for _ in range(3)]
    await asyncio.gather(*[import_titles(runtime, run, import_id=waiting["id"]) for run in runs])
    await runtime.worker.drain()
    done = await editor.follow(waiting["id"])
    assert (done["state"], done["report"]["created"]) == ("done", ROWS)
    assert await names_of(runtime) == ROWS


async def test_a_job_whose_import_is_gone_or_done_does_nothing(
    editor: Editor, runtime: Runtime
) -> None:
    waiting = await accepted(editor, as_ndjson(titles(ROWS)))
    await runtime.worker.drain()
    run = JobRun(waiting["job_id"], 0, runtime.database)
    before = await editor.follow(waiting["id"])
    await import_titles(runtime, run, import_id=waiting["id"])
    assert await editor.follow(waiting["id"]) == before
    await execute(runtime, "DELETE FROM imports")
    await import_titles(runtime, run, import_id=waiting["id"])
    assert await scalar(runtime, "SELECT count(*) FROM imports") == 0


async def test_an_import_whose_job_gave_up_has_failed(editor: Editor, runtime: Runtime) -> None:
    waiting = await accepted(editor, as_ndjson(titles(ROWS)))
    await execute(runtime, "UPDATE procrastinate_jobs SET status = 'failed'")
    assert (await editor.follow(waiting["id"]))["state"] == "failed"


async def test_uploads_that_broke_off_and_files_of_given_up_imports_are_removed_in_time(
    editor: Editor, runtime: Runtime
) -> None:
    waiting = await accepted(editor, as_ndjson(titles(ROWS)))
    given_up = await accepted(editor, as_ndjson(titles(ROWS)))
    broken_off = await accepted(editor, as_ndjson(titles(ROWS)))
    await execute(runtime, "UPDATE imports SET state = 'uploading' WHERE id = $1", broken_off["id"])
    await cancel(editor, given_up["id"])
    run = JobRun(1, 0, runtime.database)
    await forget_uploads(runtime, run)
    assert await scalar(runtime, "SELECT count(DISTINCT import_id) FROM import_chunks") == 3
    await execute(runtime, "UPDATE imports SET created_at = created_at - interval '8 days'")
    await forget_uploads(runtime, run)
    left = await scalar(runtime, "SELECT array_agg(DISTINCT import_id::text) FROM import_chunks")
    assert left == [waiting["id"]]
    assert await scalar(runtime, "SELECT count(*) FROM imports") == 2
