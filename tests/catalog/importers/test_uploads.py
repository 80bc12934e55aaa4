"""Uploads through HTTP: each kind of file, reports, cut-off and hostile bodies, repetitions."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from matinee.runtime import Runtime
from tests.catalog.importers.files import (
    CSV,
    GZIP,
    IMPORT,
    JSON,
    NDJSON,
    XML,
    Editor,
    as_csv,
    as_gzip,
    as_json,
    as_ndjson,
    in_pieces,
    title,
    titles,
)
from tests.makers import as_staff, execute, scalar

NFO = b"<movie><title>Metropolis</title><uniqueid type='imdb'>tt0017136</uniqueid></movie>"


async def count(runtime: Runtime, table: str) -> int:
    """How many rows a table has."""
    return int(await scalar(runtime, f"SELECT count(*) FROM {table}"))


async def nothing_is_left(runtime: Runtime) -> bool:
    """Whether neither titles nor traces of an upload are stored."""
    tables = ("titles", "imports", "import_chunks", "admin_audit_log")
    return not any([await count(runtime, table) for table in tables])


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (as_json(titles(3)), JSON),
        (as_ndjson(titles(3)), NDJSON),
        (as_csv(titles(3)), CSV),
        (as_gzip(as_json(titles(3))), GZIP),
        (as_gzip(as_csv(titles(3))), GZIP),
        (b"\xef\xbb\xbf" + as_ndjson(titles(3)), NDJSON),
        (as_ndjson(titles(3)).rstrip(), "application/octet-stream"),
    ],
    ids=["json", "ndjson", "csv", "json.gz", "csv.gz", "byte order mark", "no last line feed"],
)
async def test_each_kind_of_file_creates_its_titles(
    editor: Editor, content: bytes, media: str
) -> None:
    report = await editor.report_of(content, media)
    assert (report["created"], report["error_count"]) == (3, 0)


async def test_an_nfo_file_creates_its_title(editor: Editor) -> None:
    assert (await editor.report_of(NFO, XML))["created"] == 1


async def test_a_series_of_thousands_of_episodes_is_imported_within_a_request(
    editor: Editor, runtime: Runtime
) -> None:
    episodes = [{"number": number, "name": f"Episode {number}"} for number in range(1, 5000)]
    seasons = [{"number": number, "episodes": episodes} for number in (1, 2)]
    for year in (1990, 1991):
        content = as_json([title(1, kind="series", seasons=seasons, year=year)])
        assert (await editor.report_of(content))["error_count"] == 0
    assert await count(runtime, "episodes") == 2 * len(episodes)


@pytest.mark.parametrize("content", [b"", b" \n", b"[]", b"[ ]", as_gzip(b"")])
async def test_an_empty_file_is_an_import_of_nothing(editor: Editor, content: bytes) -> None:
    assert (await editor.report_of(content))["rows"] == 0


async def test_the_report_names_each_wrong_row_with_its_field(editor: Editor) -> None:
    rows = [title(1), title(2, year="soon"), "no object", title(3, colour="sepia")]
    report = await editor.report_of(as_json(rows))
    assert (report["rows"], report["created"], report["error_count"]) == (4, 1, 3)
    assert [(error["index"], error["field"], error["code"]) for error in report["errors"]] == [
        (1, "year", "validation_failed"),
        (2, None, "malformed_json"),
        (3, "colour", "unknown_field"),
    ]


async def test_a_second_import_of_the_same_file_changes_nothing(editor: Editor) -> None:
    await editor.report_of(as_json(titles(3)))
    report = await editor.report_of(as_json(titles(3)))
    assert (report["unchanged"], report["created"], report["updated"]) == (3, 0, 0)


async def test_imported_titles_are_in_the_catalogue_at_once(
    editor: Editor, client: AsyncClient
) -> None:
    before = await client.get("/api/v1/catalog/titles")
    rating = {"system": "US-MPAA", "label": "G"}
    await editor.report_of(as_json([title(1, maturity=rating)]))
    after = await client.get("/api/v1/catalog/titles")
    assert [len(answer.json()["items"]) for answer in (before, after)] == [0, 1]


async def test_a_dry_run_shows_every_difference_and_changes_nothing(
    editor: Editor, runtime: Runtime
) -> None:
    people = [{"name": "Fritz Lang", "role": "director"}]
    window = {"territory": "DE", "available_until": "2030-01-01T00:00:00Z"}
    first = title(1, year=1926, people=people, rights=[window], genres=["Drama"])
    await editor.report_of(as_json([first]))
    again = first | {
        "year": 1927,
        "people": [{"name": "fritz lang", "role": "director"}],
        "rights": [window | {"available_until": "2030-01-01T01:00:00+01:00"}],
        "genres": ["drama", "Crime"],
        "maturity": {"system": "DE-FSK", "label": "6"},
    }
    report = await editor.report_of(as_json([again, title(2)]), dry_run=True)
    changed, created = report["differences"]
    assert (report["dry_run"], report["created"], report["updated"]) == (True, 1, 1)
    assert created == {
        "index": 1, "external_id": "film:2", "name": "Film 2", "action": "create",
    }  # fmt: skip
    assert changed["changes"] == {
        "year": [1926, 1927],
        "genres": [["drama"], ["drama", "crime"]],
        "maturity": [None, {"system": "DE-FSK", "label": "6"}],
    }
    assert await scalar(runtime, "SELECT year FROM titles") == 1926
    assert await count(runtime, "titles") == 1


async def test_a_dry_run_of_an_equal_series_finds_no_difference(editor: Editor) -> None:
    episode = {"number": 1, "name": "A", "air_date": "1915-11-13", "segments": []}
    seasons = [{"number": 1, "year": 1915, "episodes": [episode]}]
    await editor.report_of(as_json([title(1, kind="series", seasons=seasons)]))
    await editor.report_of(as_json([title(1, kind="series", seasons=seasons, year=1915)]))
    report = await editor.report_of(
        as_json([title(1, kind="series", seasons=seasons)]), dry_run=True
    )
    assert report["differences"][0]["changes"] == {}


async def test_all_or_nothing_refuses_a_file_with_one_wrong_row(
    editor: Editor, runtime: Runtime
) -> None:
    content = as_json([title(1), title(2, year="soon")])
    answer = await editor.send(content, all_or_nothing=True)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "rows_refused")
    assert error["details"]["errors"][0]["index"] == 1
    assert await nothing_is_left(runtime)


CUT_OFF = {
    "array": as_json(titles(3))[:-1],
    "array within a row": as_json(titles(3))[:-9],
    "gzip": as_gzip(as_json(titles(300)))[:-9],
    "csv": b'external_id,name\na,"endless\n',
    "nfo": NFO[:-4],
    "long array": as_json(titles(3000))[:-1],
    "long gzip": as_gzip(as_ndjson(titles(3000)))[:-1],
}


@pytest.mark.parametrize("content", CUT_OFF.values(), ids=CUT_OFF.keys())
async def test_a_file_that_is_cut_off_leaves_nothing(
    editor: Editor, runtime: Runtime, content: bytes
) -> None:
    answer = await editor.send(in_pieces(content, 10_000))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unreadable_file")
    assert await nothing_is_left(runtime)


JUNK = {
    "zero bytes": bytes(10_000_000),
    "noise": bytes(range(256)) * 40_000,
    "one endless line": b"{" + b"x" * 10_000_000,
    "one endless string": b'["' + b"x" * 10_000_000,
    "words": b"lorem ipsum " * 800_000,
    "brackets": b"[" * 10_000_000,
    "a page": b"<!DOCTYPE html><html><body>" + b"<p>hello</p>" * 800_000,
    "a bomb": as_gzip(bytes(50_000_000)),
    "an executable": b"\x7fELF" + bytes(100),
    "an archive": b"PK\x03\x04" + bytes(100),
}


@pytest.mark.parametrize("content", JUNK.values(), ids=JUNK.keys())
async def test_ten_megabytes_of_junk_are_refused_and_leave_nothing(
    editor: Editor, runtime: Runtime, content: bytes
) -> None:
    answer = await editor.send(in_pieces(content))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unreadable_file")
    assert await nothing_is_left(runtime)


async def test_a_hundred_thousand_broken_lines_are_counted_and_change_nothing(
    editor: Editor, runtime: Runtime
) -> None:
    answer = await editor.send(in_pieces(b"{\n" * 100_000), NDJSON)
    assert answer.status_code == 202
    await runtime.worker.drain()
    done = await editor.follow(answer.json()["id"])
    assert (done["state"], done["report"]["error_count"]) == ("done", 100_000)
    assert await count(runtime, "titles") == 0


@pytest.mark.parametrize("rows", [100, 3000])
async def test_a_client_that_goes_away_in_the_middle_leaves_nothing(
    app: FastAPI, editor: Editor, runtime: Runtime, rows: int
) -> None:
    content = as_ndjson(titles(rows))
    answer = await disconnecting(app, editor, [content[: len(content) // 2]])
    assert answer == 400
    assert await nothing_is_left(runtime)


async def disconnecting(app: FastAPI, editor: Editor, pieces: list[bytes]) -> int:
    """Send pieces of a body, then hang up; the status that nobody reads."""
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": piece, "more_body": True} for piece in pieces
    ]
    messages.append({"type": "http.disconnect"})
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    headers = editor.headers | {"Content-Type": NDJSON, "Host": "testserver"}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": IMPORT,
        "raw_path": IMPORT.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        "client": ("203.0.113.7", 1),
        "server": ("testserver", 80),
    }
    await app(scope, receive, send)  # type: ignore[arg-type]
    return statuses[0]


async def test_a_file_longer_than_allowed_is_refused(
    app: FastAPI, editor: Editor, runtime: Runtime
) -> None:
    limit = runtime.settings.max_import_bytes
    headers = editor.headers | {"Content-Type": JSON, "Content-Length": str(limit + 1)}
    answer = await editor.client.post(IMPORT, content=b"[]", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")
    assert await nothing_is_left(runtime)


@pytest.mark.parametrize(
    "media",
    ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "", "image/png"],
)
async def test_what_is_no_file_is_not_taken(editor: Editor, media: str) -> None:
    answer = await editor.send(b"[]", media)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("query", "code"),
    [({"format": "xlsx"}, "invalid_value"), ({"dry_rum": "1"}, "unknown_field"),
     ({"dry_run": "perhaps"}, "validation_failed")],
)  # fmt: skip
async def test_a_wrong_option_is_refused(editor: Editor, query: dict[str, str], code: str) -> None:
    answer = await editor.send(b"[]", **query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("support", 403), ("analyst", 403)])
async def test_only_who_may_change_the_catalogue_may_import(
    runtime: Runtime, client: AsyncClient, role: str, status: int
) -> None:
    editor = Editor(client, await as_staff(runtime, client, role))
    assert (await editor.send(b"[]")).status_code == status


async def test_somebody_unknown_may_not_even_send_the_body(client: AsyncClient) -> None:
    assert (await Editor(client, {}).send(b"[]")).status_code == 401


async def test_the_import_is_on_record_with_its_figures(editor: Editor, runtime: Runtime) -> None:
    answer = await editor.send(as_json(titles(2)))
    async with runtime.database.read() as tx:
        (entry,) = await tx.all("SELECT * FROM admin_audit_log")
    assert (entry["action"], entry["role"]) == ("import.finish", "editor")
    assert entry["targets"] == {"import": answer.json()["id"]}
    assert entry["changes"]["created"] == [None, 2]


async def test_a_dry_run_is_not_on_record(editor: Editor, runtime: Runtime) -> None:
    await editor.report_of(as_json(titles(2)), dry_run=True)
    assert await count(runtime, "admin_audit_log") == 0


async def test_the_same_key_and_file_give_the_first_outcome(
    editor: Editor, runtime: Runtime
) -> None:
    first = await editor.send(as_json(titles(2)), key="k-1")
    await execute(runtime, "UPDATE titles SET name = 'changed since', import_hash = NULL")
    again = await editor.send(as_json(titles(2)), key="k-1")
    assert (again.status_code, again.json()) == (200, first.json())
    assert await scalar(runtime, "SELECT DISTINCT name FROM titles") == "changed since"


async def test_the_same_key_with_another_file_or_wish_is_refused(editor: Editor) -> None:
    await editor.send(as_json(titles(2)), key="k-1")
    for answer in (
        await editor.send(as_json(titles(3)), key="k-1"),
        await editor.send(as_json(titles(2)), key="k-1", dry_run=True),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (
            422, "idempotency_key_reused",
        )  # fmt: skip


async def test_a_key_whose_file_was_refused_can_be_used_again(editor: Editor) -> None:
    assert (await editor.send(b"[1", key="k-1")).status_code == 400
    assert (await editor.send(as_json(titles(1)), key="k-1")).status_code == 200


async def test_a_key_belongs_to_who_used_it(
    editor: Editor, runtime: Runtime, client: AsyncClient
) -> None:
    await editor.send(as_json(titles(1)), key="k-1")
    other = Editor(client, await as_staff(runtime, client, "admin"))
    assert (await other.send(as_json(titles(2)), key="k-1")).status_code == 200


async def test_two_uploads_of_one_key_at_once_are_one_import(
    editor: Editor, runtime: Runtime
) -> None:
    content = as_json(titles(50))
    answers = await asyncio.gather(*[editor.send(content, key="k-1") for _ in range(4)])
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert {a.json()["error"]["code"] for a in answers if a.status_code == 409} <= {
        "request_in_progress"
    }
    assert await count(runtime, "imports") == 1
    assert await count(runtime, "titles") == 50


async def test_an_upload_that_died_with_its_process_does_not_block_its_key(
    editor: Editor, runtime: Runtime
) -> None:
    await execute(
        runtime,
        "INSERT INTO imports (kind, format, actor_id, idempotency_key, state) SELECT 'titles',"
        " 'auto', user_id, 'k-1', 'uploading' FROM staff",
    )
    assert (await editor.send(as_json(titles(1)), key="k-1")).status_code == 409
    await execute(runtime, "UPDATE imports SET created_at = created_at - interval '16 minutes'")
    assert (await editor.send(as_json(titles(1)), key="k-1")).status_code == 200


@pytest.mark.parametrize("key", ["k" * 201, "with space", "ümlaut"])
async def test_a_key_is_plain_and_short(editor: Editor, key: str) -> None:
    headers = editor.headers | {"Content-Type": JSON}
    pairs = [*headers.items(), ("Idempotency-Key", key)]
    raw = [(name.encode(), value.encode("latin-1")) for name, value in pairs]
    answer = await editor.client.post(IMPORT, content=b"[]", headers=raw)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "validation_failed")
