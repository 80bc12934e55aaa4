"""Uploads: what a file of each kind does to the catalogue, through HTTP."""

import pytest

from tests.catalog.importers.files import (
    CSV,
    GZIP,
    JSON,
    NDJSON,
    Editor,
    as_csv,
    as_gzip,
    as_json,
    as_ndjson,
    titles,
)


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (as_json(titles(3)), JSON),
        (as_ndjson(titles(3)), NDJSON),
        (as_csv(titles(3)), CSV),
        (as_gzip(as_json(titles(3))), GZIP),
        (as_gzip(as_csv(titles(3))), GZIP),
        (b"\xef\xbb\xbf" + as_ndjson(titles(3)), NDJSON),
    ],
    ids=["json", "ndjson", "csv", "json.gz", "csv.gz", "byte order mark"],
)
async def test_each_kind_of_file_creates_its_titles(
    editor: Editor, content: bytes, media: str
) -> None:
    report = await editor.report_of(content, media)
    assert (report["created"], report["error_count"]) == (3, 0)
