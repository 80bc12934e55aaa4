"""Files of this machine: what the command line imports, from disk, folders and streams."""

import io
from pathlib import Path
from typing import Any

import pytest

from matinee.catalog.importers.files import import_file
from matinee.catalog.importers.problems import RowsRefused, UnreadableFile
from matinee.catalog.importers.service import Wish
from matinee.runtime import Runtime
from tests.catalog.importers.files import as_csv, as_gzip, as_json, as_ndjson, title, titles
from tests.makers import scalar

DATA = Path(__file__).parents[4] / "shared" / "data"
WIKIPEDIA = DATA / "titles" / "wikipedia_movies.jsonl.gz"


class Told:
    """Remembers what it was told of the progress."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, int]] = []

    async def __call__(self, rows: int, total: int) -> None:
        """One more step."""
        self.steps.append((rows, total))


async def run(runtime: Runtime, source: Any, **wish: Any) -> dict[str, Any]:
    """Import without looking at the progress."""
    return await import_file(runtime, source, Wish(**wish), Told())


@pytest.mark.parametrize(
    "content",
    [as_json(titles(3)), as_ndjson(titles(3)), as_csv(titles(3)), as_gzip(as_csv(titles(3)))],
    ids=["json", "ndjson", "csv", "gzip"],
)
async def test_a_file_is_imported_whatever_its_name(
    runtime: Runtime, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "titles"
    path.write_bytes(content)
    assert (await run(runtime, path))["created"] == 3


async def test_progress_tells_how_far_and_of_how_many(runtime: Runtime, tmp_path: Path) -> None:
    path, told = tmp_path / "titles.ndjson", Told()
    path.write_bytes(as_ndjson(titles(2500)))
    await import_file(runtime, path, Wish(), told)
    assert told.steps == [(1000, 2500), (2000, 2500), (2500, 2500)]


@pytest.mark.parametrize("wish", [{}, {"all_or_nothing": True}, {"dry_run": True}])
async def test_a_stream_is_read_like_a_file(runtime: Runtime, wish: dict[str, bool]) -> None:
    report = await run(runtime, io.BytesIO(as_ndjson(titles(3))), **wish)
    assert report["created"] == 3


@pytest.mark.parametrize(
    "content", [as_json(titles(3000))[:-1], as_gzip(as_ndjson(titles(3000)))[:-1]]
)
async def test_a_file_that_is_cut_off_changes_nothing(
    runtime: Runtime, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "titles"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile):
        await run(runtime, path)
    assert await scalar(runtime, "SELECT count(*) FROM titles") == 0
    assert await scalar(runtime, "SELECT count(*) FROM admin_audit_log") == 0


async def test_a_missing_file_is_missing(runtime: Runtime, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await run(runtime, tmp_path / "none")


async def test_what_was_done_at_the_command_line_is_on_record(
    runtime: Runtime, tmp_path: Path
) -> None:
    path = tmp_path / "titles.csv"
    path.write_bytes(as_csv(titles(3)))
    await run(runtime, path)
    await run(runtime, path, all_or_nothing=True)
    await run(runtime, path, dry_run=True)
    async with runtime.database.read() as tx:
        found = await tx.all("SELECT actor_type, action, targets FROM admin_audit_log ORDER BY id")
    assert [tuple(entry)[:2] for entry in found] == [
        ("cli", "import.start"),
        ("cli", "import.finish"),
        ("cli", "import.finish"),
    ]
    assert found[0]["targets"] == {"file": str(path)}


async def test_all_or_nothing_holds_for_files_too(runtime: Runtime) -> None:
    rows = as_ndjson([*titles(1500), title(2000, year="soon")])
    with pytest.raises(RowsRefused):
        await run(runtime, io.BytesIO(rows), all_or_nothing=True)
    assert await scalar(runtime, "SELECT count(*) FROM titles") == 0


def make_library(folder: Path) -> None:
    """A folder with two films, one of them broken, and a series."""
    (folder / "a.nfo").write_text("<movie><title>A</title><year>1920</year></movie>")
    (folder / "b.nfo").write_text("<movie><title>B</tit")
    (folder / "series").mkdir()
    (folder / "series" / "tvshow.nfo").write_text("<tvshow><title>S</title></tvshow>")
    (folder / "series" / "1.nfo").write_text(
        "<episodedetails><title>One</title><season>1</season><episode>1</episode></episodedetails>"
    )


async def test_a_folder_of_nfo_files_is_a_file_of_titles(runtime: Runtime, tmp_path: Path) -> None:
    make_library(tmp_path)
    report = await run(runtime, tmp_path)
    assert (report["created"], report["error_count"]) == (2, 1)
    assert report["errors"][0]["field"] == str(tmp_path / "b.nfo")
    assert await scalar(runtime, "SELECT name FROM episodes") == "One"


async def test_a_broken_file_of_a_folder_keeps_out_all_where_that_was_asked(
    runtime: Runtime, tmp_path: Path
) -> None:
    make_library(tmp_path)
    with pytest.raises(RowsRefused):
        await run(runtime, tmp_path, all_or_nothing=True)
    assert await scalar(runtime, "SELECT count(*) FROM titles") == 0


@pytest.mark.skipif(not WIKIPEDIA.exists(), reason=f"NOT TESTED: {WIKIPEDIA} is not here")
async def test_thirty_six_thousand_real_films_are_imported_twice_and_written_once(
    runtime: Runtime,
) -> None:
    first = await run(runtime, WIKIPEDIA)
    assert (first["rows"], first["created"], first["error_count"]) == (36_273, 36_114, 159)
    # one name is the style sheet of a web page, the others are articles that two rows claim
    wrong = [error["code"] for error in first["errors"] if error["code"] != "conflict"]
    assert wrong == ["validation_failed"]
    before = await scalar(runtime, "SELECT max(xmin::text::bigint) FROM titles")
    again = await run(runtime, WIKIPEDIA)
    assert (again["unchanged"], again["created"], again["updated"]) == (36_114, 0, 0)
    assert await scalar(runtime, "SELECT max(xmin::text::bigint) FROM titles") == before
