"""Reading the audit log: filters, pages, exports, and who may."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from httpx import AsyncClient

from matinee.accounts.audit import COMMAND_LINE, SYSTEM, Actor, record
from matinee.admin.seals import seal_audit_log
from matinee.core.jobs import JobRun
from matinee.runtime import Runtime
from tests.admin.operator import Operator
from tests.makers import as_staff, execute

EDITOR = Actor("user", "u-1", "editor")


@pytest.fixture(autouse=True)
async def entries(runtime: Runtime) -> None:
    """Three entries, oldest first."""
    async with runtime.database.write() as tx:
        await record(tx, EDITOR, "title.create", targets={"title": "t-1"}, after={"name": "A"})
        await record(tx, EDITOR, "title.update", targets={"title": "t-2"}, reason="=1+1")
        await record(tx, SYSTEM, "user.delete", targets={"user": "u-9"})


async def actions(operator: Operator, **query: Any) -> list[str]:
    """What is listed, newest first."""
    return [item["action"] for item in (await operator.found("/audit", **query))["items"]]


async def test_entries_are_listed_newest_first(operator: Operator) -> None:
    assert await actions(operator) == ["user.delete", "title.update", "title.create"]


@pytest.mark.parametrize(
    ("query", "listed"),
    [
        ({"actor": "u-1"}, ["title.update", "title.create"]),
        ({"action": "user.delete"}, ["user.delete"]),
        ({"target": "title:t-1"}, ["title.create"]),
        ({"target": "title:t-1", "action": "title.update"}, []),
        ({"target": "user:t-1"}, []),
        ({"request_id": "no-such-request"}, []),
    ],
)
async def test_filters_must_all_hold(
    operator: Operator, query: dict[str, str], listed: list[str]
) -> None:
    assert await actions(operator, **query) == listed


async def test_a_time_span_includes_its_start_and_not_its_end(operator: Operator) -> None:
    newest, middle, _ = (await operator.found("/audit"))["items"]
    span = {"from": middle["occurred_at"], "to": newest["occurred_at"]}
    assert await actions(operator, **span) == ["title.update"]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert await actions(operator, **{"from": tomorrow}) == []


async def test_pages_follow_each_other_without_gap_or_repetition(operator: Operator) -> None:
    first = await operator.found("/audit", page_size=2)
    rest = await operator.found("/audit", page_size=2, cursor=first["next_cursor"])
    assert [item["action"] for item in first["items"] + rest["items"]] == [
        "user.delete", "title.update", "title.create",
    ]  # fmt: skip
    assert rest["next_cursor"] is None


async def test_the_request_that_changed_something_is_named(
    operator: Operator, client: AsyncClient
) -> None:
    headers = operator.headers | {"X-Request-ID": "request-77"}
    await client.post("/api/v1/admin/titles", json={"name": "Metropolis"}, headers=headers)
    (entry,) = (await operator.found("/audit", request_id="request-77"))["items"]
    assert (entry["action"], entry["ip"], entry["role"]) == ("title.create", "203.0.113.7", "admin")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"cursor": "nonsense"}, "bad_cursor"),
        ({"actr": "u-1"}, "unknown_field"),
        ({"target": "t-1"}, "validation_failed"),
        ({"action": "everything"}, "validation_failed"),
        ({"from": "yesterday"}, "validation_failed"),
        ({"from": "2026-01-01T00:00:00"}, "validation_failed"),
        ({"page_size": 0}, "validation_failed"),
        ({"actor": "a\0b"}, "validation_failed"),
    ],
)
async def test_a_wrong_filter_is_refused(
    operator: Operator, query: dict[str, Any], code: str
) -> None:
    answer = await operator.get("/audit", **query)
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]["code"] == code


async def test_the_export_as_lines_holds_every_entry(operator: Operator) -> None:
    answer = await operator.get("/audit/export", actor="u-1")
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [orjson.loads(line) for line in answer.content.splitlines()]
    assert lines == (await operator.found("/audit", actor="u-1"))["items"]


async def test_the_export_as_csv_has_no_cell_that_a_spreadsheet_would_run(
    operator: Operator,
) -> None:
    answer = await operator.get("/audit/export", format="csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["action"] for row in rows] == ["user.delete", "title.update", "title.create"]
    assert rows[1]["reason"] == "'=1+1"
    assert orjson.loads(rows[2]["changes"]) == {"name": [None, "A"]}


async def test_the_export_streams_more_than_a_page(operator: Operator, runtime: Runtime) -> None:
    await execute(
        runtime,
        "INSERT INTO admin_audit_log (actor_type, actor_id, action)"
        " SELECT 'cli', 'x', 'title.update' FROM generate_series(1, 1500)",
    )
    assert len((await operator.get("/audit/export")).content.splitlines()) == 1503


async def test_the_chain_can_be_verified_with_a_head_that_was_noted(
    operator: Operator, runtime: Runtime
) -> None:
    await seal_audit_log(runtime, JobRun(1, 0, runtime.database))
    found = await operator.found("/audit/verification")
    assert (found["intact"], found["sealed_rows"]) == (True, 3)
    assert (await operator.found("/audit/verification", head=found["head"]))["intact"]
    other = f"1:{'0' * 64}"
    assert not (await operator.found("/audit/verification", head=other))["intact"]


@pytest.mark.parametrize("role", ["editor", "support", "analyst"])
@pytest.mark.parametrize("path", ["/audit", "/audit/export", "/audit/verification"])
async def test_only_administrators_read_the_log(
    runtime: Runtime, client: AsyncClient, role: str, path: str
) -> None:
    other = Operator(client, await as_staff(runtime, client, role))
    assert (await other.get(path)).status_code == 403


async def test_what_the_command_line_did_is_listed_too(
    operator: Operator, runtime: Runtime
) -> None:
    async with runtime.database.write() as tx:
        await record(tx, COMMAND_LINE, "import.start", targets={"file": "titles.csv"})
    (entry,) = (await operator.found("/audit", target="file:titles.csv"))["items"]
    assert (entry["actor_type"], entry["ip"]) == ("cli", None)
